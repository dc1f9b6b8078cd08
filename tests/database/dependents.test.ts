import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, refusalOf, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk } from '../helpers/desk.ts';
import { aDependent, aFamily, bookFor, type Family } from '../helpers/family.ts';
import { signedIn } from '../helpers/signed-in.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPractitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const withFamily = (work: (tx: Transaction, family: Family) => Promise<void>) =>
  rolledBack(sql, async (tx) => work(tx, await aFamily(tx)));

const lastRefusal = async (tx: Transaction, work: () => Promise<unknown>) => {
  const refusal = await refusalIn(tx, work);
  return refusal && `${refusal.message}: ${refusal.detail}`;
};

test('the history says that a holder added and corrected them on the web', () =>
  withFamily(async (tx, { mother }) => {
    await asPatient(tx, mother.account, async (db) => {
      await db`insert into public.dependents (name) values ('Govind Rao')`;
      await db`update public.dependents set name = 'Govinda Rao' where name = 'Govind Rao'`;
    });
    const events = await tx`
      select channel, action from public.audit_events
      where table_name = 'dependents' and actor_id = ${mother.account.userId} order by id`;
    expect([...events]).toEqual([
      { channel: 'web', action: 'insert' },
      { channel: 'web', action: 'update' }
    ]);
  }));

describe('one place at a time', () => {
  test('holds for a person: the holder and two dependents can be with three doctors', () =>
    withFamily(async (tx, { clinic, doctor, colleague, mother, child, slots: [slot] }) => {
      const brother = await aDependent(tx, mother, 'Arun Rao');
      const third = await aPractitioner(tx, clinic);
      const booked = [
        await bookFor(tx, mother, doctor, slot, child),
        await bookFor(tx, mother, colleague, slot, null),
        await bookFor(tx, mother, third, slot, brother)
      ];
      expect(booked.map((one) => [one.patient_id, one.dependent_id])).toEqual([
        [mother.id, child],
        [mother.id, null],
        [mother.id, brother]
      ]);
    }));

  test('is refused by a word of its own for a dependent, when booked and when moved', () =>
    withFamily(async (tx, { doctor, colleague, mother, child, slots: [slot, later] }) => {
      await bookFor(tx, mother, doctor, slot, child);
      const other = await bookFor(tx, mother, colleague, later, child);
      const refused = (work: () => Promise<unknown>) => lastRefusal(tx, work);
      expect(await refused(() => bookFor(tx, mother, colleague, slot, child))).toBe(
        'slot_unavailable: dependent_appointment'
      );
      expect(await refused(() => bookFor(tx, mother, doctor, slot, child))).toBe(
        'slot_taken: dependent_slot'
      );
      // The doctor is with the child, so the mother cannot be there too.
      expect(await refused(() => bookFor(tx, mother, doctor, slot, null))).toBe('slot_taken: slot_taken');
      const move = () =>
        asPatient(tx, mother.account, (db) => db`select public.reschedule_appointment(${other.id}, ${slot})`);
      expect(await refused(move)).toBe('slot_unavailable: dependent_appointment');
    }));

  test('times are offered that only one of a family cannot have; to somebody alone they are not', () =>
    withFamily(async (tx, { doctor, colleague, mother, child, slots: [slot] }) => {
      const offered = async () =>
        asPatient(tx, mother.account, async (db) => {
          const rows = await db`
            select from public.available_slots(${colleague.id}, (${slot}::timestamptz at time zone 'Asia/Kolkata')::date)
            where starts_at = ${slot}`;
          return rows.count === 1;
        });
      await bookFor(tx, mother, doctor, slot, null);
      expect(await offered()).toBe(true);
      await tx`delete from public.dependents where id = ${child}`;
      expect(await offered()).toBe(false);
    }));

  test('whatever is booked, moved, cancelled, given to others by hand, merged and undone', async () => {
    const action = fc.record({
      what: fc.constantFrom('book', 'move', 'cancel', 'again', 'hand', 'merge', 'undo'),
      who: fc.nat(4),
      doctor: fc.nat(2),
      slot: fc.nat(3)
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 8, maxLength: 16 }), (actions) =>
        rolledBack(sql, async (tx) => {
          const { clinic, doctor, colleague, mother, child, slots } = await aFamily(tx, {
            max_active_bookings: 50
          });
          const doctors = [doctor, colleague, await aPractitioner(tx, clinic)];
          const father = await aPatient(tx);
          const persons = [
            [mother.id, null],
            [mother.id, child],
            [mother.id, await aDependent(tx, mother, 'Arun Rao')],
            [father.id, null],
            [father.id, await aDependent(tx, father, 'Latha Rao')]
          ];
          const merges: string[] = [];
          const appointments: string[] = [];
          const one = (n: number) => appointments[n % Math.max(appointments.length, 1)] ?? null;
          for (const { what, who, doctor: d, slot: s } of actions) {
            const [patient = null, dependent = null] = persons[who] ?? [];
            const [with_ = null, at = null] = [doctors[d]?.id, slots[s]];
            const steps: Record<typeof what, () => Promise<unknown>> = {
              book: async () => {
                const [row] = await tx<{ id: string }[]>`
                  select id from private.book(${patient}, ${with_}, ${at}, 'ivr', null, now(), p_dependent_id => ${dependent})`;
                if (row) appointments.push(row.id);
              },
              move: () =>
                tx`update public.appointments set starts_at = ${at}, practitioner_id = ${with_} where id = ${one(who)}`,
              cancel: () => tx`update public.appointments set status = 'cancelled' where id = ${one(who)}`,
              again: () => tx`update public.appointments set status = 'booked' where id = ${one(who)}`,
              hand: () =>
                tx`update public.appointments set dependent_id = ${dependent} where id = ${one(s + d)}`,
              merge: async () => {
                const [row] = await tx<
                  { id: string }[]
                >`select public.merge_patients(${mother.id}, ${father.id}) as id`;
                if (row) merges.push(row.id);
              },
              undo: () => tx`select public.undo_merge(${merges.at(-1) ?? null})`
            };
            await refusalIn(tx, steps[what]);
          }
          const twice = await tx`
            select from public.appointments a join public.appointments b on a.id < b.id
              and coalesce(a.dependent_id, a.patient_id) = coalesce(b.dependent_id, b.patient_id)
              and a.active and b.active and a.starts_at < b.ends_at and b.starts_at < a.ends_at`;
          const strange = await tx`
            select from public.appointments a join public.dependents d on d.id = a.dependent_id
            where d.patient_id <> a.patient_id`;
          expect([twice.count, strange.count]).toEqual([0, 0]);
        })
      ),
      { numRuns: 12 }
    );
  });
});

describe('who can be named', () => {
  test('nobody’s dependent but one’s own: not by booking, by hand, nor at the desk', () =>
    withFamily(async (tx, { clinic, doctor, colleague, mother, child, slots: [slot, later] }) => {
      const stranger = await aPatient(tx, { account: true });
      const own = await bookFor(tx, stranger, colleague, slot, null);
      const unknown = 'not_found: unknown_dependent';
      expect(await lastRefusal(tx, () => bookFor(tx, stranger, doctor, later, child))).toBe(unknown);
      expect(
        await lastRefusal(
          tx,
          () => tx`update public.appointments set dependent_id = ${child} where id = ${own.id}`
        )
      ).toBe(unknown);
      expect(
        await lastRefusal(
          tx,
          () => tx`insert into public.appointments (patient_id, dependent_id, practitioner_id, starts_at)
            values (${stranger.id}, ${child}, ${doctor.id}, ${later})`
        )
      ).toBe(unknown);
      const priya = await aDeskPerson(tx, clinic);
      expect(
        await lastRefusal(tx, () =>
          asDesk(
            tx,
            priya,
            (db) =>
              db`select public.desk_book(${doctor.id}, ${later}, ${stranger.phone}, dependent_id => ${child})`
          )
        )
      ).toBe(unknown);
      expect(await bookFor(tx, mother, doctor, later, child)).toMatchObject({ dependent_id: child });
    }));

  test('nobody who was removed', () =>
    withFamily(async (tx, { doctor, mother, child, slots: [slot] }) => {
      await tx`update public.dependents set removed_at = now() where id = ${child}`;
      expect(await lastRefusal(tx, () => bookFor(tx, mother, doctor, slot, child))).toBe(
        'not_found: unknown_dependent'
      );
    }));
});

describe('quotas', () => {
  test('count for the account, whoever comes', () =>
    rolledBack(sql, async (tx) => {
      const {
        doctor,
        mother,
        child,
        slots: [first, second, third]
      } = await aFamily(tx, { max_active_bookings: 2 });
      await bookFor(tx, mother, doctor, first, child);
      await bookFor(tx, mother, doctor, second, null);
      expect(await lastRefusal(tx, () => bookFor(tx, mother, doctor, third, child))).toBe(
        'too_many_bookings: too_many_bookings'
      );
    }));
});

describe('removing a dependent', () => {
  const remove = (tx: Transaction, { mother, child }: Family) =>
    asPatient(tx, mother.account, (db) => db`delete from public.dependents where id = ${child}`);
  const left = (tx: Transaction, { child }: Family) =>
    tx<{ name: string; removed: boolean }[]>`
      select name, removed_at is not null as removed from public.dependents where id = ${child}`;

  test('is refused while appointments are to come', () =>
    withFamily(async (tx, family) => {
      await bookFor(tx, family.mother, family.doctor, family.slots[0], family.child);
      expect(await lastRefusal(tx, () => remove(tx, family))).toBe(
        'dependent_has_appointments: dependent_has_appointments'
      );
      expect(await left(tx, family)).toEqual([{ name: 'Meera Rao', removed: false }]);
    }));

  test('keeps the name for the history, and without one leaves nothing', () =>
    withFamily(async (tx, family) => {
      const { id } = await bookFor(tx, family.mother, family.doctor, family.slots[0], family.child);
      await tx`update public.appointments set status = 'cancelled' where id = ${id}`;
      await remove(tx, family);
      expect(await left(tx, family)).toEqual([{ name: 'Meera Rao', removed: true }]);
      await tx`delete from public.appointments where id = ${id}`;
      await tx`delete from public.dependents where id = ${family.child}`;
      expect(await left(tx, family)).toEqual([]);
    }));
});

test('the account that is deleted takes names and years along, and the clinic keeps its appointments', () =>
  withFamily(async (tx, { doctor, mother, child, slots: [slot] }) => {
    const { id } = await bookFor(tx, mother, doctor, slot, child);
    const unseen = await aDependent(tx, mother, 'Arun Rao');
    await tx`select private.delete_account(${mother.account.userId})`;
    expect(
      await tx`select id, name, birth_year from public.dependents where patient_id = ${mother.id}`
    ).toEqual([{ id: child, name: null, birth_year: null }]);
    expect(await tx`select status, dependent_id from public.appointments where id = ${id}`).toEqual([
      { status: 'booked', dependent_id: child }
    ]);
    const [audit] = await tx<{ told: string }[]>`
      select string_agg(changes::text, '') as told from public.audit_events
      where table_name = 'dependents' and row_id in (${child}, ${unseen})`;
    expect(audit?.told).toContain('(erased)');
    expect(audit?.told).not.toMatch(/Rao|2015/);
  }));

describe('through the Data API', () => {
  test('a patient adds, corrects and removes for whom they book, eight at most at once, and nobody else does', async () => {
    const password = 'korrekt pferd 77';
    const [mother, stranger] = [
      await aPatient(sql, { account: true, password }),
      await aPatient(sql, { account: true, password })
    ];
    const as = async ({ phone }: { phone: string }) => {
      const session = await signedIn(theStack(), phone, password);
      if (!session) throw new Error('The password was refused.');
      return session.client;
    };
    const [hers, theirs] = [await as(mother), await as(stranger)];
    const added = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        hers
          .from('dependents')
          .insert({ name: `Child ${String.fromCharCode(65 + n)}`, birth_year: 2015 })
          .select()
          .single()
      )
    );
    const refused = added.flatMap(({ error }) => (error ? [error] : []));
    expect(refused.map(({ message }) => message)).toEqual(
      Array.from({ length: 4 }, () => 'too_many_dependents')
    );
    expect(refused[0]?.hint).toContain('8 others');
    const { data: list } = await hers.from('dependents').select('id, patient_id, name');
    expect(list).toHaveLength(8);
    expect(new Set(list?.map((one) => one.patient_id as string))).toEqual(new Set([mother.id]));
    const id = list?.[0]?.id as string;

    expect((await theirs.from('dependents').select()).data).toEqual([]);
    const forged = await theirs.from('dependents').insert({ name: 'Asha', patient_id: mother.id });
    expect(forged.error?.code).toBe('42501');
    await theirs.from('dependents').update({ name: 'Nobody' }).eq('id', id);
    await theirs.from('dependents').delete().eq('id', id);

    const corrected = await hers
      .from('dependents')
      .update({ name: '  Meera ' })
      .eq('id', id)
      .select('name')
      .single();
    expect(corrected.data).toEqual({ name: 'Meera' });
    const given = await hers.from('dependents').update({ patient_id: stranger.id }).eq('id', id);
    expect(given.error?.code).toBe('42501');
    const unborn = await hers.from('dependents').update({ birth_year: 3000 }).eq('id', id);
    expect(unborn.error?.details).toBe('invalid_birth_year');
    expect((await hers.from('dependents').delete().eq('id', id)).error).toBeNull();
    expect((await hers.from('dependents').select()).data).toHaveLength(7);
  });

  test('an appointment tells the name of who comes', async () => {
    const password = 'korrekt pferd 77';
    const family = await aFamily(sql);
    const mother = await aPatient(sql, { account: true, password });
    const child = await aDependent(sql, mother);
    const session = await signedIn(theStack(), mother.phone, password);
    const args = { practitioner_id: family.doctor.id, starts_at: family.slots[0].toISOString() };
    const booked = await session?.client.rpc('book_appointment', { ...args, dependent_id: child });
    expect(booked?.error).toBeNull();
    const listed = await session?.client.from('appointments').select('dependent_id, dependents(name)');
    expect(listed?.data).toEqual([{ dependent_id: child, dependents: { name: 'Meera Rao' } }]);
  });
});

describe('two at once', () => {
  test('one person at the same time with two doctors: one is refused; two persons: both are booked', async () => {
    const {
      doctor,
      colleague,
      mother,
      child,
      slots: [slot, other]
    } = await aFamily(sql);
    const book = (practitioner: { id: string }, at: Date, dependent: string | null) =>
      refusalOf(
        sql`select private.book(${mother.id}, ${practitioner.id}, ${at}, 'web', null, now(), p_dependent_id => ${dependent})`
      );
    const same = await Promise.all([book(doctor, slot, child), book(colleague, slot, child)]);
    expect(same.map((refusal) => refusal?.detail ?? 'booked').sort()).toEqual([
      'booked',
      'dependent_appointment'
    ]);
    const two = await Promise.all([book(doctor, other, child), book(colleague, other, null)]);
    expect(two).toEqual([undefined, undefined]);
  });

  test('removing and booking: whichever comes first, no appointment to come is left with somebody removed', async () => {
    const { doctor, mother, child, slots } = await aFamily(sql);
    await sql`
      insert into public.appointments (patient_id, dependent_id, practitioner_id, starts_at, status)
      values (${mother.id}, ${child}, ${doctor.id}, ${slots[3]}, 'cancelled')`;
    const outcomes = await Promise.all([
      refusalOf(sql`delete from public.dependents where id = ${child}`),
      refusalOf(sql`
        select private.book(${mother.id}, ${doctor.id}, ${slots[0]}, 'web', null, now(), p_dependent_id => ${child})`)
    ]);
    expect(outcomes.filter((refusal) => refusal !== undefined)).toHaveLength(1);
  });
});
