// What anybody may see before signing in: clinics, who is there, whether they are open, and free times.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  anException,
  aPatient,
  aPractitioner,
  book,
  nextSlots,
  type Practitioner
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A Wednesday; 10:00 in India. */
const NOW = new Date('2027-03-10T04:30:00Z');
const at = (time: string, day = '2027-03-10') => new Date(`${day}T${time}:00+05:30`);

test.each([
  ['clinics', ['address', 'id', 'name', 'phone', 'time_zone']],
  [
    'practitioners',
    [
      'active',
      'clinic_id',
      'fee_amount',
      'fee_currency',
      'id',
      'languages',
      'name',
      'photo_url',
      'qualification',
      'specialty'
    ]
  ]
])('of %s a visitor may read what a page shows, and nothing else', async (table, columns) => {
  const readable = await sql<{ name: string }[]>`
    select a.attname as name from pg_attribute a
    where a.attrelid = ${`public.${table}`}::regclass and a.attnum > 0 and not a.attisdropped
      and has_column_privilege('anon', a.attrelid, a.attnum, 'select')
    order by a.attname`;
  expect(readable.map(({ name }) => name)).toEqual(columns);
});

test.each([
  ['a photo without encryption', { photo_url: 'http://photos.example/rao.jpg' }],
  ['a photo of another scheme', { photo_url: 'javascript:alert(1)' }],
  ['a photo on a host that only looks like a path of ours', { photo_url: '//photos.example/rao.jpg' }],
  ['the same with a backslash', { photo_url: '/\\photos.example/rao.jpg' }],
  ['a language that is no code', { languages: ['Tamil'] }],
  ['a language that is nothing', { languages: [null] }],
  ['a fee below nothing', { fee_amount: -1 }],
  ['a currency that is no code', { fee_currency: 'rupees' }]
])('%s is refused', async (_what, columns) => {
  await rolledBack(sql, async (tx) => {
    const { id } = await aPractitioner(tx, await aClinic(tx));
    const refusal = await refusalIn(
      tx,
      () => tx`update public.practitioners set ${tx(columns)} where id = ${id}`
    );
    expect(refusal?.code).toBe('23514');
  });
});

test.each<Record<string, string | number | string[]>>([
  { photo_url: 'https://photos.example:8443/a/rao.jpg?size=96' },
  { photo_url: '/photos/rao.jpg' },
  { languages: ['en', 'ta', 'kok'] },
  { fee_amount: 0 },
  { fee_amount: '450.50', fee_currency: 'AED' }
])('%j is taken', async (columns) => {
  await rolledBack(sql, async (tx) => {
    const { id } = await aPractitioner(tx, await aClinic(tx));
    const changed = await tx`
      update public.practitioners set ${tx(columns)} where id = ${id}`;
    expect(changed.count).toBe(1);
  });
});

test('a qualification is cleaned as names are', async () => {
  await rolledBack(sql, async (tx) => {
    const { id } = await aPractitioner(tx, await aClinic(tx));
    const [row] = await tx<{ qualification: string }[]>`
      update public.practitioners set qualification = ${' MBBS, MD​ '} where id = ${id} returning qualification`;
    expect(row?.qualification).toBe('MBBS, MD');
  });
});

describe('when a clinic is open', () => {
  /** What is told of the clinic of these practitioners at an instant. */
  async function told(tx: Transaction, clinicId: string, now = NOW) {
    const [row] = await tx<{ open_until: Date | null; opens_at: Date | null }[]>`
      select * from private.open_hours(${clinicId}, ${now})`;
    return row;
  }

  test('it is open while somebody sees patients, without a break where one follows the other', async () => {
    await rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      await aPractitioner(tx, clinic, { hours: [{ from: '09:00', to: '13:00' }] });
      await aPractitioner(tx, clinic, { hours: [{ from: '13:00', to: '15:00' }] });
      await aPractitioner(tx, clinic, { hours: [{ from: '17:00', to: '20:00' }] });
      expect(await told(tx, clinic.id)).toEqual({ open_until: at('15:00'), opens_at: at('17:00') });
      expect(await told(tx, clinic.id, at('15:00'))).toEqual({ open_until: null, opens_at: at('17:00') });
      expect(await told(tx, clinic.id, at('08:59'))).toEqual({ open_until: null, opens_at: at('09:00') });
      expect(await told(tx, clinic.id, at('21:00'))).toEqual({
        open_until: null,
        opens_at: at('09:00', '2027-03-11')
      });
    });
  });

  test('who no longer takes bookings does not keep it open', async () => {
    await rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      await aPractitioner(tx, clinic, { active: false });
      expect(await told(tx, clinic.id)).toEqual({ open_until: null, opens_at: null });
    });
  });

  test('a date of its own, and days on which the clinic is closed, go before the week', async () => {
    await rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const practitioner = await aPractitioner(tx, clinic);
      await anException(tx, practitioner, '2027-03-10', { from: '14:00', to: '16:00' });
      expect(await told(tx, clinic.id)).toEqual({ open_until: null, opens_at: at('14:00') });
      await tx`
        insert into public.clinic_closures (clinic_id, from_date, until_date)
        values (${clinic.id}, '2027-03-10', '2027-03-12')`;
      expect(await told(tx, clinic.id)).toEqual({ open_until: null, opens_at: at('09:00', '2027-03-13') });
    });
  });

  test('by the clock of the clinic', async () => {
    await rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx, { time_zone: 'America/New_York' });
      await aPractitioner(tx, clinic);
      // 23:30 of the day before.
      expect(await told(tx, clinic.id)).toEqual({
        open_until: null,
        opens_at: new Date('2027-03-10T14:00:00Z')
      });
    });
  });
});

describe('the first free time of everybody at once', () => {
  const firstOf = async (tx: Transaction, practitioners: Practitioner[], now: Date) => {
    const [first] = practitioners;
    const rows = await tx<{ practitioner_id: string; next_starts_at: Date | null }[]>`
      select practitioner_id, next_starts_at from private.bookable_at(${first?.clinic_id ?? null}, ${now})`;
    return practitioners.map(({ id }) => rows.find((row) => row.practitioner_id === id)?.next_starts_at);
  };
  const oneByOne = (tx: Transaction, practitioners: Practitioner[], now: Date) =>
    Promise.all(
      practitioners.map(async (practitioner) => (await nextSlots(tx, practitioner, 1, now))[0] ?? null)
    );

  test('is what each has who is asked alone', async () => {
    await rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const usual = await aPractitioner(tx, clinic);
      const booked = await aPractitioner(tx, clinic);
      const rare = await aPractitioner(tx, clinic, {
        hours: [{ weekdays: [2], from: '09:00', to: '10:00' }]
      });
      const late = await aPractitioner(tx, clinic, { hours: [] });
      await anException(tx, late, '2027-04-08', { from: '11:00', to: '12:00' });
      const beyond = await aPractitioner(tx, clinic, { hours: [] });
      await anException(tx, beyond, '2027-06-01', { from: '11:00', to: '12:00' });
      const never = await aPractitioner(tx, clinic, { hours: [] });
      const short = await aPractitioner(tx, clinic, { hours: [{ from: '09:00', to: '10:15' }] });
      await book(tx, await aPatient(tx), short, at('10:00', '2027-03-11'), { now: NOW });
      // The rest of today is taken, and the first time of tomorrow by an appointment that reaches into the next.
      for (const slot of await nextSlots(tx, booked, 28, NOW)) {
        await book(tx, await aPatient(tx), booked, slot, { now: NOW });
      }
      await tx`
        update public.appointments set ends_at = ends_at + interval '5 minutes'
        where practitioner_id = ${booked.id} and starts_at = (
          select max(starts_at) from public.appointments where practitioner_id = ${booked.id}
        )`;
      const all = [usual, booked, rare, late, beyond, never, short];
      const found = await firstOf(tx, all, NOW);
      expect(found).toEqual(await oneByOne(tx, all, NOW));
      expect(found).toEqual([
        at('10:15'),
        at('09:30', '2027-03-11'),
        at('09:00', '2027-03-16'),
        at('11:00', '2027-04-08'),
        null,
        null,
        at('09:00', '2027-03-11')
      ]);
    });
  });
});

test('anybody is told what a patient without appointments is told', async () => {
  await rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const practitioner = await aPractitioner(tx, clinic);
    const [slot] = await nextSlots(tx, practitioner, 1, NOW);
    await book(tx, await aPatient(tx), practitioner, slot ?? NOW, { now: NOW });
    const asked = { clinic_id: clinic.id, practitioner_id: practitioner.id };
    const seen = async (name: string, more: object): Promise<Record<string, unknown>[]> => {
      const [row] = await tx<{ answer: Record<string, unknown>[] }[]>`
        select ${tx.unsafe(`private.${name}`)}(${tx.json({ ...asked, ...more })}, ${NOW}) as answer`;
      return row?.answer ?? [];
    };
    expect(await seen('seen_practitioners', {})).toMatchObject([{ practitioner_id: practitioner.id }]);
    const days = await seen('seen_days', { days: 2 });
    expect(days).toEqual([
      { on_date: '2027-03-10', free: 26, open: true, over: false },
      { on_date: '2027-03-11', free: 32, open: true, over: false }
    ]);
    expect(await seen('seen_slots', { on_date: '2027-03-10' })).toHaveLength(26);
    expect(await seen('seen_slots', { on_date: '2027-03-10', specialty: 'Dentistry' })).toEqual([]);
    expect(await seen('seen_clinics', { clinic_ids: [clinic.id] })).toMatchObject([{ id: clinic.id }]);
  });
});
