import type postgres from 'postgres';
import { z } from 'zod';
import { Refusal } from './errors.ts';
import type { Delivery } from './hub.ts';

/** `since` in milliseconds since 1970. */
export const replayRequest = z.object({
  since: z.int(),
  limit: z
    .int()
    .default(25)
    .transform((limit) => Math.min(Math.max(limit, 1), 25))
});

export type ReplayRequest = z.infer<typeof replayRequest>;

export interface ReplayedMessage {
  id: string;
  delivery: Delivery;
}

interface Row {
  id: string;
  event: string;
  payload: unknown;
  binary_payload: Buffer | null;
}

function replayed({ id, event, payload, binary_payload: bytes }: Row): ReplayedMessage {
  const meta = { id, replayed: true };
  return {
    id,
    delivery: bytes
      ? { broadcast: { event, encoding: 'binary', payload: bytes, meta } }
      : { event: 'broadcast', payload: { type: 'broadcast', event, payload, meta } }
  };
}

/**
 * The last messages of a private channel, oldest first.
 *
 * @throws {Refusal} when the database does not answer.
 */
export async function messagesSince(
  sql: postgres.Sql,
  topic: string,
  { since, limit }: ReplayRequest
): Promise<ReplayedMessage[]> {
  try {
    const rows = await sql<Row[]>`
      select id, event, payload, binary_payload from realtime.messages
      where topic = ${topic} and extension = 'broadcast' and private and event is not null
        and (payload is not null or binary_payload is not null)
        and inserted_at >= to_timestamp(${since}::double precision / 1000) at time zone 'UTC'
      order by inserted_at desc
      limit ${limit}`;
    return rows.reverse().map(replayed);
  } catch (error) {
    throw new Refusal('UnableToReplayMessages', 'Realtime was unable to replay messages', error);
  }
}
