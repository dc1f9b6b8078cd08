import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  clientWith,
  databaseReady,
  FrameClient,
  subscribe,
  theRealtime,
  tokenOf
} from '../../tests/helpers/realtime.ts';
import { closeDatabases, databaseAsPostgres } from '../../tests/helpers/stack.ts';

const realtime = theRealtime();
const warnings: string[] = [];
const sql = databaseAsPostgres({
  onnotice: ({ severity, message }) => warnings.push(`${severity} ${message}`)
});
let token: string;
let topic: string;

beforeAll(async () => {
  token = await tokenOf({ role: 'authenticated', sub: randomUUID() });
  await sql`
    create policy "All may listen to news" on realtime.messages for select to authenticated
    using (realtime.topic() like 'news-%')`;
});

afterAll(async () => {
  await sql`drop policy "All may listen to news" on realtime.messages`;
  await closeDatabases();
});

beforeEach(() => {
  topic = `news-${randomUUID()}`;
  warnings.length = 0;
});

interface Received {
  type: string;
  event: string;
  payload: Record<string, unknown>;
  meta?: { id: string; replayed?: boolean };
}

/** Joins `topic` (a private channel unless told otherwise) and collects what arrives once the stream is up. */
async function listener(options: { private?: boolean; replay?: { since: number; limit?: number } } = {}) {
  const supabase = await clientWith(realtime, token);
  onTestFinished(async () => {
    await supabase.realtime.disconnect();
  });
  const { private: isPrivate = true, replay } = options;
  const channel = supabase.channel(topic, {
    config: { private: isPrivate, broadcast: { replication_ready: true, ...(replay && { replay }) } }
  });
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  channel.on('broadcast', { event: '*' }, (message) => {
    received.push(message as Received);
    for (const look of waiting) look();
  });
  const ready = databaseReady(channel);
  expect(await subscribe(channel)).toMatchObject({ status: 'SUBSCRIBED' });
  await ready;
  return {
    received,
    /** All messages up to the one with `event`. */
    until: (event: string) =>
      new Promise<Received[]>((resolve) => {
        const look = (): void => {
          if (received.some((message) => message.event === event)) resolve(received);
        };
        waiting.add(look);
        look();
      })
  };
}

/** What is sent after everything else: when it arrives, nothing before it can still be on its way. */
async function sendLast(isPrivate = true): Promise<void> {
  await sql`select realtime.send('{}', 'last', ${topic}, ${isPrivate})`;
}

describe('realtime.send', () => {
  test('delivers once the transaction has committed, exactly once', async () => {
    const { until } = await listener();
    await sql`select realtime.send(${sql.json({ a: [1, 'é'] })}, 'hello', ${topic})`;
    await sendLast();
    const [message, ...rest] = await until('last');
    expect(rest).toHaveLength(1);
    const [row] =
      await sql`select id, private, extension from realtime.messages where topic = ${topic} and event = 'hello'`;
    expect(row).toMatchObject({ private: true, extension: 'broadcast' });
    expect(message).toEqual({
      type: 'broadcast',
      event: 'hello',
      payload: { a: [1, 'é'], id: row?.id as string },
      meta: { id: row?.id as string }
    });
  });

  test('delivers nothing from a transaction that is rolled back', async () => {
    const { until } = await listener();
    await sql
      .begin(async (tx) => {
        await tx`select realtime.send('{}', 'never', ${topic})`;
        throw new Error('changed my mind');
      })
      .catch(() => undefined);
    await sendLast();
    expect((await until('last')).map(({ event }) => event)).toEqual(['last']);
  });

  test('keeps the order of a transaction and delivers nothing before its end', async () => {
    const { until, received } = await listener();
    await sql.begin(async (tx) => {
      for (const event of ['one', 'two', 'three']) await tx`select realtime.send('{}', ${event}, ${topic})`;
      await sql`select realtime.send('{}', 'meanwhile', ${topic})`;
      await until('meanwhile');
      expect(received).toHaveLength(1);
    });
    expect((await until('three')).map(({ event }) => event)).toEqual(['meanwhile', 'one', 'two', 'three']);
  });

  test('keeps an id of the payload, and adds one if there is none', async () => {
    const { until } = await listener();
    await sql`select realtime.send('{"id": 7}', 'mine', ${topic})`;
    expect((await until('mine'))[0]?.payload).toEqual({ id: 7 });
  });

  test('a public message is for public channels, a private one for private channels', async () => {
    const inPublic = await listener({ private: false });
    const inPrivate = await listener();
    await sql`select realtime.send('{}', 'public', ${topic}, false)`;
    await sql`select realtime.send('{}', 'private', ${topic}, true)`;
    await sendLast(true);
    await sendLast(false);
    expect((await inPublic.until('last')).map(({ event }) => event)).toEqual(['public', 'last']);
    expect((await inPrivate.until('last')).map(({ event }) => event)).toEqual(['private', 'last']);
  });

  test.each([
    ['an array', '[1]'],
    ['a number', '1']
  ])('%s as payload is a warning, and the transaction goes on', async (_, payload) => {
    const [row] = await sql.begin(async (tx) => {
      await tx`select realtime.send(${payload}::jsonb, 'odd', ${topic})`;
      return tx`select 1 as alive`;
    });
    expect(row).toEqual({ alive: 1 });
    expect(warnings).toEqual([expect.stringMatching(/^WARNING ErrorSendingBroadcastMessage: /)]);
  });

  test('a caller without an INSERT policy sends nothing and gets a warning', async () => {
    await sql.begin(async (tx) => {
      await tx`set local role authenticated`;
      await tx`select realtime.send('{}', 'smuggled', ${topic})`;
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^WARNING ErrorSendingBroadcastMessage: .*row-level security/)
    ]);
    expect(await sql`select from realtime.messages where topic = ${topic}`).toHaveLength(0);
  });

  test('a caller with an INSERT policy sends, and the policy sees the topic', async () => {
    await sql`
      create policy "Open stage" on realtime.messages for insert to authenticated
      with check (realtime.topic() = ${sql.unsafe(`'${topic}'`)})`;
    onTestFinished(async () => {
      await sql`drop policy "Open stage" on realtime.messages`;
    });
    await sql.begin(async (tx) => {
      await tx`set local role authenticated`;
      await tx`select realtime.send('{}', 'allowed', ${topic})`;
      await tx`select realtime.send('{}', 'refused', ${`${topic}-2`})`;
    });
    const rows = await sql`select event from realtime.messages where topic like ${`${topic}%`}`;
    expect(rows.map(({ event }) => event as string)).toEqual(['allowed']);
  });
});

describe('realtime.send_binary', () => {
  test('delivers the bytes as they are', async () => {
    const { until } = await listener();
    await sql`select realtime.send_binary(${Buffer.from([0, 1, 254, 255])}, 'bytes', ${topic})`;
    const [message] = await until('bytes');
    expect(Buffer.from(message?.payload as unknown as ArrayBuffer)).toEqual(Buffer.from([0, 1, 254, 255]));
  });
});

describe('realtime.broadcast_changes', () => {
  beforeAll(async () => {
    await sql.unsafe(`
      create schema realtime_visits;
      create table realtime_visits.visits (id int primary key, room text, note text);
      create function realtime_visits.tell_room() returns trigger language plpgsql security definer set search_path = '' as $$
      begin
        perform realtime.broadcast_changes(
          coalesce(new.room, old.room), tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
      create trigger tell_room after insert or update or delete on realtime_visits.visits
        for each row execute function realtime_visits.tell_room();`);
  });

  afterAll(async () => {
    await sql.unsafe('drop schema realtime_visits cascade');
  });

  test('an insert, an update and a delete are told with the row before and after', async () => {
    const { until } = await listener();
    await sql`insert into realtime_visits.visits values (1, ${topic}, 'new')`;
    await sql`update realtime_visits.visits set note = 'changed' where id = 1`;
    await sql`delete from realtime_visits.visits where id = 1`;
    const before = { id: 1, room: topic, note: 'new' };
    const after = { ...before, note: 'changed' };
    const table = { table: 'visits', schema: 'realtime_visits', id: expect.any(String) as string };
    expect((await until('DELETE')).map(({ event, payload }) => ({ event, payload }))).toEqual([
      { event: 'INSERT', payload: { ...table, operation: 'INSERT', record: before, old_record: null } },
      { event: 'UPDATE', payload: { ...table, operation: 'UPDATE', record: after, old_record: before } },
      { event: 'DELETE', payload: { ...table, operation: 'DELETE', record: null, old_record: after } }
    ]);
  });

  test('a change that is rolled back is not told', async () => {
    const { until } = await listener();
    await sql
      .begin(async (tx) => {
        await tx`insert into realtime_visits.visits values (2, ${topic}, 'never')`;
        throw new Error('changed my mind');
      })
      .catch(() => undefined);
    await sql`insert into realtime_visits.visits values (3, ${topic}, 'kept')`;
    const messages = await until('INSERT');
    expect(messages.map(({ payload }) => payload.record)).toEqual([{ id: 3, room: topic, note: 'kept' }]);
  });

  test.each([
    ["'TRUNCATE'", "'ROW'", /operation TRUNCATE/],
    ["'INSERT'", "'STATEMENT'", /for each statement/]
  ])('operation %s at level %s fails', async (operation, level, message) => {
    await expect(
      sql.unsafe(
        `select realtime.broadcast_changes('t', 'e', ${operation}, 'visits', 'public', row, row, ${level})
         from (values (1)) as row (id)`
      )
    ).rejects.toThrow(message);
  });
});

describe('replay', () => {
  test('a private channel gets the last messages, oldest first', async () => {
    const since = Date.now() - 1000;
    const live = await listener();
    for (const n of [1, 2, 3]) await sql`select realtime.send(${sql.json({ n })}, 'old', ${topic})`;
    await sql`select realtime.send('{}', 'public', ${topic}, false)`;
    await sql`select realtime.send('{"n": 4}', 'old-last', ${topic})`;
    // By now the stream is past the old messages.
    await live.until('old-last');
    const { until } = await listener({ replay: { since, limit: 2 } });
    await sendLast();
    const messages = await until('last');
    expect(messages.map(({ event, payload, meta }) => [event, payload.n, meta?.replayed])).toEqual([
      ['old', 3, true],
      ['old-last', 4, true],
      ['last', undefined, undefined]
    ]);
    expect(messages[0]?.meta?.id).toBe(messages[0]?.payload.id);
  });

  test('nothing is missed and nothing comes twice, however far the stream is behind', async () => {
    const since = Date.now() - 1000;
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    // Somebody listens, so that the stream has all of it to deliver.
    await listener();
    const sending = Promise.all(
      numbers.map((n) => sql`select realtime.send(${sql.json({ n })}, 'old', ${topic})`)
    );
    const { until } = await listener({ replay: { since } });
    await sending;
    await sendLast();
    const messages = (await until('last')).filter(({ event }) => event === 'old');
    expect(messages.map(({ payload }) => payload.n).sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
  });

  test('a start long ago is no reason to send more than 25 messages', async () => {
    await sql`select realtime.send('{}', 'old', ${topic}) from generate_series(1, 30)`;
    const live = await listener();
    await sql`select realtime.send('{}', 'end', ${topic})`;
    await live.until('end');
    const { until } = await listener({ replay: { since: 0, limit: 1000 } });
    await sendLast();
    expect((await until('last')).filter(({ meta }) => meta?.replayed)).toHaveLength(25);
  });

  test.each([
    [
      'a public channel',
      { private: false, broadcast: { replay: { since: 0 } } },
      'Replay is not allowed for public channels'
    ],
    [
      'a missing start',
      { private: true, broadcast: { replay: { limit: 3 } } },
      'Replay params are not valid'
    ],
    [
      'a start that is no number',
      { private: true, broadcast: { replay: { since: 'x' } } },
      'Replay params are not valid'
    ]
  ])('%s is refused', async (_, config, reason) => {
    const raw = await FrameClient.connect(realtime.socketUrl());
    onTestFinished(() => raw.close());
    raw.send(['1', '1', `realtime:${topic}`, 'phx_join', { config, access_token: token }]);
    expect(await raw.reply('1')).toMatchObject({
      4: { status: 'error', response: { reason: `UnableToReplayMessages: ${reason}` } }
    });
  });
});
