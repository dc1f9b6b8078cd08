import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { adminUserBody, bannedUntil } from './admin.ts';
import { requireAdmin } from './authentication.ts';
import { readBody, requestAudience, type Call } from './call.ts';
import { instanceId, json, transaction, type Query } from './database.ts';
import { AuthError, badRequest, databaseError, unprocessable } from './errors.ts';
import { validEmail } from './email.ts';
import { createIdentity, listIdentities, type Provider } from './identities.ts';
import { mergeMetadata, type Metadata } from './metadata.ts';
import { hashPassword, isBcryptHash, unguessablePassword } from './passwords.ts';
import { validPhone } from './phone.ts';
import { confirmEmail, confirmPhone } from './confirm.ts';
import { findUserByEmail, findUserById, findUserByPhone, userJson } from './users.ts';

type Body = z.infer<typeof adminUserBody>;

const phoneExists = () => unprocessable('phone_exists', 'Phone number already registered by another user');
const emailExists = () =>
  unprocessable('email_exists', 'A user with this email address has already been registered');

/** The hash to store: that of the given password, the given hash, or that of a password nobody knows. */
async function hashFor({ password, password_hash: hash }: Body): Promise<string> {
  if (typeof password === 'string' && hash) {
    throw badRequest('validation_failed', 'Only a password or a password hash should be provided');
  }
  if (hash && !isBcryptHash(hash)) {
    throw badRequest(
      'validation_failed',
      'The embedded stack checks bcrypt hashes only; give one or a password'
    );
  }
  return hash || hashPassword(password || unguessablePassword());
}

function idFor({ id }: Body): string {
  if (id === '') return randomUUID();
  if (!z.guid().safeParse(id).success) {
    throw badRequest('validation_failed', 'ID must conform to the uuid v4 format');
  }
  if (id === instanceId) throw badRequest('validation_failed', 'ID cannot be a nil uuid');
  return id;
}

interface NewUser {
  id: string;
  audience: string;
  role: string;
  email: string | null;
  phone: string | null;
  hash: string;
  userMetadata: Metadata;
  /** Merged into what Auth notes there itself. */
  appMetadata: Metadata | undefined;
  confirmEmail: boolean;
  confirmPhone: boolean;
  bannedUntil: Date | null | undefined;
}

/**
 * Writes a user in the order in which Auth does, which triggers of the project can see: the row first without role
 * and unconfirmed, then identities, role, metadata, confirmations, ban, each by an update of its own.
 */
async function insertUser(sql: Query, user: NewUser): Promise<void> {
  const { id, email, phone } = user;
  const providers: Provider[] = [
    ...(email ? (['email'] as const) : []),
    ...(phone ? (['phone'] as const) : [])
  ];
  const appMetadata = { provider: providers[0], providers };
  await sql`
    insert into auth.users (
      instance_id, id, aud, role, email, phone, encrypted_password, raw_app_meta_data, raw_user_meta_data,
      confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current,
      phone_change, phone_change_token, reauthentication_token, created_at, updated_at
    ) values (
      ${instanceId}, ${id}, ${user.audience}, '', ${email}, ${phone}, ${user.hash}, ${json(sql, appMetadata)},
      ${json(sql, user.userMetadata)}, '', '', '', '', '', '', '', '', now(), now()
    )`;
  if (email) await createIdentity(sql, id, 'email', email);
  if (phone) await createIdentity(sql, id, 'phone', phone);
  await sql`update auth.users set role = ${user.role}, updated_at = now() where id = ${id}`;
  if (user.appMetadata) {
    const merged = json(sql, mergeMetadata(appMetadata, user.appMetadata));
    await sql`update auth.users set raw_app_meta_data = ${merged}, updated_at = now() where id = ${id}`;
  }
  if (user.confirmEmail) await confirmEmail(sql, id);
  if (user.confirmPhone) await confirmPhone(sql, id);
  if (user.bannedUntil !== undefined) {
    await sql`update auth.users set banned_until = ${user.bannedUntil}, updated_at = now() where id = ${id}`;
  }
}

/** The refusal behind a lost race: somebody else registered the phone or email after it was looked for. */
function lostRace(error: unknown): AuthError | undefined {
  const cause = databaseError(error);
  if (cause?.code !== '23505' || cause.schema_name !== 'auth') return undefined;
  if (cause.constraint_name === 'users_phone_key') return phoneExists();
  return cause.constraint_name === 'users_email_partial_key' ? emailExists() : undefined;
}

/** `POST /admin/users`. The password may be as weak as the admin likes; without one nobody can sign in by password. */
export async function adminCreateUser(call: Call): Promise<Response> {
  const claims = await requireAdmin(call);
  const { database } = call;
  const body = await readBody(call, adminUserBody);
  const audience = body.aud || requestAudience(call, claims);
  if (!body.email && !body.phone) {
    throw badRequest('validation_failed', 'Cannot create a user without either an email or phone');
  }
  const email = body.email ? validEmail(body.email) : null;
  if (email && (await findUserByEmail(database, email, audience))) throw emailExists();
  const phone = body.phone ? validPhone(body.phone) : null;
  if (phone && (await findUserByPhone(database, phone, audience))) throw phoneExists();
  const user: NewUser = {
    hash: await hashFor(body),
    id: idFor(body),
    audience,
    role: body.role || 'authenticated',
    email,
    phone,
    userMetadata: body.user_metadata ?? {},
    appMetadata: body.app_metadata ?? undefined,
    confirmEmail: body.email_confirm,
    confirmPhone: body.phone_confirm,
    bannedUntil: bannedUntil(body.ban_duration)
  };
  const answer = await transaction(database, 'Database error creating new user', async (sql) => {
    await insertUser(sql, user);
    const created = await findUserById(sql, user.id);
    return created && userJson(created, await listIdentities(sql, user.id));
  }).catch((error: unknown) => {
    // Kinder than a hosted project, where whoever loses the race gets a 500 and learns this from the next attempt.
    throw lostRace(error) ?? error;
  });
  return Response.json(answer);
}
