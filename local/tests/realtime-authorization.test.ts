import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { SupabaseClient } from '@supabase/supabase-js';
import {
  clientWith,
  databaseReady,
  FrameClient,
  subscribe,
  theRealtime,
  tokenOf
} from '../../tests/helpers/realtime.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';

const realtime = theRealtime();
const { jwt_secret: jwtSecret, publishable_key: publishableKey } = theStack();
// As a migration would: by the role postgres, which does not own the table.
const sql = databaseAsPostgres();

beforeAll(async () => {
  await sql`
    create policy "Users receive what is sent to them" on realtime.messages for select to authenticated
    using (extension = 'broadcast' and realtime.topic() = 'authorization-user:' || auth.uid())`;
  await sql`
    create policy "Guests listen to the lobby" on realtime.messages for select to anon
    using (topic = 'authorization-lobby')`;
  await sql`
    create policy "Members see who is there" on realtime.messages for select to authenticated
    using (realtime.topic() = 'authorization-hall' and extension = 'presence')`;
});

afterAll(async () => {
  await sql`drop policy "Users receive what is sent to them" on realtime.messages`;
  await sql`drop policy "Guests listen to the lobby" on realtime.messages`;
  await sql`drop policy "Members see who is there" on realtime.messages`;
  await closeDatabases();
});

async function client(token: string): Promise<SupabaseClient> {
  const supabase = await clientWith(realtime, token);
  onTestFinished(async () => {
    await supabase.realtime.disconnect();
  });
  return supabase;
}

async function frames(): Promise<FrameClient> {
  const raw = await FrameClient.connect(realtime.socketUrl());
  onTestFinished(() => raw.close());
  return raw;
}

const inPrivate = { config: { private: true } };

async function userToken(expiresIn?: number | null): Promise<{ id: string; token: string }> {
  const id = randomUUID();
  return { id, token: await tokenOf({ role: 'authenticated', sub: id }, expiresIn) };
}

function join(topic: string, token?: string, config: Record<string, unknown> = {}): unknown[] {
  return [
    '1',
    '1',
    `realtime:${topic}`,
    'phx_join',
    {
      config: {
        postgres_changes: [],
        private: true,
        ...config
      },
      ...(token && { access_token: token })
    }
  ];
}

function refusal(reason: string, topic: string): unknown[] {
  return ['1', '1', `realtime:${topic}`, 'phx_reply', { status: 'error', response: { reason } }];
}

describe('joining', () => {
  test('a private channel is joined when a policy lets the user read it', async () => {
    const { id, token } = await userToken();
    const channel = (await client(token)).channel(`authorization-user:${id}`, inPrivate);
    expect(await subscribe(channel)).toEqual({ status: 'SUBSCRIBED', message: undefined });
  });

  test('a private channel that no policy mentions is refused', async () => {
    const { token } = await userToken();
    expect(await subscribe((await client(token)).channel('elsewhere', inPrivate))).toEqual({
      status: 'CHANNEL_ERROR',
      message: 'Unauthorized: You do not have permissions to read from this Channel topic: elsewhere'
    });
  });

  test("another user's channel is refused", async () => {
    const { token } = await userToken();
    const topic = `authorization-user:${randomUUID()}`;
    const raw = await frames();
    raw.send(join(topic, token));
    expect(await raw.reply('1')).toEqual(
      refusal(`Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`, topic)
    );
  });

  test('the right to presence alone opens nothing: it is not offered here', async () => {
    const raw = await frames();
    raw.send(join('authorization-hall', (await userToken()).token));
    expect(await raw.reply('1')).toMatchObject({ 4: { status: 'error' } });
  });

  test('the probe rows of a check are never delivered and never stored', async () => {
    const { id, token } = await userToken();
    const raw = await frames();
    raw.send(join(`authorization-user:${id}`, token));
    await raw.reply('1');
    expect(await sql`select from realtime.messages where topic = ${`authorization-user:${id}`}`).toHaveLength(
      0
    );
  });

  test('a channel without a token of its own is joined with the rights of the key', async () => {
    const raw = await frames();
    raw.send(join('authorization-lobby'));
    expect(await raw.reply('1')).toEqual([
      '1',
      '1',
      'realtime:authorization-lobby',
      'phx_reply',
      { status: 'ok', response: { postgres_changes: [] } }
    ]);
    const other = await frames();
    other.send(join('authorization-lobby', publishableKey));
    expect(await other.reply('1')).toMatchObject({ 4: { status: 'ok' } });
  });

  test('a public channel needs no policy', async () => {
    const { token } = await userToken();
    expect(await subscribe((await client(token)).channel('anything'))).toMatchObject({
      status: 'SUBSCRIBED'
    });
  });

  test.each([
    ['an expired token', -10, jwtSecret, /^InvalidJWTToken: Token has expired 1\d seconds ago$/],
    [
      'a token without expiry',
      null,
      jwtSecret,
      /^InvalidJWTToken: Fields `role` and `exp` are required in JWT$/
    ],
    [
      'a token of somebody else',
      3600,
      `${jwtSecret}!`,
      /^JwtSignatureError: Failed to validate JWT signature$/
    ]
  ])('%s is refused, for public channels too', async (_, expiresIn, secret, reason) => {
    const token = await tokenOf({ role: 'authenticated', sub: randomUUID() }, expiresIn, secret);
    const raw = await frames();
    raw.send(join('public', token, { private: false }));
    expect(await raw.reply('1')).toMatchObject({
      4: { status: 'error', response: { reason: expect.stringMatching(reason) as string } }
    });
  });

  test('a token that is none is refused', async () => {
    const raw = await frames();
    raw.send(join('public', 'not.a.token', { private: false }));
    expect(await raw.reply('1')).toEqual(
      refusal('MalformedJWT: The token provided is not a valid JWT', 'public')
    );
  });

  test('a channel without a name is refused', async () => {
    const raw = await frames();
    raw.send(join(''));
    expect(await raw.reply('1')).toEqual(refusal('TopicNameRequired: You must provide a topic name', ''));
  });

  test('a request for postgres_changes is refused with a reason, an empty one is not', async () => {
    const channel = (await client((await userToken()).token))
      .channel('changes')
      .on('postgres_changes', { event: '*', schema: 'public', table: 'appointments' }, () => undefined);
    expect(await subscribe(channel)).toEqual({
      status: 'CHANNEL_ERROR',
      message: expect.stringMatching(/^RealtimeDisabledForConfiguration: .*postgres_changes/) as string
    });
  });

  test('a policy that fails refuses, and other channels go on', async () => {
    await sql`
      create policy "Broken" on realtime.messages for select to authenticated
      using (case when realtime.topic() = 'broken' then 1 / (length(topic) - length(topic)) = 1 end)`;
    onTestFinished(async () => {
      await sql`drop policy "Broken" on realtime.messages`;
    });
    const { token } = await userToken();
    const raw = await frames();
    raw.send(join('broken', token));
    expect(await raw.reply('1')).toEqual(
      refusal('Unauthorized: You do not have permissions to read from this Channel topic: broken', 'broken')
    );
    expect(await subscribe((await client(token)).channel('fine'))).toMatchObject({ status: 'SUBSCRIBED' });
  });
});

describe('a token that changes', () => {
  test('with the same rights the channel stays', async () => {
    const { id, token } = await userToken();
    const raw = await frames();
    raw.send(join(`authorization-user:${id}`, token));
    await raw.reply('1');
    const renewed = await tokenOf({ role: 'authenticated', sub: id }, 7200);
    raw.send(['1', '2', `realtime:authorization-user:${id}`, 'access_token', { access_token: renewed }]);
    // Answered after the token, because a channel does one thing after the other.
    raw.send(['1', '3', `realtime:authorization-user:${id}`, 'phx_leave', {}]);
    await raw.frame((frame) => frame[3] === 'phx_close');
    expect(raw.frames.map((frame) => frame[3])).toEqual(['phx_reply', 'phx_reply', 'phx_close']);
  });

  test('without the right the channel says why and closes', async () => {
    const { id, token } = await userToken();
    const raw = await frames();
    const topic = `realtime:authorization-user:${id}`;
    raw.send(join(`authorization-user:${id}`, token));
    await raw.reply('1');
    raw.send(['1', '2', topic, 'access_token', { access_token: (await userToken()).token }]);
    await raw.frame((frame) => frame[3] === 'phx_close');
    expect(raw.frames.slice(1)).toEqual([
      [
        '1',
        null,
        topic,
        'system',
        {
          channel: `authorization-user:${id}`,
          extension: 'system',
          status: 'error',
          message: `You do not have permissions to read from this Channel topic: authorization-user:${id}`
        }
      ],
      ['1', '1', topic, 'phx_close', {}]
    ]);
    // The channel is gone, the socket is not.
    raw.send(['1', '3', topic, 'access_token', { access_token: token }]);
    expect(await raw.reply('3')).toMatchObject({ 4: { response: { reason: 'unmatched topic' } } });
  });

  test('supabase-js sees a channel closed whose new token has no rights', async () => {
    const { id, token } = await userToken();
    const supabase = await client(token);
    const channel = supabase.channel(`authorization-user:${id}`, inPrivate);
    const statuses: string[] = [];
    const closed = new Promise<void>((resolve) => {
      channel.subscribe((status) => {
        statuses.push(status);
        if (status === 'CLOSED') resolve();
        if (status === 'SUBSCRIBED') {
          void userToken().then(({ token: foreign }) => supabase.realtime.setAuth(foreign));
        }
      });
    });
    await closed;
    expect(statuses).toEqual(['SUBSCRIBED', 'CLOSED']);
  });

  test('a channel whose rights were revoked stays until its next token', async () => {
    const { id, token } = await userToken();
    await sql.unsafe(`
      create schema realtime_club;
      create table realtime_club.members (id uuid primary key);
      grant usage on schema realtime_club to authenticated;
      grant select on realtime_club.members to authenticated;`);
    await sql`insert into realtime_club.members values (${id})`;
    await sql`
      create policy "Members read the club" on realtime.messages for select to authenticated
      using (realtime.topic() = 'club' and exists (select from realtime_club.members where members.id = auth.uid()))`;
    onTestFinished(async () => {
      await sql`drop policy "Members read the club" on realtime.messages`;
      await sql.unsafe('drop schema realtime_club cascade');
    });
    const channel = (await client(token)).channel('club', {
      config: { private: true, broadcast: { replication_ready: true } }
    });
    const received: unknown[] = [];
    const first = new Promise<void>((resolve) => {
      channel.on('broadcast', { event: '*' }, ({ event }) => {
        received.push(event);
        resolve();
      });
    });
    const ready = databaseReady(channel);
    await subscribe(channel);
    await ready;
    await sql`delete from realtime_club.members where id = ${id}`;
    await sql`select realtime.send('{}', 'still', 'club')`;
    await first;
    expect(received).toEqual(['still']);
    expect(await subscribe((await client(token)).channel('club', inPrivate))).toMatchObject({
      status: 'CHANNEL_ERROR'
    });
  });

  test('an expired token as the new one closes the channel', async () => {
    const { id, token } = await userToken();
    const raw = await frames();
    raw.send(join(`authorization-user:${id}`, token));
    await raw.reply('1');
    const expired = await tokenOf({ role: 'authenticated', sub: id }, -5);
    raw.send(['1', '2', `realtime:authorization-user:${id}`, 'access_token', { access_token: expired }]);
    const [, , , , said] = await raw.frame((frame) => frame[3] === 'system');
    expect(said).toMatchObject({
      status: 'error',
      message: expect.stringMatching(/^Token has expired \d+ seconds ago$/) as string
    });
    await raw.frame((frame) => frame[3] === 'phx_close');
  });

  test('a token that runs out closes the channel by itself', async () => {
    const { id, token } = await userToken(2);
    const raw = await frames();
    raw.send(join(`authorization-user:${id}`, token));
    expect(await raw.reply('1')).toMatchObject({ 4: { status: 'ok' } });
    await raw.frame((frame) => frame[3] === 'phx_close');
    expect(raw.frames[1]).toMatchObject({
      3: 'system',
      4: { status: 'error', message: expect.stringMatching(/^Token has expired \d+ seconds ago$/) as string }
    });
  });
});

describe('the role postgres', () => {
  test.each([
    ['add a column', 'alter table realtime.messages add column extra text'],
    ['switch row security off', 'alter table realtime.messages disable row level security'],
    ['drop the table', 'drop table realtime.messages'],
    ['create a table in the schema', 'create table realtime.mine (id int)'],
    [
      'replace a function',
      'create or replace function realtime.topic() returns text language sql return null::text'
    ],
    ['delete messages', 'delete from realtime.messages'],
    ['become the service', 'set role supabase_realtime_admin'],
    ['become the owner', 'set role supautils']
  ])('may not %s', async (_, statement) => {
    await expect(sql.unsafe(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('may make and drop policies and triggers on realtime.messages', async () => {
    await sql.unsafe(`
      create policy "Temporary" on realtime.messages for select to anon using (false);
      alter policy "Temporary" on realtime.messages using (true);
      drop policy "Temporary" on realtime.messages;
      create function public.nothing() returns trigger language plpgsql as 'begin return new; end';
      create trigger temporary before insert on realtime.messages for each row execute function public.nothing();
      drop trigger temporary on realtime.messages;
      drop function public.nothing();`);
  });
});
