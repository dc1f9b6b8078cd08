import { afterAll, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';

const { api_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Message {
  id: string;
  to_phone: string;
  report_token: string;
  status: string;
  sent_at: Date;
  delivered_at: Date | null;
  last_error: string | null;
}

/** A message that MessageBird has accepted. */
async function sentMessage(): Promise<Message> {
  const [message] = await sql<Message[]>`
    insert into public.sms_messages (to_phone, template, body, status, attempts, provider_id, sent_at)
    values (${aPhone()}, 'test', 'text', 'sent', 1, 'e8077d803532c0b5937c639b60216938', '2026-05-03T08:00:00Z')
    returning *`;
  if (!message) throw new Error('The message was not inserted.');
  return message;
}

async function rowOf({ id }: Message): Promise<Message | undefined> {
  const [row] = await sql<Message[]>`select * from public.sms_messages where id = ${id}`;
  return row;
}

function report(
  message: Pick<Message, 'id' | 'report_token'>,
  fields: Record<string, string> = {}
): Promise<Response> {
  const query = new URLSearchParams({
    token: message.report_token,
    id: 'e8077d803532c0b5937c639b60216938',
    reference: message.id,
    recipient: '919876543210',
    status: 'delivered',
    statusDatetime: '2026-05-03T08:58:10+00:00',
    ...fields
  });
  return fetch(`${api_url}/functions/v1/sms-status?${query}`);
}

async function expectOk(response: Response): Promise<void> {
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('OK');
}

test('a delivered message is recorded as delivered at that time', async () => {
  const message = await sentMessage();
  await expectOk(await report(message));
  expect(await rowOf(message)).toMatchObject({
    status: 'delivered',
    delivered_at: new Date('2026-05-03T08:58:10Z')
  });
});

test('the plus of the time zone may come bare', async () => {
  const message = await sentMessage();
  const query = `token=${message.report_token}&reference=${message.id}&status=delivered&statusDatetime=2026-05-03T10:58:10+02:00`;
  await expectOk(await fetch(`${api_url}/functions/v1/sms-status?${query}`));
  expect(await rowOf(message)).toMatchObject({ delivered_at: new Date('2026-05-03T08:58:10Z') });
});

test('a message that could not be delivered has failed, with the reason', async () => {
  const message = await sentMessage();
  const fields = { status: 'delivery_failed', statusReason: 'unknown subscriber', statusErrorCode: '1' };
  await expectOk(await report(message, fields));
  expect(await rowOf(message)).toMatchObject({ status: 'failed', last_error: 'unknown subscriber (code 1)' });
});

test('a final state stays, whatever is reported again or late', async () => {
  const message = await sentMessage();
  await expectOk(await report(message));
  for (const status of ['sent', 'buffered', 'delivery_failed', 'expired', 'delivered']) {
    await expectOk(await report(message, { status, statusDatetime: '2026-05-03T09:30:00+00:00' }));
  }
  expect(await rowOf(message)).toMatchObject({
    status: 'delivered',
    delivered_at: new Date('2026-05-03T08:58:10Z')
  });
});

test('reports in the wrong order leave the newest state, and tell the provider’s id', async () => {
  const message = await sentMessage();
  await sql`update public.sms_messages set provider_id = null where id = ${message.id}`;
  await expectOk(await report(message, { status: 'buffered', statusDatetime: '2026-05-03T08:58:20+00:00' }));
  await expectOk(await report(message, { status: 'sent', statusDatetime: '2026-05-03T08:58:10+00:00' }));
  expect(await rowOf(message)).toMatchObject({
    status: 'sent',
    reported_at: new Date('2026-05-03T08:58:20Z'),
    provider_id: 'e8077d803532c0b5937c639b60216938'
  });
  await expectOk(await report(message, { statusDatetime: '2026-05-03T08:58:15+00:00' }));
  expect(await rowOf(message)).toMatchObject({ status: 'delivered' });
});

test('a recipient who answered STOP gets no more', async () => {
  const message = await sentMessage();
  const stop = { status: 'delivery_failed', statusReason: 'opted out', statusErrorCode: '103' };
  await expectOk(await report({ ...message, report_token: 'guess' }, stop));
  const optOuts = () => sql`select reason from public.sms_opt_outs where phone = ${message.to_phone}`;
  expect(await optOuts()).toHaveLength(0);
  await expectOk(await report(message, stop));
  expect([...(await optOuts())]).toEqual([{ reason: 'answered STOP' }]);
  const [next] = await sql<Message[]>`
    insert into public.sms_messages (to_phone, template, body) values (${message.to_phone}, 'test', 'text') returning *`;
  if (!next) throw new Error('The message was not inserted.');
  await expect.poll(async () => (await rowOf(next))?.status, { timeout: 20_000 }).toBe('cancelled');
});

test('without the token of the message nothing is changed, and the answer does not tell', async () => {
  const message = await sentMessage();
  await expectOk(await report({ ...message, report_token: 'guess' }));
  await expectOk(await report({ ...message, id: crypto.randomUUID() }));
  expect(await rowOf(message)).toEqual(message);
});

test('a status that MessageBird may add one day is answered and ignored', async () => {
  const message = await sentMessage();
  await expectOk(await report(message, { status: 'read' }));
  expect(await rowOf(message)).toEqual(message);
});

test.each([
  ['a reference that is none of ours', { reference: "1' or 'x'='x" }],
  ['a time that is none', { statusDatetime: 'yesterday' }],
  ['no status', { status: '' }],
  ['no token', { token: '' }]
])('%s is refused', async (_, fields) => {
  const message = await sentMessage();
  expect((await report(message, fields)).status).toBe(400);
  expect(await rowOf(message)).toEqual(message);
});

test('only GET is answered', async () => {
  const response = await fetch(`${api_url}/functions/v1/sms-status`, { method: 'POST' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET');
});
