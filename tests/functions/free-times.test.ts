// What anybody may ask about free times, and how often. The database tells the rest: tests/database/seen-by-anybody.test.ts.
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import { anAddress, onBehalfOf, send } from './account-api.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const ask = (body: object, address = anAddress()) =>
  send(`${theStack().api_url}/functions/v1/free-times`, body, {
    apikey: theStack().publishable_key,
    ...onBehalfOf(address)
  });

test('anybody learns who is there and which times are free, and nothing of who has the others', async () => {
  const clinic = await aClinic(sql);
  const practitioner = await aPractitioner(sql, clinic);
  const patient = await aPatient(sql);
  const [slot] = await nextSlots(sql, practitioner, 1);
  const taken = await book(sql, patient, practitioner, slot ?? '');
  const [{ day } = { day: '' }] = await sql<{ day: string }[]>`
    select to_char(local_date, 'YYYY-MM-DD') as day from public.appointments where id = ${taken.id}`;

  const scope = { clinic_id: clinic.id, practitioner_id: practitioner.id };
  const [clinics, practitioners, days, slots] = await Promise.all([
    ask({ ask: 'clinics', clinic_ids: [clinic.id] }),
    ask({ ask: 'practitioners', clinic_id: clinic.id }),
    ask({ ask: 'days', ...scope, from_date: day, days: 1 }),
    ask({ ask: 'slots', ...scope, on_date: day })
  ]);
  expect(clinics.body.clinics).toMatchObject([{ id: clinic.id }]);
  expect(practitioners.body.practitioners).toMatchObject([
    {
      practitioner_id: practitioner.id,
      practitioner_name: practitioner.name,
      languages: [],
      fee_amount: null
    }
  ]);
  const free = slots.body.slots as { starts_at: string }[];
  expect(days.body.days).toMatchObject([{ on_date: day, free: free.length }]);
  expect(free.map(({ starts_at }) => Date.parse(starts_at))).not.toContain(taken.starts_at.getTime());
  const told = JSON.stringify([clinics.body, practitioners.body, days.body, slots.body]);
  for (const secret of [patient.id, patient.phone, taken.id]) expect(told).not.toContain(secret);
});

test.each([
  [{}],
  [{ ask: 'patients' }],
  [{ ask: 'practitioners', clinic_id: 'Lakeside' }],
  [{ ask: 'slots', clinic_id: randomUUID(), on_date: '2026-02-31' }],
  [{ ask: 'days', clinic_id: randomUUID(), days: 'all' }],
  [{ ask: 'days', clinic_id: randomUUID(), days: 2 ** 31 }],
  [{ ask: 'days', clinic_id: randomUUID(), from_date: '0000-01-01', days: 7 }],
  [{ ask: 'slots', clinic_id: randomUUID(), on_date: '0000-01-01' }],
  [{ ask: 'clinics', clinic_ids: Array.from({ length: 25 }, () => randomUUID()) }]
])('%j is refused', async (body) => {
  expect(await ask(body)).toMatchObject({ status: 400, body: { error: 'validation_failed' } });
});

test('a specialty that nobody can have is one that nobody has', async () => {
  const { id: clinic_id } = await aClinic(sql);
  for (const specialty of ['\ud800', 'x\udfff', '\0']) {
    for (const more of [
      { ask: 'days', days: 7 },
      { ask: 'slots', on_date: '2999-12-31' }
    ]) {
      expect(await ask({ clinic_id, specialty, ...more })).toMatchObject({ status: 200 });
    }
  }
});

test('who asks too often waits, and nobody else does', async () => {
  const limit = (max: number) =>
    sql`update public.limits set max = ${max} where what = 'look' and by = 'client'`;
  const [eager, other] = [anAddress(), anAddress()];
  const asks = (address: string) => ask({ ask: 'clinics', clinic_ids: [] }, address);
  await limit(2);
  try {
    expect([(await asks(eager)).status, (await asks(eager)).status]).toEqual([200, 200]);
    const refused = await asks(eager);
    expect(refused).toMatchObject({ status: 429, body: { error: 'rate_limited' } });
    expect(refused.body.retry_after).toBeGreaterThan(0);
    expect((await asks(other)).status).toBe(200);
  } finally {
    await limit(3000);
  }
});
