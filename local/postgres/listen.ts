import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';

/** A subscription to notifications that survives restarts of the database. */
export interface Listener {
  close(): Promise<void>;
}

const longestPauseMs = 1_000;

/**
 * Calls `onNotification` for every notification on `channel`, and once after every (re)connect, because notifications
 * may have been missed. The driver's own `listen` gives up when the database is still down at the first try.
 *
 * @throws when the first connection fails
 */
export async function keepListening(
  url: string,
  channel: string,
  onNotification: () => void
): Promise<Listener> {
  const closing = new AbortController();
  let connection: postgres.Sql | undefined;

  async function connect(): Promise<void> {
    const lost = Promise.withResolvers<void>();
    const options = {
      max: 1,
      // Otherwise the driver replaces the connection now and then, without the subscription.
      max_lifetime: 0,
      fetch_types: false,
      onnotice: () => undefined,
      onclose: () => lost.resolve(),
      onnotify: onNotification,
      connection: { application_name: `listens to ${channel}` }
    };
    const sql = postgres(url, options);
    try {
      await sql`listen ${sql(channel)}`;
    } catch (error) {
      await sql.end({ timeout: 0 });
      throw error;
    }
    connection = sql;
    lost.promise.then(() => sql.end({ timeout: 0 })).then(reconnect, reconnect);
    onNotification();
  }

  async function reconnect(): Promise<void> {
    for (let pause = 50; !closing.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      try {
        return await connect();
      } catch {
        // Still down.
      }
    }
  }

  await connect();
  return {
    async close() {
      closing.abort();
      await connection?.end({ timeout: 0 });
    }
  };
}
