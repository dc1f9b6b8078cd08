import postgres from 'postgres';
import { inTransaction } from '../postgres/transaction.ts';
import { RealtimeError } from './errors.ts';
import type { Claims } from './tokens.ts';

/** In whose name a right is checked: what policies see of the request. */
export interface Actor {
  claims: Claims;
  /** Header names in lower case. */
  headers: Record<string, string>;
}

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
function refusalOf(error: unknown, policyError: RealtimeError): RealtimeError {
  if (!(error instanceof postgres.PostgresError) || unavailable.test(error.code)) {
    const message = 'Realtime was unable to connect to the project database';
    return new RealtimeError('UnableToConnectToProject', message, error);
  }
  if (error.code === '23514') {
    const message = 'Realtime was unable to find the expected messages partition';
    return new RealtimeError('MissingPartition', message, error);
  }
  policyError.cause = error;
  return policyError;
}

/**
 * Makes sure that the actor may read broadcasts on `topic`: a probe row is inserted by the service, looked for in the
 * actor's name, and rolled back. It holds neither event nor payload, and `private` is false, so policies can only use the
 * topic, the extension and the actor.
 *
 * @throws {RealtimeError} when they may not, or when the check itself fails; a policy that raises an error refuses, too.
 */
export async function requireRead(sql: postgres.Sql, topic: string, actor: Actor): Promise<void> {
  const unauthorized = new RealtimeError(
    'Unauthorized',
    `You do not have permissions to read from this Channel topic: ${topic}`
  );
  const visible = await withoutTrace(sql, async (tx) => {
    const [probe] = await tx<{ id: string }[]>`
      insert into realtime.messages (topic, extension, inserted_at, updated_at)
      values (${topic}, 'broadcast', now() at time zone 'UTC', now() at time zone 'UTC')
      returning id`;
    await become(tx, topic, actor);
    const found = await tx`
      select from realtime.messages where topic = ${topic} and id = ${probe?.id ?? null}`;
    return found.count > 0;
  }).catch((error: unknown) => {
    throw refusalOf(error, unauthorized);
  });
  if (!visible) throw unauthorized;
}
