// Families at the desk: who comes is seen, found, booked, merged and told.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { aDependent, aFamily, bookFor, type Family, type FamilyAppointment } from '../helpers/family.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPatient, aPhone, book } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World extends Family {
  tx: Transaction;
  priya: DeskPerson;
  /** The child's. */
  appointment: FamilyAppointment;
}

function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const family = await aFamily(tx);
    await tx`update public.patients set name = 'Asha Rao' where id = ${family.mother.id}`;
    const priya = await aDeskPerson(tx, family.clinic);
    const appointment = await bookFor(tx, family.mother, family.doctor, family.slots[0], family.child);
    await work({ ...family, tx, priya, appointment });
  });
}

const onDay = (slot: Date) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(slot);

describe('who comes', () => {
  test('stands in the day, the preview of an operation, the stranded and the record', () =>
    atTheDesk(async ({ tx, priya, clinic, doctor, mother, child, appointment }) => {
      const day = onDay(appointment.starts_at);
      const seen = await asDesk(tx, priya, async (db) => ({
        day: await db`
          select name, dependent_id, holder_name, birth_year from public.desk_day(${clinic.id}, ${day})`,
        preview: await db`select name from public.preview_day(${doctor.id}, ${day})`,
        record: await db`select public.desk_patient(${mother.id}) as it`
      }));
      expect(seen.day).toEqual([
        { name: 'Meera Rao', dependent_id: child, holder_name: 'Asha Rao', birth_year: 2015 }
      ]);
      expect(seen.preview).toEqual([{ name: 'Meera Rao' }]);
      const record = seen.record[0]?.it as { timeline: { kind: string; table?: string }[] };
      expect(record).toMatchObject({
        name: 'Asha Rao',
        dependents: [{ dependent_id: child, name: 'Meera Rao', birth_year: 2015, removed: false }]
      });
      expect(record.timeline).toContainEqual(
        expect.objectContaining({ kind: 'appointment', dependent_id: child, dependent_name: 'Meera Rao' })
      );
      expect(record.timeline).toContainEqual(
        expect.objectContaining({ kind: 'change', table: 'dependents', action: 'insert' })
      );
      await tx`delete from public.schedules where practitioner_id = ${doctor.id}`;
      expect(
        await asDesk(tx, priya, (db) => db`select patient from public.stranded_appointments`)
      ).toContainEqual({ patient: 'Meera Rao' });
    }));

  test('is found by the name of any of a family, typing errors forgiven', () =>
    atTheDesk(async ({ tx, priya, clinic, mother, child }) => {
      const found = await asDesk(
        tx,
        priya,
        (db) => db`select patient_id, name, dependents from public.desk_find(${clinic.id}, 'meera rau')`
      );
      expect(found[0]).toEqual({
        patient_id: mother.id,
        name: 'Asha Rao',
        dependents: [{ dependent_id: child, name: 'Meera Rao', birth_year: 2015 }]
      });
    }));

  test('is kept when the desk moves, and given other times by their own appointments', () =>
    atTheDesk(async ({ tx, priya, doctor, colleague, mother, child, slots, appointment }) => {
      await bookFor(tx, mother, colleague, slots[1], null);
      const offered = await asDesk(
        tx,
        priya,
        (db) => db<{ starts_at: Date }[]>`
          select starts_at from public.desk_slots(${doctor.id}, ${onDay(slots[1])}, ${mother.id}, ${appointment.id})`
      );
      expect(offered.map(({ starts_at }) => starts_at.getTime())).toContain(slots[1].getTime());
      await asDesk(
        tx,
        priya,
        (db) => db`select public.desk_move(${appointment.id}, ${doctor.id}, ${slots[1]})`
      );
      expect(await tx`select dependent_id from public.appointments where id = ${appointment.id}`).toEqual([
        { dependent_id: child }
      ]);
    }));
});

test('the desk books for one of a family, known or new, and knows the new one again', () =>
  atTheDesk(async ({ tx, priya, doctor, colleague, mother, child, slots }) => {
    const bookAtDesk = (
      at: Date,
      names: { dependent_name?: string; dependent_id?: string; birth_year?: number },
      phone = mother.phone
    ) =>
      asDesk(tx, priya, async (db) => {
        const [row] = await db<FamilyAppointment[]>`
          select * from public.desk_book(${doctor.id}, ${at}, ${phone}, 'Asha Rao',
            dependent_id => ${names.dependent_id ?? null}, dependent_name => ${names.dependent_name ?? null},
            birth_year => ${names.birth_year ?? null})`;
        return row;
      });
    const known = await bookAtDesk(slots[1], { dependent_id: child });
    expect([known?.patient_id, known?.dependent_id]).toEqual([mother.id, child]);
    const arun = await bookAtDesk(slots[2], { dependent_name: ' Arun Rao', birth_year: 2018 });
    const again = await bookAtDesk(slots[3], { dependent_name: 'arun rao' });
    expect(again?.dependent_id).toBe(arun?.dependent_id);
    expect(
      await tx`select name, birth_year from public.dependents where id = ${arun?.dependent_id ?? null}`
    ).toEqual([{ name: 'Arun Rao', birth_year: 2018 }]);
    // Somebody new with somebody new, in one step.
    const phone = aPhone();
    const [slot] = await tx<{ starts_at: Date }[]>`
      select starts_at from public.desk_slots(${colleague.id}, ${onDay(slots[3])}) order by 1 desc limit 1`;
    const newcomer = await asDesk(tx, priya, async (db) => {
      const [row] = await db<FamilyAppointment[]>`
        select * from public.desk_book(${colleague.id}, ${slot?.starts_at ?? null}, ${phone}, dependent_name => 'Latha')`;
      return row;
    });
    expect(await tx`select name from public.dependents where id = ${newcomer?.dependent_id ?? null}`).toEqual(
      [{ name: 'Latha' }]
    );
    const wrong = await refusalIn(tx, () =>
      bookAtDesk(slots[3], { dependent_name: 'Ravi', birth_year: 3000 })
    );
    expect(wrong?.detail).toBe('invalid_birth_year');
  }));

describe('a merge', () => {
  const merge = (tx: Transaction, by: DeskPerson, keep: { id: string }, gone: { id: string }) =>
    asDesk(tx, by, async (db) => {
      const [row] = await db<{ id: string }[]>`select public.merge_patients(${keep.id}, ${gone.id}) as id`;
      return row?.id ?? '';
    });

  test('brings dependents with their appointments along, past ones too, and undoing it gives them back', () =>
    atTheDesk(async ({ tx, priya, doctor, colleague, mother, child, slots, appointment }) => {
      const father = await aPatient(tx);
      const own = await book(tx, father, colleague, slots[0]);
      const son = await aDependent(tx, father, 'Arun Rao');
      await tx`update public.appointments set dependent_id = ${son} where id = ${own.id}`;
      const [cancelled] = await tx<{ id: string }[]>`
        insert into public.appointments (patient_id, dependent_id, practitioner_id, starts_at, status)
        values (${father.id}, ${son}, ${doctor.id}, ${slots[2]}, 'cancelled') returning id`;
      const whose = () => tx<{ id: string; patient_id: string }[]>`
        select id, patient_id from public.appointments
        where id in (${own.id}, ${cancelled?.id ?? null}) and dependent_id = ${son}`;
      // Son and daughter are seen at the same time, by two doctors: that is no clash.
      const id = await merge(tx, priya, mother, father);
      expect(new Set((await whose()).map((row) => row.patient_id))).toEqual(new Set([mother.id]));
      expect(await whose()).toHaveLength(2);
      await asDesk(tx, priya, (db) => db`select public.undo_merge(${id})`);
      expect(new Set((await whose()).map((row) => row.patient_id))).toEqual(new Set([father.id]));
      expect(
        await tx`select patient_id from public.appointments where id = ${appointment.id} and dependent_id = ${child}`
      ).toEqual([{ patient_id: mother.id }]);
    }));

  test('is refused where there would be more than eight, and changes nothing', () =>
    atTheDesk(async ({ tx, priya, colleague, mother, slots }) => {
      const father = await aPatient(tx);
      await book(tx, father, colleague, slots[1]);
      for (const name of 'ABCDEFGH') await aDependent(tx, father, `${name}. Rao`);
      const refusal = await refusalIn(tx, () => merge(tx, priya, mother, father));
      expect(refusal).toMatchObject({ message: 'cannot_merge', detail: 'family_too_large' });
      expect(await tx`select from public.dependents where patient_id = ${father.id}`).toHaveLength(8);
    }));
});

describe('SMS', () => {
  const told = (tx: Transaction, { id }: { id: string }) =>
    tx<{ body: string; template: string; parts: number }[]>`
      select body, template, parts from public.sms_messages
      where patient_id = ${id} and template not in ('welcome') order by cmin::text::int`;

  test('about a dependent begin with the first name, whatever an admin has written; of the holder nobody is named', () =>
    atTheDesk(async ({ tx, doctor, mother, slots, appointment }) => {
      await tx`update public.sms_templates set body = 'Off: ' || body where key = 'appointment_cancelled'`;
      await bookFor(tx, mother, doctor, slots[1], null);
      await tx`select private.reschedule(${mother.id}, ${appointment.id}, ${slots[2]}, 'web', now())`;
      await tx`select private.cancel(${mother.id}, ${appointment.id}, 'web', now())`;
      const bodies = (await told(tx, mother)).map(({ body }) => body.split(' ').slice(0, 3).join(' '));
      expect(bodies).toEqual([
        'Meera: Booked: Dr.',
        'Booked: Dr. Anjali',
        'Meera: Moved: Dr.',
        'Meera: Off: Cancelled:'
      ]);
      expect((await told(tx, mother)).map(({ parts }) => parts)).toEqual([1, 1, 1, 1]);
    }));

  test('say more of a name where two of a family have the same, and none of its initials', () =>
    atTheDesk(async ({ tx, mother, child }) => {
      const called = async (id: string) =>
        (await tx<{ it: string }[]>`select private.called_name(${id}) as it`)[0]?.it;
      expect(await called(child)).toBe('Meera');
      const other = await aDependent(tx, mother, 'meera Iyer');
      expect([await called(child), await called(other)]).toEqual(['Meera Rao', 'meera Iyer']);
      expect(await called(await aDependent(tx, mother, 'K. R. Govind'))).toBe('Govind');
      expect(await called(await aDependent(tx, mother, 'S Latha'))).toBe('Latha');
      expect(await called(await aDependent(tx, mother, 'மீனா ராவ்'))).toBe('மீனா');
    }));

  test('tell each of a family once when the doctor is late', () =>
    atTheDesk(async ({ tx, priya, doctor, mother, slots }) => {
      await bookFor(tx, mother, doctor, slots[1], null);
      const brother = await aDependent(tx, mother, 'Arun Rao');
      await bookFor(tx, mother, doctor, slots[2], brother);
      await asDesk(
        tx,
        priya,
        (db) => db`select public.shift_day(${doctor.id}, ${onDay(slots[0])}, '00:00', 15)`
      );
      const late = (await told(tx, mother)).filter(({ template }) => template === 'delayed');
      expect(late.map(({ body }) => body.split(' ')[0]).sort()).toEqual(['Arun:', 'Dr.', 'Meera:']);
    }));
});
