import { afterAll, expect, test } from 'vitest';
import { aCall } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPhone, aPractitioner, type Clinic } from '../helpers/world.ts';
import { aCaller, aLink, aWish, nextCode, throughGateway, type Answer, type Wish } from './account-api.ts';

const { api_url, ivr_url, functions_secret, messagebird_signing_key: signingKey } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A registration or link whose code has come: all that is left is to bring it back. */
interface Ready {
  wish: Record<string, unknown>;
  bringBack: () => Promise<Answer>;
}

async function ready(
  name: 'register-patient' | 'link-ivr-account',
  phone: string,
  wish: Record<string, unknown>
): Promise<Ready> {
  const post = throughGateway();
  const asked = await post(name, wish);
  if (asked.status !== 201) throw new Error(JSON.stringify(asked.body));
  const { verification_id } = asked.body;
  const code = await nextCode(phone);
  return { wish, bringBack: () => post('verify-phone', { verification_id, code }) };
}

// As many as one phone is texted codes. All that matters is that more than two meet: each further one queues for the same
// locks as the third.
const RACERS = 5;

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Array.from({ length: count }, (_, index) => index).reduce<Promise<T[]>>(
    async (done, index) => [...(await done), await make(index)],
    Promise.resolve([])
  );

async function aClinicThatAnswers(): Promise<Clinic> {
  const clinic = await aClinic(sql, { max_active_bookings: 20 });
  for (let doctor = 0; doctor < 3; doctor++) {
    await aPractitioner(sql, clinic, { hours: [{ from: '00:00', to: '24:00' }] });
  }
  return clinic;
}

async function bookByCall(phone: string, clinic: Clinic): Promise<void> {
  const call = aCall({ ivrUrl: ivr_url, signingKey, from: phone, to: clinic.phone });
  await call.dial();
  await call.press('1', '1');
}

const provision = () =>
  fetch(`${api_url}/functions/v1/provision-accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${functions_secret}` }
  });

/** The one patient of a phone, once nothing is under way any more. */
async function expectOneOfEach(phone: string) {
  const open = () => sql`
    select j.id from private.account_jobs j join patients p on p.id = j.patient_id
    where p.phone = ${phone} and j.done_at is null`;
  await expect.poll(open, { timeout: 20_000 }).toHaveLength(0);
  const patients = await sql`select id, user_id, name, account_origin from patients where phone = ${phone}`;
  expect(patients).toHaveLength(1);
  const users = await sql`select id from auth.users where phone = ${phone.slice(1)}`;
  expect(users).toEqual([{ id: patients[0]?.user_id }]);
  return patients[0];
}

/** The SMS about accounts that a phone gets. */
async function toldOf(phone: string): Promise<string[]> {
  const rows = await sql<{ template: string }[]>`
    select template from sms_messages where to_phone = ${phone} and template in ('account_linked', 'welcome')`;
  return rows.map(({ template }) => template);
}

/** Exactly one of the web's requests won, and only its password signs in; or none did, and the phone's account won. */
async function expectOneWinner(
  phone: string,
  requests: Ready[],
  answers: Answer[]
): Promise<Wish | undefined> {
  for (const { status, body } of answers) {
    expect([200, 404, 409]).toContain(status);
    if (status !== 200) {
      expect(['phone_already_registered', 'ivr_account_exists', 'no_ivr_bookings']).toContain(body.error);
    }
  }
  const winners = requests.filter((_, index) => answers[index]?.status === 200);
  expect(winners.length).toBeLessThanOrEqual(1);
  for (const request of requests) {
    const { status } = await throughGateway()('sign-in', {
      username: phone,
      password: request.wish.password
    });
    expect(status).toBe(request === winners[0] ? 200 : 401);
  }
  return winners[0]?.wish as Wish | undefined;
}

test('proven registrations of one phone at once make one patient with one account', async () => {
  const phone = aPhone();
  const requests = await times(RACERS, () => ready('register-patient', phone, aWish(phone)));
  const answers = await Promise.all(requests.map(({ bringBack }) => bringBack()));
  const winner = await expectOneWinner(phone, requests, answers);
  expect(winner).toBeDefined();
  await expectOneOfEach(phone);
  const names = await sql`select username from patients where phone = ${phone}`;
  expect(names).toEqual([{ username: winner?.username }]);
});

test('proven links of one phone at once make one account, and one SMS says so', async () => {
  const caller = await aCaller(sql, aPhone(), 3);
  const requests = await times(RACERS, () => ready('link-ivr-account', caller.phone, aLink(caller.phone)));
  const answers = await Promise.all(requests.map(({ bringBack }) => bringBack()));
  expect(await expectOneWinner(caller.phone, requests, answers)).toBeDefined();
  expect(await expectOneOfEach(caller.phone)).toMatchObject({ id: caller.id, account_origin: 'web' });
  const bookings =
    await sql`select id from appointments where patient_id = ${caller.id} and status = 'booked'`;
  expect(bookings).toHaveLength(3);
  expect(await toldOf(caller.phone)).toEqual(['account_linked']);
});

test('registrations and calls of one phone at once make one patient with one account and every booking', async () => {
  const clinic = await aClinicThatAnswers();
  const phone = aPhone();
  const requests = await times(RACERS, () => ready('register-patient', phone, aWish(phone)));
  const [answers] = await Promise.all([
    Promise.all(requests.map(({ bringBack }) => bringBack())),
    Promise.all(Array.from({ length: RACERS }, () => bookByCall(phone, clinic)))
  ]);
  await expectOneWinner(phone, requests, answers);
  const patient = await expectOneOfEach(phone);
  const bookings = await sql`select id from appointments where patient_id = ${patient?.id}`;
  // Callers at the same moment are offered the same slot; whoever loses it hears so.
  expect(bookings.length).toBeGreaterThan(0);
  expect(
    await sql`select id from ivr_calls where patient_id = ${patient?.id} and outcome = 'booked'`
  ).toHaveLength(bookings.length);
});

test('links, provisioning and calls of one phone at once make one account, and nobody is welcomed to another’s', async () => {
  const clinic = await aClinicThatAnswers();
  const caller = await aCaller(sql);
  const { phone } = caller;
  const requests = await times(RACERS, () => ready('link-ivr-account', phone, aLink(phone)));
  await sql`insert into private.account_jobs (patient_id, next_attempt_at) values (${caller.id}, now() + interval '1 hour')`;
  await sql`update private.account_jobs set next_attempt_at = now() where patient_id = ${caller.id} and done_at is null`;
  const [answers] = await Promise.all([
    Promise.all(requests.map(({ bringBack }) => bringBack())),
    Promise.all(Array.from({ length: RACERS }, provision)),
    Promise.all(Array.from({ length: RACERS }, () => bookByCall(phone, clinic)))
  ]);
  const winner = await expectOneWinner(phone, requests, answers);
  const patient = await expectOneOfEach(phone);
  expect(patient).toMatchObject({ id: caller.id, account_origin: winner ? 'web' : 'ivr' });
  // Whoever won was told; nobody else was.
  expect(await toldOf(phone)).toEqual([winner ? 'account_linked' : 'welcome']);
});

test('people who want one username at once: one gets it, the others are told', async () => {
  const username = `u${aPhone().slice(1)}`;
  const requests = await times(RACERS, () => {
    const phone = aPhone();
    return ready('register-patient', phone, aWish(phone, { username }));
  });
  const answers = await Promise.all(requests.map(({ bringBack }) => bringBack()));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const told = answers.filter(({ status, body }) => status === 409 && body.error === 'username_taken');
  expect(told).toHaveLength(RACERS - 1);
  expect(await sql`select id from patients where username = ${username}`).toHaveLength(1);
  const phones = requests.map(({ wish }) => String(wish.phone_number).slice(1));
  expect(
    await sql`
    select id from auth.users where phone in (select jsonb_array_elements_text(${sql.json(phones)}))`
  ).toHaveLength(1);
});

test('twenty who ask for the same phone at once get ten codes between them', async () => {
  const phone = aPhone();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => throughGateway()('register-patient', aWish(phone)))
  );
  const asked = answers.filter(({ status }) => status === 201).length;
  // A window may end in between.
  expect(asked).toBeGreaterThanOrEqual(10);
  expect(asked).toBeLessThanOrEqual(20);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(20 - asked);
});
