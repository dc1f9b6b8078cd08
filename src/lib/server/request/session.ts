import { error } from '@sveltejs/kit';
import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { logFailure } from './log.ts';
import type { Refusal } from './refusal.ts';
import type { Supabase } from './supabase.ts';

export interface Account {
  userId: string;
  /** Null for a user without a patient, who can only have been made by hand. */
  patientId: string | null;
  /** The name they chose, else their phone: what a password manager files the password under. */
  username: string;
  /** The password is the texted one: no page but /password can be seen until they chose their own. */
  mustChangePassword: boolean;
  /** They work at the desk of a clinic, which opens to them with a code. */
  worksAtDesk: boolean;
}

export type Session =
  | { state: 'signed-in'; account: Account }
  | { state: 'signed-out' }
  /** Auth or the database did not answer, so nobody knows. */
  | { state: 'unknown' };

// One row; none when the session has ended.
const accountStatus = z
  .array(
    z.object({
      user_id: z.uuid(),
      phone: z.string().nullable(),
      patient_id: z.uuid().nullable(),
      username: z.string().nullable(),
      must_change_password: z.boolean(),
      works_at_desk: z.boolean()
    })
  )
  .max(1);

/**
 * Who is asking, with the state of their account. The database says it, which looks at the session itself: a token
 * outlives its session, and Auth would have to be asked besides.
 */
export async function readSession(supabase: Supabase, requestId: string): Promise<Session> {
  // Renews a token that has expired.
  const renewed = await supabase.auth.getSession();
  if (renewed.error) {
    return isOutage(renewed.error) ? unknown('auth', requestId, renewed.error) : { state: 'signed-out' };
  }
  if (!renewed.data.session) return { state: 'signed-out' };
  const status = await supabase.rpc('account_status');
  if (status.error) {
    // 401: a token that this project did not sign, or whose session has ended.
    return status.status === 401
      ? { state: 'signed-out' }
      : unknown('account_status', requestId, status.error);
  }
  const known = accountStatus.safeParse(status.data);
  if (!known.success) return unknown('account_status', requestId, known.error);
  const [row] = known.data;
  if (!row) return { state: 'signed-out' };
  return {
    state: 'signed-in',
    account: {
      userId: row.user_id,
      patientId: row.patient_id,
      username: row.username ?? row.phone ?? '',
      mustChangePassword: row.must_change_password,
      worksAtDesk: row.works_at_desk
    }
  };
}

/**
 * Refuses a form that was opened as one account and is sent as another: somebody else has signed in on this device since, in
 * another tab. A form that does not name its account is taken.
 */
export const refuseOther = (account: string, { userId }: Pick<Account, 'userId'>): Refusal | undefined =>
  account === '' || account === userId
    ? undefined
    : { code: 'other_account', message: m.account_other(), status: 409 };

/** The account behind a request that the guard has let through. Answers 503 while nobody can tell. */
export async function accountOf(locals: App.Locals): Promise<Account> {
  const session = await locals.session();
  if (session.state === 'signed-in') return session.account;
  if (session.state === 'unknown') error(503, m.session_unknown());
  error(401, m.session_missing());
}

/** The session has ended since the guard let the request through. */
export class SessionEnded extends Error {
  override name = 'SessionEnded';
}

/** Whether that is why something failed: as we throw it, or as the database says it (PT401). */
export function isSessionEnd(failure: unknown): boolean {
  if (failure instanceof SessionEnded) return true;
  return typeof failure === 'object' && failure !== null && 'code' in failure && failure.code === 'PT401';
}

/** Whether Auth failed to answer, as opposed to answering no. */
function isOutage(failure: { name: string; status?: number | undefined }): boolean {
  return (
    failure.name === 'AuthRetryableFetchError' ||
    failure.name === 'AuthUnknownError' ||
    failure.status === 429 ||
    (failure.status ?? 0) >= 500
  );
}

function unknown(service: string, requestId: string, cause: unknown): Session {
  logFailure('session_unknown', requestId, cause, { service });
  return { state: 'unknown' };
}
