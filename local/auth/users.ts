import { z } from 'zod';
import { instanceId, type Query } from './database.ts';
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
  email_confirmed_at: z.date().nullable(),
  invited_at: z.date().nullable(),
  phone: z.string().nullable(),
  phone_confirmed_at: z.date().nullable(),
  confirmation_token: z.string(),
  confirmation_sent_at: z.date().nullable(),
  confirmed_at: z.date().nullable(),
  recovery_token: z.string(),
  recovery_sent_at: z.date().nullable(),
  email_change_token_current: z.string(),
  email_change_token_new: z.string(),
  email_change: z.string(),
  email_change_sent_at: z.date().nullable(),
  phone_change_token: z.string(),
  phone_change: z.string(),
  phone_change_sent_at: z.date().nullable(),
  reauthentication_token: z.string(),
  reauthentication_sent_at: z.date().nullable(),
  last_sign_in_at: z.date().nullable(),
  raw_app_meta_data: metadataSchema.nullable(),
  raw_user_meta_data: metadataSchema.nullable(),
  created_at: z.date(),
  updated_at: z.date(),
  banned_until: z.date().nullable(),
  deleted_at: z.date().nullable(),
  is_sso_user: z.boolean(),
  is_anonymous: z.boolean()
});
export type User = z.infer<typeof userRow>;

function readUser(row: unknown): User {
  const user = userRow.safeParse(row);
  if (user.success) return user.data;
  const columns = user.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new Error(
    `A row of auth.users cannot be read: ${columns} must not be null. Create users through the admin API.`
  );
}

function parseUser(row: unknown): User | undefined {
  return row === undefined ? undefined : readUser(row);
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

/** The user of this audience whose phone it is, written without `+`, or undefined. */
export async function findUserByPhone(
  sql: Query,
  phone: string,
  audience: string
): Promise<User | undefined> {
  const [row] = await sql`
    select * from auth.users
    where instance_id = ${instanceId} and phone = ${phone} and aud = ${audience} and is_sso_user = false`;
  return parseUser(row);
}

/** The user of this audience whose email it is, in whatever case, or undefined. */
export async function findUserByEmail(
  sql: Query,
  email: string,
  audience: string
): Promise<User | undefined> {
  const [row] = await sql`
    select * from auth.users
    where instance_id = ${instanceId} and lower(email) = ${email.toLowerCase()} and aud = ${audience}
      and is_sso_user = false`;
  return parseUser(row);
}

export interface UserPage {
  page: number;
  perPage: number;
  ascending: boolean;
  /** Searched in the email and in `full_name` of the user's own metadata. */
  filter: string;
}

/** One page of the users of an audience by age, and how many there are on all pages. */
export async function listUsers(
  sql: Query,
  audience: string,
  { page, perPage, ascending, filter }: UserPage
): Promise<{ users: User[]; total: number }> {
  const matching = sql`
    from auth.users
    where instance_id = ${instanceId} and aud = ${audience}
    ${filter ? sql`and (email like ${`%${filter}%`} or raw_user_meta_data ->> 'full_name' ilike ${`%${filter}%`})` : sql``}`;
  const [count] = await sql<{ total: number }[]>`select count(*)::int as total ${matching}`;
  const rows = await sql`
    select * ${matching}
    order by created_at ${ascending ? sql`asc` : sql`desc`}
    limit ${perPage} offset ${(page - 1) * perPage}`;
  return { users: rows.map(readUser), total: count?.total ?? 0 };
}

export function isBanned(user: User): boolean {
  return user.banned_until !== null && user.banned_until > new Date();
}

/** Undefined instead of null, so that JSON leaves the key out. */
const ifSet = (value: Date | null) => value ?? undefined;

/** The user as clients get it. `identities` is null in lists, where they are not looked up. */
export function userJson(user: User, identities: Identity[] | null): Record<string, unknown> {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    email_confirmed_at: ifSet(user.email_confirmed_at),
    invited_at: ifSet(user.invited_at),
    phone: user.phone ?? '',
    phone_confirmed_at: ifSet(user.phone_confirmed_at),
    confirmation_sent_at: ifSet(user.confirmation_sent_at),
    confirmed_at: ifSet(user.confirmed_at),
    recovery_sent_at: ifSet(user.recovery_sent_at),
    new_email: user.email_change || undefined,
    email_change_sent_at: ifSet(user.email_change_sent_at),
    new_phone: user.phone_change || undefined,
    phone_change_sent_at: ifSet(user.phone_change_sent_at),
    reauthentication_sent_at: ifSet(user.reauthentication_sent_at),
    last_sign_in_at: ifSet(user.last_sign_in_at),
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    identities: identities && identities.map(identityJson),
    created_at: user.created_at,
    updated_at: user.updated_at,
    banned_until: ifSet(user.banned_until),
    deleted_at: ifSet(user.deleted_at),
    is_anonymous: user.is_anonymous
  };
}
