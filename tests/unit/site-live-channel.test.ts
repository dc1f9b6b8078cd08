import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { openSocket, type Socket } from '../../src/lib/live/channel.ts';

// A server that does what the real one seldom does. With the real one: tests/browser/live.test.ts.

interface Message {
  topic: string;
  event: string;
  payload: Record<string, unknown>;
  ref: string;
}

let server: WebSocketServer;
let client: Socket | undefined;
let token = 'first';
const heard: Message[] = [];
const told: string[] = [];

beforeEach(async () => {
  vi.stubGlobal('navigator', { onLine: true });
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((listening) => server.once('listening', listening));
  server.on('connection', (socket, { url }) => {
    expect(url).toBe('/realtime/v1/websocket?apikey=public%2Fkey&vsn=1.0.0');
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      heard.push(message);
      server.emit(message.event, socket, message);
    });
  });
});
afterEach(() => {
  client?.close();
  for (const socket of server.clients) socket.terminate();
  server.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  heard.length = told.length = 0;
  token = 'first';
});

const say = (socket: WebSocket, event: string, { topic, ref }: Message, payload: object = {}) =>
  socket.send(JSON.stringify({ topic, event, payload, ref }));
const accept = (socket: WebSocket, join: Message) => {
  say(socket, 'phx_reply', join, { status: 'ok', response: {} });
  say(socket, 'system', { ...join, ref: '' }, { extension: 'system', status: 'ok' });
};

function listen(): Socket {
  const { port } = server.address() as AddressInfo;
  client = openSocket({
    url: `http://127.0.0.1:${port}`,
    key: 'public/key',
    token: () => Promise.resolve(token)
  });
  client.follow('patient:1', {
    onlive: () => told.push('fetch'),
    onchange: (payload) => told.push(JSON.stringify(payload)),
    onconnection: (connection) => told.push(connection)
  });
  return client;
}

test('it is live once the server says that it follows the database, and not before', async () => {
  server.on('phx_join', (socket: WebSocket, join: Message) => {
    expect(join.topic).toBe('realtime:patient:1');
    expect(join.payload).toEqual({
      config: { private: true, broadcast: { replication_ready: true } },
      access_token: 'first'
    });
    say(socket, 'phx_reply', join, { status: 'ok', response: {} });
    setTimeout(() => {
      told.push('ready');
      say(socket, 'system', join, { extension: 'system', status: 'ok' });
      say(socket, 'broadcast', join, { event: 'INSERT', type: 'broadcast', payload: { id: 7 } });
    }, 100);
  });
  listen();
  await expect.poll(() => told).toEqual(['connecting', 'ready', 'live', 'fetch', '{"id":7}']);
});

test('the token is asked for while the connection opens', async () => {
  const token = vi.fn(() => Promise.resolve('first'));
  client = openSocket({ url: 'http://127.0.0.1:9', key: 'public/key', token });
  expect(token).not.toHaveBeenCalled();
  client.follow('patient:1', { onlive: () => undefined, onchange: () => undefined });
  expect(token).toHaveBeenCalledOnce();
});

test('turned away or put out, it comes again, with the token of then', async () => {
  const answers = [
    (socket: WebSocket, join: Message) => say(socket, 'phx_reply', join, { status: 'error', response: {} }),
    (socket: WebSocket, join: Message) => {
      accept(socket, join);
      token = 'second';
      say(socket, 'phx_close', join);
    },
    accept
  ];
  server.on('phx_join', (socket: WebSocket, join: Message) => answers.shift()?.(socket, join));
  listen();
  await expect
    .poll(() => told)
    .toEqual(['connecting', 'reconnecting', 'live', 'fetch', 'reconnecting', 'live', 'fetch']);
  expect(heard.map(({ payload }) => payload.access_token)).toEqual(['first', 'first', 'second']);
});

test('it does not take the end of a channel it has left for that of the one it is in', async () => {
  server.on('phx_join', (socket: WebSocket, join: Message) => {
    accept(socket, join);
    say(socket, 'phx_close', { ...join, ref: 'an earlier one' });
  });
  listen();
  await expect.poll(() => told).toContain('live');
  await new Promise((later) => setTimeout(later, 200));
  expect(told).toEqual(['connecting', 'live', 'fetch']);
});

test('a connection that breaks is made again', async () => {
  server.on('phx_join', accept);
  listen();
  await expect.poll(() => told).toContain('fetch');
  for (const socket of server.clients) socket.terminate();
  await expect.poll(() => told).toEqual(['connecting', 'live', 'fetch', 'reconnecting', 'live', 'fetch']);
});

test('a connection over which nothing comes back is given up', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server.on('phx_join', accept);
  listen();
  await vi.waitFor(() => expect(told).toContain('fetch'));
  vi.advanceTimersByTime(25_000);
  await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ topic: 'phoenix', event: 'heartbeat' }));
  expect(told).not.toContain('reconnecting');
  vi.advanceTimersByTime(25_000);
  expect(told.at(-1)).toBe('reconnecting');
  await vi.waitFor(() => expect(told.at(-1)).toBe('fetch'), { timeout: 20_000 });
});

test('a new token is passed on, the same one is not', async () => {
  server.on('phx_join', accept);
  const socket = listen();
  await expect.poll(() => told).toContain('live');
  socket.nudge();
  token = 'second';
  socket.nudge();
  await expect.poll(() => heard.map(({ event }) => event)).toEqual(['phx_join', 'access_token']);
  expect(heard[1]?.payload).toEqual({ access_token: 'second' });
});

test('what is followed no longer is left, and says nothing more', async () => {
  server.on('phx_join', accept);
  const socket = listen();
  const end = socket.follow('queue:1', { onlive: () => told.push('queue'), onchange: () => undefined });
  await expect.poll(() => told).toContain('queue');
  end();
  await expect.poll(() => heard.at(-1)).toMatchObject({ topic: 'realtime:queue:1', event: 'phx_leave' });
});
