import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMessageBird } from '../messagebird/index.ts';
import type { MessageBird } from '../messagebird/index.ts';
import { failSends, slowSends, smsTo, textsOf } from '../../tests/helpers/inbox.ts';
import { aPhone, restClient } from '../../tests/helpers/messagebird.ts';
import type { RestClient } from '../../tests/helpers/messagebird.ts';

let messagebird: MessageBird;
let rest: RestClient;

beforeAll(async () => {
  const keys = { accessKey: 'test_key', signingKey: 'a signing key' };
  messagebird = await startMessageBird({
    port: 0,
    ivrUrl: 'http://127.0.0.1:9/ivr',
    deliveredAfterMs: false,
    ...keys
  });
  rest = restClient(messagebird.apiUrl, keys.accessKey);
});
afterAll(() => messagebird.close());

const fields = (more: object = {}) => ({
  originator: 'MedQ',
  recipients: [aPhone()],
  body: 'Hello',
  ...more
});

describe('sending a text', () => {
  test('is answered with 201 and the shape of the API, recipients as numbers', async () => {
    const phone = aPhone();
    const sent = await rest.post({
      originator: 'MedQ',
      recipients: [phone],
      body: 'Hello',
      reference: 'row-1'
    });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      href: `${messagebird.apiUrl}/messages/${sent.body.id}`,
      direction: 'mt',
      type: 'sms',
      originator: 'MedQ',
      body: 'Hello',
      reference: 'row-1',
      datacoding: 'plain',
      recipients: {
        totalCount: 1,
        totalSentCount: 1,
        totalDeliveredCount: 0,
        totalDeliveryFailedCount: 0,
        items: [{ recipient: Number(phone), status: 'sent', messagePartCount: 1, recipientCountryPrefix: 91 }]
      }
    });
  });

  test('reaches the inbox of every recipient, newest first, found with or without +', async () => {
    const [first, second] = [aPhone(), aPhone()];
    await rest.post(fields({ recipients: [`+${first}`, second, first], body: 'One', reference: 'a' }));
    await rest.post(fields({ recipients: `${first},${second}`, body: 'Two' }));
    const texts = await textsOf(messagebird.inboxUrl, `+${first}`);
    expect(texts.map(({ body }) => body)).toEqual(['Two', 'One']);
    expect(texts[1]).toEqual({
      id: expect.any(String),
      recipient: first,
      originator: 'MedQ',
      body: 'One',
      reference: 'a',
      status: 'sent',
      at: expect.stringMatching(/Z$/)
    });
    const unescaped = await fetch(`${messagebird.inboxUrl}/messages?recipient=+${second}`);
    expect(await unescaped.json()).toHaveLength(2);
    expect((await textsOf(messagebird.inboxUrl)).length).toBeGreaterThanOrEqual(4);
  });

  test('takes a form as well as JSON', async () => {
    const phone = aPhone();
    const form = new URLSearchParams({ originator: 'MedQ', recipients: phone, body: 'From a form' });
    const sent = await rest.send('POST', '/messages', form);
    expect(sent.status).toBe(201);
    expect((await smsTo(messagebird.inboxUrl, phone)).body).toBe('From a form');
  });

  test.each([
    ['plain', 'Fee ₹100 for नमस्ते', 'plain', 'Fee ?100 for ??????'],
    ['unicode', 'Fee ₹100', 'unicode', 'Fee ₹100'],
    ['auto', 'Fee ₹100', 'unicode', 'Fee ₹100'],
    ['auto', 'Fee 100 € [paid]', 'plain', 'Fee 100 € [paid]']
  ])('as %s, "%s" arrives in %s as "%s"', async (datacoding, body, used, arrived) => {
    const { body: answer } = await rest.post(fields({ body, datacoding }));
    expect(answer).toMatchObject({ datacoding: used, body: arrived });
  });

  test.each([
    ['x'.repeat(160), 'plain', 1],
    ['x'.repeat(161), 'plain', 2],
    ['€'.repeat(80), 'plain', 1],
    ['€'.repeat(81), 'plain', 2],
    ['x'.repeat(1377), 'plain', 9],
    ['த'.repeat(70), 'unicode', 1],
    ['த'.repeat(71), 'unicode', 2],
    ['த'.repeat(603), 'unicode', 9]
  ])('counts parts: %#', async (body, _, parts) => {
    const { body: answer } = await rest.post(fields({ body, datacoding: 'auto' }));
    expect(answer.recipients.items[0]).toMatchObject({ messagePartCount: parts });
  });
});

describe('a wrong request', () => {
  test('without the right access key is 401 with code 2', async () => {
    const answer = await restClient(messagebird.apiUrl, 'wrong').post(fields());
    expect(answer.status).toBe(401);
    expect(answer.body.errors).toEqual([
      { code: 2, description: 'Request not allowed (incorrect access_key)', parameter: 'access_key' }
    ]);
    expect((await fetch(`${messagebird.apiUrl}/messages`)).status).toBe(401);
  });

  test('is told everything that is missing at once', async () => {
    const answer = await rest.post({});
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([
      { code: 9, description: 'no (correct) recipients found', parameter: 'recipients' },
      { code: 9, description: 'originator is required', parameter: 'originator' },
      { code: 9, description: 'body is required', parameter: 'body' }
    ]);
  });

  test.each([
    ['recipients that are no numbers', { recipients: ['Asha', '12'] }, 9, 'recipients'],
    ['over 50 recipients', { recipients: Array.from({ length: 51 }, aPhone) }, 10, 'recipients'],
    ['an originator of 12 letters', { originator: 'TwelveLetter' }, 10, 'originator'],
    ['an originator with a sign', { originator: 'Med-Q!' }, 10, 'originator'],
    ['a text of ten parts', { body: 'x'.repeat(1378) }, 10, 'body'],
    ['a Tamil text of ten parts', { body: 'த'.repeat(604), datacoding: 'auto' }, 10, 'body'],
    ['an unknown datacoding', { datacoding: 'utf-8' }, 10, 'datacoding'],
    ['a reference of 129 characters', { reference: 'x'.repeat(129) }, 10, 'reference'],
    ['a relative report URL', { reportUrl: '/report' }, 10, 'reportUrl'],
    ['a negative validity', { validity: -1 }, 10, 'validity'],
    ['a time to send it later', { scheduledDatetime: '2030-01-01T00:00:00+00:00' }, 10, 'scheduledDatetime']
  ])('%s', async (_, wrong, code, parameter) => {
    const answer = await rest.post(fields(wrong));
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ code, parameter }]);
  });

  test.each([['{'], ['[]'], ['"text"'], ['']])('a body that is %s is refused', async (body) => {
    expect((await rest.send('POST', '/messages', body)).status).toBe(422);
  });

  test('to an address the API does not have is 404', async () => {
    expect((await rest.get('/lookup')).status).toBe(404);
    const unknown = await rest.get('/messages/0123');
    expect(unknown.status).toBe(404);
    expect(unknown.body.errors).toMatchObject([{ code: 20, description: 'message not found' }]);
  });
});

describe('messages afterwards', () => {
  test('can be read and deleted', async () => {
    const { body } = await rest.post(fields({ reference: 'r' }));
    expect((await rest.get(`/messages/${body.id}`)).body).toEqual(body);
    expect((await rest.send('DELETE', `/messages/${body.id}`)).status).toBe(204);
    expect((await rest.get(`/messages/${body.id}`)).status).toBe(404);
    expect((await rest.send('DELETE', `/messages/${body.id}`)).status).toBe(404);
  });

  test('are listed by recipient, in pages, so that a reference can be looked for', async () => {
    const phone = aPhone();
    for (const reference of ['a', 'b', 'c']) await rest.post(fields({ recipients: [phone], reference }));
    const page = await rest.get(`/messages?recipient=${phone}&limit=2`);
    expect(page.body).toMatchObject({ offset: 0, limit: 2, count: 2, totalCount: 3 });
    expect(page.body.items.map(({ reference }: { reference: string }) => reference)).toEqual(['c', 'b']);
    expect(page.body.links).toMatchObject({ previous: null, next: expect.stringContaining('offset=2') });
    const rest2 = await rest.get(`/messages?recipient=%2B${phone}&limit=2&offset=2`);
    expect(rest2.body).toMatchObject({ count: 1, links: { next: null } });
  });

  test('are filtered by everything the API documents', async () => {
    const phone = aPhone();
    const before = new Date(Date.now() - 1000).toISOString();
    await rest.post(fields({ recipients: [phone], body: 'Token 12', originator: 'Clinic' }));
    const count = async (filter: string) =>
      (await rest.get(`/messages?recipient=${phone}&${filter}`)).body.totalCount;
    expect(await count('originator=Clinic&direction=mt&type=sms&status=sent&searchterm=token')).toBe(1);
    expect(await count(`from=${before}`)).toBe(1);
    expect(await count(`until=${before}`)).toBe(0);
    expect(await count('originator=MedQ')).toBe(0);
    expect(await count('direction=mo')).toBe(0);
    expect(await count('status=delivered')).toBe(0);
    expect(await count('searchterm=goodbye')).toBe(0);
    expect((await rest.get('/messages?limit=0&status=lost')).body.errors).toMatchObject([
      { code: 10, parameter: 'limit' },
      { code: 10, parameter: 'status' }
    ]);
  });
});

describe('the balance', () => {
  test('is answered in the shape of the API', async () => {
    const { status, body } = await rest.get('/balance');
    expect({ status, body }).toEqual({
      status: 200,
      body: { payment: 'prepaid', type: 'credits', amount: 1000 }
    });
  });

  test('is used up while sends to everybody fail for it, and asking uses up no fault', async () => {
    await failSends(messagebird.inboxUrl, 'no_balance', null);
    for (const time of [1, 2])
      expect((await rest.get('/balance')).body, `${time}`).toMatchObject({ amount: 0 });
    expect((await rest.post(fields())).status).toBe(402);
    expect((await rest.get('/balance')).body).toMatchObject({ amount: 1000 });
  });

  test('is only asked for', async () => {
    expect((await rest.send('POST', '/balance', '{}')).status).toBe(405);
  });
});

describe('faults', () => {
  const trySend = async (phone: string, signal?: AbortSignal) =>
    rest.send('POST', '/messages', JSON.stringify(fields({ recipients: [phone] })), signal);
  const received = async (phone: string) => (await textsOf(messagebird.inboxUrl, phone)).length;

  test.each([
    ['error_500', 500, 0],
    ['error_500_after_accept', 500, 1],
    ['error_429', 429, 0],
    ['reject_recipient', 422, 0],
    ['no_balance', 402, 0]
  ] as const)('%s answers %i and leaves %i texts', async (mode, status, texts) => {
    const phone = aPhone();
    await failSends(messagebird.inboxUrl, mode, phone, 2);
    expect((await trySend(phone)).status).toBe(status);
    expect((await trySend(phone)).status).toBe(status);
    expect(await received(phone)).toBe(2 * texts);
    expect((await trySend(phone)).status).toBe(201);
  });

  test.each([
    ['timeout', 1],
    ['timeout_before_accept', 0]
  ] as const)('%s never answers and leaves %i texts', async (mode, texts) => {
    const phone = aPhone();
    await failSends(messagebird.inboxUrl, mode, phone);
    await expect(trySend(phone, AbortSignal.timeout(200))).rejects.toThrow(/timeout|aborted/);
    expect(await received(phone)).toBe(texts);
  });

  test('reset accepts the text and cuts the connection', async () => {
    const phone = aPhone();
    await failSends(messagebird.inboxUrl, 'reset', phone);
    await expect(trySend(phone)).rejects.toThrow('fetch failed');
    expect(await received(phone)).toBe(1);
  });

  test('for one phone leave others alone, and ok forgets them', async () => {
    const phone = aPhone();
    await failSends(messagebird.inboxUrl, 'error_500', phone, 5);
    expect((await trySend(aPhone())).status).toBe(201);
    await failSends(messagebird.inboxUrl, 'ok', phone);
    expect((await trySend(phone)).status).toBe(201);
  });

  test('for any phone hit the next sends, whoever they are for', async () => {
    await failSends(messagebird.inboxUrl, 'error_429', null, 1);
    expect((await trySend(aPhone())).status).toBe(429);
    expect((await trySend(aPhone())).status).toBe(201);
    await failSends(messagebird.inboxUrl, 'error_429', null, 9);
    await failSends(messagebird.inboxUrl, 'ok', null);
    expect((await trySend(aPhone())).status).toBe(201);
  });

  test('a held-back answer belongs to a text that was accepted', async () => {
    const phone = aPhone();
    await slowSends(messagebird.inboxUrl, 60_000);
    await expect(trySend(phone, AbortSignal.timeout(200))).rejects.toThrow(/timeout|aborted/);
    await slowSends(messagebird.inboxUrl, 0);
    expect(await received(phone)).toBe(1);
  });
});
