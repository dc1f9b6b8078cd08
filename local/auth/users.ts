import { z } from 'zod';
import { audience, instanceId, type Query } from './database.ts';
import { identityJson, type Identity } from './identities.ts';
import { metadataSchema } from './metadata.ts';

/**
 * A row of auth.users. Columns that are not nullable here may be null in the table, but Auth cannot read such a row:
 * one inserted by hand without them makes every request for that user fail, as it does when hosted.
 */
const userRow = z.object({
  id: z.string(),
  aud: z.string(),
  role: z.string(),
  email: z.string().nullable(),
  encrypted_password: z.string().nullable(),
  phone: z.string().nullable(),
  phone_confirmed_at: z.date().nullable(),
  confirmation_token: z.string(),
  confirmation_sent_at: z.date().nullable(),
  confirmed_at: z.date().nullable(),
  recovery_token: z.string(),
  email_change_token_current: z.string(),
  email_change_token_new: z.string(),
  email_change: z.string(),
  phone_change_token: z.string(),
  phone_change: z.string(),
  reauthentication_token: z.string(),
  last_sign_in_at: z.date().nullable(),
  raw_app_meta_data: metadataSchema.nullable(),
  raw_user_meta_data: metadataSchema.nullable(),
  created_at: z.date(),
  updated_at: z.date(),
  banned_until: z.date().nullable(),
  is_sso_user: z.boolean(),
  is_anonymous: z.boolean()
});
export type User = z.infer<typeof userRow>;

function parseUser(row: unknown): User | undefined {
  if (row === undefined) return undefined;
  const user = userRow.safeParse(row);
  if (user.success) return user.data;
  const columns = user.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new Error(
    `A row of auth.users cannot be read: ${columns} must not be null. Create users through the admin API.`
  );
}

/** The user with this id, or undefined. `lock` keeps others from changing the row until the transaction ends. */
export async function findUserById(
  sql: Query,
  id: string,
  lock: 'lock' | 'read' = 'read'
): Promise<User | undefined> {
  const [row] = await sql`
    select * from auth.users where instance_id = ${instanceId} and id = ${id}
    ${lock === 'lock' ? sql`for no key update` : sql``}`;
  return parseUser(row);
}

/** The user whose phone it is, written without `+`, or undefined. */
export async function findUserByPhone(sql: Query, phone: string): Promise<User | undefined> {
  const [row] = await sql`
    select * from auth.users
    where instance_id = ${instanceId} and phone = ${phone} and aud = ${audience} and is_sso_user = false`;
  return parseUser(row);
}

export function isBanned(user: User): boolean {
  return user.banned_until !== null && user.banned_until > new Date();
}

/** Undefined instead of null, so that JSON leaves the key out. */
const ifSet = (value: Date | null) => value ?? undefined;

/** The user as clients get it. */
export function userJson(user: User, identities: Identity[]): Record<string, unknown> {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    phone: user.phone ?? '',
    phone_confirmed_at: ifSet(user.phone_confirmed_at),
    confirmed_at: ifSet(user.confirmed_at),
    last_sign_in_at: ifSet(user.last_sign_in_at),
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    identities: identities.map(identityJson),
    created_at: user.created_at,
    updated_at: user.updated_at,
    banned_until: ifSet(user.banned_until),
    is_anonymous: user.is_anonymous
  };
}
