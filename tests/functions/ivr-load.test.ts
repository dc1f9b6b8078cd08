import { afterAll, describe, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { signedGet } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPhone, type Clinic } from '../helpers/world.ts';
import {
  anOpenClinic,
  anOpenDoctor,
  bookingsOf,
  callTo,
  codeTextedTo,
  recordOf,
  wantsAnyTime
} from './ivr-calls.ts';

const { inbox_url, messagebird_signing_key: signingKey } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** As in `functions/ivr/database.ts`, in milliseconds. */
const longestWait = 4000;
/** As `clinics.new_callers_per_hour` is without anybody's doing. */
const usual = 30;

/** A caller whose phone it is, and who keys in the code when one is asked for. Returns whether something was booked. */
async function aRealCaller(clinic: Clinic, phone: string): Promise<boolean> {
  const call = await wantsAnyTime(clinic, phone);
  if (!call.ended) {
    await call.press(await codeTextedTo(inbox_url, phone, 120_000));
    while (!call.ended) await call.press('1');
  }
  return call.heard.join(' ').includes('Your appointment is booked.');
}

/** Does all work, so much of it at once. */
async function onLines<Result>(lines: number, work: (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  const left = work.values();
  const line = async () => {
    for (const one of left) results.push(await one());
  };
  await Promise.all(Array.from({ length: lines }, line));
  return results;
}

test(
  '200 calls at once are all answered with valid call flows, and no slot is booked twice',
  { timeout: 120_000 },
  async () => {
    const { clinic } = await anOpenClinic(sql);
    const calls = Array.from({ length: 200 }, () =>
      // Not how fast it answers: a slow machine takes its time.
      callTo(clinic, undefined, { delivery: { timeoutMs: 60_000 } })
    );
    const outcomes = await Promise.all(
      calls.map(async (call) => {
        await call.dial();
        await call.press('1');
        // All want the same slot first; whoever is told that it is taken goes on to the next, and gives up at some point, or
        // when a code is asked for: nobody was seen here before.
        for (let tries = 0; tries < 6 && !call.ended && !call.said().includes('enter the code'); tries += 1)
          await call.press('1');
        const booked = call.said().includes('Your appointment is booked.');
        if (!call.ended) await call.hangUp();
        return booked;
      })
    );
    const booked = await sql<{ starts_at: Date; call_id: string }[]>`
    select starts_at, call_id from public.appointments where clinic_id = ${clinic.id} and status = 'booked'`;
    expect(booked.length).toBe(outcomes.filter(Boolean).length);
    expect(booked.length).toBeGreaterThan(5);
    expect(new Set(booked.map(({ starts_at }) => starts_at.getTime())).size).toBe(booked.length);
    const heardSo = new Set(calls.filter((_, n) => outcomes[n]).map(({ callId }) => callId));
    expect(new Set(booked.map(({ call_id }) => call_id))).toEqual(heardSo);
    // A caller waits no longer than this for the database; on a slow machine some come to that, and nobody fails before.
    const failed = await sql<{ call_id: string }[]>`
      select call_id from public.ivr_calls where clinic_id = ${clinic.id} and outcome = 'failed'`;
    const tooEarly = calls.filter(
      ({ callId, requests }) =>
        failed.some(({ call_id }) => call_id === callId) && (requests.at(-1)?.tookMs ?? 0) < longestWait
    );
    expect(tooEarly.map((call) => call.transcript())).toEqual([]);
  }
);

describe('150 invented numbers on the day a clinic opens', () => {
  const forged = Array.from({ length: 150 }, aPhone);
  const real = Array.from({ length: 15 }, aPhone);
  const all = forged.length + real.length;
  let guessed = 0;
  const alertPhone = aPhone();
  let clinic: Clinic;

  afterAll(async () => {
    await sql`update public.security_settings set alert_phone = null`;
  });

  test('do not keep real new callers from booking, all of them', { timeout: 600_000 }, async () => {
    clinic = (await anOpenClinic(sql)).clinic;
    for (let n = 0; n < 9; n += 1) await anOpenDoctor(sql, clinic, `No. ${n}`);
    await sql`update public.security_settings set alert_phone = ${alertPhone}`;
    const calls = [
      ...forged.map((phone, n) => async () => {
        const call = await wantsAnyTime(clinic, phone);
        // Somebody who invents numbers never gets the code. Some guess.
        if (!call.ended && n % 20 === 0) {
          await call.press('000000', '123456', '999999');
          guessed += 1;
        }
        return 'forged';
      }),
      ...real.map((phone) => async () => ((await aRealCaller(clinic, phone)) ? 'booked' : 'left out'))
    ];
    // Real ones come in between.
    const mixed = calls
      .map((call, n) => ({ call, at: n < forged.length ? n : (n - forged.length) * 10 }))
      .sort((a, b) => a.at - b.at);
    const outcomes = await onLines(
      12,
      mixed.map(({ call }) => call)
    );
    expect(outcomes.filter((outcome) => outcome === 'booked')).toHaveLength(real.length);
  });

  test('take so many times as new callers get in an hour', async () => {
    const [taken] = await sql<{ forged: number; real: number; unproven: number }[]>`
      select count(*) filter (where p.phone = any (${forged}))::int as forged,
        count(*) filter (where p.phone = any (${real}))::int as real,
        count(*) filter (where a.unproven)::int as unproven
      from public.appointments a join public.patients p on p.id = a.patient_id where a.clinic_id = ${clinic.id}`;
    expect(taken?.unproven).toBe(usual);
    expect(taken?.forged).toBeLessThanOrEqual(usual);
    expect(taken?.real).toBe(real.length);
  });

  test('make no other patients, accounts or texts than those, but for one code each', async () => {
    const [made] = await sql<{ bookings: number; patients: number; accounts: number }[]>`
      select
        (select count(*)::int from public.appointments a join public.patients p on p.id = a.patient_id
          where p.phone = any (${forged})) as bookings,
        (select count(*)::int from public.patients p where p.phone = any (${forged})) as patients,
        (select count(*)::int from auth.users u where '+' || u.phone = any (${forged})) as accounts`;
    if (!made) throw new Error('Nothing was counted.');
    expect(made.patients).toBe(made.bookings);
    expect(made.accounts).toBeLessThanOrEqual(made.bookings);
    const texts = await sql<{ codes: number; phones: number }[]>`
      select count(*) filter (where template = 'call_code')::int as codes, count(distinct to_phone)::int as phones
      from public.sms_messages where to_phone = any (${forged}) and template in ('call_code', 'appointment_booked')`;
    // Whoever has booked was not asked, and whoever was asked was texted once.
    expect(texts[0]).toEqual({ codes: forged.length - made.bookings, phones: forged.length });
  });

  test('are seen by admins: in a view by the hour, in the events, and in an alert once', async () => {
    const [seen] = await sql`
      select sum(calls)::int as calls, sum(bookings)::int as bookings, sum(by_new_phones)::int as by_new_phones,
        sum(asked_for_proof)::int as asked, sum(proved)::int as proved
      from public.phone_bookings where clinic_id = ${clinic.id}`;
    const [proven] = await sql<{ real: number }[]>`
      select count(*)::int as real from public.appointments where clinic_id = ${clinic.id} and not unproven`;
    expect(seen).toEqual({
      calls: all,
      bookings: usual + (proven?.real ?? 0),
      by_new_phones: usual,
      asked: all - usual,
      proved: proven?.real
    });
    const [events] = await sql<{ asked: number; refused: number }[]>`
      select sum(count) filter (where kind = 'call_proof_asked')::int as asked,
        sum(count) filter (where kind = 'call_proof_refused')::int as refused
      from public.security_events where phone ~ '^\\+91\\*{8}\\d\\d$'`;
    expect(events?.asked).toBeGreaterThanOrEqual(all - usual);
    expect(guessed).toBeGreaterThan(3);
    expect(events?.refused).toBeGreaterThanOrEqual(3 * guessed);
    const alert = await smsTo(inbox_url, alertPhone, `had ${usual} phone bookings`, 60_000);
    expect(alert.body).toContain(
      `Lakeside Clinic has had ${usual} phone bookings by numbers never seen before`
    );
    const [alerts] = await sql<{ count: number }[]>`
      select count(*)::int from private.alerts where what = ${`calls:${clinic.id}`}`;
    expect(alerts?.count).toBeLessThanOrEqual(2);
  });
});

describe('requests that come in another order', () => {
  /** The address of every request of a call that books, in order. */
  async function aBookedCall() {
    const { clinic } = await anOpenClinic(sql);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('1', '9', '2', '1');
    return { phone, call, urls: call.requests.map(({ request }) => request.url) };
  }

  test('after the end of a call do nothing new, each of them and all at once', async () => {
    const { phone, call, urls } = await aBookedCall();
    const before = await bookingsOf(sql, phone);
    expect(before).toHaveLength(1);
    for (const url of urls.toReversed()) expect((await signedGet(url, { signingKey })).status).toBe(200);
    const answers = await Promise.all(
      [...urls, ...urls, ...urls].map((url) => signedGet(url, { signingKey }))
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await bookingsOf(sql, phone)).toEqual(before);
    const { steps, outcome } = await recordOf(sql, call);
    expect(outcome).toBe('booked');
    expect(steps.map(({ turn }) => turn)).toEqual([0, 1, 2, 3, 4]);
  });

  test('two different confirmations of one call book one slot', async () => {
    const { clinic } = await anOpenClinic(sql);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('1');
    const first = nextUrl(call, '1');
    await call.press('2');
    const second = nextUrl(call, '1');
    const heard = await Promise.all(
      [first, second].map(async (url) => (await signedGet(url, { signingKey })).text())
    );
    expect(heard.map((text) => text.includes('is booked'))).toEqual([true, true]);
    expect(await bookingsOf(sql, phone)).toHaveLength(1);
  });
});

/** The request that a key would cause now, not sent yet. */
function nextUrl(call: ReturnType<typeof callTo>, keys: string): string {
  const last = call.requests.at(-1)?.request.url ?? '';
  const steps = call.flow?.steps ?? [];
  const next = steps.find((step) => step.action === 'fetchCallFlow');
  const asked = steps.find((step) => step.action === 'pause');
  if (!next || asked?.action !== 'pause') throw new Error('The call does not listen.');
  const query = new URL(last).searchParams;
  query.delete('position');
  query.set('variables', JSON.stringify({ [asked.onKeypressVar ?? '']: keys }));
  return `${next.options.url}&${query}`;
}
