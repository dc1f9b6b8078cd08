import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { RealtimeOptions } from '../realtime/index.ts';
import { FrameClient, startRealtime, type RealtimeAddress } from '../../tests/helpers/realtime.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';

const { admin_db_url: databaseUrl, publishable_key: publishableKey } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

async function service(options: Partial<RealtimeOptions> = {}): Promise<RealtimeAddress> {
  const realtime = await startRealtime(databaseUrl, options);
  onTestFinished(() => realtime.close());
  return realtime;
}

async function connect(realtime: RealtimeAddress): Promise<FrameClient> {
  const raw = await FrameClient.connect(realtime.socketUrl());
  onTestFinished(() => raw.close());
  return raw;
}

const publicJoin = { config: { private: false } };

/** Joins a public channel on a socket of its own and waits for the stream. */
async function listen(realtime: RealtimeAddress, topic: string): Promise<FrameClient> {
  const raw = await connect(realtime);
  const config = { broadcast: { replication_ready: true } };
  raw.send(['1', '1', `realtime:${topic}`, 'phx_join', { config }]);
  await raw.frame((frame) => frame[3] === 'system');
  return raw;
}

describe('the handshake', () => {
  function handshake(url: string): Promise<{ status: number | undefined; body: unknown }> {
    return new Promise((resolve, reject) => {
      const webSocket = new WebSocket(url);
      webSocket.on('open', () => reject(new Error('The handshake was accepted.')));
      webSocket.on('error', () => undefined);
      webSocket.on('unexpected-response', (_, response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
      });
    });
  }

  test('needs a key', async () => {
    const realtime = await service();
    const refused = await handshake(realtime.socketUrl('sb_publishable_wrong'));
    expect(refused).toEqual({ status: 403, body: { error: 'Invalid API key' } });
    expect(await handshake(realtime.socketUrl(''))).toMatchObject({ status: 401 });
  });

  test('needs a version that exists and the right path', async () => {
    const realtime = await service();
    expect(await handshake(realtime.socketUrl(publishableKey, '3.0.0'))).toMatchObject({ status: 403 });
    const elsewhere = realtime.socketUrl().replace('/websocket', '/elsewhere');
    expect(await handshake(elsewhere)).toMatchObject({ status: 404 });
    // `//` is a path that is no URL.
    expect(await handshake(realtime.socketUrl().replace(/websocket.*/, '/'))).toMatchObject({ status: 404 });
  });

  test('is refused when there are too many sockets', async () => {
    const realtime = await service({ maxSockets: 1 });
    const first = await connect(realtime);
    expect(await handshake(realtime.socketUrl())).toMatchObject({ status: 429 });
    first.close();
    await expect
      .poll(() =>
        FrameClient.connect(realtime.socketUrl()).then(
          (raw) => raw.close(),
          () => 'refused'
        )
      )
      .toBeUndefined();
  });
});

describe('frames', () => {
  test('a heartbeat is answered', async () => {
    const raw = await connect(await service());
    raw.send([null, '7', 'phoenix', 'heartbeat', {}]);
    expect(await raw.reply('7')).toEqual([null, '7', 'phoenix', 'phx_reply', { status: 'ok', response: {} }]);
  });

  test('joining and leaving are answered in the documented form', async () => {
    const raw = await connect(await service());
    const topic = 'realtime:room';
    raw.send(['1', '1', topic, 'phx_join', publicJoin]);
    await raw.reply('1');
    raw.send(['1', '2', topic, 'phx_leave', {}]);
    await raw.frame((frame) => frame[3] === 'phx_close');
    expect(raw.frames).toEqual([
      ['1', '1', topic, 'phx_reply', { status: 'ok', response: { postgres_changes: [] } }],
      ['1', '2', topic, 'phx_reply', { status: 'ok', response: {} }],
      ['1', '1', topic, 'phx_close', {}]
    ]);
  });

  test('a second join of a topic replaces the first, whose late messages are ignored', async () => {
    const raw = await connect(await service());
    raw.send(['1', '1', 'realtime:room', 'phx_join', publicJoin]);
    await raw.reply('1');
    raw.send(['2', '2', 'realtime:room', 'phx_join', publicJoin]);
    await raw.reply('2');
    raw.send(['1', '3', 'realtime:room', 'phx_leave', {}]);
    await raw.roundTrip('4');
    expect(raw.frames.slice(1, 3)).toEqual([
      ['1', '1', 'realtime:room', 'phx_close', {}],
      ['2', '2', 'realtime:room', 'phx_reply', { status: 'ok', response: { postgres_changes: [] } }]
    ]);
    expect(raw.frames).toHaveLength(4);
  });

  test('messages for channels that were not joined, and other topics, are refused', async () => {
    const raw = await connect(await service());
    const unmatched = { 4: { status: 'error', response: { reason: 'unmatched topic' } } };
    raw.send([null, '1', 'realtime:room', 'broadcast', { event: 'e' }]);
    expect(await raw.reply('1')).toMatchObject(unmatched);
    raw.send(['2', '2', 'room', 'phx_join', publicJoin]);
    expect(await raw.reply('2')).toMatchObject(unmatched);
    raw.send([null, '3', 'realtime:room', 'phx_leave', {}]);
    expect(await raw.reply('3')).toMatchObject({ 4: { status: 'ok' } });
  });

  test('a join payload that makes no sense is a join without wishes', async () => {
    const raw = await connect(await service());
    for (const [ref, payload] of [
      null,
      'text',
      { config: 3 },
      { config: { broadcast: [], private: 1 } }
    ].entries()) {
      raw.send([`${ref}`, `${ref}`, `realtime:room-${ref}`, 'phx_join', payload]);
      expect(await raw.reply(`${ref}`)).toMatchObject({ 4: { status: 'ok' } });
    }
  });

  test.each([
    ['text that is no JSON', '{'],
    ['JSON that is no message', '[1,2]'],
    ['a frame of bytes', new Uint8Array([9, 9])]
  ])('%s ends the connection and nothing else', async (_, frame) => {
    const realtime = await service();
    const raw = await connect(realtime);
    const other = await connect(realtime);
    raw.send(frame);
    expect(await raw.closed).toBe(1007);
    await other.roundTrip('1');
  });
});

describe('limits', () => {
  test('more channels than allowed are refused, the others stay', async () => {
    const raw = await connect(await service({ maxChannelsPerSocket: 2 }));
    for (const ref of ['1', '2', '3']) raw.send([ref, ref, `realtime:room-${ref}`, 'phx_join', publicJoin]);
    expect(await raw.reply('3')).toMatchObject({
      4: { status: 'error', response: { reason: 'ChannelRateLimitReached: Too many channels' } }
    });
    expect(await raw.reply('2')).toMatchObject({ 4: { status: 'ok' } });
    raw.send(['1', '4', 'realtime:room-1', 'phx_leave', {}]);
    await raw.reply('4');
    raw.send(['5', '5', 'realtime:room-3', 'phx_join', publicJoin]);
    expect(await raw.reply('5')).toMatchObject({ 4: { status: 'ok' } });
  });

  test('a frame that is too large ends the connection', async () => {
    const raw = await connect(await service({ maxFrameBytes: 1000 }));
    raw.send([null, '1', 'phoenix', 'heartbeat', { text: 'x'.repeat(1000) }]);
    expect(await raw.closed).toBe(1009);
  });

  test('a socket without heartbeats is dropped, one with heartbeats stays', async () => {
    const realtime = await service({ heartbeatTimeoutMs: 400 });
    const silent = await connect(realtime);
    const alive = await connect(realtime);
    let beats = 0;
    const beating = setInterval(() => alive.send([null, `${++beats}`, 'phoenix', 'heartbeat', {}]), 50);
    onTestFinished(() => clearInterval(beating));
    expect(await silent.closed).toBe(1006);
    await alive.reply(`${beats + 1}`);
  });

  test('a socket that does not read is dropped, and the others go on', async () => {
    const logged: string[] = [];
    const realtime = await service({ maxBufferedBytes: 200_000, log: (message) => logged.push(message) });
    const topic = `flood-${randomUUID()}`;
    const stuck = await listen(realtime, topic);
    const reader = await listen(realtime, topic);
    stuck.pause();
    const said = { text: 'x'.repeat(1_000_000) };
    for (let n = 1; !logged.some((message) => /does not read/.test(message)); n++) {
      await sql`select realtime.send(${sql.json(said)}, ${`${n}`}, ${topic}, false)`;
      await reader.frame((frame) => (frame[4] as { event?: string }).event === `${n}`);
    }
    await sql`select realtime.send('{}', 'last', ${topic}, false)`;
    await reader.frame((frame) => (frame[4] as { event?: string }).event === 'last');
  });
});

describe('many channels', () => {
  test('of one socket keep apart', async () => {
    const realtime = await service();
    const raw = await connect(realtime);
    const name = randomUUID();
    const config = { broadcast: { replication_ready: true } };
    for (let n = 0; n < 50; n++) {
      raw.send([`${n}`, `${n}`, `realtime:${name}-${n}`, 'phx_join', { config }]);
    }
    for (let n = 0; n < 50; n++) {
      await raw.frame((frame) => frame[0] === `${n}` && frame[3] === 'system');
    }
    await sql`select realtime.send('{}', 'e', ${`${name}-7`}, false)`;
    await raw.frame((frame) => frame[3] === 'broadcast');
    await raw.roundTrip('end');
    expect(raw.frames.filter((frame) => frame[3] === 'broadcast')).toMatchObject([
      [null, null, `realtime:${name}-7`, 'broadcast', { type: 'broadcast', event: 'e' }]
    ]);
  });
});
