// Two who change a patient and an appointment of theirs at once: one waits for the other, and neither is refused for that.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type postgres from 'postgres';
import { refusalOf, startQuietDatabase, untilBlocked } from '../helpers/database.ts';
import type { Account, QuietDatabase, Refusal } from '../helpers/database.ts';
import { aDeskPerson, keptAtDesk, type DeskPerson } from '../helpers/desk.ts';
import { aDependent } from '../helpers/family.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, whereItIsEarly } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, PatientWithAccount, Practitioner } from '../helpers/world.ts';

let quiet: QuietDatabase;
beforeAll(async () => {
  quiet = await startQuietDatabase({ connections: 20 });
});
afterAll(() => quiet.stop());

interface World {
  sql: postgres.Sql;
  clinic: Clinic;
  doctor: Practitioner;
  desk: DeskPerson;
  today: string;
  slots: Date[];
  keep: PatientWithAccount;
  gone: Patient;
  appointment: Appointment;
}

/** Two who may be one, the second with an appointment of which they have not been texted yet. */
async function aWorld(): Promise<World> {
  const { sql } = quiet;
  const clinic = await aClinic(sql, { time_zone: whereItIsEarly() });
  const doctor = await aPractitioner(sql, clinic);
  const found = await sql<{ starts_at: Date; today: string }[]>`
    select starts_at, (now() at time zone ${clinic.time_zone})::date::text as today
    from private.next_free_slots(${clinic.id}, null, ${doctor.id}, now(), 8, now())`;
  const slots = found.map(({ starts_at }) => starts_at);
  const keep = await aPatient(sql, { account: true });
  const gone = await aPatient(sql);
  await book(sql, keep, doctor, slots[0] ?? '');
  return {
    sql,
    clinic,
    doctor,
    desk: await aDeskPerson(sql, clinic),
    today: found[0]?.today ?? '',
    slots,
    keep,
    gone,
    appointment: await book(sql, gone, doctor, slots[1] ?? '')
  };
}

interface Work {
  /** Whose session; nobody's: the database itself. */
  by?: { account: Account };
  run: (tx: postgres.TransactionSql) => Promise<unknown>;
}

const begun = ({ by, run }: Work, pid: (pid: number) => void) => {
  const all = async (tx: postgres.TransactionSql) => {
    const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    pid(row?.pid ?? 0);
    await run(tx);
  };
  return refusalOf(by ? keptAtDesk(quiet.sql, by, all) : quiet.sql.begin(all));
};

/** What came of each, if all wait at some point for what `hold` locks, and go on when it lets go. */
async function held(
  hold: (tx: postgres.TransactionSql) => Promise<unknown>,
  works: Work[]
): Promise<(Refusal | undefined)[]> {
  const outcomes: Promise<Refusal | undefined>[] = [];
  await quiet.sql.begin(async (tx) => {
    await hold(tx);
    for (const work of works) {
      let pid = 0;
      const outcome = begun(work, (of) => {
        pid = of;
      });
      outcomes.push(outcome);
      await expect.poll(() => pid).toBeGreaterThan(0);
      await untilBlocked(quiet.sql, pid, outcome);
    }
  });
  return Promise.all(outcomes);
}

/** That nobody is told of a deadlock, nor of anything else that is not a refusal of ours. */
function nobodyFailed(outcomes: (Refusal | undefined)[]): void {
  expect(outcomes.filter((outcome) => outcome && !outcome.code.startsWith('PT'))).toEqual([]);
}

const mergeOf = ({ desk, keep, gone }: World): Work => ({
  by: desk,
  run: (tx) => tx`select public.merge_patients(${keep.id}, ${gone.id})`
});

/** A call of the one that is to go, in which turns are taken by their task; the first of them is over. */
async function aCallIn({ sql, clinic, gone }: World): Promise<(turn: number, task: object) => Work> {
  const call = {
    call_id: crypto.randomUUID(),
    caller: gone.phone,
    dialled: clinic.phone,
    step: 'x',
    keys: '1'
  };
  const turnOf = (turn: number, task: object): Work => ({
    run: (tx) => tx`select private.ivr_turn(${tx.json({ ...call, turn })}, ${tx.json(task as never)})`
  });
  await sql.begin((tx) => turnOf(0, { kind: 'welcome' }).run(tx));
  return turnOf;
}

/** A dependent who is about to get a phone of their own, and the work of telling the desk both codes. */
async function aReassignment({
  sql,
  desk,
  keep
}: World): Promise<{ child: string; phone: string; prove: Work }> {
  const child = await aDependent(sql, keep);
  const phone = aPhone();
  const [started] = await keptAtDesk(
    sql,
    desk,
    (tx) => tx<{ id: string }[]>`
      select public.reassign_dependent(${child}, ${phone}) ->> 'reassignment_id' as id`
  );
  const codes = await sql<{ code: string }[]>`
    select substring(body from '^\\d+') as code from public.sms_messages
    where to_phone in (${phone}, ${keep.phone}) and template like 'reassign%' order by template`;
  const prove: Work = {
    by: desk,
    run: (tx) => tx`
      select public.prove_reassignment(${started?.id ?? ''}, ${codes[0]?.code ?? ''}, ${codes[1]?.code ?? ''})`
  };
  return { child, phone, prove };
}

const removalOf = ({ keep }: World, child: string): Work => ({
  by: keep,
  run: (tx) => tx`delete from public.dependents where id = ${child}`
});

/** The unsent SMS about an appointment, where whoever changes it or its patient passes by. */
const smsOf =
  ({ id }: { id: string }) =>
  (tx: postgres.TransactionSql) =>
    tx`select from public.sms_messages where appointment_id = ${id} for update`;

type Pair = (world: World) => Promise<[Work, Work]> | [Work, Work];

const pairs: Record<string, Pair> = {
  'a merge, and the cancelling at the desk of an appointment of the one that is to go': (world) => [
    mergeOf(world),
    { by: world.desk, run: (tx) => tx`select public.desk_cancel(${world.appointment.id})` }
  ],
  'a merge, and the moving of that appointment at the desk': (world) => [
    mergeOf(world),
    {
      by: world.desk,
      run: (tx) =>
        tx`select public.desk_move(${world.appointment.id}, ${world.doctor.id}, ${world.slots[5] ?? null})`
    }
  ],
  'a merge, and the cancelling of the day of both': (world) => [
    mergeOf(world),
    { by: world.desk, run: (tx) => tx`select public.cancel_day(${world.doctor.id}, ${world.today}, 'ill')` }
  ],
  'a merge, and the moving of the day of both': (world) => [
    mergeOf(world),
    { by: world.desk, run: (tx) => tx`select public.move_day(${world.doctor.id}, ${world.today})` }
  ],
  'a merge that is undone, and the cancelling of an appointment that came by it': async (world) => {
    const [merge] = await keptAtDesk(
      world.sql,
      world.desk,
      (tx) => tx<{ id: string }[]>`select public.merge_patients(${world.keep.id}, ${world.gone.id}) as id`
    );
    return [
      { by: world.desk, run: (tx) => tx`select public.undo_merge(${merge?.id ?? ''})` },
      { by: world.keep, run: (tx) => tx`select public.cancel_appointment(${world.appointment.id})` }
    ];
  },
  'another phone, and the cancelling at the desk': ({ desk, gone, appointment }) => [
    { by: desk, run: (tx) => tx`select public.change_patient_phone(${gone.id}, ${aPhone()})` },
    { by: desk, run: (tx) => tx`select public.desk_cancel(${appointment.id})` }
  ],
  'another phone, and the cancelling by the patient': ({ desk, gone, appointment }) => [
    { by: desk, run: (tx) => tx`select public.change_patient_phone(${gone.id}, ${aPhone()})` },
    { run: (tx) => tx`select private.cancel(${gone.id}, ${appointment.id}, 'ivr', now())` }
  ]
};

describe('neither is refused because they came at once:', () => {
  test.each(Object.keys(pairs))('%s', async (name) => {
    for (let race = 0; race < 6; race++) {
      const world = await aWorld();
      const works = (await pairs[name]?.(world)) ?? [];
      nobodyFailed(await held(smsOf(world.appointment), race % 2 ? works : works.toReversed()));
    }
  });

  test('an account that is deleted, and the cancelling of its appointment', async () => {
    for (let race = 0; race < 6; race++) {
      const { sql, desk, keep } = await aWorld();
      const [own] = await sql<
        { id: string }[]
      >`select id from public.appointments where patient_id = ${keep.id}`;
      if (!own) throw new Error('There is no appointment.');
      const cancel: Work =
        race % 3 === 0
          ? { by: desk, run: (tx) => tx`select public.desk_cancel(${own.id})` }
          : { by: keep, run: (tx) => tx`select public.cancel_appointment(${own.id})` };
      const works = [
        { run: (tx) => tx`select private.delete_account(${keep.account.userId})` } satisfies Work,
        cancel
      ];
      nobodyFailed(await held(smsOf(own), race % 2 ? works : works.toReversed()));
    }
  });

  test('a dependent who gets a phone of their own, and the cancelling of their appointment', async () => {
    for (let race = 0; race < 6; race++) {
      const world = await aWorld();
      const { sql, doctor, keep, slots } = world;
      const { child, phone, prove } = await aReassignment(world);
      const [own] = await keptAtDesk(
        sql,
        keep,
        (tx) => tx<{ id: string }[]>`
          select id from public.book_appointment(${doctor.id}, ${slots[3] ?? null}, ${child})`
      );
      if (!own) throw new Error('Nothing was booked.');
      const works: Work[] = [
        prove,
        { by: keep, run: (tx) => tx`select public.cancel_appointment(${own.id})` }
      ];
      nobodyFailed(await held(smsOf(own), race % 2 ? works : works.toReversed()));
      expect(await sql`select from public.patients where phone = ${phone}`).toHaveLength(1);
    }
  });

  test('a dependent who gets a phone of their own, and is removed', async () => {
    for (let race = 0; race < 4; race++) {
      const world = await aWorld();
      const { sql } = world;
      const { child, phone, prove } = await aReassignment(world);
      const works = [prove, removalOf(world, child)];
      const outcomes = await held(
        (tx) => tx`select from private.reassignments where dependent_id = ${child} for update`,
        race % 2 ? works : works.toReversed()
      );
      nobodyFailed(outcomes);
      expect(await sql`select from public.dependents where id = ${child}`).toHaveLength(0);
      expect((await sql`select from public.patients where phone = ${phone}`).count).toBe(race % 2);
    }
  });

  test('a dependent for whom codes are texted anew, and who is removed', async () => {
    for (let race = 0; race < 4; race++) {
      const world = await aWorld();
      const { child } = await aReassignment(world);
      const works = [
        {
          by: world.desk,
          run: (tx) => tx`select public.reassign_dependent(${child}, ${aPhone()})`
        } satisfies Work,
        removalOf(world, child)
      ];
      nobodyFailed(
        await held(
          (tx) => tx`select from private.reassignments where dependent_id = ${child} for update`,
          race % 2 ? works : works.toReversed()
        )
      );
    }
  });

  test('a merge, and a reference or code that is keyed in in a call', async () => {
    for (const kind of ['wrong', 'right', 'code']) {
      for (const first of [0, 1]) {
        const world = await aWorld();
        const { sql, gone, appointment, doctor, slots } = world;
        const turn = await aCallIn(world);
        const [{ reference } = { reference: '' }] = await sql<{ reference: string }[]>`
          select reference from public.appointments where id = ${appointment.id}`;
        await sql`insert into private.call_proofs (call_id, clinic_id, patient_id, asked_at, code_hash)
          select call_id, clinic_id, patient_id, now(), '\\x00' from public.ivr_calls where patient_id = ${gone.id}`;
        const task =
          kind === 'code'
            ? {
                kind: 'prove',
                code: { hash: '00' },
                practitioner_id: doctor.id,
                starts_at: slots[6],
                preference: {}
              }
            : { kind: 'check_reference', reference: kind === 'right' ? reference : '0000' };
        const works = [mergeOf(world), turn(1, task)];
        const outcomes = await held(
          (tx) => tx`select from public.ivr_calls where patient_id = ${gone.id} for update`,
          first ? works : works.toReversed()
        );
        expect(outcomes, `${kind} ${first}`).toEqual([undefined, undefined]);
        const calls = await sql`select from public.ivr_calls where patient_id = ${gone.id}`;
        expect(calls, `${kind} ${first}`).toHaveLength(0);
      }
    }
  });

  test('a dependent who is removed, and a booking for them', async () => {
    for (let race = 0; race < 6; race++) {
      const { sql, doctor, keep, slots } = await aWorld();
      const child = await aDependent(sql, keep);
      const works: Work[] = [
        { by: keep, run: (tx) => tx`delete from public.dependents where id = ${child}` },
        {
          by: keep,
          run: (tx) => tx`select public.book_appointment(${doctor.id}, ${slots[4] ?? null}, ${child})`
        }
      ];
      const outcomes = await held(
        (tx) => tx`select from public.dependents where id = ${child} for update`,
        race % 2 ? works : works.toReversed()
      );
      expect(outcomes.map((outcome) => outcome?.detail ?? 'done')).toEqual(
        race % 2 ? ['done', 'unknown_dependent'] : ['done', 'dependent_has_appointments']
      );
    }
  });
});

test('a call of one who is being merged books for the one who has that phone by then', async () => {
  const world = await aWorld();
  const { sql, clinic, doctor, slots, gone } = world;
  const caller = gone.phone;
  const walkIn = await aPatient(sql);
  await sql`update public.patients set phone = null where id = ${walkIn.id}`;
  await book(sql, walkIn, doctor, slots[2] ?? '');
  const call = { call_id: caller, caller, dialled: clinic.phone, turn: 3, step: 'confirm', keys: '1' };
  const task = { kind: 'book', practitioner_id: doctor.id, starts_at: slots[6]?.toISOString() ?? '' };
  const outcomes = await held(smsOf(world.appointment), [
    { by: world.desk, run: (tx) => tx`select public.merge_patients(${walkIn.id}, ${gone.id})` },
    { run: (tx) => tx`select private.ivr_turn(${tx.json(call)}, ${tx.json(task)})` }
  ]);
  expect(outcomes).toEqual([undefined, undefined]);
  const [booked] = await sql`
    select a.patient_id, c.patient_id as called from public.appointments a join public.ivr_calls c using (call_id)
    where a.call_id = ${caller}`;
  expect(booked).toEqual({ patient_id: walkIn.id, called: walkIn.id });
});

test('a booking while the account is deleted is refused, also where the patient stays', async () => {
  for (const visited of [false, true]) {
    const { sql, doctor, slots } = await aWorld();
    const patient = await aPatient(sql, { account: true });
    if (visited) await book(sql, patient, doctor, slots[3] ?? '');
    const [, refusal] = await held(
      (tx) => tx`select from public.patients where id = ${patient.id} for update`,
      [
        { run: (tx) => tx`select private.delete_account(${patient.account.userId})` },
        { by: patient, run: (tx) => tx`select public.book_appointment(${doctor.id}, ${slots[4] ?? null})` }
      ]
    );
    expect(refusal?.message).toBe('not_signed_in');
  }
});

test('reminders pass over a patient who is being merged, and wait for nobody', async () => {
  const { sql, clinic, gone, appointment } = await aWorld();
  await sql`update public.sms_messages set created_at = now() - interval '3 days' where appointment_id = ${appointment.id}`;
  const toRemind = async () => {
    const rows = await sql<{ id: string }[]>`
      select r.id from public.clinics c, private.appointments_to_remind(
        'reminder_day_before', c, now(), now() + interval '2 days', now()
      ) r where c.id = ${clinic.id}`;
    return rows.some(({ id }) => id === appointment.id);
  };
  expect(await toRemind()).toBe(true);
  await sql.begin(async (tx) => {
    await tx`select from public.patients where id = ${gone.id} for update`;
    expect(await toRemind()).toBe(false);
  });
});

test('of two who are moved into one free time at once one is', async () => {
  const { sql, doctor, desk, slots, appointment } = await aWorld();
  const third = await aPatient(sql);
  const theirs = await book(sql, third, doctor, slots[2] ?? '');
  const move = (id: string, to: Date | undefined): Work => ({
    by: desk,
    run: (tx) => tx`select public.desk_move(${id}, ${doctor.id}, ${to ?? null})`
  });
  for (let race = 0; race < 5; race++) {
    const free = slots[5 + (race % 2)];
    const outcomes = await Promise.all(
      [move(appointment.id, free), move(theirs.id, free)].map((work) => begun(work, () => undefined))
    );
    expect(outcomes.map((outcome) => outcome?.detail ?? 'done').sort()).toEqual(['done', 'slot_taken']);
  }
});
