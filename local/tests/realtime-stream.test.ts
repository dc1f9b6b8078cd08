import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Replication } from '../realtime/replication.ts';
import { isOutdated, maintainPartitions, partitionsAt } from '../realtime/partitions.ts';
import {
  FrameClient,
  startDatabase,
  startRealtime,
  tokenOf,
  type OwnDatabase,
  type RealtimeAddress
} from '../../tests/helpers/realtime.ts';

// On a database of its own: partitions are dropped here and slots are counted.
let database: OwnDatabase;
let realtime: RealtimeAddress & { close(): Promise<void> };
let sql: postgres.Sql;
let token: string;
let topic: string;

beforeAll(async () => {
  database = await startDatabase();
  realtime = await startRealtime(database.adminUrl, { replicationLingerMs: 50 });
  sql = postgres(database.url, { onnotice: () => undefined });
  token = await tokenOf({ role: 'authenticated', sub: randomUUID() });
  await sql`
    create policy "Users receive what is sent to them" on realtime.messages for select to authenticated
    using (realtime.topic() = 'user:' || auth.uid() or realtime.topic() like 'news-%')`;
});

afterAll(async () => {
  await realtime.close();
  await sql.end();
  await database.stop();
});

beforeEach(() => {
  topic = `news-${randomUUID()}`;
});

async function connect(): Promise<FrameClient> {
  const raw = await FrameClient.connect(realtime.socketUrl());
  onTestFinished(() => raw.close());
  return raw;
}

/** Joins a private channel and waits for the stream. */
async function listen(name: string, accessToken: string): Promise<FrameClient> {
  const raw = await connect();
  const config = { private: true, broadcast: { replication_ready: true } };
  raw.send(['1', '1', `realtime:${name}`, 'phx_join', { config, access_token: accessToken }]);
  const said = await raw.frame((frame) => frame[3] === 'system');
  expect(said).toEqual([
    '1',
    null,
    `realtime:${name}`,
    'system',
    { channel: name, extension: 'system', status: 'ok', message: 'Replication connection established' }
  ]);
  return raw;
}

interface Broadcast {
  event: string;
  payload: Record<string, unknown>;
}

function broadcasts(raw: FrameClient): Broadcast[] {
  return raw.frames.filter((frame) => frame[3] === 'broadcast').map((frame) => frame[4] as Broadcast);
}

/** Sends a last message; when it is there, nothing before it can still be on its way. Gives all that came. */
async function all(raw: FrameClient): Promise<Broadcast[]> {
  await sql`select realtime.send('{}', 'last', ${topic})`;
  await raw.frame(() => broadcasts(raw).some(({ event }) => event === 'last'));
  return broadcasts(raw);
}

describe('many sockets', () => {
  test('200 sockets get each their own messages and nothing else, over one stream', async () => {
    const users = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const id = randomUUID();
        const token = await tokenOf({ role: 'authenticated', sub: id });
        return { id, raw: await listen(`user:${id}`, token) };
      })
    );
    const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
      select count(*)::int from pg_replication_slots where temporary and active`;
    expect(count).toBe(1);
    for (let round = 1; round <= 3; round++) {
      await sql`
        select realtime.send(jsonb_build_object('for', id, 'round', ${round}::int), 'note', 'user:' || id)
        from unnest(${users.map(({ id }) => id)}::text[]) as id`;
    }
    for (const { id, raw } of users) {
      await raw.frame(() => broadcasts(raw).some(({ payload }) => payload.round === 3));
      expect(broadcasts(raw).map(({ payload }) => payload)).toEqual(
        [1, 2, 3].map((round) => ({ for: id, round, id: expect.any(String) as string }))
      );
    }
  });
});

describe('the stream', () => {
  const slots = () =>
    sql`select slot_name, temporary from pg_replication_slots where slot_name like 'supabase_realtime_messages_replication_slot_%'`;

  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  test('its slot is temporary and lives while somebody is connected', async () => {
    await until(async () => (await slots()).length === 0);
    await listen(topic, token);
    expect(await slots()).toEqual([expect.objectContaining({ temporary: true })]);
  });

  test('it comes back for the next one after the last has left', async () => {
    await until(async () => (await slots()).length === 0);
    const raw = await listen(topic, token);
    expect(await all(raw)).toHaveLength(1);
  });

  test('whoever comes while it is being closed waits for the next one', async () => {
    const heard: unknown[] = [];
    const replication = new Replication({
      databaseUrl: database.adminUrl,
      onInsert: ({ row }) => row.topic === topic && heard.push(row.event),
      lingerMs: 0,
      log: () => undefined
    });
    onTestFinished(() => replication.close());
    replication.want();
    for (const event of ['first', 'second', 'third']) {
      await replication.ready;
      await sql`select realtime.send('{}', ${event}, ${topic})`;
      await until(() => Promise.resolve(heard.at(-1) === event));
      replication.release();
      await new Promise((resolve) => setTimeout(resolve, 1));
      replication.want();
    }
    expect(heard).toEqual(['first', 'second', 'third']);
  });

  test('rows without event or payload are not delivered and harm nobody', async () => {
    const raw = await listen(topic, token);
    await sql`
      insert into realtime.messages (topic, extension, event, payload, private)
      values (${topic}, 'broadcast', null, '{}', true), (${topic}, 'broadcast', 'empty', null, true)`;
    expect(await all(raw)).toHaveLength(1);
  });
});

describe('partitions', () => {
  const tables = async (admin: postgres.Sql) =>
    (
      await admin<{ table: string }[]>`
        select relname as table from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'realtime.messages'::regclass order by relname`
    ).map(({ table }) => table);

  test('exist from yesterday to three days ahead', async () => {
    const expected = partitionsAt(new Date()).map(({ table }) => table);
    expect(await tables(sql)).toEqual(expected);
    expect(partitionsAt(new Date('2026-02-27T23:59:59Z'))).toEqual([
      { table: 'messages_2026_02_26', from: '2026-02-26', to: '2026-02-27' },
      { table: 'messages_2026_02_27', from: '2026-02-27', to: '2026-02-28' },
      { table: 'messages_2026_02_28', from: '2026-02-28', to: '2026-03-01' },
      { table: 'messages_2026_03_01', from: '2026-03-01', to: '2026-03-02' },
      { table: 'messages_2026_03_02', from: '2026-03-02', to: '2026-03-03' }
    ]);
  });

  test('move on with the days: the coming are made, those older than 72 hours dropped', async () => {
    const admin = postgres(database.adminUrl, { onnotice: () => undefined });
    onTestFinished(async () => {
      await maintainPartitions(admin);
      await admin.end();
    });
    const later = new Date(Date.now() + 5 * 24 * 60 * 60 * 1000);
    const before = await tables(admin);
    await Promise.all([maintainPartitions(admin, later), maintainPartitions(admin, later)]);
    const expected = [
      ...before.filter((table) => !isOutdated(table, later)),
      ...partitionsAt(later).map(({ table }) => table)
    ];
    expect(await tables(admin)).toEqual([...new Set(expected)].sort());
    const owners = await admin`
      select distinct pg_get_userbyid(relowner) as owner from pg_class where relname like 'messages_2%'`;
    expect(owners).toEqual([{ owner: 'supautils' }]);
  });

  test('old means older than 72 hours', () => {
    const now = new Date('2026-03-04T12:00:00Z');
    expect(isOutdated('messages_2026_02_28', now)).toBe(true);
    expect(isOutdated('messages_2026_03_01', now)).toBe(false);
    expect(isOutdated('messages_of_somebody', now)).toBe(false);
  });

  test('a missing partition refuses the join, says so, and is there for the next one', async () => {
    const admin = postgres(database.adminUrl, { onnotice: () => undefined });
    onTestFinished(() => admin.end());
    const today = partitionsAt(new Date())[1]?.table ?? '';
    await admin`drop table realtime.${admin(today)}`;
    const raw = await connect();
    const join = { config: { private: true }, access_token: token };
    raw.send(['1', '1', `realtime:${topic}`, 'phx_join', join]);
    expect(await raw.reply('1')).toMatchObject({
      4: {
        response: { reason: 'MissingPartition: Realtime was unable to find the expected messages partition' }
      }
    });
    while ((await tables(admin)).length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    raw.send(['2', '2', `realtime:${topic}`, 'phx_join', join]);
    expect(await raw.reply('2')).toMatchObject({ 4: { status: 'ok' } });
  });
});
