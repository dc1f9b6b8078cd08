import {
  accountFingerprint,
  accountOfPhone,
  isDormant,
  profileOf,
  requireFreePhone
} from '../_shared/account/accounts.ts';
import type { User } from '../_shared/account/answers.ts';
import type { SignedInUser, Tokens } from '../_shared/account/auth.ts';
import { deviceHash, knowDevice, noteSignIn } from '../_shared/account/device.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { codeInvalid, phoneIsDormant, validationFailed } from '../_shared/account/errors.ts';
import { requireGoodPassword } from '../_shared/account/forbidden-passwords.ts';
import { limit, takeBack, type Use, useOf } from '../_shared/account/limits.ts';
import { replacePassword } from '../_shared/account/own-password.ts';
import { permitted } from '../_shared/account/permits.ts';
import { makeAccount } from '../_shared/account/registration.ts';
import { parseVerificationId, type Purpose } from '../_shared/account/sealing.ts';
import { noteSecurityEvent } from '../_shared/account/security-events.ts';
import { openSession } from '../_shared/account/session-by-code.ts';
import { type OpenedRequest, openRequest, withCode } from '../_shared/account/verification.ts';
import { refusalIn } from '../_shared/errors.ts';
import { json } from '../_shared/http.ts';

/** The answer: without tokens where the session that asked goes on. */
type Proven = { [Name in keyof Tokens]: string | null } & { user: User; must_change_password?: boolean };

/** @throws RefusedError 400, 401, 404, 409 or 429 */
export async function verifyPhone(
  dependencies: Dependencies,
  { verification_id, code, new_password }: {
    verification_id: string;
    code: string;
    new_password?: string | undefined;
  }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  // What we never wrote is no guess, and uses up nothing.
  const verification = parseVerificationId(verification_id);
  if (!verification) throw codeInvalid();
  const guess = await limit(database, secret, 'guess', { client });
  try {
    const opened = await openRequest(database, verification);
    const work = workOf(dependencies, opened, new_password);
    const proven = await withCode(dependencies, opened.id, code, isOwnFault, work);
    await noteProof(dependencies, guess, opened.purpose, proven.user);
    log.info('phone_proven', { purpose: opened.purpose });
    return json(proven);
  } catch (error) {
    if (refusalIn(error)?.code === 'code_invalid') {
      await noteSecurityEvent(database, secret, 'code_refused', { client });
    }
    throw error;
  }
}

/**
 * What led here was right and does not count, and whoever has the phone has the account's device in hand. Its owner is told
 * of a further one that signs in; a password that is new they are told of anyway.
 */
async function noteProof(
  dependencies: Dependencies,
  guess: Use,
  purpose: Purpose,
  { id }: User
): Promise<void> {
  const { database, secret, client, device } = dependencies;
  const looksUp = purpose !== 'reset' && purpose !== 'sign_in';
  const asked = looksUp ? ['code', 'lookup'] as const : ['code'] as const;
  const uses = await Promise.all(asked.map((what) => useOf(secret, what, { client })));
  for (const use of uses) await takeBack(database, use);
  if (purpose === 'sign_in' && id !== null) return await noteSignIn(dependencies, id, guess);
  await takeBack(database, guess);
  if (id !== null) await knowDevice(database, id, await deviceHash(secret, device));
}

/**
 * What the code was asked for.
 * @throws RefusedError 400 when something for it is missing: before a guess is taken
 */
function workOf(
  dependencies: Dependencies,
  { id, purpose, request }: OpenedRequest,
  newPassword: string | undefined
): () => Promise<Proven> {
  switch (purpose) {
    case 'register':
    case 'link':
      return () => makeAccount(dependencies, id, purpose, request);
    case 'reset':
      if (newPassword === undefined) {
        throw validationFailed({ new_password: (words) => words.fields.newPassword });
      }
      requireGoodPassword('new_password', newPassword, request);
      return () => setPassword(dependencies, request, newPassword);
    case 'sign_in':
      return () => comeIn(dependencies, request);
    case 'change_phone':
      return () => movePhone(dependencies, request);
  }
}

/** An account, by its phone, as it was when the code was asked for. */
type AskedFor = { phone: string; state: string | null };

async function comeIn(dependencies: Dependencies, request: AskedFor): Promise<Proven> {
  const { database } = dependencies;
  if (await isDormant(database, request.phone)) throw phoneIsDormant();
  const session = await openSession(dependencies, request);
  // The password was changed meanwhile, perhaps against whoever asked for this; or the account is banned, or gone.
  if (!session) throw codeInvalid();
  const { user, mustChangePassword } = await profileOf(database, session.userId);
  const { token, refresh_token } = session;
  return { token, refresh_token, user, must_change_password: mustChangePassword };
}

async function setPassword(
  dependencies: Dependencies,
  { phone, state }: AskedFor,
  password: string
): Promise<Proven> {
  const { database } = dependencies;
  const account = await accountOfPhone(database, phone);
  if (account === undefined || state === null) throw codeInvalid();
  if (await isDormant(database, phone)) throw phoneIsDormant();
  const profile = await profileOf(database, account.userId);
  const session = await replacePassword(dependencies, { userId: account.userId, state }, profile, password);
  // Another password meanwhile may have been against whoever asked for this.
  // Banned: the code proves the phone, not that its owner may come in.
  if (!session) throw codeInvalid();
  return { token: session.token, refresh_token: session.refresh_token, user: profile.user };
}

async function movePhone(
  { database, auth }: Dependencies,
  { phone, fingerprint, userId, sessionId }: SignedInUser & { phone: string; fingerprint: string }
): Promise<Proven> {
  // A password that was changed meanwhile, or a session signed out, may have been against whoever asked for this.
  if ((await accountFingerprint(database, { userId, sessionId })) !== fingerprint) throw codeInvalid();
  await requireFreePhone(database, phone);
  const account = { userId, state: fingerprint };
  try {
    await permitted(database, account, { what: 'phone', phone }, () => auth.setPhone(userId, phone));
  } catch (error) {
    // Somebody else may have got it; Auth's error does not say so.
    await requireFreePhone(database, phone);
    throw error;
  }
  const { user } = await profileOf(database, userId);
  // Another password or phone was faster.
  if (user.phone_number !== phone) throw codeInvalid();
  return { token: null, refresh_token: null, user };
}

/** A password that Auth finds too weak uses nothing of the code up either. */
function isOwnFault(error: unknown): boolean {
  const refusal = refusalIn(error);
  return refusal === undefined || refusal.code === 'validation_failed' || refusal.code === 'rate_limited';
}
