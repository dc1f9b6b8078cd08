/**
 * How often things may be done, by whom: the rules are in the table public.limits, and uses are counted in the database,
 * so that every instance of every function counts together. Known and unknown phones and names count alike.
 */
import type { Database } from '../database.ts';
import { rateLimited } from './errors.ts';
import { hex, hmac } from '../secrets.ts';
import { noteSecurityEvent } from './security-events.ts';

/**
 * What is limited: texting a code, looking at free times, looking up whether a phone can register, guessing at a code or a
 * password, taking a copy of what is kept.
 */
export type Limited = 'code' | 'look' | 'lookup' | 'guess' | 'password' | 'export';

/** Whose use it is. */
export type Subject =
  | {
    /** Their network (clientAddress). */
    client: string;
    /** +E.164 */
    phone?: string;
    /** The id of an account; where there is none, the name that was tried. */
    account?: string;
  }
  | {
    /** A device or session that strangers do not have, of one account. */
    device: string;
  };

/** One use that was counted, by the hashes that stand for its subject in the database. */
export interface Use {
  what: Limited;
  subjects: Record<string, string>;
}

/**
 * Counts one use of `what`.
 * @param secret keys the hashes that stand for subjects in the database
 * @throws RefusedError 429 with `retry_after` when one of its limits is reached
 */
export async function limit(
  database: Database,
  secret: string,
  what: Limited,
  subject: Subject
): Promise<Use> {
  const use = await useOf(secret, what, subject);
  const [row] = await database<{ wait: number }[]>`
    select private.hit_limits(${what}, ${database.json(use.subjects)}) as wait`;
  if (row && row.wait > 0) {
    await noteSecurityEvent(database, secret, 'limited', 'client' in subject ? subject : {});
    throw rateLimited(row.wait);
  }
  return use;
}

/** It was a right one: it does not count, so that only what is wrong adds up for those who share a network. */
export async function takeBack(database: Database, { what, subjects }: Use): Promise<void> {
  await database`select private.take_back_hit(${what}, ${database.json(subjects)})`;
}

/** What stands for a use in the database. */
export async function useOf(secret: string, what: Limited, subject: Subject): Promise<Use> {
  const wide = 'client' in subject ? wider(subject.client) : undefined;
  const named = Object.entries({ ...subject, ...(wide !== undefined && { client_wide: wide }) });
  const hashed = await Promise.all(
    named.map(async ([name, value]) => [name, await subjectHash(secret, name, value)] as const)
  );
  return { what, subjects: Object.fromEntries(hashed) };
}

/** Readable as to nobody. */
export async function subjectHash(secret: string, name: string, value: string): Promise<string> {
  const digest = await hmac(secret, JSON.stringify(['limit', name, value]));
  return hex(digest.subarray(0, 16));
}

/** The /48 of an IPv6 network: who is given one has 65,536 networks. */
function wider(client: string): string | undefined {
  const [, beginning] = /^((?:[0-9a-f]+:){3})[0-9a-f]+::\/64$/.exec(client) ?? [];
  return beginning && `${beginning}:/48`;
}
