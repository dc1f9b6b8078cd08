import { z } from 'zod';
import { requireAdmin } from './authentication.ts';
import { flag, readBody, requestAudience, text, type Call } from './call.ts';
import { transaction } from './database.ts';
import { badRequest, notFound } from './errors.ts';
import { listIdentities } from './identities.ts';
import { parseDuration } from './duration.ts';
import { metadataSchema } from './metadata.ts';
import { softDelete } from './soft-delete.ts';
import { findUserById, listUsers, userJson, type User } from './users.ts';

/** What an admin may say about a user. */
export const adminUserBody = z.object({
  id: text,
  aud: text,
  role: text,
  email: text,
  phone: text,
  password: z.string().nullish(),
  password_hash: text,
  email_confirm: flag,
  phone_confirm: flag,
  user_metadata: metadataSchema.nullish(),
  app_metadata: metadataSchema.nullish(),
  ban_duration: text
});

/**
 * Until when somebody is banned who is banned for `duration` from now: null for `none`, undefined when nothing is said.
 *
 * @throws {AuthError} 400 `validation_failed` when it is no duration.
 */
export function bannedUntil(duration: string): Date | null | undefined {
  if (duration === '') return undefined;
  if (duration === 'none') return null;
  const milliseconds = parseDuration(duration);
  if (milliseconds === undefined) {
    const message = `invalid format for ban duration: "${duration}" is not a duration such as 24h or 1h30m`;
    throw badRequest('validation_failed', message);
  }
  return milliseconds === 0 ? null : new Date(Date.now() + milliseconds);
}

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

/** `GET /admin/users/{id}/factors`: there are none. */
export async function adminListFactors(call: Call): Promise<Response> {
  await requireAdmin(call);
  await userOfPath(call);
  return Response.json([]);
}

function pageNumber(call: Call, name: string, fallback: number): number {
  const value = call.url.searchParams.get(name) || String(fallback);
  if (!/^\d{1,9}$/.test(value)) {
    throw badRequest('validation_failed', `Bad Pagination Parameters: ${name} "${value}" is not a number`);
  }
  return Number(value) || fallback;
}

/** Whether `sort` (`created_at`, then optionally `asc` or `desc`) asks for the oldest first. */
function oldestFirst(sort: string | null): boolean {
  if (sort === null) return false;
  const [field, direction = 'desc'] = sort.split(/ (.*)/);
  if (field !== 'created_at') {
    throw badRequest('validation_failed', `Bad Sort Parameters: bad field for sort '${field}'`);
  }
  if (!['asc', 'desc'].includes(direction.toLowerCase())) {
    const message = `bad direction for sort '${direction}', only 'asc' and 'desc' allowed`;
    throw badRequest('validation_failed', `Bad Sort Parameters: ${message}`);
  }
  return direction.toLowerCase() === 'asc';
}

/** Where the next and the last page are, as the header `Link` says it. */
function pageLinks(url: URL, page: number, lastPage: number): string {
  const link = (number: number, relation: string) => {
    const query = new URLSearchParams(url.searchParams);
    query.set('page', String(number));
    query.sort();
    return `<${url.pathname}?${query}>; rel="${relation}"`;
  };
  return [...(lastPage > page ? [link(page + 1, 'next')] : []), link(lastPage, 'last')].join(', ');
}

/** `GET /admin/users?page&per_page&sort&filter`. */
export async function adminListUsers(call: Call): Promise<Response> {
  const claims = await requireAdmin(call);
  const audience = requestAudience(call, claims);
  const ascending = oldestFirst(call.url.searchParams.get('sort'));
  const page = pageNumber(call, 'page', 1);
  const perPage = pageNumber(call, 'per_page', 50);
  const filter = call.url.searchParams.get('filter') ?? '';
  const { users, total } = await listUsers(call.database, audience, { page, perPage, ascending, filter });
  const body = { users: users.map((user) => userJson(user, null)), aud: audience };
  return Response.json(body, {
    headers: {
      'X-Total-Count': String(total),
      Link: pageLinks(call.url, page, Math.ceil(total / perPage))
    }
  });
}

/** `DELETE /admin/users/{id}`: for good, or softly (`should_soft_delete`), which keeps the row without its data. */
export async function adminDeleteUser(call: Call): Promise<Response> {
  await requireAdmin(call);
  const user = await userOfPath(call);
  const deletion = await readBody(call, z.object({ should_soft_delete: flag }), '{}');
  await transaction(call.database, 'Database error deleting user', async (sql) => {
    if (deletion.should_soft_delete) await softDelete(sql, user);
    else await sql`delete from auth.users where id = ${user.id}`;
  });
  return Response.json({});
}
