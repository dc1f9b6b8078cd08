import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMessageBird } from '../messagebird/index.ts';
import type { MessageBird, MessageBirdOptions } from '../messagebird/index.ts';
import { smsTo, textsOf } from '../../tests/helpers/inbox.ts';
import { aPhone, restClient } from '../../tests/helpers/messagebird.ts';
import { streamOf } from './sse.ts';

const options: MessageBirdOptions = {
  port: 0,
  accessKey: 'test_key',
  signingKey: 'a signing key',
  ivrUrl: 'http://127.0.0.1:9/ivr'
};
let messagebird: MessageBird;

beforeAll(async () => {
  messagebird = await startMessageBird(options);
});
afterAll(() => messagebird.close());

const send = (to: MessageBird, recipient: string, body = 'Hello') =>
  restClient(to.apiUrl, options.accessKey).post({ originator: 'MedQ', recipients: [recipient], body });
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${messagebird.inboxUrl}${path}`, { method: 'POST', body, headers });

describe('a body the inbox cannot use is answered with 400 and a sentence', () => {
  test.each([
    ['/faults', '{', 'The body is not valid JSON.'],
    ['/faults', '{}', 'mode must be one of ok, error_500'],
    ['/faults', '{"mode":"explode"}', 'mode must be one of ok, error_500'],
    ['/faults', '{"mode":"timeout","count":0}', 'count must be at least 1.'],
    ['/faults', '{"mode":"timeout","count":"many"}', 'count must be a whole number.'],
    ['/faults', '{"mode":"timeout","recipient":"Asha"}', 'recipient must be a phone number'],
    ['/latency', '{"ms":"slow"}', 'ms must be a number'],
    ['/latency', '{"ms":-1}', 'ms must not be negative.'],
    ['/reports', '{"status":"delivered"}', 'id must be the id of a message.'],
    ['/reports', '{"id":"x","status":"eaten"}', 'status must be one of scheduled']
  ])('%s %s', async (path, body, sentence) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: 'bad_request',
      message: expect.stringContaining(sentence)
    });
  });
});

test('an address the inbox does not have is 404', async () => {
  expect((await fetch(`${messagebird.inboxUrl}/outbox`)).status).toBe(404);
  expect((await fetch(`${messagebird.url}/nothing`)).status).toBe(404);
  expect((await post('/reports', '{"id":"0123","status":"delivered"}')).status).toBe(404);
});

test('pages of other origins may not use the inbox, its own pages may', async () => {
  const fault = '{"mode":"ok"}';
  expect((await post('/faults', fault, { origin: 'https://elsewhere.example' })).status).toBe(403);
  expect((await post('/faults', fault, { origin: 'null' })).status).toBe(403);
  expect((await post('/faults', fault, { origin: messagebird.url })).status).toBe(200);
});

test('waiting faults can be looked at', async () => {
  const recipient = aPhone();
  await post('/faults', JSON.stringify({ mode: 'reset', count: 2, recipient: `+${recipient}` }));
  const { faults } = (await (await fetch(`${messagebird.inboxUrl}/faults`)).json()) as { faults: unknown[] };
  expect(faults).toContainEqual({ mode: 'reset', left: 2, recipient });
});

test('a page that looks on learns of new texts, their status and their deletion', async () => {
  const phone = aPhone();
  const stream = await streamOf(`${messagebird.inboxUrl}/events?recipient=%2B${phone}`);
  await send(messagebird, aPhone(), 'for someone else');
  const { body: sent } = await send(messagebird, phone, 'for the page');
  const message = { id: sent.id, recipient: phone, body: 'for the page' };
  expect(await stream.next()).toEqual({
    event: 'message',
    data: expect.objectContaining({ ...message, status: 'sent' })
  });
  expect(await stream.next()).toEqual({
    event: 'status',
    data: expect.objectContaining({ ...message, status: 'delivered' })
  });
  await restClient(messagebird.apiUrl, options.accessKey).send('DELETE', `/messages/${sent.id}`);
  expect(await stream.next()).toMatchObject({ event: 'deleted', data: { id: sent.id } });
  await stream.close();
});

describe('with a storage file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'medq-messagebird-'));
  const storageFile = join(directory, 'deep', 'messages.jsonl');
  afterAll(() => rmSync(directory, { recursive: true }));

  async function run<T>(
    more: Partial<MessageBirdOptions>,
    use: (running: MessageBird) => Promise<T>
  ): Promise<T> {
    const running = await startMessageBird({ ...options, storageFile, ...more });
    try {
      return await use(running);
    } finally {
      await running.close();
    }
  }

  test('texts, their status and deletions survive a restart, and so does a line cut off by a crash', async () => {
    const [kept, deleted] = [aPhone(), aPhone()];
    await run({}, async (running) => {
      await send(running, kept, 'வணக்கம்');
      await smsTo(running.inboxUrl, kept, ({ status }) => status === 'delivered');
      const { body } = await send(running, deleted);
      await restClient(running.apiUrl, options.accessKey).send('DELETE', `/messages/${body.id}`);
    });
    appendFileSync(storageFile, '{"accepted":{"id":"half');
    await run({}, async (running) => {
      expect(await textsOf(running.inboxUrl, kept)).toMatchObject([{ status: 'delivered' }]);
      expect(await textsOf(running.inboxUrl, deleted)).toEqual([]);
      await send(running, kept, 'after the crash');
    });
    await run({}, async (running) => {
      const texts = await textsOf(running.inboxUrl, kept);
      expect(texts.map(({ body }) => body)).toEqual(['after the crash', 'வணக்கம்'.replace(/./gsu, '?')]);
    });
  });

  test('every accepted text is in the file before it is answered', async () => {
    const phone = aPhone();
    await run({}, async (running) => {
      const { body } = await send(running, phone);
      expect(readFileSync(storageFile, 'utf8')).toContain(body.id);
    });
  });

  test('delivery that a stop came before happens after the next start', async () => {
    const phone = aPhone();
    await run({ deliveredAfterMs: 600_000 }, (running) => send(running, phone));
    await run({ deliveredAfterMs: 1 }, async (running) => {
      await smsTo(running.inboxUrl, phone, ({ status }) => status === 'delivered');
    });
  });
});

test('a taken port is refused with a sentence that names it', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startMessageBird({ ...options, port })).rejects.toThrow(
    `Port ${port} is in use by another program`
  );
  await new Promise((resolve) => other.close(resolve));
});
