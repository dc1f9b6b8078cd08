import { afterAll, describe, expect, test } from 'vitest';
import { signedGet } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import { anOpenClinic, bookingsOf, callTo, recordOf } from './ivr-calls.ts';

const { messagebird_signing_key: signingKey } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

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
    const [failed] =
      await sql`select count(*)::int from public.ivr_calls where clinic_id = ${clinic.id} and outcome = 'failed'`;
    expect(failed?.count).toBe(0);
  }
);

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
