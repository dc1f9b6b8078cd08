import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMessageBird } from '../messagebird/index.ts';
import type { MessageBird } from '../messagebird/index.ts';
import { eventually } from '../../tests/helpers/eventually.ts';
import { reportStatus, smsTo, textsOf } from '../../tests/helpers/inbox.ts';
import { aPhone, restClient } from '../../tests/helpers/messagebird.ts';
import type { RestClient } from '../../tests/helpers/messagebird.ts';
import { aTestIvr } from '../../tests/helpers/test-ivr.ts';
import type { SignedRequest, TestIvr } from '../../tests/helpers/test-ivr.ts';

const keys = { accessKey: 'test_key', signingKey: 'a signing key' };
let messagebird: MessageBird;
let quiet: MessageBird;
let rest: RestClient;
let receiver: TestIvr;
/** What the receiver answers next for a reference; 200 when nothing is left. */
const answers = new Map<string, number[]>();

beforeAll(async () => {
  receiver = await aTestIvr(keys.signingKey, ({ query }) => {
    const status = answers.get(query.get('reference') ?? '')?.shift() ?? 200;
    return new Response(status === 200 ? 'OK' : 'not now', { status });
  });
  const options = { port: 0, ivrUrl: receiver.url, ...keys };
  messagebird = await startMessageBird({ ...options, deliveredAfterMs: 1, reportRetryDelaysMs: [5, 5, 5] });
  quiet = await startMessageBird({ ...options, deliveredAfterMs: false });
  rest = restClient(messagebird.apiUrl, keys.accessKey);
});
afterAll(async () => {
  await Promise.all([messagebird.close(), quiet.close(), receiver.close()]);
});

const fields = (recipient: string, reference: string) => {
  const reportUrl = `${receiver.url}?token=t%5B1%5D`;
  return { originator: 'MedQ', recipients: [recipient], body: 'Hello', reference, reportUrl };
};
const reportsOn = (reference: string): SignedRequest[] =>
  receiver.requests.filter(({ query }) => query.get('reference') === reference);

describe('an accepted text', () => {
  test('is reported delivered by a signed GET with the documented query', async () => {
    const phone = aPhone();
    const { body: sent } = await rest.post(fields(phone, 'row-1'));
    const report = await eventually(async () => reportsOn('row-1')[0]);
    expect(report.method).toBe('GET');
    expect(report.body).toBe('');
    expect(Object.fromEntries(report.query)).toEqual({
      token: 't[1]',
      id: sent.id,
      reference: 'row-1',
      recipient: phone,
      status: 'delivered',
      statusDatetime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
      statusReason: 'successfully delivered',
      mccmnc: expect.any(String),
      ported: '0'
    });
    expect(report.url).toContain('%2B00%3A00');
    expect((await textsOf(messagebird.inboxUrl, phone))[0]?.status).toBe('delivered');
    expect(receiver.refused).toBe(0);
  });

  test('has its report repeated until it is answered with 200, with the same time', async () => {
    answers.set('row-2', [500, 404]);
    await rest.post(fields(aPhone(), 'row-2'));
    const reports = await eventually(async () =>
      reportsOn('row-2').length === 3 ? reportsOn('row-2') : undefined
    );
    expect(new Set(reports.map(({ query }) => query.get('statusDatetime'))).size).toBe(1);
    expect(new Set(reports.map(({ headers }) => headers['messagebird-signature-jwt'])).size).toBe(3);
  });

  test('has its report given up after a few attempts', async () => {
    answers.set('row-3', [500, 500, 500, 500, 500, 500]);
    await rest.post(fields(aPhone(), 'row-3'));
    await eventually(async () => (reportsOn('row-3').length === 4 ? true : undefined));
    // A later message's whole round shows that no fifth attempt was on its way.
    answers.set('row-4', [500, 500]);
    await rest.post(fields(aPhone(), 'row-4'));
    await eventually(async () => (reportsOn('row-4').length === 3 ? true : undefined));
    expect(reportsOn('row-3')).toHaveLength(4);
  });

  test('is delivered without a report when it has no reference', async () => {
    const phone = aPhone();
    const { reference: _, ...anonymous } = fields(phone, 'none');
    await rest.post(anonymous);
    const { id } = await smsTo(messagebird.inboxUrl, phone, ({ status }) => status === 'delivered');
    expect(receiver.requests.some(({ query }) => query.get('id') === id)).toBe(false);
  });
});

describe('a report asked for by hand', () => {
  const sendQuietly = async (reference: string) => {
    const phone = aPhone();
    const { body } = await restClient(quiet.apiUrl, keys.accessKey).post(fields(phone, reference));
    return { id: body.id, phone };
  };

  test('is delivered and tells what came of it', async () => {
    const { id, phone } = await sendQuietly('hand-1');
    expect(await reportStatus(quiet.inboxUrl, id, 'delivery_failed')).toEqual({
      id,
      recipient: phone,
      status: 'delivery_failed',
      url: reportsOn('hand-1')[0]?.url,
      delivered: true,
      http_status: 200,
      answer: 'OK',
      message: null
    });
    expect(Object.fromEntries(reportsOn('hand-1')[0]?.query ?? [])).toMatchObject({
      status: 'delivery_failed',
      statusReason: 'unknown subscriber',
      statusErrorCode: '1'
    });
    expect((await textsOf(quiet.inboxUrl, phone))[0]?.status).toBe('delivery_failed');
  });

  test('can say anything a network says, at any time', async () => {
    const { id } = await sendQuietly('hand-2');
    const details = {
      statusReason: 'stop',
      statusErrorCode: 103,
      statusDatetime: '2026-05-03T08:58:10+00:00'
    };
    await reportStatus(quiet.inboxUrl, id, 'expired', details);
    expect(Object.fromEntries(reportsOn('hand-2')[0]?.query ?? [])).toMatchObject({
      status: 'expired',
      statusReason: 'stop',
      statusErrorCode: '103',
      statusDatetime: '2026-05-03T08:58:10+00:00'
    });
  });

  test('that comes late does not undo a final status', async () => {
    const { id, phone } = await sendQuietly('hand-3');
    await reportStatus(quiet.inboxUrl, id, 'delivered');
    await reportStatus(quiet.inboxUrl, id, 'buffered');
    expect(reportsOn('hand-3').map(({ query }) => query.get('status'))).toEqual(['delivered', 'buffered']);
    expect((await textsOf(quiet.inboxUrl, phone))[0]?.status).toBe('delivered');
  });

  test('that is refused, or that nobody can be told, says so', async () => {
    const refused = await sendQuietly('hand-4');
    answers.set('hand-4', [401]);
    expect(await reportStatus(quiet.inboxUrl, refused.id, 'delivered')).toMatchObject({
      delivered: false,
      http_status: 401,
      message: 'The receiver answered 401 instead of 200.'
    });
    const phone = aPhone();
    const client = restClient(quiet.apiUrl, keys.accessKey);
    const unreachable = await client.post({ ...fields(phone, 'x'), reportUrl: 'http://127.0.0.1:9/' });
    expect(await reportStatus(quiet.inboxUrl, unreachable.body.id, 'delivered')).toMatchObject({
      delivered: false,
      http_status: null,
      message: expect.stringContaining('could not be reached')
    });
    const silent = await client.post({ originator: 'MedQ', recipients: [phone], body: 'Hello' });
    expect(await reportStatus(quiet.inboxUrl, silent.body.id, 'delivered')).toMatchObject({
      url: null,
      delivered: false
    });
  });

  test('goes to each recipient, or to the one that is named', async () => {
    const phones = [aPhone(), aPhone()];
    const { body } = await restClient(quiet.apiUrl, keys.accessKey).post({
      ...fields('', 'hand-5'),
      recipients: phones
    });
    await reportStatus(quiet.inboxUrl, body.id, 'buffered');
    await reportStatus(quiet.inboxUrl, body.id, 'delivered', { recipient: `+${phones[1]}` });
    const told = reportsOn('hand-5').map(({ query }) => `${query.get('recipient')} ${query.get('status')}`);
    expect(told.toSorted()).toEqual(
      [`${phones[0]} buffered`, `${phones[1]} buffered`, `${phones[1]} delivered`].toSorted()
    );
    const stranger = await fetch(`${quiet.inboxUrl}/reports`, {
      method: 'POST',
      body: JSON.stringify({ id: body.id, status: 'delivered', recipient: aPhone() })
    });
    expect(stranger.status).toBe(404);
  });
});
