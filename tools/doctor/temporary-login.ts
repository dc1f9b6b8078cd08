/**
 * The way into the database of a project at supabase.com for whoever has an access token: the Management API makes a login
 * that lasts for minutes, as it does for the Supabase CLI. So nobody needs to keep the password of the database.
 */
import process from 'node:process';
import { z } from 'zod';

/** A project at supabase.com, and a token of somebody who may manage it. */
export interface Project {
  ref: string;
  token: string;
}

const loginRole = z.object({ role: z.string(), password: z.string() });
const poolers = z.array(
  z.object({ database_type: z.string(), db_host: z.string(), db_name: z.string(), db_port: z.number() })
);

/** The pooler has one port for whole sessions, and one (which it tells) for single transactions. */
const sessionPort = 5432;
const transactionPort = 6543;

async function ask<T>(
  { ref, token }: Project,
  path: string,
  answer: z.ZodType<T>,
  body?: object
): Promise<T> {
  // Another address only in tests.
  const api = process.env.MEDQ_MANAGEMENT_API ?? 'https://api.supabase.com';
  const response = await fetch(`${api}/v1/projects/${ref}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(30_000),
    ...(body && { body: JSON.stringify(body) })
  });
  if (!response.ok) throw new Error(`Supabase answered ${response.status} when asked for a login.`);
  return answer.parse(await response.json());
}

/**
 * The address of the database for some minutes. Whoever comes in by it has to become postgres first.
 * @throws when Supabase cannot be reached, refuses, or answers with anything unexpected
 */
export async function temporaryLogin(project: Project): Promise<string> {
  const [login, all] = await Promise.all([
    ask(project, '/cli/login-role', loginRole, { read_only: false }),
    ask(project, '/config/database/pooler', poolers)
  ]);
  const pooler = all.find(({ database_type: type }) => type === 'PRIMARY');
  if (!pooler) throw new Error('The project has no pooler.');
  const url = new URL('postgresql://pooler');
  url.hostname = pooler.db_host;
  url.port = String(pooler.db_port === transactionPort ? sessionPort : pooler.db_port);
  url.pathname = `/${pooler.db_name}`;
  url.username = `${login.role}.${project.ref}`;
  url.password = encodeURIComponent(login.password);
  return url.href;
}
