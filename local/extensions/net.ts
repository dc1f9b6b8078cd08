import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';

interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Uint8Array<ArrayBuffer> | null;
  timeout_milliseconds: number;
}

interface Outcome {
  id: string;
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

const nothing: Omit<Outcome, 'id'> = {
  status_code: null,
  content_type: null,
  headers: null,
  content: null,
  timed_out: false,
  error_msg: null
};

/** Sends one request; whatever happens becomes a row for net._http_response. */
async function send(request: QueuedRequest): Promise<Outcome> {
  const { id } = request;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { 'user-agent': 'pg_net', ...request.headers },
      body: request.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(request.timeout_milliseconds)
    });
    return {
      ...nothing,
      id,
      status_code: response.status,
      content_type: response.headers.get('content-type'),
      headers: Object.fromEntries(response.headers),
      // Postgres cannot store NUL in text.
      content: (await response.text()).replaceAll('\0', '')
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      const limit = request.timeout_milliseconds;
      return { ...nothing, id, timed_out: true, error_msg: `Timeout of ${limit} ms reached.` };
    }
    const { message, cause } = error as Error;
    return { ...nothing, id, error_msg: cause instanceof Error ? `${message}: ${cause.message}` : message };
  }
}

/** The worker behind the SQL interface of pg_net. */
export interface NetWorker {
  /** Stops looking for requests; those on their way are given up. */
  close(): Promise<void>;
}

const batchSize = 200;
const retryAfterMs = 500;
const pruneEveryMs = 10 * 60_000;

// Ends when a request is queued, or after two seconds. The server looks again and again, which costs far less than
// asking it that often; a notification would make all commits that queue requests wait for each other. Each look is a
// transaction of its own, so that none stays open.
const waitForRequests = `
  do $$
  begin
    for look in 1 .. 40 loop
      exit when exists (select from net.http_request_queue);
      commit;
      perform pg_sleep(0.05);
    end loop;
  end
  $$`;

/**
 * Sends what committed transactions queued in net.http_request_queue, at once and without order, each at most once,
 * and records the results in net._http_response for six hours. A restart of the database only pauses it.
 *
 * @param databaseUrl logs in as `postgres`
 */
export function startNetWorker(databaseUrl: string, log: (line: string) => void): NetWorker {
  const connect = (max: number) =>
    postgres(databaseUrl, {
      max,
      // What the driver itself asks would fail unseen when it is closed while it connects.
      fetch_types: false,
      onnotice: () => undefined,
      connection: { application_name: 'pg_net worker' }
    });
  const sql = connect(2);
  let waiting = connect(1);
  let outcomes: Outcome[] = [];
  let recording = false;
  let closed = false;

  /** Records what has come of requests: one row each, in one statement for all that came in meanwhile. */
  async function record(): Promise<void> {
    if (recording) return;
    recording = true;
    while (outcomes.length > 0 && !closed) {
      const finished = outcomes;
      outcomes = [];
      await insertOutcomes(finished);
    }
    recording = false;
  }

  async function insertOutcomes(finished: Outcome[]): Promise<void> {
    try {
      await sql`
        insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
        select id, status_code, content_type, headers, content, timed_out, error_msg
        from jsonb_populate_recordset(null::net._http_response, ${sql.json(finished as never)})`;
    } catch (error) {
      if (closed) return;
      const ids = finished.map(({ id }) => id).join(', ');
      log(`net: the results of requests ${ids} were lost: ${(error as Error).message}`);
    }
  }

  async function takeBatch(): Promise<QueuedRequest[]> {
    return sql<QueuedRequest[]>`
      delete from net.http_request_queue where id in (
        select id from net.http_request_queue order by id limit ${batchSize} for update skip locked
      ) returning *`;
  }

  async function sendAndRecord(request: QueuedRequest): Promise<void> {
    const outcome = await send(request);
    outcomes.push(outcome);
    await record();
  }

  async function work(): Promise<void> {
    let broken = false;
    while (!closed) {
      try {
        await waiting.unsafe(waitForRequests);
        for (const request of await takeBatch()) void sendAndRecord(request);
        broken = false;
      } catch (error) {
        if (!closed && !broken) log(`net: the queue cannot be read: ${(error as Error).message}`);
        broken = true;
        // The next statement on a connection that was cut during one would get the old error from the driver.
        await waiting.end({ timeout: 0 });
        await sleep(retryAfterMs, undefined, { ref: false });
        if (!closed) waiting = connect(1);
      }
    }
  }

  async function prune(): Promise<void> {
    await sql`delete from net._http_response where created < now() - interval '6 hours'`.catch(
      () => undefined
    );
  }

  void work();
  const pruning = setInterval(() => void prune(), pruneEveryMs);
  pruning.unref();

  return {
    async close() {
      closed = true;
      clearInterval(pruning);
      await Promise.all([sql.end({ timeout: 0 }), waiting.end({ timeout: 0 })]);
    }
  };
}
