// A dependent who gets a phone of their own.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, keptAtDesk, type DeskPerson } from '../helpers/desk.ts';
import { aFamily, bookFor, type Family } from '../helpers/family.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, type Clinic } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Started {
  reassignment_id: string;
  code_length: number;
  phone_end: string;
  holder_phone_end: string | null;
}

interface Outcome {
  patient_id: string | null;
  wrong: string[];
  guesses_left: number;
}

interface World extends Family {
  tx: Transaction;
  priya: DeskPerson;
  phone: string;
  start(phone?: string, by?: DeskPerson): Promise<Started>;
  prove(started: Started, phoneCode: string, holderCode: string | null): Promise<Outcome>;
  /** The code that a phone was texted last. */
  codeOf(phone: string): Promise<string>;
}

/** A family whose child had an appointment that was cancelled and has one to come, and the desk. */
function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const family = await aFamily(tx);
    const { clinic, doctor, mother, child, slots } = family;
    const priya = await aDeskPerson(tx, clinic);
    const first = await bookFor(tx, mother, doctor, slots[0], child);
    await tx`update public.appointments set status = 'cancelled' where id = ${first.id}`;
    await bookFor(tx, mother, doctor, slots[1], child);
    await bookFor(tx, mother, doctor, slots[2], null);
    const phone = aPhone();
    await work({
      ...family,
      tx,
      priya,
      phone,
      start: (to = phone, by = priya) =>
        asDesk(tx, by, async (db) => {
          const [row] = await db<{ it: Started }[]>`select public.reassign_dependent(${child}, ${to}) as it`;
          if (!row) throw new Error('Nothing came back.');
          return row.it;
        }),
      prove: ({ reassignment_id: id }, phoneCode, holderCode) =>
        asDesk(tx, priya, async (db) => {
          const [row] = await db<{ it: Outcome }[]>`
            select public.prove_reassignment(${id}, ${phoneCode}, ${holderCode}) as it`;
          if (!row) throw new Error('Nothing came back.');
          return row.it;
        }),
      codeOf: async (to) => {
        const [row] = await tx<{ body: string }[]>`
          select body from public.sms_messages
          where to_phone = ${to} and template like 'reassign%' order by cmin::text::int desc limit 1`;
        return /^\d+/.exec(row?.body ?? '')?.[0] ?? '';
      }
    });
  });
}

const appointmentsOf = (tx: Transaction, id: string | null) =>
  tx<{ status: string; dependent_id: string | null }[]>`
    select status, dependent_id from public.appointments where patient_id = ${id} order by starts_at`;

const refusedWith = async (tx: Transaction, work: () => Promise<unknown>) =>
  (await refusalIn(tx, work))?.detail;

describe('a dependent becomes a patient', () => {
  test('with both codes, and takes along what was and what is to come', () =>
    atTheDesk(async ({ tx, mother, child, phone, start, prove, codeOf }) => {
      const started = await start(`0${phone.slice(3)}`);
      expect(started).toMatchObject({
        code_length: 6,
        phone_end: phone.slice(-4),
        holder_phone_end: mother.phone.slice(-4)
      });
      expect(await appointmentsOf(tx, mother.id)).toHaveLength(3);
      const { patient_id: id } = await prove(started, await codeOf(phone), await codeOf(mother.phone));
      expect(await tx`select phone, name, user_id from public.patients where id = ${id}`).toEqual([
        { phone, name: 'Meera Rao', user_id: null }
      ]);
      expect(await appointmentsOf(tx, id)).toEqual([
        { status: 'cancelled', dependent_id: null },
        { status: 'booked', dependent_id: null }
      ]);
      expect(await appointmentsOf(tx, mother.id)).toEqual([{ status: 'booked', dependent_id: null }]);
      expect(await tx`select from public.dependents where id = ${child}`).toHaveLength(0);
      const told = await tx<{ template: string }[]>`
        select template from public.sms_messages where to_phone = ${phone} order by cmin::text::int`;
      expect(told.map(({ template }) => template)).toEqual(
        expect.arrayContaining(['reassign_code', 'phone_moved_here', 'appointment_booked'])
      );
      const audit = await tx<{ channel: string; changes: object }[]>`
        select distinct channel, changes -> 'dependent_id' as changes from public.audit_events
        where table_name = 'appointments' and changes -> 'patient_id' ->> 1 = ${id} and action = 'update'`;
      expect(audit).toEqual([{ channel: 'desk', changes: [child, null] }]);
      // The codes work once.
      expect(await refusedWith(tx, () => prove(started, '000000', '000000'))).toBe('unknown_dependent');
    }));

  test('also without an appointment: the desk that did it opens and finds them, no other does', () =>
    atTheDesk(async ({ tx, clinic, child, mother, phone, priya, start, prove, codeOf }) => {
      await tx`delete from public.appointments where dependent_id = ${child}`;
      const { patient_id: id } = await prove(await start(), await codeOf(phone), await codeOf(mother.phone));
      const open = (who: DeskPerson) =>
        asDesk(tx, who, (db) => db<{ name: string }[]>`select public.desk_patient(${id}) ->> 'name' as name`);
      const find = async (who: DeskPerson, clinic: Pick<Clinic, 'id'>) =>
        asDesk(
          tx,
          who,
          (db) => db<{ patient_id: string }[]>`
          select patient_id from public.desk_find(${clinic.id}, ${phone})`
        );
      expect(await open(priya)).toEqual([{ name: 'Meera Rao' }]);
      expect(await find(priya, clinic)).toEqual([{ patient_id: id }]);
      // Merged into another record and parted again, they are there as before.
      const merge = await asDesk(
        tx,
        priya,
        (db) => db<{ id: string }[]>`select public.merge_patients(${mother.id}, ${id}) as id`
      );
      await asDesk(tx, priya, (db) => db`select public.undo_merge(${merge[0]?.id ?? null})`);
      expect(await open(priya)).toEqual([{ name: 'Meera Rao' }]);
      const elsewhere = await aClinic(tx);
      const stranger = await aDeskPerson(tx, elsewhere);
      expect(await refusedWith(tx, () => open(stranger))).toBe('unknown_patient');
      expect(await find(stranger, elsewhere)).toEqual([]);
    }));

  test('and joins the patient who has the phone already, unless both have an appointment at the same time', () =>
    atTheDesk(async ({ tx, colleague, mother, phone, slots, start, prove, codeOf }) => {
      const other = await aPatient(tx, { phone });
      const own = await book(tx, other, colleague, slots[1]);
      expect(await refusedWith(tx, () => start())).toBe('appointments_clash');
      await tx`update public.appointments set starts_at = ${slots[3]} where id = ${own.id}`;
      const started = await start();
      const joined = await prove(started, await codeOf(phone), await codeOf(mother.phone));
      expect(joined.patient_id).toBe(other.id);
      expect(await appointmentsOf(tx, other.id)).toHaveLength(3);
    }));

  test('also where nobody of the family had an appointment, at a desk to which the holder was introduced', () =>
    atTheDesk(async ({ tx, clinic, mother, phone, priya, start, prove, codeOf }) => {
      await tx`delete from public.appointments where patient_id = ${mother.id}`;
      await tx`
        insert into private.introduced_patients (clinic_id, patient_id) values (${clinic.id}, ${mother.id})`;
      // As it is dialled in the clinic's country.
      const started = await start(`0${phone.slice(3)}`);
      const { patient_id: id } = await prove(started, await codeOf(phone), await codeOf(mother.phone));
      const opened = await asDesk(
        tx,
        priya,
        (db) => db<{ phone: string }[]>`select public.desk_patient(${id}) ->> 'phone' as phone`
      );
      expect(opened).toEqual([{ phone }]);
    }));

  test.each([
    [1886, null],
    [2015, new Date().getFullYear() - 2015]
  ])('whose year of birth is %s: with age %s', (year, age) =>
    atTheDesk(async ({ tx, child, mother, phone, start, prove, codeOf }) => {
      await tx`update public.dependents set birth_year = ${year} where id = ${child}`;
      const { patient_id: id } = await prove(await start(), await codeOf(phone), await codeOf(mother.phone));
      expect(await tx`select age from public.patients where id = ${id}`).toEqual([{ age }]);
    })
  );

  test('without a code to the holder where the holder has no phone', () =>
    atTheDesk(async ({ tx, mother, phone, start, prove, codeOf }) => {
      await tx`delete from auth.users where id = ${mother.account.userId}`;
      await tx`update public.patients set phone = null where id = ${mother.id}`;
      const started = await start();
      expect(started.holder_phone_end).toBeNull();
      expect((await prove(started, await codeOf(phone), null)).patient_id).not.toBeNull();
    }));
});

describe('nothing changes', () => {
  test('with one right code, or none, and after five tries not with both', () =>
    atTheDesk(async ({ tx, mother, phone, start, prove, codeOf }) => {
      const started = await start();
      const [right, holder] = [await codeOf(phone), await codeOf(mother.phone)];
      const other = right === '123456' ? '654321' : '123456';
      const guesses = [
        await prove(started, right, other),
        await prove(started, other, holder),
        await prove(started, holder, right),
        await prove(started, '', null),
        await prove(started, right, right)
      ];
      expect(guesses.map(({ wrong }) => wrong)).toEqual([
        ['holder'],
        ['phone'],
        ['phone', 'holder'],
        ['phone', 'holder'],
        ['holder']
      ]);
      expect(guesses.map(({ guesses_left }) => guesses_left)).toEqual([4, 3, 2, 1, 0]);
      expect(await prove(started, right, holder)).toEqual({
        patient_id: null,
        wrong: ['phone', 'holder'],
        guesses_left: 0
      });
      expect(await appointmentsOf(tx, mother.id)).toHaveLength(3);
    }));

  test('with the codes of before, or when they are too old', () =>
    atTheDesk(async ({ tx, mother, phone, start, prove, codeOf }) => {
      const before = await start();
      const [right, holder] = [await codeOf(phone), await codeOf(mother.phone)];
      const started = await start();
      expect(await refusedWith(tx, () => prove(before, right, holder))).toBe('unknown_dependent');
      await tx`update private.reassignments set expires_at = now() where id = ${started.reassignment_id}`;
      const late = await prove(started, await codeOf(phone), await codeOf(mother.phone));
      expect([late.patient_id, late.guesses_left]).toEqual([null, 0]);
    }));

  test('for a phone that cannot be theirs, for strangers, and too often', () =>
    atTheDesk(async ({ tx, mother, phone, start }) => {
      expect(await refusedWith(tx, () => start(mother.phone))).toBe('phone_of_holder');
      expect(await refusedWith(tx, () => start('none'))).toBe('invalid_phone');
      const elsewhere = await aDeskPerson(tx, await aClinic(tx));
      expect(await refusedWith(tx, () => start(phone, elsewhere))).toBe('unknown_patient');
      const silent = await aPatient(tx);
      await tx`update public.patients set created_at = now() - interval '20 years' where id = ${silent.id}`;
      expect(await refusedWith(tx, () => start(silent.phone))).toBe('dormant_phone');
      const refused: (string | undefined)[] = [];
      for (let n = 0; n < 12; n += 1) refused.push(await refusedWith(tx, () => start()));
      expect(refused[0]).toBeUndefined();
      expect(refused.at(-1)).toBe('too_many_codes');
    }));
});

test('of two who prove it at once one is told that it is done', async () => {
  const { clinic, mother, child, slots, doctor } = await aFamily(sql);
  const priya = await aDeskPerson(sql, clinic);
  const third = await aPractitioner(sql, clinic);
  for (const [who, at] of [
    [doctor, slots[0]],
    [third, slots[1]]
  ] as const) {
    await sql`
      insert into public.appointments (patient_id, dependent_id, practitioner_id, starts_at)
      values (${mother.id}, ${child}, ${who.id}, ${at})`;
  }
  const [started] = await keptAtDesk(
    sql,
    priya,
    (tx) => tx<{ id: string }[]>`
      select public.reassign_dependent(${child}, ${aPhone()}) ->> 'reassignment_id' as id`
  );
  // What was texted is erased once it is sent; these are other codes.
  await sql`
    update private.reassignments set phone_code = extensions.crypt('123456', phone_code),
      holder_code = extensions.crypt('654321', holder_code) where id = ${started?.id ?? null}`;
  const outcomes = await Promise.allSettled(
    [1, 2].map(() =>
      keptAtDesk(
        sql,
        priya,
        (tx) => tx`select public.prove_reassignment(${started?.id ?? null}, '123456', '654321')`
      )
    )
  );
  const done = outcomes.filter(
    (one) => one.status === 'fulfilled' && JSON.stringify(one.value).includes('"wrong":[]')
  );
  expect(done).toHaveLength(1);
  const [left] = await sql<{ mothers: number; hers: number }[]>`
    select count(*) filter (where patient_id = ${mother.id})::int as mothers, count(*)::int as hers
    from public.appointments where practitioner_id = any (${[doctor.id, third.id]})`;
  expect(left).toEqual({ mothers: 0, hers: 2 });
});
