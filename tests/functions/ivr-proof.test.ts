import { afterAll, describe, expect, test } from 'vitest';
import { signedGet } from '../helpers/phone.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone, type Clinic } from '../helpers/world.ts';
import { anOpenClinic, bookingsOf, callTo, codeTextedTo, prompt, recordOf } from './ivr-calls.ts';

const { inbox_url, messagebird_signing_key: signingKey } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A clinic where every phone booking needs the proof. */
const aCarefulClinic = (options: Parameters<typeof anOpenClinic>[1] = {}) =>
  anOpenClinic(sql, { ...options, phone_booking: 'proven' });

/** A caller who has chosen a time and is asked for the code. */
async function anAskedCaller(clinic: Clinic, phone = aPhone(), options: Parameters<typeof callTo>[2] = {}) {
  const call = callTo(clinic, phone, options);
  await call.dial();
  await call.press('1', '1');
  return { call, phone };
}

const another = (code: string, n = 1) => String((Number(code) + n) % 1e6).padStart(6, '0');

/** The texts with codes that were queued for a phone. */
const codesFor = (phone: string) => sql`
  select * from public.sms_messages where to_phone = ${phone} and template = 'call_code' order by created_at`;

describe("phone_booking = 'proven'", () => {
  test('asks every caller for the code that is texted to the phone, and books with it', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic);
    expect(prompt(call)).toMatch(/^Before we book your appointment .* We have texted it a code\./);
    expect(await sql`select from public.patients where phone = ${phone}`).toHaveLength(0);
    expect(await call.press(await codeTextedTo(inbox_url, phone))).toContain('Your appointment is booked.');
    expect(await bookingsOf(sql, phone)).toMatchObject([{ status: 'booked', unproven: false }]);
    expect((await recordOf(sql, call)).outcome).toBe('booked');
    await smsTo(inbox_url, phone, 'Booked');
    await smsTo(inbox_url, phone, 'Welcome to MedQ');
  });

  test('asks a patient with an account too: that the phone was proven on the web proves no caller ID', async () => {
    const { clinic } = await aCarefulClinic();
    const { phone, account } = await aPatient(sql, { account: true });
    await sql`update auth.users set last_sign_in_at = now() where id = ${account.userId}`;
    const { call } = await anAskedCaller(clinic, phone);
    expect(call.said()).toContain('We have texted it a code');
    await call.hangUp();
    expect(await bookingsOf(sql, phone)).toHaveLength(0);
  });

  test('needs no code after a right reference in the same call', async () => {
    const { clinic } = await aCarefulClinic();
    const { call: first, phone } = await anAskedCaller(clinic);
    await first.press(await codeTextedTo(inbox_url, phone));
    const [booked] = await bookingsOf(sql, phone);
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4', booked?.reference ?? '', '*', '1');
    expect(await call.press('1')).toContain('is booked');
    expect(await codesFor(phone)).toHaveLength(1);
  });

  test('texts ten digits on a day with many wrong codes, and six that are out open nothing any more', async () => {
    const { clinic } = await aCarefulClinic();
    const early = await anAskedCaller(clinic);
    const short = await codeTextedTo(inbox_url, early.phone);
    const [{ before } = { before: 0 }] = await sql<{ before: number }[]>`
      select coalesce(sum(guesses), 0)::int as before from private.wrong_codes`;
    expect(await early.call.press(another(short))).toContain('not the code');
    expect(await sql`select sum(guesses)::int as now from private.wrong_codes`).toMatchObject([
      { now: before + 1 }
    ]);
    await sql`update public.security_settings set wrong_codes_a_day = ${before + 1}`;
    try {
      expect(await early.call.press(short)).toContain('not the code');
      const { call, phone } = await anAskedCaller(clinic);
      const long = await codeTextedTo(inbox_url, phone);
      expect(long).toMatch(/^\d{10}$/);
      expect(await call.press(long)).toContain('Your appointment is booked.');
    } finally {
      await sql`update public.security_settings set wrong_codes_a_day = 90`;
    }
  });

  test('does not hold the time meanwhile; what is offered then needs no second code', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic);
    const rival = await anAskedCaller(clinic);
    await rival.call.press(await codeTextedTo(inbox_url, rival.phone));
    expect(await call.press(await codeTextedTo(inbox_url, phone))).toMatch(
      /was just taken.*The next available appointment/
    );
    expect(await call.press('1')).toContain('is booked');
    expect(await codesFor(phone)).toHaveLength(1);
  });

  test('a time that cannot be booked anyway is said before anything is texted', async () => {
    const { clinic, doctor } = await aCarefulClinic();
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('1');
    await sql`update public.schedules set start_time = '00:07' where practitioner_id = ${doctor.id}`;
    expect(await call.press('1')).toContain('changed its hours');
    expect(await codesFor(phone)).toHaveLength(0);
  });

  test('is said in Tamil too, in the call and in the SMS', async () => {
    const { clinic } = await aCarefulClinic({ locale: 'ta-IN' });
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('1', '1')).toContain('குறியீடு ஒன்றை');
    const { body } = await smsTo(inbox_url, phone, 'குறியீடு');
    expect(await call.press(/^\d{6}/.exec(body)?.[0] ?? '')).toContain('உங்கள் முன்பதிவு உறுதி செய்யப்பட்டது');
  });
});

describe("phone_booking = 'closed'", () => {
  test('books nothing, says so, and still leads to reception and appointments', async () => {
    const { clinic } = await anOpenClinic(sql, { reception_phone: '+914440001001' });
    const phone = aPhone();
    const offered = callTo(clinic, phone);
    await offered.dial();
    await offered.press('1');
    await sql`update public.clinics set phone_booking = 'closed' where id = ${clinic.id}`;
    // Also not what was offered before.
    expect(await offered.press('1')).toContain('takes no bookings by phone');
    const call = callTo(clinic, phone);
    const heard = await call.dial();
    expect(heard).toMatch(/takes no bookings by phone at the moment.*website.*press 3.*press 0/);
    expect(heard).not.toContain('press 1');
    expect(await call.press('1')).toContain('takes no bookings by phone');
    await call.press('0');
    expect(call.ended?.reason).toContain('transfer');
    expect(await bookingsOf(sql, phone)).toHaveLength(0);
    expect(await sql`select from public.patients where phone = ${phone}`).toHaveLength(0);
  });

  test.each(['on', ''])('%j is no way of booking', async (phone_booking) => {
    const { clinic } = await anOpenClinic(sql);
    const edit = sql`update public.clinics set phone_booking = ${phone_booking} where id = ${clinic.id}`;
    await expect(edit).rejects.toThrow(/phone_booking/);
  });
});

describe('the code of a call', () => {
  test('is asked for again when it is wrong, three times, and then reception takes over', async () => {
    const { clinic } = await aCarefulClinic({ reception_phone: '+914440001001' });
    const { call, phone } = await anAskedCaller(clinic);
    const code = await codeTextedTo(inbox_url, phone);
    expect(await call.press(another(code))).toMatch(/^Sorry, that is not the code we texted you/);
    expect(await call.press(another(code, 2))).toMatch(/^Sorry, that is not the code we texted you/);
    expect(await call.press(another(code, 3))).toMatch(
      /^We cannot check your phone.*connecting you to reception/
    );
    expect(call.ended?.reason).toContain('transfer');
    expect(await bookingsOf(sql, phone)).toHaveLength(0);
    expect((await recordOf(sql, call)).outcome).toBe('transferred');
  });

  test('is refused after three wrong ones, also when it is right, and no second one is texted', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic);
    const code = await codeTextedTo(inbox_url, phone);
    expect(await call.press(another(code), another(code, 2), another(code, 3))).toMatch(
      /^We cannot check your phone.*press 1/
    );
    expect(await call.press('1', '1')).toMatch(/^We cannot check your phone/);
    expect(await codesFor(phone)).toHaveLength(1);
    expect(await bookingsOf(sql, phone)).toHaveLength(0);
  });

  test('has three guesses in all when they come at the same moment', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic);
    const code = await codeTextedTo(inbox_url, phone);
    const request = call.requests.at(-1)?.request.url ?? '';
    const fetched = call.flow?.steps.find((step) => step.action === 'fetchCallFlow');
    const listening = call.flow?.steps.find((step) => step.action === 'pause');
    if (!fetched || listening?.action !== 'pause') throw new Error('The call does not listen.');
    const query = new URL(request).searchParams;
    query.delete('position');
    const keyed = (position: string, turn: number, keys: string) => {
      query.set('variables', JSON.stringify({ [`keys${turn}`]: keys }));
      return signedGet(`${position}&${query}`, { signingKey });
    };
    // Positions of other turns, as only we could sign them, so that each is a guess of its own.
    const own = new URL(fetched.options.url);
    const position = JSON.parse(
      Buffer.from(own.searchParams.get('position') ?? '', 'base64url').toString()
    ) as { turn: number };
    const guesses = Array.from({ length: 8 }, (_, n) => {
      const turn = position.turn + n + 1;
      own.searchParams.set(
        'position',
        Buffer.from(JSON.stringify({ ...position, turn })).toString('base64url')
      );
      return keyed(own.toString(), turn, another(code, n + 1));
    });
    await Promise.all(guesses);
    const [proof] =
      await sql`select guesses, proven_at from private.call_proofs where call_id = ${call.callId}`;
    expect(proof).toEqual({ guesses: 3, proven_at: null });
    expect(await call.press(code)).toMatch(/^We cannot check your phone/);
  });

  test('opens no other call, and not of another phone', async () => {
    const { clinic } = await aCarefulClinic();
    const mine = await anAskedCaller(clinic);
    const code = await codeTextedTo(inbox_url, mine.phone);
    const other = await anAskedCaller(clinic);
    expect(await other.call.press(code)).toContain('not the code');
    const again = await anAskedCaller(clinic, mine.phone);
    expect(await again.call.press(code)).toContain('not the code');
    expect(await mine.call.press(code)).toContain('is booked');
  });

  test('works for ten minutes', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic);
    const code = await codeTextedTo(inbox_url, phone);
    await sql`update private.call_proofs set asked_at = asked_at - interval '10 minutes' where call_id = ${call.callId}`;
    expect(await call.press(code)).toMatch(/^We cannot check your phone/);
  });

  test('is texted three times an hour to a phone, however many call in its name', async () => {
    const { clinic } = await aCarefulClinic();
    const phone = aPhone();
    const asked = await Promise.all(Array.from({ length: 8 }, () => anAskedCaller(clinic, phone)));
    expect(asked.filter(({ call }) => call.said().includes('We have texted it'))).toHaveLength(3);
    expect(asked.filter(({ call }) => call.said().includes('We cannot check your phone'))).toHaveLength(5);
    expect(await codesFor(phone)).toHaveLength(3);
  });

  test('is texted once where every request comes twice, and each answer is right', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic, undefined, { delivery: { duplicate: 'together' } });
    const code = await codeTextedTo(inbox_url, phone);
    await call.press(another(code));
    expect(await call.press(code)).toContain('is booked');
    expect(await codesFor(phone)).toHaveLength(1);
    expect(await bookingsOf(sql, phone)).toHaveLength(1);
    const [proof] = await sql`select guesses from private.call_proofs where call_id = ${call.callId}`;
    expect(proof?.guesses).toBe(2);
  });

  test('can be waited for: silence is asked again twice; star leads back, 0 to reception', async () => {
    const { clinic } = await aCarefulClinic({ reception_phone: '+914440001001' });
    const { call, phone } = await anAskedCaller(clinic);
    expect(await call.silence()).toContain('Enter the digits');
    expect(await call.silence()).toContain('Enter the digits');
    expect(await call.press(await codeTextedTo(inbox_url, phone))).toContain('is booked');
    const other = await anAskedCaller(clinic);
    expect(await other.call.press('*#')).toContain('press 1');
    // The code is still the one that was texted.
    expect(await other.call.press('1', '1')).toContain('We have texted it a code');
    expect(await codesFor(other.phone)).toHaveLength(1);
    await other.call.press('0#');
    expect(other.call.ended?.reason).toContain('transfer');
  });

  test('stands nowhere: not in the record, not in an address, not readable in the database, and no phone in full', async () => {
    const { clinic } = await aCarefulClinic();
    const { call, phone } = await anAskedCaller(clinic);
    const code = await codeTextedTo(inbox_url, phone);
    const wrong = another(code, 7);
    await call.press(wrong, code);
    const record = JSON.stringify(await recordOf(sql, call));
    expect(record).toContain('******');
    const positions = call.requests.map(({ request }) => {
      const position = new URL(request.url).searchParams.get('position') ?? '';
      return Buffer.from(position, 'base64url').toString();
    });
    const [kept] = await sql`
      select (select jsonb_agg(to_jsonb(c)) from private.call_proofs c where c.call_id = ${call.callId}) as proofs,
        (select jsonb_agg(to_jsonb(r)) from private.rate_limits r where r.bucket like 'call_code:%') as limits,
        (select jsonb_agg(to_jsonb(e)) from public.security_events e) as events`;
    expect(kept?.proofs).toHaveLength(1);
    await expect
      .poll(async () => (await codesFor(phone)).map(({ body }) => String(body)))
      .toEqual(['(erased after sending)']);
    for (const text of [record, ...positions, JSON.stringify(kept)]) {
      for (const secret of [code, wrong, phone.slice(1)]) expect(text).not.toContain(secret);
    }
    expect(await textsOf(inbox_url, phone)).not.toHaveLength(0);
  });
});
