import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { RealtimeChannel, SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { clientWith, FrameClient, subscribe, theRealtime, tokenOf } from '../../tests/helpers/realtime.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';

const realtime = theRealtime();
const { publishable_key: publishableKey } = theStack();
const sql = databaseAsPostgres();
let token: string;
let topic: string;

beforeAll(async () => {
  token = await tokenOf({ role: 'authenticated', sub: randomUUID() });
  await sql`
    create policy "All may listen" on realtime.messages for select to authenticated
    using (realtime.topic() like 'stage-%' or realtime.topic() like 'hall-%')`;
  await sql`
    create policy "All may speak on a stage" on realtime.messages for insert to authenticated
    with check (realtime.topic() like 'stage-%')`;
});

afterAll(async () => {
  await sql`drop policy "All may listen" on realtime.messages`;
  await sql`drop policy "All may speak on a stage" on realtime.messages`;
  await closeDatabases();
});

beforeEach(() => {
  topic = `stage-${randomUUID()}`;
});

async function client(): Promise<SupabaseClient> {
  const supabase = await clientWith(realtime, token);
  onTestFinished(async () => {
    await supabase.realtime.disconnect();
  });
  return supabase;
}

interface Joined {
  channel: RealtimeChannel;
  received: { event: string; payload: unknown }[];
  until(event: string): Promise<void>;
}

async function join(
  supabase: SupabaseClient,
  broadcast: { ack?: boolean; self?: boolean } = {},
  isPrivate = true
): Promise<Joined> {
  const channel = supabase.channel(topic, { config: { private: isPrivate, broadcast } });
  const received: Joined['received'] = [];
  const waiting = new Set<() => void>();
  channel.on('broadcast', { event: '*' }, (message: { event: string; payload: unknown }) => {
    received.push(message);
    for (const look of waiting) look();
  });
  expect(await subscribe(channel)).toMatchObject({ status: 'SUBSCRIBED' });
  return {
    channel,
    received,
    until: (event) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.some((message) => message.event === event)) resolve();
        };
        waiting.add(look);
        look();
      })
  };
}

function send(channel: RealtimeChannel, event: string, payload: unknown = {}): Promise<string> {
  return channel.send({ type: 'broadcast', event, payload }, { timeout: 1500 });
}

describe('a broadcast of a client', () => {
  test('reaches the others and not the sender', async () => {
    const speaker = await join(await client(), { ack: true });
    const listener = await join(await client());
    expect(await send(speaker.channel, 'hello', { words: 'grüß Gott' })).toBe('ok');
    await listener.until('hello');
    expect(listener.received).toEqual([
      { type: 'broadcast', event: 'hello', payload: { words: 'grüß Gott' } }
    ]);
    expect(speaker.received).toEqual([]);
  });

  test('reaches the sender too with self', async () => {
    const speaker = await join(await client(), { ack: true, self: true });
    expect(await send(speaker.channel, 'echo', { n: 1 })).toBe('ok');
    await speaker.until('echo');
    expect(speaker.received).toEqual([{ type: 'broadcast', event: 'echo', payload: { n: 1 } }]);
  });

  test('of bytes arrives as bytes', async () => {
    const speaker = await join(await client(), { ack: true });
    const listener = await join(await client());
    await send(speaker.channel, 'bytes', new Uint8Array([0, 255, 3]).buffer);
    await listener.until('bytes');
    expect(new Uint8Array(listener.received[0]?.payload as ArrayBuffer)).toEqual(new Uint8Array([0, 255, 3]));
  });

  test('without an INSERT policy is met with silence and reaches nobody', async () => {
    topic = `hall-${randomUUID()}`;
    const speaker = await join(await client(), { ack: true });
    const listener = await join(await client());
    expect(await send(speaker.channel, 'forbidden')).toBe('timed out');
    expect(listener.received).toEqual([]);
  });

  test('on a public channel needs no policy, and does not leak into the private one', async () => {
    topic = `open-${randomUUID()}`;
    const speaker = await join(await client(), { ack: true }, false);
    const listener = await join(await client(), {}, false);
    await send(speaker.channel, 'hello');
    await listener.until('hello');
    topic = `stage-${randomUUID()}`;
    const inPrivate = await join(await client(), { self: true });
    const inPublic = await join(await client(), { ack: true }, false);
    await send(inPublic.channel, 'outside');
    await send(inPrivate.channel, 'inside');
    await inPrivate.until('inside');
    expect(inPrivate.received.map(({ event }) => event)).toEqual(['inside']);
  });

  test('the right to send is asked once, and again with a new token', async () => {
    topic = `hall-${randomUUID()}`;
    const supabase = await client();
    const speaker = await join(supabase, { ack: true });
    expect(await send(speaker.channel, 'early')).toBe('timed out');
    await sql.unsafe(`
      create policy "Now in this hall" on realtime.messages for insert to authenticated
      with check (realtime.topic() = '${topic}')`);
    onTestFinished(async () => {
      await sql`drop policy "Now in this hall" on realtime.messages`;
    });
    expect(await send(speaker.channel, 'cached')).toBe('timed out');
    await supabase.realtime.setAuth(await tokenOf({ role: 'authenticated', sub: randomUUID() }));
    expect(await send(speaker.channel, 'late')).toBe('ok');
  });

  test('a channel that was left gets no more, another one of the same socket does', async () => {
    const raw = await FrameClient.connect(realtime.socketUrl());
    onTestFinished(() => raw.close());
    const other = `stage-${randomUUID()}`;
    for (const [ref, name] of [
      ['1', topic],
      ['2', other]
    ] as const) {
      raw.send([
        ref,
        ref,
        `realtime:${name}`,
        'phx_join',
        { config: { private: true }, access_token: token }
      ]);
      expect(await raw.reply(ref)).toMatchObject({ 4: { status: 'ok' } });
    }
    raw.send(['1', '3', `realtime:${topic}`, 'phx_leave', {}]);
    await raw.reply('3');
    const speaker = await join(await client(), { ack: true });
    expect(await send(speaker.channel, 'after')).toBe('ok');
    topic = other;
    const next = await join(await client(), { ack: true });
    expect(await send(next.channel, 'end')).toBe('ok');
    await raw.frame(([kind]) => kind === 'binary');
    const broadcasts = raw.frames.filter(([kind]) => kind === 'binary');
    expect(broadcasts).toHaveLength(1);
    expect(String(broadcasts[0]?.[1])).toContain(`realtime:${other}end`);
  });

  test('clients of version 1.0.0 and 2.0.0 hear each other', async () => {
    const old = await FrameClient.connect(realtime.socketUrl(publishableKey, '1.0.0'));
    onTestFinished(() => old.close());
    const frames = old.frames as unknown as Record<string, unknown>[];
    const path = `realtime:${topic}`;
    const joining = { config: { private: true }, access_token: token };
    old.send(JSON.stringify({ topic: path, event: 'phx_join', payload: joining, ref: '1', join_ref: '1' }));
    await old.frame(() => frames.some(({ event }) => event === 'phx_reply'));
    const listener = await join(await client());
    const said = { type: 'broadcast', event: 'from-old', payload: { a: 1 } };
    old.send(JSON.stringify({ topic: path, event: 'broadcast', payload: said, ref: '2', join_ref: '1' }));
    await listener.until('from-old');
    expect(listener.received).toEqual([said]);
    await send(listener.channel, 'from-new', { b: 2 });
    await old.frame(() => frames.some(({ event }) => event === 'broadcast'));
    expect(frames.at(-1)).toEqual({
      topic: path,
      event: 'broadcast',
      payload: { type: 'broadcast', event: 'from-new', payload: { b: 2 } },
      ref: null
    });
  });
});

describe('a broadcast over HTTP', () => {
  function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${realtime.url}/realtime/v1/api/broadcast${path}`, {
      method: 'POST',
      headers: { apikey: publishableKey, 'content-type': 'application/json', ...headers },
      body
    });
  }

  test('one message: supabase-js sends it, listeners get it', async () => {
    const listener = await join(await client());
    const sender = (await client()).channel(topic, { config: { private: true } });
    expect(await sender.httpSend('hello', { a: 1 })).toEqual({ success: true });
    await listener.until('hello');
    expect(listener.received).toEqual([{ type: 'broadcast', event: 'hello', payload: { a: 1 } }]);
  });

  test('one message of bytes', async () => {
    const listener = await join(await client());
    const sender = (await client()).channel(topic, { config: { private: true } });
    await sender.httpSend('bytes', new Uint8Array([9, 0, 200]));
    await listener.until('bytes');
    expect(new Uint8Array(listener.received[0]?.payload as ArrayBuffer)).toEqual(new Uint8Array([9, 0, 200]));
  });

  test('one message without the right to send is refused', async () => {
    topic = `hall-${randomUUID()}`;
    const listener = await join(await client());
    const headers = { authorization: `Bearer ${token}` };
    expect((await post(`/${topic}/events/no?private=true`, '{}', headers)).status).toBe(403);
    expect((await post(`/stage-x/events/no?private=true`, '{}')).status).toBe(403);
    expect(listener.received).toEqual([]);
  });

  test('a batch is accepted, and what is not allowed is left out', async () => {
    const allowed = await join(await client());
    topic = `hall-${randomUUID()}`;
    const refused = await join(await client());
    const messages = [
      { topic, event: 'no', payload: {}, private: true },
      { topic: allowed.channel.subTopic, event: 'one', payload: { n: 1 }, private: true },
      { topic: allowed.channel.subTopic, event: 'two', payload: { n: 2 }, private: true }
    ];
    const response = await post('', JSON.stringify({ messages }), { authorization: `Bearer ${token}` });
    expect(response.status).toBe(202);
    await allowed.until('two');
    expect(allowed.received.map(({ event, payload }) => [event, payload])).toEqual([
      ['one', { n: 1 }],
      ['two', { n: 2 }]
    ]);
    expect(refused.received).toEqual([]);
  });

  test.each([
    ['no JSON', '{', 422],
    ['no messages', '{"messages": []}', 422],
    ['a message without topic', '{"messages": [{"event": "e", "payload": {}}]}', 422]
  ])('a batch with %s is refused', async (_, body, status) => {
    expect((await post('', body)).status).toBe(status);
  });

  test.each([
    ['without any key', {}],
    ['with a key nobody issued', { apikey: 'sb_publishable_wrong' }],
    ['with an expired token', { apikey: publishableKey, authorization: 'expired' }]
  ])('%s is refused', async (_, headers: Record<string, string>) => {
    if (headers.authorization) headers.authorization = `Bearer ${await tokenOf({ role: 'anon' }, -1)}`;
    const response = await fetch(`${realtime.url}/realtime/v1/api/broadcast/t/events/e`, {
      method: 'POST',
      headers,
      body: '{}'
    });
    expect(response.status).toBe(401);
  });

  test('other paths and methods do not exist', async () => {
    expect((await post('/x', '{}')).status).toBe(404);
    expect((await post('/%E0%A4%A/events/e', '{}')).status).toBe(404);
    const headers = { apikey: publishableKey };
    expect((await fetch(`${realtime.url}/realtime/v1/api/broadcast`, { headers })).status).toBe(405);
  });
});

describe('presence', () => {
  async function attend(supabase: SupabaseClient, key: string, isPrivate = false) {
    const channel = supabase.channel(topic, { config: { private: isPrivate, presence: { key } } });
    const waiting = new Set<() => void>();
    channel.on('presence', { event: 'sync' }, () => {
      for (const look of waiting) look();
    });
    expect(await subscribe(channel)).toMatchObject({ status: 'SUBSCRIBED' });
    return {
      channel,
      /** Resolves as soon as exactly these are there, each with their mood. */
      sees: (expected: Record<string, string>) =>
        new Promise<void>((resolve) => {
          const look = (): void => {
            const there = Object.entries(channel.presenceState<{ mood: string }>());
            const moods = Object.fromEntries(there.map(([name, [entry]]) => [name, entry?.mood]));
            if (isDeepStrictEqual(moods, expected)) resolve();
          };
          waiting.add(look);
          look();
        })
    };
  }

  test('who comes, changes and goes is seen by all', async () => {
    const asha = await attend(await client(), 'asha');
    expect(await asha.channel.track({ mood: 'early' })).toBe('ok');
    await asha.sees({ asha: 'early' });
    const ravisClient = await client();
    const ravi = await attend(ravisClient, 'ravi');
    await ravi.sees({ asha: 'early' });
    await ravi.channel.track({ mood: 'late' });
    await asha.sees({ asha: 'early', ravi: 'late' });
    await asha.channel.track({ mood: 'waiting' });
    await ravi.sees({ asha: 'waiting', ravi: 'late' });
    await asha.channel.untrack();
    await ravi.sees({ ravi: 'late' });
    await ravisClient.removeChannel(ravi.channel);
    await asha.sees({});
  });

  test('a connection that breaks takes its presence with it', async () => {
    const asha = await attend(await client(), 'asha');
    const supabase = await client();
    const ravi = await attend(supabase, 'ravi');
    await ravi.channel.track({ mood: 'here' });
    await asha.sees({ ravi: 'here' });
    await supabase.realtime.disconnect();
    await asha.sees({});
  });

  test('on a private channel it needs an INSERT policy', async () => {
    const onStage = await attend(await client(), 'asha', true);
    expect(await onStage.channel.track({})).toBe('ok');
    topic = `hall-${randomUUID()}`;
    const inHall = await attend(await client(), 'asha', true);
    expect(await inHall.channel.track({})).toBe('error');
  });
});
