/** The calls of the phone line to the database. */
import { noteSecurityEvent } from '../_shared/account/security-events.ts';
import { callFunction, database } from '../_shared/database.ts';
import { setting } from '../_shared/env.ts';
import { isTexted } from '../_shared/sms-countries.ts';
import type { TaskWithCode } from './code.ts';
import { type Facts, factsSchema } from './facts.ts';

/** A call in one of its turns, as private.ivr_turn takes it. */
export interface Call {
  call_id: string;
  /** The calling number as +E.164; null when it is hidden, or none that could be. */
  caller: string | null;
  /** +E.164; null when it makes no sense. */
  dialled: string | null;
  turn: number;
  /** The name of the question that the keys answer. */
  step: string;
  keys: string;
  /** The language chosen in this call. */
  language: string | undefined;
  /** The languages that calls are answered in. */
  spoken: string[];
  /** The clinic, once it is known. */
  clinic: string | undefined;
  /** The address of the site, where the caller can be texted. */
  site_url: string | null;
}

/** A caller waits no longer than this for the database, in milliseconds. */
const longestWait = 4000;

/** Takes a turn: one round trip. Doing it twice is doing it once, so a passing failure is tried again. */
export async function takeTurn(call: Call, task: TaskWithCode, sql = database()): Promise<Facts> {
  const run = () => callFunction(sql, 'ivr_turn', call, task);
  const answer = run().catch((error) => (isPassing(error) ? run() : Promise.reject(error)));
  return factsSchema.parse(await within(longestWait, answer));
}

/** Whether a caller can be texted from the number that was dialled (both +E.164): mostly known without a query. */
export function canBeTexted(caller: string, dialled: string | null, sql = database()): Promise<boolean> {
  return within(longestWait, isTexted(caller, sql, dialled));
}

/** Counts, for admins to see, that somebody called from a country to which no SMS are sent. */
export async function noteCallFromAbroad(phone: string, sql = database()): Promise<void> {
  await noteSecurityEvent(sql, setting('FUNCTIONS_SECRET'), 'sms_refused', { phone });
}

/** Writes down that a turn failed on our side. */
export async function recordFailure(call: Call, sql = database()): Promise<void> {
  await callFunction(sql, 'ivr_record_failure', call);
}

/** Writes down that a call has ended. */
export async function recordEnd(call_id: string, ended_at: string | null, sql = database()): Promise<void> {
  await callFunction(sql, 'ivr_record_end', { call_id, ended_at });
}

/** Deadlocks, lost connections, a server that restarts. */
function isPassing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(40|08|57P|CONNECTION_|ECONN)/.test(code);
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('The database took too long for a caller to wait.')),
      milliseconds
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
