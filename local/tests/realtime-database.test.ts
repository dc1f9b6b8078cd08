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
  meta?: { id: string };
}

/** Joins `topic` (a private channel unless told otherwise) and collects what arrives once the stream is up. */
async function listener({ private: isPrivate = true }: { private?: boolean } = {}) {
  const supabase = await clientWith(realtime, token);
  onTestFinished(async () => {
    await supabase.realtime.disconnect();
  });
  const channel = supabase.channel(topic, {
    config: { private: isPrivate, broadcast: { replication_ready: true } }
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

describe('who hears', () => {
  /** A client that shows the frames themselves, in a private channel. */
  async function inChannel(name: string, ref: string, raw: FrameClient): Promise<void> {
    const config = { private: true, broadcast: { replication_ready: true } };
    raw.send([ref, ref, `realtime:${name}`, 'phx_join', { config, access_token: token }]);
    await raw.frame((frame) => frame[2] === `realtime:${name}` && frame[3] === 'system');
  }

  test('a channel that was left gets no more, another one of the same socket does', async () => {
    const raw = await FrameClient.connect(realtime.socketUrl());
    onTestFinished(() => raw.close());
    const other = `news-${randomUUID()}`;
    await inChannel(topic, '1', raw);
    await inChannel(other, '2', raw);
    raw.send(['1', '3', `realtime:${topic}`, 'phx_leave', {}]);
    await raw.reply('3');
    await sql`select realtime.send('{}', 'after', ${topic})`;
    await sql`select realtime.send('{}', 'end', ${other})`;
    await raw.frame(([, , , event]) => event === 'broadcast');
    expect(raw.frames.filter(([, , , event]) => event === 'broadcast')).toMatchObject([
      [null, null, `realtime:${other}`, 'broadcast', { event: 'end' }]
    ]);
  });

  test('clients of version 1.0.0 get the same in their form', async () => {
    const old = await FrameClient.connect(realtime.socketUrl(undefined, '1.0.0'));
    onTestFinished(() => old.close());
    const frames = old.frames as unknown as Record<string, unknown>[];
    const path = `realtime:${topic}`;
    const config = { private: true, broadcast: { replication_ready: true } };
    const joining = { config, access_token: token };
    old.send(JSON.stringify({ topic: path, event: 'phx_join', payload: joining, ref: '1', join_ref: '1' }));
    await old.frame(() => frames.some(({ event }) => event === 'system'));
    await sql`select realtime.send('{"id": 1, "b": 2}', 'hello', ${topic})`;
    await old.frame(() => frames.some(({ event }) => event === 'broadcast'));
    expect(frames.at(-1)).toEqual({
      topic: path,
      event: 'broadcast',
      payload: {
        type: 'broadcast',
        event: 'hello',
        payload: { id: 1, b: 2 },
        meta: { id: expect.any(String) as string }
      },
      ref: null
    });
  });

  test('what a client sends reaches nobody, and the channel stays', async () => {
    const { received, until } = await listener({ private: false });
    const raw = await FrameClient.connect(realtime.socketUrl());
    onTestFinished(() => raw.close());
    raw.send(['1', '1', `realtime:${topic}`, 'phx_join', {}]);
    await raw.reply('1');
    const said = { type: 'broadcast', event: 'smuggled', payload: {} };
    raw.send(['1', '2', `realtime:${topic}`, 'broadcast', said]);
    await raw.roundTrip('3');
    await sendLast(false);
    await until('last');
    expect(received.map(({ event }) => event)).toEqual(['last']);
    await raw.frame(([, , , event]) => event === 'broadcast');
  });
});
