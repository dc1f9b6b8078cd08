import { z } from 'zod';
import { codeInvalid, validationFailed } from '../_shared/account/errors.ts';
import {
  accountMark,
  accountOfPhone,
  profileOf,
  requireFreePhone,
  type User
} from '../_shared/account/accounts.ts';
import type { Tokens } from '../_shared/account/auth.ts';
import { domainErrorOf } from '../_shared/errors.ts';
import { json } from '../_shared/http.ts';
import { limit } from '../_shared/account/limits.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { makeAccount, registration } from '../_shared/account/registration.ts';
import { openRequest, type SealedRequest, withCode } from '../_shared/account/verification.ts';

type Proven = { [Name in keyof Tokens]: string | null } & { user: User };

const reset = z.object({ phone: z.string() });
const phoneChange = z.object({
  phone: z.string(),
  mark: z.string(),
  userId: z.string(),
  sessionId: z.string()
});

/** @throws DomainError 400, 401, 404, 409 or 429 */
export async function verifyPhone(
  dependencies: Dependencies,
  { verification_id, code, new_password }: {
    verification_id: string;
    code: string;
    new_password?: string | undefined;
  }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  await limit(database, secret, 'guess', { client });
  const sealed = await openRequest(database, verification_id);
  if (sealed.purpose === 'reset' && new_password === undefined) {
    throw validationFailed({ new_password: (words) => words.fields.newPassword });
  }
  const proven = await withCode(
    dependencies,
    sealed.id,
    code,
    isOwnFault,
    () => fulfil(dependencies, sealed, new_password ?? '')
  );
  log.info('phone_proven', { purpose: sealed.purpose });
  return json(proven);
}

async function fulfil(
  dependencies: Dependencies,
  sealed: SealedRequest,
  newPassword: string
): Promise<Proven> {
  const { id, purpose, request } = sealed;
  switch (purpose) {
    case 'register':
    case 'link':
      return await makeAccount(dependencies, id, purpose, registration.parse(request));
    case 'reset':
      return await setPassword(dependencies, reset.parse(request).phone, newPassword);
    case 'change_phone':
      return await movePhone(dependencies, phoneChange.parse(request));
  }
}

async function setPassword(
  { database, auth }: Dependencies,
  phone: string,
  password: string
): Promise<Proven> {
  const userId = await accountOfPhone(database, phone);
  if (userId === undefined) throw codeInvalid();
  await auth.setPassword(userId, password);
  const session = await auth.signIn(phone, password);
  // Banned: the code proves the phone, not that its owner may come in.
  if (!session) throw codeInvalid();
  const { user } = await profileOf(database, userId);
  return { token: session.token, refresh_token: session.refresh_token, user };
}

async function movePhone(
  { database, auth }: Dependencies,
  { phone, mark, ...caller }: z.output<typeof phoneChange>
): Promise<Proven> {
  // A password that was changed meanwhile, or a session signed out, may have been against whoever asked for this.
  if ((await accountMark(database, caller)) !== mark) throw codeInvalid();
  await requireFreePhone(database, phone);
  try {
    await auth.setPhone(caller.userId, phone);
  } catch (error) {
    const { user } = await profileOf(database, caller.userId);
    if (user.phone_number !== phone) {
      // Somebody may have been faster; Auth's error does not say so.
      await requireFreePhone(database, phone);
      throw error;
    }
  }
  const { user } = await profileOf(database, caller.userId);
  return { token: null, refresh_token: null, user };
}

/** A password that Auth finds too weak takes nothing from the code either. */
function isOwnFault(error: unknown): boolean {
  const refused = domainErrorOf(error);
  return refused === undefined || refused.code === 'validation_failed' || refused.code === 'rate_limited';
}
