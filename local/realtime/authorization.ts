import postgres from 'postgres';
import { inTransaction } from '../postgres/transaction.ts';
import { Refusal } from './errors.ts';
import type { Claims } from './tokens.ts';

/** In whose name a right is checked: what policies see of the request. */
export interface Actor {
  claims: Claims;
  /** Header names in lower case. */
  headers: Record<string, string>;
}

export type Extension = 'broadcast' | 'presence';

const undo = Symbol('undo');

/** Runs `work` in a transaction that leaves nothing behind. */
async function withoutTrace<T>(
  sql: postgres.Sql,
  work: (tx: postgres.TransactionSql) => Promise<T>
): Promise<T> {
  const outcome: { value?: T } = {};
  await inTransaction(sql, 'read write', async (tx) => {
    outcome.value = await work(tx);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
  return outcome.value as T;
}

/** From here on the transaction is the actor's: their role, and the settings that policies read. */
async function become(tx: postgres.TransactionSql, topic: string, { claims, headers }: Actor): Promise<void> {
  await tx`
    select
      set_config('role', ${claims.role}, true),
      set_config('realtime.topic', ${topic}, true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.jwt.claim.sub', ${claims.sub ?? ''}, true),
      set_config('request.jwt.claim.role', ${claims.role}, true),
      set_config('request.headers', ${JSON.stringify(headers)}, true)`;
}

const unavailable = /^(08|53|57P)/;

/** An error of the database while rights were checked, as the answer to who asked. */
function refusalOf(error: unknown, policyError: Refusal): Refusal {
  if (!(error instanceof postgres.PostgresError) || unavailable.test(error.code)) {
    const message = 'Realtime was unable to connect to the project database';
    return new Refusal('UnableToConnectToProject', message, error);
  }
  if (error.code === '23514') {
    const message = 'Realtime was unable to find the expected messages partition';
    return new Refusal('MissingPartition', message, error);
  }
  policyError.cause = error;
  return policyError;
}

/** What a join without a matching policy is told. */
export function unauthorizedToRead(topic: string): Refusal {
  return new Refusal('Unauthorized', `You do not have permissions to read from this Channel topic: ${topic}`);
}

/**
 * Which messages on `topic` the actor would see: probe rows are inserted by the service, looked for in the actor's
 * name, and rolled back. They hold neither event nor payload, and `private` is false, so policies can only use the
 * topic, the extension and the actor.
 *
 * @throws {Refusal} when the check itself fails; a policy that raises an error counts as a refusal.
 */
export async function readableExtensions(
  sql: postgres.Sql,
  topic: string,
  actor: Actor,
  extensions: Extension[]
): Promise<Set<Extension>> {
  try {
    return await withoutTrace(sql, async (tx) => {
      const probes = await tx<{ id: string }[]>`
        insert into realtime.messages (topic, extension, inserted_at, updated_at)
        select ${topic}, extension, now() at time zone 'UTC', now() at time zone 'UTC'
        from unnest(${extensions}::text[]) as extension
        returning id`;
      await become(tx, topic, actor);
      const visible = await tx<{ extension: Extension }[]>`
        select extension from realtime.messages
        where topic = ${topic} and id in ${tx(probes.map(({ id }) => id))}`;
      return new Set(visible.map(({ extension }) => extension));
    });
  } catch (error) {
    throw refusalOf(error, unauthorizedToRead(topic));
  }
}

/**
 * Whether the actor may send to `topic`: a row is inserted in their name and rolled back.
 *
 * @throws {Refusal} when the check itself fails.
 */
export async function mayWrite(
  sql: postgres.Sql,
  topic: string,
  actor: Actor,
  extension: Extension
): Promise<boolean> {
  try {
    return await withoutTrace(sql, async (tx) => {
      await become(tx, topic, actor);
      await tx`
        insert into realtime.messages (topic, extension, inserted_at, updated_at)
        values (${topic}, ${extension}, now() at time zone 'UTC', now() at time zone 'UTC')`;
      return true;
    });
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === '42501') return false;
    throw refusalOf(
      error,
      new Refusal('Unauthorized', `You do not have permissions to write to this Channel topic: ${topic}`)
    );
  }
}
