import { randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { PgOutputDecoder, type InsertedRow } from './pgoutput.ts';
import type { Log } from './settings.ts';

const publication = 'supabase_realtime_messages_publication';
const slotPrefix = 'supabase_realtime_messages_replication_slot_';
const firstRetryMs = 100;
const lastRetryMs = 2_000;

interface ReplicationOptions {
  databaseUrl: string;
  /** Called once for each row of the publication, after its transaction has committed. */
  onInsert: (row: InsertedRow) => void;
  lingerMs: number;
  log: Log;
}

/** Logical position in the write-ahead log and time, as answer to a keep-alive of the server. */
function statusUpdate(position: Buffer): Buffer {
  const update = Buffer.alloc(34);
  update.write('r');
  // Written, flushed, applied: rows are handed on at once, so all three are the same.
  for (const offset of [1, 9, 17]) position.copy(update, offset);
  update.writeBigInt64BE(BigInt(Date.now() - Date.UTC(2000, 0, 1)) * 1000n, 25);
  return update;
}

/**
 * The one stream of messages from the database, open while somebody is connected.
 *
 * The slot is temporary: it goes with its connection and never keeps the server from recycling its log. So what is
 * committed while there is no stream is never sent, and after a reconnect nothing is sent twice.
 */
export class Replication {
  #options: ReplicationOptions;
  #abort: AbortController | undefined;
  #stopping: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #ready = Promise.withResolvers<void>();
  #isReady = false;

  constructor(options: ReplicationOptions) {
    this.#options = options;
  }

  /** Resolves while (or as soon as) whatever is committed from now on will be delivered. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Somebody is connected: opens the stream unless it is open. */
  want(): void {
    clearTimeout(this.#stopping);
    if (this.#abort) return;
    const { signal } = (this.#abort = new AbortController());
    this.#running = this.#running.then(() => this.#run(signal));
  }

  /** Nobody is connected any more: closes the stream, unless somebody comes back soon. */
  release(): void {
    clearTimeout(this.#stopping);
    this.#stopping = setTimeout(() => this.#stop(), this.#options.lingerMs);
    this.#stopping.unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#stopping);
    this.#stop();
    await this.#running;
  }

  #stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#unready();
  }

  /** Whoever asks from now on waits for the next stream, also while this one is still closing. */
  #unready(): void {
    if (this.#isReady) this.#ready = Promise.withResolvers();
    this.#isReady = false;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      try {
        await this.#stream(signal, () => (retryMs = firstRetryMs));
      } catch (error) {
        if (signal.aborted) return;
        // Said once, however long the database stays away.
        if (retryMs === firstRetryMs) {
          this.#options.log('The stream of messages from the database broke; reconnecting.', {
            reason: (error as Error).message
          });
        }
      }
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, lastRetryMs);
    }
  }

  /** Opens a stream and follows it until it breaks (rejects) or is not wanted any more (resolves). */
  async #stream(signal: AbortSignal, onReady: () => void): Promise<void> {
    const sql = postgres(this.#options.databaseUrl, {
      max: 1,
      fetch_types: false,
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: 5,
      onnotice: () => undefined,
      connection: { application_name: 'realtime_replication_connection', replication: 'database' }
    });
    let stream: Duplex | undefined;
    const hangUp = (): void => void sql.end({ timeout: 0 });
    const abandon = (): void => {
      if (!stream) return hangUp();
      stream.end();
      setTimeout(hangUp, 1_000).unref();
    };
    signal.addEventListener('abort', abandon, { once: true });
    try {
      const slot = `${slotPrefix}${randomBytes(8).toString('hex')}`;
      // Replication commands, unlike SQL, are only understood in capitals.
      await sql.unsafe(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
      const copy = await sql
        .unsafe(
          `START_REPLICATION SLOT ${slot} LOGICAL 0/0 (proto_version '2', publication_names '${publication}')`
        )
        .writable();
      if (!(copy instanceof Duplex)) throw new Error('Postgres did not start to replicate.');
      stream = copy;
      const ended = this.#follow(stream);
      onReady();
      // Nobody may rely on it if it is not wanted any more.
      if (!signal.aborted) {
        this.#isReady = true;
        this.#ready.resolve();
      }
      await ended;
    } finally {
      this.#unready();
      signal.removeEventListener('abort', abandon);
      await sql.end({ timeout: 0 });
    }
  }

  #follow(stream: Duplex): Promise<void> {
    const decoder = new PgOutputDecoder();
    stream.on('data', (chunk: Buffer) => {
      const kind = String.fromCharCode(chunk[0] ?? 0);
      if (kind === 'k' && chunk[17] === 1) stream.write(statusUpdate(chunk.subarray(1, 9)));
      if (kind === 'w') this.#deliver(decoder, chunk.subarray(25));
    });
    return new Promise((resolve, reject) => stream.once('error', reject).once('close', resolve));
  }

  #deliver(decoder: PgOutputDecoder, message: Buffer): void {
    try {
      const row = decoder.decode(message);
      if (row) this.#options.onInsert(row);
    } catch (error) {
      this.#options.log('A message from the database could not be delivered.', {
        reason: (error as Error).message
      });
    }
  }
}
