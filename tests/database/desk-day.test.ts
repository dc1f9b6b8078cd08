// The day at the desk: its list, the steps of an appointment, what they do to the queue, and who hears of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asPatient,
  refusalIn,
  refusalOf,
  rolledBack,
  startQuietDatabase,
  type QuietDatabase,
  type Transaction
} from '../helpers/database.ts';
import { aDeskPerson, asDesk, keptAtDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, type Appointment } from '../helpers/world.ts';
import type { Clinic, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A day that has come, as patients are marked on no other. */
const at = (time: string) => new Date(`2021-06-09T${time}:00+05:30`);

interface Row extends Appointment {
  arrived_at: Date | null;
  called_at: Date | null;
  seen_at: Date | null;
}

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  priya: DeskPerson;
  ravi: DeskPerson;
  patient: PatientWithAccount;
  own: Row;
  /** Books at a time for somebody else. */
  other(time: string): Promise<Row>;
  mark(appointment: { id: string }, step: string, by?: DeskPerson): Promise<Row>;
  refusal(appointment: { id: string }, step: string, by?: DeskPerson): ReturnType<typeof refusalIn>;
}

async function insert(
  tx: Transaction,
  patient: { id: string },
  doctor: Practitioner,
  time: string
): Promise<Row> {
  const [row] = await tx<Row[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at)
    values (${patient.id}, ${doctor.id}, ${at(time)}) returning *`;
  if (!row) throw new Error('Nothing was inserted.');
  return row;
}

/** Runs `work` at a desk of two people, on a day on which a patient is booked for 10:00. */
function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const doctor = await aPractitioner(tx, clinic);
    const priya = await aDeskPerson(tx, clinic, { name: 'Priya Nair' });
    const ravi = await aDeskPerson(tx, clinic, { name: 'Ravi Menon' });
    const patient = await aPatient(tx, { account: true });
    const own = await insert(tx, patient, doctor, '10:00');
    const mark = async ({ id }: { id: string }, step: string, by = priya) => {
      const [row] = await asDesk(tx, by, (db) => db<Row[]>`select * from public.desk_mark(${id}, ${step})`);
      if (!row) throw new Error('Nothing was marked.');
      return row;
    };
    await work({
      tx,
      clinic,
      doctor,
      priya,
      ravi,
      patient,
      own,
      other: async (time) => insert(tx, await aPatient(tx), doctor, time),
      mark,
      refusal: (appointment, step, by) => refusalIn(tx, () => mark(appointment, step, by))
    });
  });
}

async function serving(tx: Transaction, { id }: Practitioner): Promise<number | null> {
  const [row] = await tx<
    { token: number | null }[]
  >`select private.now_serving(${id}, '2021-06-09') as token`;
  return row?.token ?? null;
}

describe('the steps of an appointment', () => {
  test('arrived, with the doctor, seen: each at the moment the button was pressed', () =>
    atTheDesk(async ({ tx, own, mark }) => {
      const [before] = await tx<{ now: Date }[]>`select clock_timestamp() as now`;
      const arrived = await mark(own, 'arrived');
      expect([arrived.status, arrived.called_at]).toEqual(['arrived', null]);
      expect(arrived.arrived_at?.getTime()).toBeGreaterThanOrEqual(
        (before?.now ?? at('10:00')).getTime() - 1
      );
      const called = await mark(own, 'called');
      expect([called.status, called.arrived_at]).toEqual(['arrived', arrived.arrived_at]);
      expect(called.called_at).not.toBeNull();
      const seen = await mark(own, 'seen');
      expect([seen.status, seen.arrived_at, seen.called_at]).toEqual([
        'fulfilled',
        arrived.arrived_at,
        called.called_at
      ]);
      expect(seen.seen_at).not.toBeNull();
    }));

  test('a row that is stale is told what happened meanwhile, by whom and when', () =>
    atTheDesk(async ({ tx, own, mark, refusal, priya, ravi }) => {
      await mark(own, 'arrived', priya);
      const again = await refusal(own, 'arrived', ravi);
      expect(again).toMatchObject({ code: 'PT409', message: 'changed_meanwhile' });
      expect(again?.hint).toMatch(
        /^This appointment has changed meanwhile: arrived \(Priya Nair, \d\d:\d\d\)\.$/
      );
      await mark(own, 'called', ravi);
      expect((await refusal(own, 'called', priya))?.hint).toContain('called (Ravi Menon');
      await mark(own, 'seen', ravi);
      expect((await refusal(own, 'noshow', priya))?.hint).toContain('seen (Ravi Menon');
      await tx`update public.appointments set status = 'arrived' where id = ${own.id}`;
      await tx`update public.appointments set status = 'cancelled' where id = ${own.id}`;
      expect((await refusal(own, 'arrived', priya))?.hint).toContain('cancelled (');
    }));

  test('who is called without having passed by the desk has arrived at that moment', () =>
    atTheDesk(async ({ own, mark }) => {
      const called = await mark(own, 'called');
      expect(called.status).toBe('arrived');
      expect(
        Math.abs((called.called_at?.getTime() ?? 0) - (called.arrived_at?.getTime() ?? NaN))
      ).toBeLessThan(1000);
      const undone = await mark(own, 'undo');
      expect([undone.status, undone.arrived_at, undone.called_at]).toEqual(['booked', null, null]);
    }));

  test('nobody waits again who was not called, and what is no step is none', () =>
    atTheDesk(async ({ own, refusal }) => {
      expect((await refusal(own, 'waiting'))?.message).toBe('changed_meanwhile');
      expect(await refusal(own, 'vanished')).toMatchObject({ code: 'PT400', message: 'validation_failed' });
    }));

  test('nobody arrives before the day', () =>
    atTheDesk(async ({ tx, own, refusal }) => {
      await tx`update public.appointments set starts_at = '2091-06-09 10:00+05:30' where id = ${own.id}`;
      expect((await refusal(own, 'arrived'))?.message).toBe('before_its_day');
    }));

  test('whoever comes late after all has arrived', () =>
    atTheDesk(async ({ own, mark }) => {
      expect((await mark(own, 'noshow')).status).toBe('noshow');
      expect((await mark(own, 'arrived')).status).toBe('arrived');
    }));

  test.each(['arrived', 'called', 'seen', 'noshow', 'waiting'])('%s can be undone', (step) =>
    atTheDesk(async ({ own, mark, refusal }) => {
      let before = own;
      for (const earlier of ['arrived', 'called']) {
        if (step === 'arrived' || (step === 'called' && earlier === 'called')) break;
        before = await mark(own, earlier);
      }
      await mark(own, step);
      const undone = await mark(own, 'undo');
      const state = ({ status, arrived_at, called_at, seen_at }: Row) => ({
        status,
        arrived_at,
        called_at,
        seen_at
      });
      expect(state(undone)).toEqual({ ...state(before), seen_at: null });
      expect((await refusal(own, 'undo'))?.message).toBe('changed_meanwhile');
    })
  );

  test('undo takes nothing back that followed, nor what a colleague has just marked', () =>
    atTheDesk(async ({ tx, own, mark, refusal, priya, ravi }) => {
      await mark(own, 'arrived', priya);
      expect((await refusal(own, 'undo', ravi))?.message).toBe('changed_meanwhile');
      await tx`update public.appointments set note = 'fever' where id = ${own.id}`;
      expect((await refusal(own, 'undo', priya))?.message).toBe('changed_meanwhile');
      await mark(own, 'called', priya);
      await tx`update private.last_marks set marked_at = marked_at - interval '2 minutes' where appointment_id = ${own.id}`;
      expect((await mark(own, 'undo', ravi)).called_at).toBeNull();
    }));

  test('after a day there is nothing to undo any more', () =>
    atTheDesk(async ({ tx, own, mark, refusal }) => {
      await mark(own, 'arrived');
      await tx`select private.forget_what_is_old(now() + interval '25 hours')`;
      expect((await refusal(own, 'undo'))?.message).toBe('changed_meanwhile');
    }));

  test('a no-show before its time that is undone is not texted about as if it were new', () =>
    atTheDesk(async ({ tx, patient, doctor, mark }) => {
      const [soon] = await tx<Row[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
        values (${patient.id}, ${doctor.id}, now() + interval '1 second', now() + interval '16 minutes') returning *`;
      if (!soon) throw new Error('Nothing was inserted.');
      const texts = async () =>
        (await tx`select from public.sms_messages where appointment_id = ${soon.id} and status = 'queued'`)
          .count;
      const before = await texts();
      await mark(soon, 'noshow');
      await mark(soon, 'undo');
      expect(await texts()).toBeLessThanOrEqual(before);
    }));

  test('what was noted stays through all steps', () =>
    atTheDesk(async ({ tx, own, mark, priya }) => {
      await asDesk(
        tx,
        priya,
        (db) => db`select public.desk_note(${own.id}, ${'  Fever since Monday \u200b'})`
      );
      await mark(own, 'arrived');
      await mark(own, 'called');
      const [row] = await tx`select note from public.appointments where id = ${own.id}`;
      expect(row?.note).toBe('Fever since Monday');
    }));

  test('a note that a colleague changed meanwhile is not lost; whoever says nothing of the one before replaces it', () =>
    atTheDesk(async ({ tx, own, priya, ravi }) => {
      const note = async () =>
        (await tx<{ note: string | null }[]>`select note from public.appointments where id = ${own.id}`)[0]
          ?.note;
      await asDesk(tx, priya, (db) => db`select public.desk_note(${own.id}, 'Wheelchair', '')`);
      const refusal = await refusalIn(tx, () =>
        asDesk(tx, ravi, (db) => db`select public.desk_note(${own.id}, 'Late', '')`)
      );
      expect(refusal).toMatchObject({
        message: 'changed_meanwhile',
        detail: 'note_changed',
        hint: 'The note has changed meanwhile, and nothing was saved. It says: "Wheelchair".'
      });
      expect(await note()).toBe('Wheelchair');
      await asDesk(
        tx,
        ravi,
        (db) => db`select public.desk_note(${own.id}, 'Wheelchair, late', ' Wheelchair ')`
      );
      expect(await note()).toBe('Wheelchair, late');
      await asDesk(tx, ravi, (db) => db`select public.desk_note(${own.id}, '')`);
      expect(await note()).toBeNull();
    }));

  test('the audit says which person it was', () =>
    atTheDesk(async ({ tx, own, mark, ravi }) => {
      await mark(own, 'arrived', ravi);
      const [event] = await tx`
        select channel, actor, actor_id from public.audit_trail
        where table_name = 'appointments' and row_id = ${own.id} order by id desc limit 1`;
      expect(event).toEqual({ channel: 'desk', actor: 'Ravi Menon', actor_id: ravi.account.userId });
    }));

  test('an admin marks in the SQL editor', () =>
    atTheDesk(async ({ tx, own }) => {
      const [row] = await tx<Row[]>`select * from public.desk_mark(${own.id}, 'arrived')`;
      expect(row?.status).toBe('arrived');
    }));

  test('an appointment of another clinic is not there', () =>
    atTheDesk(async ({ tx, own, refusal }) => {
      const stranger = await aDeskPerson(tx, await aClinic(tx));
      expect(await refusal(own, 'arrived', stranger)).toMatchObject({ code: 'PT404', message: 'not_found' });
    }));
});

describe('the queue', () => {
  test('now serving is who was called last, else seen last, whatever the numbers', () =>
    atTheDesk(async ({ tx, doctor, own, other, mark }) => {
      const [late, early] = [await other('11:00'), await other('09:00')];
      for (const appointment of [late, early, own]) await mark(appointment, 'arrived');
      expect(await serving(tx, doctor)).toBeNull();
      await mark(late, 'called');
      expect(await serving(tx, doctor)).toBe(late.token_number);
      await mark(late, 'seen');
      await mark(early, 'called');
      expect(await serving(tx, doctor)).toBe(early.token_number);
      await mark(early, 'undo');
      expect(await serving(tx, doctor)).toBe(late.token_number);
    }));

  test('who is called and not there comes after the next who waits, again and again', () =>
    atTheDesk(async ({ tx, clinic, priya, doctor, other, mark }) => {
      const [a, b, c] = [await other('09:00'), await other('09:15'), await other('09:30')];
      for (const appointment of [a, b, c]) await mark(appointment, 'arrived');
      const order = async () => {
        const rows = await asDesk(
          tx,
          priya,
          (db) => db<{ token_number: number }[]>`
            select token_number from public.desk_day(${clinic.id}, '2021-06-09') where status = 'arrived'`
        );
        return rows.map(({ token_number }) => token_number);
      };
      const absent = async (appointment: Row) => {
        await mark(appointment, 'called');
        await mark(appointment, 'waiting');
      };
      await absent(a);
      expect(await order()).toEqual([b.token_number, a.token_number, c.token_number]);
      expect(await serving(tx, doctor)).toBeNull();
      await absent(b);
      expect(await order()).toEqual([a.token_number, b.token_number, c.token_number]);
      await absent(a);
      expect(await order()).toEqual([b.token_number, a.token_number, c.token_number]);
      await absent(a);
      expect(await order()).toEqual([b.token_number, c.token_number, a.token_number]);
      // Nobody waits behind them: they stay last.
      await absent(a);
      expect(await order()).toEqual([b.token_number, c.token_number, a.token_number]);
    }));

  test('the patient is told the place that the desk sees', () =>
    atTheDesk(async ({ tx, patient, own, other, mark }) => {
      const next = await other('10:15');
      for (const appointment of [own, next]) await mark(appointment, 'arrived');
      await mark(own, 'called');
      await mark(own, 'waiting');
      const [place] = await asPatient(
        tx,
        patient.account,
        (db) => db`select ahead, now_serving from public.queue_position(${own.id})`
      );
      expect(place).toEqual({ ahead: 1, now_serving: null });
    }));
});

describe('the list of a day', () => {
  test('says of each who comes, how it was booked and how it stands, and no more of a phone than its end', () =>
    atTheDesk(async ({ tx, clinic, doctor, priya, patient, own, mark }) => {
      await tx`update public.patients set name = 'Lakshmi' where id = ${patient.id}`;
      const walkIn = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at, created_at)
        values (${walkIn.id}, ${doctor.id}, ${at('09:00')}, ${at('08:50')})`;
      await mark(own, 'arrived');
      const day = await asDesk(
        tx,
        priya,
        (db) => db`select * from public.desk_day(${clinic.id}, '2021-06-09')`
      );
      expect(day).toMatchObject([
        { patient_id: walkIn.id, walk_in: true, status: 'booked', token_number: 1, channel: 'desk' },
        {
          appointment_id: own.id,
          practitioner_name: doctor.name,
          name: 'Lakshmi',
          phone_end: patient.phone.slice(-4),
          walk_in: false,
          status: 'arrived',
          token_number: 5
        }
      ]);
      expect(JSON.stringify(day)).not.toContain(patient.phone.slice(1));
    }));

  test('has no rows for staff of another clinic, who are refused', () =>
    atTheDesk(async ({ tx, clinic }) => {
      const stranger = await aDeskPerson(tx, await aClinic(tx));
      const refusal = await refusalIn(tx, () =>
        asDesk(tx, stranger, (db) => db`select * from public.desk_day(${clinic.id}, '2021-06-09')`)
      );
      expect(refusal).toMatchObject({ code: 'PT403', message: 'not_staff' });
    }));
});

describe('the channel of a desk', () => {
  const hears = (tx: Transaction, person: DeskPerson, topic: string, claim: 'sub' | 'listens_for') =>
    asDesk(tx, person, async (db) => {
      if (claim === 'listens_for') {
        const claims = JSON.stringify({ role: 'authenticated', listens_for: person.account.sessionId });
        await db`select set_config('request.jwt.claims', ${claims}, true)`;
      }
      await db`select set_config('realtime.topic', ${topic}, true)`;
      return (await db`select from realtime.messages where topic = ${topic}`).count > 0;
    });

  test('carries id, version and operation, to those who have opened that desk', () =>
    atTheDesk(async ({ tx, clinic, priya, own, mark }) => {
      const topic = `desk:${clinic.id}`;
      const { version } = await mark(own, 'arrived');
      const said = await tx`
        select event, payload - 'id' as payload, private from realtime.messages
        where topic = ${topic} and payload ->> 'id' = ${own.id}`;
      expect([...said]).toEqual([
        { event: 'INSERT', payload: { version: 1, operation: 'INSERT' }, private: true },
        { event: 'UPDATE', payload: { version, operation: 'UPDATE' }, private: true }
      ]);

      expect(await hears(tx, priya, topic, 'sub')).toBe(true);
      expect(await hears(tx, priya, topic, 'listens_for')).toBe(true);
      const closed = await aDeskPerson(tx, clinic, { open: false });
      expect(await hears(tx, closed, topic, 'sub')).toBe(false);
      const stranger = await aDeskPerson(tx, await aClinic(tx));
      expect(await hears(tx, stranger, topic, 'sub')).toBe(false);
      expect(await hears(tx, stranger, topic, 'listens_for')).toBe(false);
    }));
});

describe('two desks at once', () => {
  let quiet: QuietDatabase;
  beforeAll(async () => {
    quiet = await startQuietDatabase();
  });
  afterAll(() => quiet.stop());

  test('of two who press the same button one is heard, and the other told; twenty times', async () => {
    const clinic = await aClinic(quiet.sql);
    const doctor = await aPractitioner(quiet.sql, clinic);
    const desks = [await aDeskPerson(quiet.sql, clinic), await aDeskPerson(quiet.sql, clinic)];
    for (let race = 0; race < 20; race++) {
      const patient = await aPatient(quiet.sql);
      const [own] = await quiet.sql<Row[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${patient.id}, ${doctor.id}, ${at('09:00')}::timestamptz + ${race} * interval '15 minutes') returning *`;
      const id = own?.id ?? '';
      // Whichever comes first, the other step does not follow on it.
      const steps = race % 2 === 0 ? ['arrived', 'arrived'] : ['seen', 'noshow'];
      const outcomes = await Promise.all(
        desks.map((desk, index) =>
          refusalOf(
            keptAtDesk(quiet.sql, desk, (tx) => tx`select public.desk_mark(${id}, ${steps[index] ?? ''})`)
          )
        )
      );
      expect(outcomes.map((outcome) => outcome?.message ?? 'marked').sort()).toEqual([
        'changed_meanwhile',
        'marked'
      ]);
      const [row] = await quiet.sql`select version from public.appointments where id = ${id}`;
      expect(row?.version).toBe(2);
    }
  });
});
