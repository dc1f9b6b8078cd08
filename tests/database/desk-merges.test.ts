// Two rows that are one person, and a phone that was wrong.
import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { aDependent } from '../helpers/family.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  anAccountJob,
  aPatient,
  aPhone,
  aPractitioner,
  aSession,
  aUser,
  book,
  nextSlots
} from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  priya: DeskPerson;
  slots: Date[];
  keep: Patient;
  gone: Patient;
  own: Appointment;
  merge(keep?: { id: string }, gone?: { id: string }, by?: DeskPerson): Promise<string>;
  undo(merge: string): Promise<void>;
}

/** Two patients with a phone and an appointment each. */
function twoOfOne(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const doctor = await aPractitioner(tx, clinic);
    const priya = await aDeskPerson(tx, clinic);
    const slots = await nextSlots(tx, doctor, 4);
    const [keep, gone] = [await aPatient(tx), await aPatient(tx)];
    await book(tx, keep, doctor, slots[0] ?? new Date());
    const own = await book(tx, gone, doctor, slots[1] ?? new Date());
    await work({
      tx,
      clinic,
      doctor,
      priya,
      slots,
      keep,
      gone,
      own,
      merge: async (one = keep, other = gone, by = priya) => {
        const [row] = await asDesk(
          tx,
          by,
          (db) => db<{ id: string }[]>`select public.merge_patients(${one.id}, ${other.id}) as id`
        );
        return row?.id ?? '';
      },
      undo: async (merge) => {
        await asDesk(tx, priya, (db) => db`select public.undo_merge(${merge})`);
      }
    });
  });
}

const patient = async (tx: Transaction, { id }: { id: string }) =>
  (
    await tx<{ phone: string | null; name: string | null; user_id: string | null }[]>`
      select phone, name, user_id from public.patients where id = ${id}`
  )[0];

/** How to make a row that points to a patient, for every column that does. A new one needs a line here. */
const rows: Record<string, (tx: Transaction, world: World) => Promise<unknown>> = {
  'appointments.patient_id': (tx, { gone, doctor, slots }) => book(tx, gone, doctor, slots[2] ?? new Date()),
  'dependents.patient_id': (tx, { gone }) => aDependent(tx, gone),
  'sms_messages.patient_id': (tx, { gone }) =>
    tx`insert into public.sms_messages (patient_id, to_phone, template, body) values (${gone.id}, ${gone.phone}, 'x', 'x')`,
  'ivr_calls.patient_id': (tx, { gone, clinic }) =>
    tx`
      insert into public.ivr_calls (call_id, clinic_id, patient_id, outcome, last_step_at)
      values ('merged', ${clinic.id}, ${gone.id}, 'booked', now())`,
  'private.account_jobs.patient_id': (tx, { gone }) => anAccountJob(tx, gone.id),
  'private.call_proofs.patient_id': (tx, { gone, clinic }) =>
    tx`insert into private.call_proofs (call_id, clinic_id, patient_id) values ('merged', ${clinic.id}, ${gone.id})`,
  'private.introduced_patients.patient_id': (tx, { gone, clinic }) =>
    tx`insert into private.introduced_patients (clinic_id, patient_id) values (${clinic.id}, ${gone.id})`,
  'private.signs_of_life.patient_id': (tx, { gone }) =>
    tx`insert into private.signs_of_life (patient_id, seen_at) values (${gone.id}, now())`,
  // One who was merged before, and now leads further.
  'private.patient_merges.keep_id': async (tx, { gone }) => {
    const before = await aPatient(tx);
    await tx`
      insert into private.patient_merges (keep_id, gone_id, merged_at)
      values (${gone.id}, ${before.id}, now())`;
  }
};

describe('a merge', () => {
  test('covers every column that points to a patient', async () => {
    const columns = await sql<{ name: string }[]>`
      select relation::text || '.' || column_name as name from private.references_to_patients()`;
    expect(columns.map(({ name }) => name).sort()).toEqual(Object.keys(rows).sort());
  });

  test.each(Object.keys(rows))('brings %s along, and gives it back', (name) =>
    twoOfOne(async (world) => {
      const { tx, keep, gone, merge, undo } = world;
      await rows[name]?.(tx, world);
      const [table, column] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
      const count = async ({ id }: { id: string }) =>
        (await tx`select from ${tx(table)} where ${tx(column)} = ${id}`).count;
      const before = [await count(keep), await count(gone)];
      expect(before[1]).toBeGreaterThan(0);
      const id = await merge();
      // Both phones are told, and the merge itself is a row.
      const more = { 'sms_messages.patient_id': 2, 'private.patient_merges.keep_id': 1 }[name] ?? 0;
      expect([await count(keep), await count(gone)]).toEqual([(before[0] ?? 0) + (before[1] ?? 0) + more, 0]);
      await undo(id);
      expect([await count(keep), await count(gone)]).toEqual([(before[0] ?? 0) + more, before[1]]);
    })
  );

  test('leads from who is gone to who stayed, also over two steps, and can be found by either phone', () =>
    twoOfOne(async ({ tx, clinic, doctor, priya, slots, keep, gone, merge, undo }) => {
      await tx`update public.patients set name = 'Laxmi' where id = ${gone.id}`;
      await merge();
      const third = await aPatient(tx);
      await book(tx, third, doctor, slots[3] ?? new Date());
      const second = await merge(third, keep);
      const found = await asDesk(
        tx,
        priya,
        (db) => db`select patient_id, merged_into from public.desk_find(${clinic.id}, ${gone.phone})`
      );
      expect([...found]).toEqual([{ patient_id: gone.id, merged_into: third.id }]);
      const [record] = await asDesk(
        tx,
        priya,
        (db) => db<{ id: string; merged: unknown[] }[]>`
          select r ->> 'patient_id' as id, r -> 'merged' as merged from public.desk_patient(${gone.id}) r`
      );
      expect(record).toMatchObject({
        id: third.id,
        merged: expect.arrayContaining(
          [gone, keep].map(({ id: was }) => expect.objectContaining({ patient_id: was }) as unknown)
        ) as unknown
      });
      await undo(second);
      const back = await asDesk(
        tx,
        priya,
        (db) => db`select patient_id, merged_into from public.desk_find(${clinic.id}, ${gone.phone})`
      );
      expect([...back]).toEqual([{ patient_id: gone.id, merged_into: keep.id }]);
    }));

  test('keeps phone and name of who stays, and takes what they lack', () =>
    twoOfOne(async ({ tx, clinic, doctor, slots, keep, gone, merge, undo }) => {
      await tx`update public.patients set name = 'Lakshmi' where id = ${gone.id}`;
      const id = await merge();
      expect(await patient(tx, keep)).toMatchObject({ phone: keep.phone, name: 'Lakshmi' });
      expect(await patient(tx, gone)).toMatchObject({ phone: null, name: 'Lakshmi' });
      await undo(id);
      expect(await patient(tx, keep)).toMatchObject({ phone: keep.phone, name: null });
      expect(await patient(tx, gone)).toMatchObject({ phone: gone.phone, name: 'Lakshmi' });

      const [walkIn] = await tx<
        { id: string }[]
      >`insert into public.patients (name) values ('L. N.') returning id`;
      if (!walkIn) throw new Error('No patient was made.');
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${walkIn.id}, ${doctor.id}, ${slots[3] ?? null})`;
      const second = await merge(walkIn, gone);
      expect(await patient(tx, walkIn)).toMatchObject({ phone: gone.phone, name: 'L. N.' });
      const call = {
        call_id: clinic.id,
        caller: gone.phone,
        dialled: clinic.phone,
        turn: 1,
        step: 'menu',
        keys: ''
      };
      await tx`select private.ivr_turn(${tx.json(call)}, null)`;
      const [called] = await tx`select patient_id from public.ivr_calls where call_id = ${clinic.id}`;
      expect(called?.patient_id).toBe(walkIn.id);
      await undo(second);
      expect(await patient(tx, walkIn)).toMatchObject({ phone: null, name: 'L. N.' });
      expect(await patient(tx, gone)).toMatchObject({ phone: gone.phone });
    }));

  test('tells both phones where they differ', () =>
    twoOfOne(async ({ tx, keep, gone, merge }) => {
      await merge();
      const texts = await tx<{ to_phone: string }[]>`
        select to_phone from public.sms_messages
        where template in ('phone_changed', 'phone_moved_here') and to_phone in (${gone.phone}, ${keep.phone})
        order by template`;
      expect(texts.map(({ to_phone }) => to_phone)).toEqual([gone.phone, keep.phone]);
    }));

  test('sends what waits to the phone that stays, codes to neither, and back when it is undone', () =>
    twoOfOne(async ({ tx, keep, gone, own, merge, undo }) => {
      await tx`
        insert into public.sms_messages (to_phone, template, body, patient_id, secret)
        values (${gone.phone}, 'call_code', '123456', ${gone.id}, true),
          (${gone.phone}, 'phone_changed', 'Was it you?', ${gone.id}, false)`;
      const waiting = async () =>
        (
          await tx<{ template: string; to_phone: string }[]>`
            select template, to_phone from public.sms_messages
            where status = 'queued'
              and (appointment_id = ${own.id} or (to_phone in (${keep.phone}, ${gone.phone}) and appointment_id is null))
            order by template, body`
        ).map(({ template, to_phone }) => [template, to_phone === keep.phone ? 'keep' : 'gone']);
      const id = await merge();
      const told = [
        ['phone_changed', 'gone'],
        ['phone_changed', 'gone'],
        ['phone_moved_here', 'keep']
      ];
      expect(await waiting()).toEqual([['appointment_booked', 'keep'], ...told]);
      await undo(id);
      expect(await waiting()).toEqual([['appointment_booked', 'gone'], ...told]);
    }));

  test('makes the account that was about to be made for the phone that goes over', () =>
    twoOfOne(async ({ tx, keep, gone, merge }) => {
      await tx`update public.patients set phone = null where id = ${keep.id}`;
      const job = await anAccountJob(tx, gone.id);
      await merge();
      const claimed = await tx`
        select job_id, phone from private.claim_account_jobs(1000) where patient_id in (${keep.id}, ${gone.id})`;
      expect([...claimed]).toEqual([{ job_id: job, phone: gone.phone }]);
      const userId = await aUser(tx, gone.phone, { jobId: job });
      await tx`select private.finish_account_job(${job}, ${userId}, 'ABCD2345')`;
      expect(await patient(tx, keep)).toMatchObject({ user_id: userId, phone: gone.phone });
      const welcome = await tx`
        select to_phone from public.sms_messages where template = 'welcome' and patient_id = ${keep.id}`;
      expect([...welcome]).toEqual([{ to_phone: gone.phone }]);
    }));

  test('makes one account where one was about to be made for each', () =>
    twoOfOne(async ({ tx, keep, gone, merge }) => {
      await tx`update public.patients set phone = null where id = ${keep.id}`;
      const job = await anAccountJob(tx, keep.id);
      await anAccountJob(tx, gone.id);
      await merge();
      const claimed = await tx`
        select job_id, phone from private.claim_account_jobs(1000) where patient_id in (${keep.id}, ${gone.id})`;
      expect([...claimed]).toEqual([{ job_id: job, phone: gone.phone }]);
    }));

  test('makes no account for a phone that is nobody’s any more', () =>
    twoOfOne(async ({ tx, keep, gone, merge }) => {
      await anAccountJob(tx, gone.id);
      await merge();
      const open = await tx`
        select from private.account_jobs where done_at is null and patient_id in (${keep.id}, ${gone.id})`;
      const claimed = await tx`
        select * from private.claim_account_jobs(1000) where patient_id in (${keep.id}, ${gone.id})`;
      expect([open.count, claimed.count]).toEqual([0, 0]);
    }));

  test('that is undone has the account made that was about to be', () =>
    twoOfOne(async ({ tx, gone, merge, undo }) => {
      const before = await anAccountJob(tx, gone.id);
      const claimed = () => tx<{ job_id: string; phone: string; password_seed: string }[]>`
        select job_id, phone, password_seed from private.claim_account_jobs(1000) where patient_id = ${gone.id}`;
      const merged = await merge();
      expect(await claimed()).toHaveLength(0);
      await undo(merged);
      const [job] = await claimed();
      expect(job).toMatchObject({ phone: gone.phone });
      expect(job?.password_seed).toMatch(/^[0-9a-f]{64}$/);
      expect(job?.job_id).not.toBe(before);
    }));

  test('that is undone asks for no account for whom none was to be made', () =>
    twoOfOne(async ({ tx, gone, merge, undo }) => {
      const job = await anAccountJob(tx, gone.id);
      await tx`update private.account_jobs set done_at = now() - interval '1 hour' where id = ${job}`;
      await undo(await merge());
      const open =
        await tx`select from private.account_jobs where done_at is null and patient_id = ${gone.id}`;
      expect(open).toHaveLength(0);
    }));

  test('gives another reference where both had the same', () =>
    twoOfOne(async ({ tx, keep, own, merge }) => {
      await tx`update public.appointments set reference = '4821' where patient_id = ${keep.id}`;
      await tx`update public.appointments set reference = '4821' where id = ${own.id}`;
      await merge();
      const [row] = await tx`select reference, patient_id from public.appointments where id = ${own.id}`;
      expect(row?.patient_id).toBe(keep.id);
      expect(row?.reference).not.toBe('4821');
    }));
});

describe('a merge is refused, and nothing changed', () => {
  /** That what `change` makes of the two cannot be merged, for the reason. */
  const refused = (
    word: string,
    change: (world: World) => Promise<unknown>,
    refusal = { code: 'PT409', message: 'cannot_merge' }
  ) =>
    twoOfOne(async (world) => {
      const { tx, priya, keep, gone, merge } = world;
      await change(world);
      const state = async () => JSON.stringify([await patient(tx, keep), await patient(tx, gone)]);
      const before = await state();
      expect(await refusalIn(tx, () => merge())).toMatchObject({ ...refusal, detail: word });
      expect(await state()).toBe(before);
      const [preview] = await asDesk(
        tx,
        priya,
        (db) => db<{ word: string }[]>`
          select public.preview_merge(${keep.id}, ${gone.id}) ->> 'refusal' as word`
      );
      expect(preview?.word).toBe(word);
    });

  test('when both have an account', () =>
    refused('both_have_accounts', async ({ tx, keep, gone }) => {
      await aUser(tx, keep.phone);
      await aUser(tx, gone.phone);
    }));

  test('when the one that is to go has the account', () =>
    refused('gone_has_account', ({ tx, gone }) => aUser(tx, gone.phone)));

  test('when both have an appointment at the same time', () =>
    refused('appointments_clash', async ({ tx, clinic, gone, slots }) => {
      const other = await aPractitioner(tx, clinic);
      await book(tx, gone, other, slots[0] ?? new Date());
    }));

  test('when the one that is to go was at a clinic of others', () =>
    refused('patient_of_others', async ({ tx, gone, slots }) => {
      const elsewhere = await aPractitioner(tx, await aClinic(tx));
      await book(tx, gone, elsewhere, slots[3] ?? new Date());
    }));

  const worksAtADesk = (tx: Transaction, clinic: Clinic, phone: string) =>
    tx`insert into public.clinic_staff (clinic_id, phone, name, role) values (${clinic.id}, ${phone}, 'Meena', 'desk')`;

  test('when the phone that would move is of somebody who works at a desk', () =>
    refused('phone_of_staff', ({ tx, clinic, gone }) => worksAtADesk(tx, clinic, gone.phone), {
      code: 'PT403',
      message: 'not_staff'
    }));

  test('also to be undone, when it would give them the phone back', () =>
    twoOfOne(async ({ tx, clinic, keep, gone, merge, undo }) => {
      await worksAtADesk(tx, clinic, keep.phone);
      const id = await merge();
      await worksAtADesk(tx, clinic, gone.phone);
      expect((await refusalIn(tx, () => undo(id)))?.detail).toBe('phone_of_staff');
      // Admins may, as with a corrected phone.
      await tx`select private.undo_merge(m, now()) from private.patient_merges m where id = ${id}`;
      expect(await patient(tx, gone)).toMatchObject({ phone: gone.phone });
    }));

  test('when they are one already', () =>
    twoOfOne(async ({ tx, keep, gone, merge }) => {
      await merge();
      expect((await refusalIn(tx, () => merge()))?.detail).toBe('same_patient');
      expect((await refusalIn(tx, () => merge(gone, keep)))?.detail).toBe('same_patient');
    }));

  test('when it is of patients of others', () =>
    twoOfOne(async ({ tx, merge, keep, gone }) => {
      const stranger = await aDeskPerson(tx, await aClinic(tx));
      expect((await refusalIn(tx, () => merge(keep, gone, stranger)))?.message).toBe('not_found');
    }));

  test('also to be undone, and not seen, at a desk where only the one that stayed had been', () =>
    twoOfOne(async ({ tx, keep, slots, merge, undo }) => {
      const elsewhere = await aClinic(tx);
      const stranger = await aDeskPerson(tx, elsewhere);
      await book(tx, keep, await aPractitioner(tx, elsewhere), slots[2] ?? new Date());
      const id = await merge();
      const merged = async (by: DeskPerson) =>
        (
          await asDesk(
            tx,
            by,
            (db) => db<{ merged: unknown[] }[]>`select public.desk_patient(${keep.id}) -> 'merged' as merged`
          )
        )[0]?.merged;
      expect(await merged(stranger)).toEqual([]);
      const refusal = await refusalIn(tx, () =>
        asDesk(tx, stranger, (db) => db`select public.undo_merge(${id})`)
      );
      expect(refusal?.message).toBe('not_found');
      await undo(id);
    }));

  test('the preview tells nothing of other clinics', () =>
    twoOfOne(async ({ tx, priya, keep, gone, slots }) => {
      const there = await aPractitioner(tx, await aClinic(tx), { name: 'Dr. Secret' });
      await book(tx, keep, there, slots[1] ?? new Date());
      const [row] = await asDesk(
        tx,
        priya,
        (db) => db<{ preview: Record<string, unknown> }[]>`
          select public.preview_merge(${keep.id}, ${gone.id}) as preview`
      );
      expect(row?.preview).toMatchObject({
        keep: { appointments: 1 },
        clashes: [{ keep_practitioner: null, gone_practitioner: 'Dr. Anjali Rao' }]
      });
    }));

  test('the preview names what clashes', () =>
    twoOfOne(async ({ tx, clinic, priya, keep, gone, slots }) => {
      const other = await aPractitioner(tx, clinic, { name: 'Dr. Meera Iyer' });
      const clash = await book(tx, gone, other, slots[0] ?? new Date());
      const [row] = await asDesk(
        tx,
        priya,
        (db) => db<{ preview: Record<string, unknown> }[]>`
          select public.preview_merge(${keep.id}, ${gone.id}) as preview`
      );
      expect(row?.preview).toMatchObject({
        keep: { patient_id: keep.id, appointments: 1, has_account: false },
        gone: { patient_id: gone.id, appointments: 2, phone_end: gone.phone.slice(-4) },
        sentence: expect.stringContaining('Both have an appointment on 20') as string,
        clashes: [
          {
            gone_appointment: clash.id,
            keep_practitioner: 'Dr. Anjali Rao',
            gone_practitioner: 'Dr. Meera Iyer'
          }
        ]
      });
    }));
});

describe('a merge is undone', () => {
  test('once, and within a day', () =>
    twoOfOne(async ({ tx, merge, undo }) => {
      const id = await merge();
      await undo(id);
      expect((await refusalIn(tx, () => undo(id)))?.detail).toBe('too_late_to_undo');
      const second = await merge();
      await tx`update private.patient_merges set merged_at = now() - interval '1 day' where id = ${second}`;
      expect((await refusalIn(tx, () => undo(second)))?.detail).toBe('too_late_to_undo');
      await tx`select private.forget_what_is_old(now() + interval '1 second')`;
      const [row] = await tx`select moved from private.patient_merges where id = ${second}`;
      expect(row).toEqual({ moved: [] });
    }));

  test('not when the phone is another patient’s by now', () =>
    twoOfOne(async ({ tx, gone, merge, undo }) => {
      const id = await merge();
      await aPatient(tx, { phone: gone.phone });
      expect((await refusalIn(tx, () => undo(id)))?.message).toBe('phone_already_registered');
    }));

  test('what came since stays with who has it', () =>
    twoOfOne(async ({ tx, doctor, slots, keep, gone, own, merge, undo }) => {
      const id = await merge();
      const since = await book(tx, keep, doctor, slots[2] ?? new Date());
      await undo(id);
      const owners = await tx<{ id: string; patient_id: string }[]>`
        select id, patient_id from public.appointments where id in (${since.id}, ${own.id})`;
      expect(Object.fromEntries(owners.map((row) => [row.id, row.patient_id]))).toEqual({
        [since.id]: keep.id,
        [own.id]: gone.id
      });
    }));

  test('otherwise an appointment stays with its patient, also after a merge', () =>
    twoOfOne(async ({ tx, keep, own, merge }) => {
      await merge();
      const stranger = await aPatient(tx);
      for (const { id } of [stranger]) {
        const refusal = await refusalIn(
          tx,
          () => tx`update public.appointments set patient_id = ${id} where id = ${own.id}`
        );
        expect(refusal?.message).toBe('patient_is_fixed');
      }
      const [row] = await tx`select patient_id from public.appointments where id = ${own.id}`;
      expect(row?.patient_id).toBe(keep.id);
    }));
});

describe('an account that is deleted after a merge', () => {
  /** The owner of an account, who was merged with a row of hers without one. */
  const asPadma = (work: (world: World, userId: string, mergeId: string) => Promise<void>) =>
    twoOfOne(async (world) => {
      const { tx, keep, gone, merge } = world;
      const userId = await aUser(tx, keep.phone);
      await tx`update public.patients set name = 'Padma Secretname', age = 43 where id = ${keep.id}`;
      await tx`update public.patients set name = 'P. Secretname', age = 44 where id = ${gone.id}`;
      await aDependent(tx, gone, 'Child Secretname');
      await work(world, userId, await merge());
    });

  /** All that is known of the two, with what was written down of it. */
  const known = async (tx: Transaction, { keep, gone }: World) =>
    JSON.stringify([
      await tx`select name, age from public.patients where id in (${keep.id}, ${gone.id})`,
      await tx`select name, birth_year from public.dependents where patient_id in (${keep.id}, ${gone.id})`,
      await tx`
        select changes from public.audit_events where table_name in ('patients', 'dependents') and occurred_at = now()`
      // Without the ends of masked phones, in which an age could be seen.
    ]).replace(/\*\d\d/g, '');

  test('leaves no name, wherever it was', () =>
    asPadma(async (world, userId) => {
      const { tx, clinic, priya, gone, keep } = world;
      expect(await known(tx, world)).toMatch(/Padma Secretname.*P\. Secretname.*Child Secretname/);
      await tx`select private.delete_account(${userId})`;
      expect(await known(tx, world)).not.toMatch(/Secretname|\b4[34]\b/);
      const find = (words: string) =>
        asDesk(
          tx,
          priya,
          (db) => db`select patient_id, merged_into from public.desk_find(${clinic.id}, ${words})`
        );
      expect([...(await find('Secretname'))]).toEqual([]);
      // By the phone that was given up the appointments are still found.
      expect([...(await find(gone.phone))]).toEqual([{ patient_id: gone.id, merged_into: keep.id }]);
    }));

  test('also of one who was merged over two steps', () =>
    asPadma(async (world) => {
      const { tx, doctor, slots, keep, gone, merge } = world;
      const third = await aPatient(tx);
      await book(tx, third, doctor, slots[3] ?? new Date());
      await tx`delete from auth.users where phone = ${keep.phone.slice(1)}`;
      // Her name is erased only from the audit with that: the row keeps it.
      await merge(third, keep);
      await tx`select private.delete_account(${await aUser(tx, third.phone)})`;
      const left = await tx`
        select name, age from public.patients where id in (${keep.id}, ${gone.id}, ${third.id})`;
      expect([...left]).toEqual(Array.from({ length: 3 }, () => ({ name: null, age: null })));
      expect(await known(tx, world)).not.toContain('Secretname');
    }));

  test('takes the rows themselves along where there are no appointments', () =>
    asPadma(async ({ tx, keep, gone }, userId) => {
      await tx`delete from public.appointments where patient_id = ${keep.id}`;
      await tx`select private.delete_account(${userId})`;
      expect(await tx`select from public.patients where id in (${keep.id}, ${gone.id})`).toHaveLength(0);
    }));

  test('leaves a merge that can be undone, each with their phone', () =>
    asPadma(async ({ tx, keep, gone, own, undo }, userId, mergeId) => {
      await tx`select private.delete_account(${userId})`;
      await undo(mergeId);
      expect(await patient(tx, keep)).toEqual({ phone: keep.phone, name: null, user_id: null });
      expect(await patient(tx, gone)).toEqual({ phone: gone.phone, name: null, user_id: null });
      const [row] = await tx`select patient_id from public.appointments where id = ${own.id}`;
      expect(row?.patient_id).toBe(gone.id);
    }));

  test('leaves one alone with whom it was undone', () =>
    asPadma(async ({ tx, gone, undo }, userId, mergeId) => {
      await undo(mergeId);
      await tx`select private.delete_account(${userId})`;
      expect(await patient(tx, gone)).toMatchObject({ name: 'P. Secretname' });
    }));
});

describe('while two are merged', () => {
  test('what is put in by hand for the one that is gone is for the one that stays, also over two steps', () =>
    twoOfOne(async ({ tx, keep, gone, doctor, slots, merge, undo }) => {
      const third = await aPatient(tx);
      await book(tx, third, doctor, slots[3] ?? new Date());
      const first = await merge();
      await merge(third, keep);
      const [row] = await tx<{ id: string; patient_id: string }[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${gone.id}, ${doctor.id}, ${slots[2] ?? null}) returning id, patient_id`;
      expect(row?.patient_id).toBe(third.id);
      // And stays theirs.
      await undo(first);
      const [since] = await tx`select patient_id from public.appointments where id = ${row?.id ?? ''}`;
      expect(since?.patient_id).toBe(third.id);
    }));

  test('the one that is gone gets no phone', () =>
    twoOfOne(async ({ tx, gone, merge, undo }) => {
      const id = await merge();
      const give = () => tx`update public.patients set phone = ${aPhone()} where id = ${gone.id}`;
      expect((await refusalIn(tx, give))?.message).toBe('patient_is_merged');
      await undo(id);
      expect(await refusalIn(tx, give)).toBeUndefined();
    }));

  test('the phone that was given up leads nobody who calls to the one that stays', () =>
    twoOfOne(async ({ tx, clinic, doctor, priya, keep, gone, slots, merge }) => {
      await merge();
      await asDesk(
        tx,
        priya,
        (db) => db`select public.desk_book(${doctor.id}, ${slots[3] ?? null}, ${gone.phone}, 'Somebody')`
      );
      const [row] = await tx<{ id: string }[]>`select id from public.patients where phone = ${gone.phone}`;
      expect(row?.id).toBeDefined();
      expect([keep.id, gone.id]).not.toContain(row?.id);
      const found = await asDesk(
        tx,
        priya,
        (db) => db<{ id: string }[]>`
          select coalesce(merged_into, patient_id) as id from public.desk_find(${clinic.id}, ${gone.phone})`
      );
      expect(found.map(({ id }) => id).sort()).toEqual([keep.id, row?.id].sort());
    }));
});

describe('what a merge gave', () => {
  const whoIs = async (tx: Transaction, { id }: { id: string }) =>
    (
      await tx<{ name: string | null; age: number | null; phone: string | null }[]>`
      select name, age, phone from public.patients where id = ${id}`
    )[0];

  interface Told {
    name?: string;
    age?: number;
    phone?: string;
  }

  /** Somebody of whom the desk knows so much, with an appointment. */
  async function somebody({ tx, doctor }: World, told: Told): Promise<{ id: string }> {
    const [made] = await tx<{ id: string }[]>`
      insert into public.patients (name, age, phone)
      values (${told.name ?? null}, ${told.age ?? null}, ${told.phone ?? null}) returning id`;
    if (!made) throw new Error('No patient was made.');
    const [slot] = await nextSlots(tx, doctor, 1);
    await tx`
      insert into public.appointments (patient_id, practitioner_id, starts_at)
      values (${made.id}, ${doctor.id}, ${slot ?? null})`;
    return made;
  }
  const asha = { name: 'Asha Rao', age: 41 };
  const nobody = { name: null, age: null };

  test('goes when it is undone', () =>
    twoOfOne(async (world) => {
      const { tx, keep, merge, undo } = world;
      const id = await merge(keep, await somebody(world, asha));
      expect(await whoIs(tx, keep)).toMatchObject(asha);
      await undo(id);
      expect(await whoIs(tx, keep)).toMatchObject(nobody);
    }));

  test('stays when the patient says the same of themselves, signing up or later', () =>
    twoOfOne(async (world) => {
      const { tx, keep, gone, merge, undo } = world;
      const [first, second] = [
        await merge(keep, await somebody(world, asha)),
        await merge(gone, await somebody(world, asha))
      ];
      // The test's registration says the name that is known, and an age.
      await aUser(tx, keep.phone);
      const account = await aSession(
        tx,
        await aUser(tx, gone.phone, { jobId: await anAccountJob(tx, gone.id) })
      );
      await asPatient(tx, account, (db) => db`select public.update_profile(age => 41)`);
      await undo(first);
      await undo(second);
      expect(await whoIs(tx, keep)).toMatchObject({ name: 'Asha Rao', age: 34 });
      expect(await whoIs(tx, gone)).toMatchObject({ name: null, age: 41 });
    }));

  test('is not what another one knows of themselves to whom they were merged on', () =>
    twoOfOne(async (world) => {
      const { tx, merge, undo } = world;
      const phone = aPhone();
      const a = await somebody(world, { ...asha, phone });
      const b = await somebody(world, {});
      const c = await somebody(world, { ...asha, phone: aPhone() });
      const [first, second] = [await merge(b, a), await merge(c, b)];
      await aUser(tx, (await whoIs(tx, c))?.phone ?? '');
      await undo(first);
      expect(await whoIs(tx, a)).toMatchObject({ ...asha, phone });
      expect(await whoIs(tx, c)).toMatchObject({ name: 'Asha Rao', age: 34 });
      await undo(second);
      expect(await whoIs(tx, b)).toMatchObject({ ...nobody, phone: null });
      expect(await whoIs(tx, a)).toMatchObject({ phone });
    }));

  test('goes from everybody who has it by it, however often they were merged on', () =>
    twoOfOne(async (world) => {
      const { tx, merge, undo } = world;
      const phone = aPhone();
      const a = await somebody(world, { ...asha, phone });
      const [b, c] = [await somebody(world, {}), await somebody(world, {})];
      const [first, second] = [await merge(b, a), await merge(c, b)];
      expect(await whoIs(tx, c)).toMatchObject({ ...asha, phone });
      await undo(first);
      expect(await whoIs(tx, a)).toMatchObject({ ...asha, phone });
      expect(await whoIs(tx, c)).toMatchObject({ ...nobody, phone: null });
      await undo(second);
      expect(await whoIs(tx, b)).toMatchObject({ ...nobody, phone: null });
      // The other way round too.
      const [third, fourth] = [await merge(b, a), await merge(c, b)];
      await undo(fourth);
      expect([await whoIs(tx, b), await whoIs(tx, c)]).toMatchObject([{ ...asha, phone }, nobody]);
      await undo(third);
      expect(await whoIs(tx, b)).toMatchObject({ ...nobody, phone: null });
    }));

  test('is theirs once it was written anew', () =>
    twoOfOne(async (world) => {
      const { tx, keep, merge, undo } = world;
      const id = await merge(keep, await somebody(world, asha));
      await tx`update public.patients set name = 'Asha' where id = ${keep.id}`;
      await tx`update public.patients set name = 'Asha Rao' where id = ${keep.id}`;
      await undo(id);
      expect(await whoIs(tx, keep)).toMatchObject({ name: 'Asha Rao', age: null });
    }));
});

describe('a phone that is corrected at the desk', () => {
  const change = (tx: Transaction, person: DeskPerson, { id }: { id: string }, phone: string | null) =>
    asDesk(tx, person, (db) => db`select public.change_patient_phone(${id}, ${phone})`);

  test('moves the account along, ends its sessions, and tells both', () =>
    twoOfOne(async ({ tx, priya, keep }) => {
      const userId = await aUser(tx, keep.phone);
      const account = await aSession(tx, userId);
      const phone = aPhone();
      await change(tx, priya, keep, phone);
      const [user] = await tx`select phone from auth.users where id = ${userId}`;
      expect(user?.phone).toBe(phone.slice(1));
      const mine = await asPatient(tx, account, (db) => db`select from public.patients`);
      expect(mine).toHaveLength(0);
      const told = await tx<{ to_phone: string }[]>`
        select to_phone from public.sms_messages
        where patient_id = ${keep.id} and template in ('phone_changed', 'phone_moved_here') order by template`;
      expect(told.map(({ to_phone }) => to_phone)).toEqual([keep.phone, phone]);
      const [event] = await tx`
        select actor from public.audit_trail where table_name = 'patients' and row_id = ${keep.id} order by id desc limit 1`;
      expect(event?.actor).toBe('Priya Nair');
    }));

  test('is typed as it is dialled at home, also for who was introduced and had no appointment yet', () =>
    twoOfOne(async ({ tx, clinic, priya }) => {
      const introduced = await aPatient(tx);
      await tx`
        insert into private.introduced_patients (clinic_id, patient_id) values (${clinic.id}, ${introduced.id})`;
      const phone = aPhone();
      await change(tx, priya, introduced, `0${phone.slice(3)}`);
      expect(await patient(tx, introduced)).toMatchObject({ phone });
    }));

  test('is given to somebody who had none', () =>
    twoOfOne(async ({ tx, doctor, slots, priya }) => {
      const [walkIn] = await tx<
        { id: string }[]
      >`insert into public.patients (name) values ('Ammini') returning id`;
      if (!walkIn) throw new Error('No patient was made.');
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${walkIn.id}, ${doctor.id}, ${slots[3] ?? null})`;
      const phone = aPhone();
      await change(tx, priya, walkIn, phone);
      expect(await patient(tx, walkIn)).toMatchObject({ phone });
    }));

  test('is refused when it is somebody’s, none, or of a patient of others', () =>
    twoOfOne(async ({ tx, doctor, slots, priya, keep, gone }) => {
      const word = async (who: { id: string }, phone: string | null) =>
        (await refusalIn(tx, () => change(tx, priya, who, phone)))?.message;
      expect(await word(keep, gone.phone)).toBe('phone_already_registered');
      const [walkIn] = await tx<
        { id: string }[]
      >`insert into public.patients (name) values ('Ammini') returning id`;
      if (!walkIn) throw new Error('No patient was made.');
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${walkIn.id}, ${doctor.id}, ${slots[3] ?? null})`;
      expect(await word(walkIn, gone.phone)).toBe('phone_already_registered');
      expect(await word(keep, '9999')).toBe('invalid_phone');
      expect(await word(keep, null)).toBe('invalid_phone');
      expect(await word(await aPatient(tx), aPhone())).toBe('not_found');
    }));

  test('nobody gets to another desk by it', () =>
    twoOfOne(async ({ tx, clinic, doctor, slots, priya }) => {
      const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
      await book(tx, priya, doctor, slots[2] ?? new Date());
      await book(tx, manager, doctor, slots[3] ?? new Date());
      const refusal = async (who: { id: string }, phone: string) =>
        (await refusalIn(tx, () => change(tx, priya, who, phone)))?.detail;
      expect(await refusal(manager, aPhone())).toBe('phone_of_staff');
      const future = aPhone();
      await tx`insert into public.clinic_staff (clinic_id, phone, name, role) values (${clinic.id}, ${future}, 'Meena', 'manager')`;
      const other = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${other.id}, ${doctor.id}, ${slots[3] ?? null}::timestamptz + interval '2 hours')`;
      expect(await refusal(other, future)).toBe('phone_of_staff');
    }));

  test('a phone is not taken from an account by hand', () =>
    twoOfOne(async ({ tx, keep, gone }) => {
      await aUser(tx, keep.phone);
      const refusal = await refusalIn(
        tx,
        () => tx`update public.patients set phone = null where id = ${keep.id}`
      );
      expect(refusal?.message).toBe('account_has_other_phone');
      await tx`update public.patients set phone = null where id = ${gone.id}`;
      expect(await patient(tx, gone)).toMatchObject({ phone: null });
    }));
});
