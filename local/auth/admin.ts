import { z } from 'zod';
import { requireAdmin } from './authentication.ts';
import { flag, readBody, text, type Call } from './call.ts';
import { transaction } from './database.ts';
import { badRequest, notFound } from './errors.ts';
import { listIdentities } from './identities.ts';
import { metadataSchema } from './metadata.ts';
import { findUserById, userJson, type User } from './users.ts';

/** What an admin may say about a user; Auth knows more, which is refused here rather than ignored. */
export const adminUserBody = z.strictObject({
  id: text,
  phone: text,
  password: z.string().nullish(),
  phone_confirm: flag,
  user_metadata: metadataSchema.nullish(),
  app_metadata: metadataSchema.nullish()
});

/**
 * The user whom the path names.
 *
 * @throws {AuthError} 404 `user_not_found`, or `validation_failed` when it names none.
 */
export async function userOfPath({ database, params }: Call): Promise<User> {
  const { id = '' } = params;
  if (!z.guid().safeParse(id).success) throw notFound('validation_failed', 'user_id must be an UUID');
  const user = await findUserById(database, id);
  if (!user) throw notFound('user_not_found', 'User not found');
  return user;
}

/** `GET /admin/users/{id}`. */
export async function adminGetUser(call: Call): Promise<Response> {
  await requireAdmin(call);
  const user = await userOfPath(call);
  return Response.json(userJson(user, await listIdentities(call.database, user.id)));
}

/** `DELETE /admin/users/{id}`: for good. */
export async function adminDeleteUser(call: Call): Promise<Response> {
  await requireAdmin(call);
  const user = await userOfPath(call);
  const { should_soft_delete: softly } = await readBody(call, z.object({ should_soft_delete: flag }), '{}');
  if (softly) throw badRequest('validation_failed', 'The embedded stack deletes users only for good');
  await transaction(
    call.database,
    'Database error deleting user',
    (sql) => sql`delete from auth.users where id = ${user.id}`
  );
  return Response.json({});
}
