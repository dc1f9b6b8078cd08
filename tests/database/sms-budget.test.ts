import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asServiceRole,
  rolledBack,
  startQuietDatabase,
  type QuietDatabase,
  type Transaction
} from '../helpers/database.ts';
import { aPatient, aPhone } from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
});
afterAll(() => database.stop());

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

interface Message {
  id: string;
  template: string;
  status: string;
  body: string;
  next_attempt_at: Date;
  last_error: string | null;
}

/** Twenty minutes past the hour, which is over in 2400 seconds. */
const start = new Date('2026-06-01T12:20:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const nextHour = after(2400);
const waits = 'waits: the budget of SMS is used up (sms_budget)';

const budget = (tx: postgres.Sql, perHour: number | null, perDay: number | null = null) =>
  tx`update public.sms_settings set parts_per_hour = ${perHour}, parts_per_day = ${perDay}`;

/** What there is to send, from what is sent to the last part to what waits first. */
const kinds = {
  booking: { template: 'appointment_booked', known: true },
  'code of a patient': { template: 'code', secret: true, known: true },
  welcome: { template: 'welcome', secret: true, known: true },
  'move of an appointment': { template: 'appointment_moved', known: true },
  'code of somebody new': { template: 'code', secret: true },
  'link for a caller': { template: 'ivr_link' },
  reminder: { template: 'reminder_day_before', known: true }
} satisfies Record<string, { template: string; secret?: boolean; known?: boolean }>;
type Kind = keyof typeof kinds;

/** Messages of one part that are due, each to a number of its own. */
async function queued(
  tx: postgres.Sql,
  kind: Kind,
  count: number,
  more: Record<string, unknown> = {}
): Promise<Message[]> {
  const { known, ...values }: { template: string; secret?: boolean; known?: boolean } = kinds[kind];
  const messages: Message[] = [];
  for (let n = 0; n < count; n++) {
    const patient = known ? await aPatient(tx) : { id: null, phone: aPhone() };
    const row = { patient_id: patient.id, to_phone: patient.phone, body: 'Hello', next_attempt_at: start };
    messages.push(
      ...(await tx<
        Message[]
      >`insert into public.sms_messages ${tx({ ...row, ...values, ...more })} returning *`)
    );
  }
  return messages;
}

const claim = (tx: postgres.Sql, now = start, limit = 100) =>
  tx<Message[]>`select * from private.claim_sms(${limit}, ${now})`;

/** What a worker sends that is due. */
const sent = (tx: postgres.Sql, now = start, limit = 100) =>
  tx<Message[]>`
    select c.* from private.claim_sms(${limit}, ${now}) c
    where private.settle_sms(c.id, c.attempts, 'sent', 'mb-1', null, ${now})`;

const templates = (messages: Iterable<Message>) => [...messages].map(({ template }) => template).sort();

const waitFor = async (tx: postgres.Sql, phone: string, purpose: string, now = start) => {
  const [row] = await tx<{ wait: number }[]>`select private.code_wait(${phone}, ${purpose}, ${now}) as wait`;
  return row?.wait;
};

describe('a budget of ten parts an hour', () => {
  test.each<[Kind, number]>([
    ['booking', 10],
    ['code of a patient', 10],
    ['welcome', 9],
    ['move of an appointment', 9],
    ['code of somebody new', 8],
    ['link for a caller', 8],
    ['reminder', 7]
  ])('sends of twenty messages of the kind “%s” %i', (kind, count) =>
    within(async (tx) => {
      await budget(tx, 10);
      await queued(tx, kind, 20);
      expect(await sent(tx)).toHaveLength(count);
      expect(await sent(tx)).toHaveLength(0);
    })
  );

  test('goes to what is most important, whatever was queued first', () =>
    within(async (tx) => {
      await budget(tx, 10);
      for (const kind of ['reminder', 'link for a caller', 'welcome'] as const) await queued(tx, kind, 5);
      await queued(tx, 'booking', 5, { next_attempt_at: after(1) });
      await queued(tx, 'code of a patient', 3, { next_attempt_at: after(1) });
      expect(templates(await sent(tx, after(1)))).toEqual([
        ...Array<string>(5).fill('appointment_booked'),
        ...Array<string>(3).fill('code'),
        'welcome'
      ]);
      // One part is left, which only bookings and codes of patients may use.
      await queued(tx, 'code of somebody new', 1);
      await queued(tx, 'booking', 2, { next_attempt_at: after(2) });
      expect(templates(await sent(tx, after(2)))).toEqual(['appointment_booked']);
    }));

  test('lets the others wait until the hour turns, and tells why', () =>
    within(async (tx) => {
      await budget(tx, 10);
      await queued(tx, 'reminder', 12);
      await sent(tx);
      const waiting = await tx<Message[]>`select * from public.sms_messages where status = 'queued'`;
      expect(waiting).toHaveLength(5);
      for (const message of waiting) {
        expect(message).toMatchObject({ next_attempt_at: nextHour, last_error: waits });
      }
      expect(await sent(tx, after(2399))).toHaveLength(0);
      expect(await sent(tx, nextHour)).toHaveLength(5);
    }));

  test('counts parts, not messages, and each message once however often it is tried', () =>
    within(async (tx) => {
      await budget(tx, 10);
      await queued(tx, 'booking', 1, { body: 'a'.repeat(1300) });
      expect(await claim(tx)).toHaveLength(1);
      // Its worker died.
      expect(await claim(tx, after(61))).toHaveLength(1);
      await queued(tx, 'booking', 3);
      expect(await claim(tx, after(62))).toHaveLength(1);
    }));

  test('is not overspent by workers who claim at the same time', async () => {
    try {
      await sql`update public.sms_settings set parts_per_hour = 10`;
      await queued(sql, 'booking', 60);
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(sql, start, 6)));
      expect(claims.flatMap((claimed) => [...claimed])).toHaveLength(10);
    } finally {
      await sql`delete from public.sms_messages where true`;
      await sql`delete from private.sms_spending where true`;
      await sql`delete from private.alerts where true`;
      await sql`update public.sms_settings set parts_per_hour = 3000`;
    }
  });

  test('is another as soon as an admin says so: what waits goes', () =>
    within(async (tx) => {
      await budget(tx, 10);
      await queued(tx, 'booking', 15);
      await sent(tx);
      await budget(tx, 20);
      expect(await sent(tx, new Date())).toHaveLength(5);
    }));
});

describe('a code', () => {
  test('that would come too late fails at once, and is erased', () =>
    within(async (tx) => {
      await budget(tx, 10);
      const codes = await queued(tx, 'code of somebody new', 9, { body: '482193', expires_at: after(600) });
      expect(await sent(tx)).toHaveLength(8);
      const [late] = await tx<Message[]>`
        select * from public.sms_messages where status = 'failed' and id = any (${codes.map(({ id }) => id)})`;
      expect(late).toMatchObject({
        body: '(erased after sending)',
        last_error: 'the budget of SMS was used up'
      });
    }));

  test('waits where the hour turns before it expires', () =>
    within(async (tx) => {
      await budget(tx, 10);
      await queued(tx, 'code of somebody new', 9, { next_attempt_at: after(2000), expires_at: after(2600) });
      expect(await sent(tx, after(2000))).toHaveLength(8);
      expect(await sent(tx, nextHour)).toHaveLength(1);
    }));

  test('is not promised when there is no room for it: new phones are told first', () =>
    within(async (tx) => {
      await budget(tx, 10);
      const patient = await aPatient(tx);
      const wishes = async () => [
        await waitFor(tx, aPhone(), 'register'),
        await waitFor(tx, patient.phone, 'link'),
        await waitFor(tx, patient.phone, 'reset'),
        // Nobody learns whether a phone has an account.
        await waitFor(tx, aPhone(), 'reset')
      ];
      await queued(tx, 'booking', 7);
      await sent(tx);
      expect(await wishes()).toEqual([0, 0, 0, 0]);
      await queued(tx, 'booking', 1);
      await sent(tx);
      expect(await wishes()).toEqual([2400, 0, 0, 0]);
      await queued(tx, 'booking', 2);
      await sent(tx);
      expect(await wishes()).toEqual([2400, 2400, 2400, 2400]);
      expect(await waitFor(tx, patient.phone, 'reset', nextHour)).toBe(0);
    }));

  test('counts as promised while it is queued', () =>
    within(async (tx) => {
      await budget(tx, 10);
      await queued(tx, 'code of somebody new', 8);
      expect(await waitFor(tx, aPhone(), 'register')).toBe(2400);
      expect(await waitFor(tx, aPhone(), 'reset')).toBe(0);
    }));
});

describe('admins', () => {
  const alerts = (tx: postgres.Sql) =>
    tx<Message[]>`select * from public.sms_messages where template = 'alert' order by created_at`;

  test('are alerted once an hour when so much of it is used, in time to do something', () =>
    within(async (tx) => {
      await budget(tx, 10, 100);
      await tx`update public.security_settings set alert_phone = '+919999999999'`;
      await queued(tx, 'booking', 7);
      await sent(tx);
      expect(await alerts(tx)).toHaveLength(0);
      await queued(tx, 'booking', 1);
      await sent(tx);
      expect(await alerts(tx)).toMatchObject([
        { body: 'MedQ: SMS sent: 8 of 10 parts this hour, 8 of 100 in 24 hours. See sms_budget.' }
      ]);
      await queued(tx, 'booking', 20);
      await sent(tx);
      await sent(tx);
      expect(await alerts(tx)).toHaveLength(1);
      await sent(tx, nextHour);
      expect(await alerts(tx)).toHaveLength(2);
    }));

  test('set at how much that is', () =>
    within(async (tx) => {
      await budget(tx, null, 10);
      await tx`update public.sms_settings set budget_alert_percent = 50`;
      await tx`update public.security_settings set alert_phone = '+919999999999'`;
      await queued(tx, 'booking', 5);
      await sent(tx);
      expect(await alerts(tx)).toMatchObject([
        { body: expect.stringContaining('5 of any number of parts this hour, 5 of 10 in 24 hours') }
      ]);
    }));

  test('see what is used, what is left and what waits', () =>
    within(async (tx) => {
      await budget(tx, 10, 1000);
      await queued(tx, 'booking', 12, { next_attempt_at: new Date(0) });
      await sent(tx, new Date());
      const seen = await asServiceRole(tx, (db) => db`select * from public.sms_budget`);
      expect([...seen]).toEqual([
        { period: 'hour', allowed: '10', used: '10', free: '0', waiting: '2' },
        { period: 'day', allowed: '1000', used: '10', free: '990', waiting: '2' }
      ]);
    }));
});

test('a day’s budget holds for the hour and the 23 before it', () =>
  within(async (tx) => {
    await budget(tx, null, 10);
    await queued(tx, 'booking', 10);
    expect(await sent(tx)).toHaveLength(10);
    await queued(tx, 'booking', 3);
    for (const hours of [0, 1, 23]) expect(await sent(tx, after(hours * 3600))).toHaveLength(0);
    expect(await sent(tx, after(24 * 3600))).toHaveLength(3);
  }));

test('a burst of 200 calls and 500 bookings goes at once with the budget there is', () =>
  within(async (tx) => {
    const patients = await tx<{ id: string }[]>`
      insert into public.patients (phone)
      select '+919' || lpad(n::text, 9, '0') from generate_series(1, 700) n returning id`;
    const body =
      'Booked: Dr. Karthik Subramanian, Wed 21 Oct at 10:30 am, Lakeside Clinic. Token 12. Reference 4821.';
    await tx`
      insert into public.sms_messages (patient_id, to_phone, template, body, secret, next_attempt_at)
      select p.id, '+919' || lpad(p.place::text, 9, '0'), t.template, t.body, t.template = 'welcome', ${start}
      from unnest(${patients.map(({ id }) => id)}::uuid[]) with ordinality p (id, place)
      cross join (values ('appointment_booked', ${body}), ('welcome', ${body})) t (template, body)
      where t.template = 'appointment_booked' or p.place <= 200`;
    expect(await sent(tx, start, 2000)).toHaveLength(900);
  }));

test('without limits everything goes', () =>
  within(async (tx) => {
    await budget(tx, null);
    await queued(tx, 'reminder', 20);
    expect(await sent(tx)).toHaveLength(20);
    expect(await waitFor(tx, aPhone(), 'register')).toBe(0);
  }));
