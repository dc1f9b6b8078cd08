/** The connection to the database that is examined. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { encryption } from '../../supabase/functions/_shared/database.ts';
import type { Subject } from './subject.ts';
import { temporaryLogin } from './temporary-login.ts';

const options = (url: string) => ({
  // What a transaction pooler can do.
  prepare: false,
  connect_timeout: 10,
  ...encryption(url),
  onnotice: () => undefined,
  connection: { application_name: 'medq-doctor' }
});

const mostAttempts = 6;
const pauseMs = 2000;

/** Becomes postgres, for as long as the one connection lasts. The pooler takes seconds to hear of a new login. */
async function become(sql: postgres.Sql): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sql`set session role postgres`;
      return;
    } catch (error) {
      if (attempt === mostAttempts) throw error;
      await sleep(pauseMs);
    }
  }
}

/**
 * As role postgres, where the address is known, or can be had with a token; else undefined.
 * @throws when no login can be had, or does not work
 */
export async function openDatabase({ databaseUrl, project }: Subject): Promise<postgres.Sql | undefined> {
  if (databaseUrl !== undefined) return postgres(databaseUrl, { max: 4, ...options(databaseUrl) });
  if (project === undefined) return undefined;
  const url = await temporaryLogin(project);
  const sql = postgres(url, { max: 1, ...options(url) });
  try {
    await become(sql);
    return sql;
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
}
