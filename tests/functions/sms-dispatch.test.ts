import { afterAll, expect, test } from 'vitest';
import { failSends, slowSends, smsTo, textsOf } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';

const { api_url, inbox_url, functions_secret, secret_key, anon_key, publishable_key, service_role_key } =
  theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Row {
  id: string;
  status: string;
  attempts: number;
  next_attempt_at: Date;
  outcome_unknown: boolean;
  provider_id: string | null;
  last_error: string | null;
  body: string;
}

/** Queues an SMS as the product does: nothing else is needed for it to be sent. */
async function queued(values: Record<string, unknown> = {}): Promise<{ id: string; phone: string }> {
  const phone = aPhone();
  const row = { to_phone: phone, template: 'test', body: `To ${phone}`, ...values };
  const [message] = await sql<{ id: string }[]>`insert into public.sms_messages ${sql(row)} returning id`;
  return { id: String(message?.id), phone };
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await sql<Row[]>`select * from public.sms_messages where id = ${id}`;
  if (!row) throw new Error('The message is gone.');
  return row;
}

/** The row once it is as wanted. */
async function rowWhen(id: string, wanted: (row: Row) => boolean): Promise<Row> {
  return await expect
    .poll(() => rowOf(id), { timeout: 20_000, interval: 50 })
    .toSatisfy(wanted)
    .then(() => rowOf(id));
}

function call(headers: Record<string, string>, method = 'POST'): Promise<Response> {
  return fetch(`${api_url}/functions/v1/sms-dispatch`, { method, headers });
}
const dispatch = () => call({ authorization: `Bearer ${functions_secret}` });

/** Makes a message due again, as time does, and has it attempted. */
async function attemptAgain(id: string): Promise<void> {
  await sql`update public.sms_messages set next_attempt_at = now() - interval '1 second' where id = ${id}`;
  expect((await dispatch()).status).toBe(200);
}

test('nobody but our own machinery may call it', async () => {
  const strangers: Record<string, string>[] = [
    {},
    { authorization: 'Bearer nonsense' },
    { authorization: `Bearer ${functions_secret}x` },
    { authorization: functions_secret },
    { apikey: anon_key, authorization: `Bearer ${anon_key}` },
    { apikey: publishable_key },
    { authorization: `Bearer ${service_role_key}` }
  ];
  for (const headers of strangers) {
    const response = await call(headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      error: 'unauthorized',
      message: 'This address is not for public use.'
    });
  }
});

test('our own machinery may, with the secret of the functions or a secret API key', async () => {
  const friends: Record<string, string>[] = [
    { authorization: `Bearer ${functions_secret}` },
    { apikey: functions_secret },
    { apikey: secret_key }
  ];
  for (const headers of friends) expect((await call(headers)).status).toBe(200);
  expect((await call({ apikey: secret_key }, 'GET')).status).toBe(405);
});

test('a queued message is sent without further ado, and its delivery is recorded', async () => {
  const { id, phone } = await queued({ body: 'नमस्ते: 10:30 €5' });
  const message = await smsTo(inbox_url, phone);
  expect(message).toMatchObject({ body: 'नमस्ते: 10:30 €5', reference: id, originator: 'MedQ' });
  const row = await rowWhen(id, ({ status }) => status === 'delivered');
  expect(row).toMatchObject({ attempts: 1, last_error: null, outcome_unknown: false });
});

test('a message with a secret is erased as soon as it is sent', async () => {
  const { id, phone } = await queued({ body: 'Password: ABC12345', secret: true });
  await smsTo(inbox_url, phone, 'ABC12345');
  expect((await rowWhen(id, ({ status }) => status === 'delivered')).body).not.toContain('ABC12345');
});

test('a message that came too late is not sent', async () => {
  const { id, phone } = await queued({ expires_at: new Date(Date.now() - 1000) });
  expect(await rowWhen(id, ({ status }) => status === 'failed')).toMatchObject({ attempts: 0 });
  expect(await textsOf(inbox_url, phone)).toEqual([]);
});

// A fault is for one phone, so that other tests' messages do not take it.
async function queuedWithFault(
  mode: Parameters<typeof failSends>[1]
): Promise<{ id: string; phone: string }> {
  const later = await queued({ next_attempt_at: new Date(Date.now() + 3_600_000) });
  await failSends(inbox_url, mode, later.phone);
  await attemptAgain(later.id);
  return later;
}

test('an unknown recipient is given up at once, with the reason', async () => {
  const { id } = await queuedWithFault('reject_recipient');
  const row = await rowWhen(id, ({ status }) => status === 'failed');
  expect(row.attempts).toBe(1);
  expect(row.last_error).toMatch(/422.*code 9/);
});

test('a message refused for being one too many is tried again later, without doubt about it', async () => {
  const { id, phone } = await queuedWithFault('error_429');
  const row = await rowWhen(id, ({ status, attempts }) => status === 'queued' && attempts === 1);
  expect(row.outcome_unknown).toBe(false);
  expect(row.next_attempt_at.getTime()).toBeGreaterThan(Date.now());
  await attemptAgain(id);
  await rowWhen(id, ({ status }) => status === 'delivered');
  expect(await textsOf(inbox_url, phone)).toHaveLength(1);
});

test('an empty balance holds a message back without using up an attempt', async () => {
  const { id } = await queuedWithFault('no_balance');
  const row = await rowWhen(id, ({ status, last_error }) => status === 'queued' && last_error !== null);
  expect(row.attempts).toBe(0);
  expect(row.next_attempt_at.getTime()).toBeGreaterThan(Date.now() + 10 * 60_000);
});

test('a message whose sending broke is in doubt, and is sent once it proves not to have been', async () => {
  const { id, phone } = await queuedWithFault('error_500');
  const row = await rowWhen(id, ({ status, attempts }) => status === 'queued' && attempts === 1);
  expect(row.outcome_unknown).toBe(true);
  expect(row.next_attempt_at.getTime()).toBeGreaterThan(Date.now());
  await attemptAgain(id);
  expect(await rowWhen(id, ({ status }) => status === 'delivered')).toMatchObject({ attempts: 2 });
  expect(await textsOf(inbox_url, phone)).toHaveLength(1);
});

test.each(['error_500_after_accept', 'reset'] as const)(
  'a message that was accepted although sending it broke (%s) is not sent twice',
  async (mode) => {
    const { id, phone } = await queuedWithFault(mode);
    // The status report of the accepted message clears the doubt.
    await rowWhen(id, ({ status }) => status === 'delivered');
    expect(await textsOf(inbox_url, phone)).toHaveLength(1);
  }
);

test('a message that failed to arrive is sent again when an admin says so', async () => {
  const { id, phone } = await queued();
  await rowWhen(id, ({ status }) => status === 'delivered');
  await sql`update public.sms_messages set status = 'failed' where id = ${id}`;
  await sql`update public.sms_messages set status = 'queued' where id = ${id}`;
  await expect.poll(() => textsOf(inbox_url, phone), { timeout: 20_000 }).toHaveLength(2);
  expect(await rowWhen(id, ({ status }) => status === 'delivered')).toMatchObject({ attempts: 1 });
});

test('a message in doubt that MessageBird does have is found there and not sent again', async () => {
  const { id, phone } = await queued();
  const first = await rowWhen(id, ({ status }) => status === 'delivered');
  const [message] = await textsOf(inbox_url, phone);
  // As if neither the answer nor the report had come: what a worker leaves behind that died in between.
  await sql`
    update public.sms_messages set status = 'sending', provider_id = null, delivered_at = null, sent_at = null
    where id = ${id}`;
  await attemptAgain(id);
  const row = await rowWhen(id, ({ status }) => status === 'sent');
  expect(row).toMatchObject({
    attempts: first.attempts + 1,
    provider_id: message?.id,
    outcome_unknown: false
  });
  expect(await textsOf(inbox_url, phone)).toHaveLength(1);
});

test('a message whose worker died before sending it is sent when the lease is over, and not before', async () => {
  const { id, phone } = await queued({
    status: 'sending',
    attempts: 1,
    next_attempt_at: new Date(Date.now() + 3_600_000)
  });
  await dispatch();
  expect(await rowOf(id)).toMatchObject({ status: 'sending', attempts: 1 });
  expect(await textsOf(inbox_url, phone)).toEqual([]);
  await attemptAgain(id);
  await rowWhen(id, ({ status }) => status === 'delivered');
  expect(await textsOf(inbox_url, phone)).toHaveLength(1);
});

test('many dispatchers at once send each message once', async () => {
  await slowSends(inbox_url, 50);
  const later = new Date(Date.now() + 3_600_000);
  const messages = await Promise.all(Array.from({ length: 60 }, () => queued({ next_attempt_at: later })));
  await sql`
    update public.sms_messages set next_attempt_at = now() - interval '1 second'
    where id in ${sql(messages.map(({ id }) => id))}`;
  await Promise.all(Array.from({ length: 10 }, dispatch));
  await slowSends(inbox_url, 0);
  for (const { id, phone } of messages) {
    expect(await rowWhen(id, ({ status }) => status === 'sent' || status === 'delivered')).toMatchObject({
      attempts: 1
    });
    expect(await textsOf(inbox_url, phone)).toHaveLength(1);
  }
});
