import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { json, type Query } from './database.ts';
import { mergeMetadata, metadataSchema } from './metadata.ts';

const identityRow = z.object({
  id: z.string(),
  provider_id: z.string(),
  user_id: z.string(),
  identity_data: metadataSchema,
  provider: z.string(),
  last_sign_in_at: z.date().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
  email: z.string().nullable()
});
export type Identity = z.infer<typeof identityRow>;

/** The identities of a user, oldest first. */
export async function listIdentities(sql: Query, userId: string): Promise<Identity[]> {
  const rows =
    await sql`select * from auth.identities where user_id = ${userId} order by created_at, provider`;
  return rows.map((row) => identityRow.parse(row));
}

/** Notes that a user signs in with `phone`, written without `+`. Its id there is the user's own. */
export async function createIdentity(
  sql: Query,
  userId: string,
  phone: string,
  verified = false
): Promise<void> {
  const data = { sub: userId, phone, email_verified: false, phone_verified: verified };
  await sql`
    insert into auth.identities
      (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (${randomUUID()}, ${userId}, ${userId}, ${json(sql, data)}, 'phone', now(), now(), now())`;
}

/** The same for a user who may have signed in that way before: changes the identity there is, or makes one. */
export async function savePhoneOfIdentity(
  sql: Query,
  userId: string,
  phone: string,
  verified: boolean
): Promise<void> {
  const identity = (await listIdentities(sql, userId)).find(({ provider }) => provider === 'phone');
  if (!identity) return createIdentity(sql, userId, phone, verified);
  const data = mergeMetadata(identity.identity_data, { phone, phone_verified: verified });
  await sql`update auth.identities set identity_data = ${json(sql, data)} where id = ${identity.id}`;
}

export function identityJson(identity: Identity): Record<string, unknown> {
  return {
    identity_id: identity.id,
    id: identity.provider_id,
    user_id: identity.user_id,
    identity_data: identity.identity_data,
    provider: identity.provider,
    last_sign_in_at: identity.last_sign_in_at ?? undefined,
    created_at: identity.created_at,
    updated_at: identity.updated_at,
    email: identity.email ?? undefined
  };
}
