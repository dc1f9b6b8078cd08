import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { adminUserBody } from './admin.ts';
import { requireAdmin } from './authentication.ts';
import { readBody, type Call } from './call.ts';
import { confirmPhone } from './confirm.ts';
import { audience, instanceId, json, transaction, type Query } from './database.ts';
import { badRequest, unprocessable } from './errors.ts';
import { createIdentity, listIdentities } from './identities.ts';
import { mergeMetadata, type Metadata } from './metadata.ts';
import { hashPassword, unguessablePassword } from './passwords.ts';
import { validPhone } from './phone.ts';
import { findUserById, findUserByPhone, userJson } from './users.ts';

const phoneExists = () => unprocessable('phone_exists', 'Phone number already registered by another user');

function validId(id: string): string {
  if (id === '') return randomUUID();
  if (!z.guid().safeParse(id).success) {
    throw badRequest('validation_failed', 'ID must conform to the uuid v4 format');
  }
  if (id === instanceId) throw badRequest('validation_failed', 'ID cannot be a nil uuid');
  return id;
}

interface NewUser {
  id: string;
  phone: string;
  hash: string;
  userMetadata: Metadata;
  /** Merged into what Auth notes there itself. */
  appMetadata: Metadata | undefined;
  confirmPhone: boolean;
}

/**
 * Writes a user in the order in which Auth does, which triggers of the project can see: the row first without role
 * and unconfirmed, then identity, role, metadata, confirmation, each by an update of its own.
 */
async function insertUser(sql: Query, user: NewUser): Promise<void> {
  const { id, phone } = user;
  const appMetadata = { provider: 'phone', providers: ['phone'] };
  await sql`
    insert into auth.users (
      instance_id, id, aud, role, phone, encrypted_password, raw_app_meta_data, raw_user_meta_data,
      confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current,
      phone_change, phone_change_token, reauthentication_token, created_at, updated_at
    ) values (
      ${instanceId}, ${id}, ${audience}, '', ${phone}, ${user.hash}, ${json(sql, appMetadata)},
      ${json(sql, user.userMetadata)}, '', '', '', '', '', '', '', '', now(), now()
    )`;
  await createIdentity(sql, id, phone);
  await sql`update auth.users set role = 'authenticated', updated_at = now() where id = ${id}`;
  if (user.appMetadata) {
    const merged = json(sql, mergeMetadata(appMetadata, user.appMetadata));
    await sql`update auth.users set raw_app_meta_data = ${merged}, updated_at = now() where id = ${id}`;
  }
  if (user.confirmPhone) await confirmPhone(sql, id);
}

/**
 * `POST /admin/users`. The password may be as weak as the admin likes; without one nobody can sign in by password. Who
 * loses a race for a phone is told of a failure, not that it is taken: that was looked up before.
 */
export async function adminCreateUser(call: Call): Promise<Response> {
  await requireAdmin(call);
  const { database } = call;
  const body = await readBody(call, adminUserBody);
  if (!body.phone) throw badRequest('validation_failed', 'Cannot create a user without a phone');
  const phone = validPhone(body.phone);
  if (await findUserByPhone(database, phone)) throw phoneExists();
  const user: NewUser = {
    id: validId(body.id),
    phone,
    hash: await hashPassword(body.password || unguessablePassword()),
    userMetadata: body.user_metadata ?? {},
    appMetadata: body.app_metadata ?? undefined,
    confirmPhone: body.phone_confirm
  };
  const answer = await transaction(database, 'Database error creating new user', async (sql) => {
    await insertUser(sql, user);
    const created = await findUserById(sql, user.id);
    return created && userJson(created, await listIdentities(sql, user.id));
  });
  return Response.json(answer);
}
