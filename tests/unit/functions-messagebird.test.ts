import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMessageBird } from '../../local/messagebird/index.ts';
import type { MessageBird as StandIn } from '../../local/messagebird/index.ts';
import {
  classifySend,
  createMessageBird,
  messageOf
} from '../../supabase/functions/_shared/messagebird/client.ts';
import type { Reply, Sms } from '../../supabase/functions/_shared/messagebird/client.ts';

const answer = (status: number, body?: unknown): Reply => ({ kind: 'answer', status, body });
const errors = (...list: [code: number, parameter?: string][]) => ({
  errors: list.map(([code, parameter = null]) => ({ code, description: 'described', parameter }))
});

describe('what became of a message', () => {
  test('201 with an id is sent', () => {
    expect(classifySend(answer(201, { id: 'abc', recipients: {} }))).toEqual({
      outcome: 'sent',
      providerId: 'abc'
    });
  });

  test.each<[string, Reply, string]>([
    ['an unknown recipient', answer(422, errors([9, 'recipients'])), 'rejected'],
    ['a body that is too long', answer(422, errors([10, 'body'])), 'rejected'],
    [
      'a bad recipient beside a bad sender',
      answer(422, errors([9, 'recipients'], [10, 'originator'])),
      'rejected'
    ],
    ['a bad request without reason', answer(400), 'rejected'],
    ['a wrong key', answer(401, errors([2, 'access_key'])), 'hold'],
    ['a wrong key told with another status', answer(400, errors([2, 'access_key'])), 'hold'],
    ['a sender that is not allowed', answer(422, errors([10, 'originator'])), 'hold'],
    ['a wrong address of the API', answer(404, errors([98])), 'hold'],
    ['no balance', answer(402, errors([25])), 'hold'],
    ['no balance told with another status', answer(422, errors([25])), 'hold'],
    ['too many requests', answer(429), 'retry'],
    ['nobody there', { kind: 'unreachable' }, 'retry'],
    ['a broken server', answer(500), 'unknown'],
    ['a broken server that blames the request', answer(503, errors([9, 'recipients'])), 'unknown'],
    ['a timeout', { kind: 'lost', reason: 'timeout' }, 'unknown'],
    ['a broken connection', { kind: 'lost', reason: 'broken connection' }, 'unknown'],
    ['a success with errors', answer(200, { id: 'abc', ...errors([9]) }), 'unknown'],
    ['a success without id', answer(201, {}), 'unknown'],
    ['a success that is no JSON', answer(201), 'unknown'],
    ['a redirect', answer(302), 'unknown']
  ])('%s', (_, reply, outcome) => {
    expect(classifySend(reply)).toMatchObject({ outcome, reason: expect.stringMatching(/\w.*\.$/) });
  });

  test('the reason has status and codes', () => {
    expect(classifySend(answer(422, errors([9, 'recipients'])))).toMatchObject({
      reason: 'MessageBird answered 422: described (code 9).'
    });
  });
});

const sms: Sms = {
  originator: 'MedQ',
  to: '+919876543210',
  body: 'Your appointment is at 10:30.',
  id: '7a5d1c4e-96f5-4ee1-8f43-6f5f4bb3b9d1',
  reportUrl: 'http://127.0.0.1:9/functions/v1/sms-status?token=abc',
  expiresAt: null
};

test('validity is the rest of the time that delivery makes sense, never too short or too long to be accepted', () => {
  const now = new Date('2026-11-22T10:00:00Z');
  const validityFor = (expiresAt: string | null) =>
    messageOf({ ...sms, expiresAt: expiresAt === null ? null : new Date(expiresAt) }, now).validity;
  expect(validityFor('2026-11-22T12:00:00Z')).toBe(7200);
  expect(validityFor('2026-11-22T10:00:01Z')).toBe(60);
  expect(validityFor('2027-11-22T10:00:00Z')).toBe(3 * 86_400);
  expect(validityFor(null)).toBeUndefined();
});

describe('against the API', () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await startMessageBird({
      port: 0,
      accessKey: 'live_key',
      signingKey: 'signing-key',
      ivrUrl: 'http://127.0.0.1:9/ivr',
      deliveredAfterMs: false
    });
  });
  afterAll(() => standIn.close());

  const client = (options = {}) =>
    createMessageBird({ apiUrl: standIn.apiUrl, accessKey: 'live_key', timeout: 30_000, ...options });
  const fault = (mode: string) =>
    fetch(`${standIn.inboxUrl}/faults`, { method: 'POST', body: JSON.stringify({ mode }) });
  const inbox = async (id: string) => {
    const messages = (await (await fetch(`${standIn.inboxUrl}/messages`)).json()) as { reference: string }[];
    return messages.filter(({ reference }) => reference === id);
  };
  const aMessage = (): Sms => ({ ...sms, id: crypto.randomUUID() });

  test('a message arrives with its words, sender and id, and is found by the id', async () => {
    const message = { ...aMessage(), body: 'नमस्ते, 10:30 बजे' };
    const result = await client().send(message);
    expect(result).toMatchObject({ outcome: 'sent' });
    const [arrived] = await inbox(message.id);
    expect(arrived).toMatchObject({ recipient: '919876543210', originator: 'MedQ', body: message.body });
    expect(await client().find(message.to, message.id)).toEqual({
      found: true,
      providerId: (arrived as unknown as { id: string }).id
    });
    expect(await client().find('+919876543211', message.id)).toEqual({ found: false, last: true });
  });

  test('a message is found behind a hundred later ones', async () => {
    const first = aMessage();
    await client().send(first);
    await Promise.all(Array.from({ length: 120 }, () => client().send(aMessage())));
    expect(await client().find(first.to, first.id)).toMatchObject({ found: true });
    expect(await client().find(first.to, crypto.randomUUID())).toMatchObject({ found: false });
  });

  test.each([
    ['error_500', 'unknown', 0],
    ['error_500_after_accept', 'unknown', 1],
    ['timeout', 'unknown', 1],
    ['timeout_before_accept', 'unknown', 0],
    ['reset', 'unknown', 1],
    ['error_429', 'retry', 0],
    ['reject_recipient', 'rejected', 0],
    ['no_balance', 'hold', 0]
  ])('%s comes out as %s', async (mode, outcome, arrived) => {
    await fault(mode);
    const message = aMessage();
    const sender = client(mode.startsWith('timeout') ? { timeout: 500 } : {});
    expect(await sender.send(message)).toMatchObject({ outcome });
    expect(await inbox(message.id)).toHaveLength(arrived);
    expect(await client().find(message.to, message.id)).toMatchObject({ found: arrived === 1 });
  });

  test('a message that MessageBird gave up is not found: it may be sent again', async () => {
    const message = aMessage();
    await client().send(message);
    const [arrived] = (await inbox(message.id)) as unknown as { id: string }[];
    await fetch(`${standIn.inboxUrl}/reports`, {
      method: 'POST',
      body: JSON.stringify({ id: arrived?.id, status: 'delivery_failed' })
    });
    expect(await client().find(message.to, message.id)).toMatchObject({ found: false });
  });

  test('the balance is told: plenty, or nothing while sends fail for want of it', async () => {
    expect(await client().balance()).toEqual({
      told: true,
      payment: 'prepaid',
      type: 'credits',
      amount: 1000
    });
    await fault('no_balance');
    expect(await client().balance()).toMatchObject({ told: true, amount: 0 });
    expect(await client().send(aMessage())).toMatchObject({ outcome: 'hold' });
    expect(await client().balance()).toMatchObject({ told: true, amount: 1000 });
  });

  test('a wrong key holds messages back and finds nothing out', async () => {
    const stranger = client({ accessKey: 'other_key' });
    expect(await stranger.balance()).toEqual({
      told: false,
      reason: 'MessageBird answered 401: Request not allowed (incorrect access_key) (code 2).'
    });
    expect(await stranger.send(aMessage())).toMatchObject({ outcome: 'hold' });
    expect(await stranger.find(sms.to, sms.id)).toMatchObject({ found: 'unclear' });
  });

  test('nobody listening means that nothing was sent; no such host neither', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    for (const apiUrl of [`http://127.0.0.1:${port}`, 'http://messagebird.invalid']) {
      expect(await client({ apiUrl }).send(aMessage())).toMatchObject({ outcome: 'retry' });
      expect(await client({ apiUrl }).find(sms.to, sms.id)).toMatchObject({ found: 'unclear' });
      expect(await client({ apiUrl }).balance()).toMatchObject({ told: false });
    }
  });
});
