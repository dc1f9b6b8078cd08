// Finding a patient at the desk, and their record.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  priya: DeskPerson;
  /** A patient with an appointment to come. */
  comes(name: string, at?: Practitioner): Promise<{ patient: Patient; appointment: Appointment }>;
  find(words: string): Promise<Record<string, unknown>[]>;
  names(words: string): Promise<unknown[]>;
}

function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const doctor = await aPractitioner(tx, clinic);
    const priya = await aDeskPerson(tx, clinic);
    const find = async (words: string) => [
      ...(await asDesk(tx, priya, (db) => db`select * from public.desk_find(${clinic.id}, ${words})`))
    ];
    await work({
      tx,
      clinic,
      doctor,
      priya,
      find,
      names: async (words) => (await find(words)).map(({ name }) => name),
      async comes(name, practitioner = doctor) {
        const patient = await aPatient(tx);
        await tx`update public.patients set name = ${name} where id = ${patient.id}`;
        const [slot] = await nextSlots(tx, practitioner, 1);
        return { patient, appointment: await book(tx, patient, practitioner, slot ?? new Date()) };
      }
    });
  });
}

describe('a patient is found', () => {
  test('by the phone in any notation, and by its last digits', () =>
    atTheDesk(async ({ comes, find }) => {
      const { patient } = await comes('Lakshmi');
      const { phone } = patient;
      const national = phone.slice(3);
      for (const words of [
        phone,
        `${phone.slice(0, 3)} ${national.slice(0, 5)}-${national.slice(5)}`,
        `0${national}`,
        national,
        phone.slice(1),
        phone.slice(-4),
        phone.slice(-6),
        phone.slice(-3)
      ]) {
        expect([words, (await find(words)).map(({ patient_id }) => patient_id)]).toEqual([
          words,
          expect.arrayContaining([patient.id])
        ]);
      }
      expect(await find(phone)).toMatchObject([
        {
          patient_id: patient.id,
          name: 'Lakshmi',
          phone_end: phone.slice(-4),
          has_account: false,
          merged_into: null
        }
      ]);
      expect(JSON.stringify(await find(phone))).not.toContain(national);
    }));

  test('by the reference of an appointment to come', () =>
    atTheDesk(async ({ tx, comes, find }) => {
      const { patient, appointment } = await comes('Lakshmi');
      const found = async () => (await find(appointment.reference)).map(({ patient_id }) => patient_id);
      expect(await found()).toContain(patient.id);
      await tx`update public.appointments set status = 'cancelled' where id = ${appointment.id}`;
      await tx`update public.patients set phone = '+919000000000' where id = ${patient.id}`;
      expect(await found()).not.toContain(patient.id);
    }));

  test('by the identifier of a record, at its own clinic', () =>
    atTheDesk(async ({ tx, comes, find }) => {
      const { patient } = await comes('Lakshmi');
      const { patient: stranger } = await comes('Ravi', await aPractitioner(tx, await aClinic(tx)));
      expect(await find(patient.id)).toMatchObject([{ patient_id: patient.id }]);
      expect(await find(stranger.id)).toEqual([]);
    }));

  test.each([
    ['Lakshmi Narayanan', 'lakshmi'],
    ['Lakshmi Narayanan', 'narayanan lakshmi'],
    ['Lakshmi Narayanan', 'Laxmi'],
    ['Lakshmi Narayanan', 'Lakshmy Narayan'],
    ['Mohammed Irfan', 'Muhammad'],
    ['Subramanian Iyer', 'Subramaniam'],
    ['Karthik', 'Kartik'],
    ['José Álvarez', 'álvarez'],
    ['லட்சுமி நாராயணன்', 'லட்சுமி'],
    ['Anne-Marie O’Neill', 'marie']
  ])('by name: %s as "%s"', (name, typed) =>
    atTheDesk(async ({ comes, names }) => {
      await comes('Zubeida Khatun');
      await comes(name);
      expect(await names(typed)).toEqual([name]);
    })
  );

  test('the closest first, and no more than twenty', () =>
    atTheDesk(async ({ comes, names }) => {
      for (let count = 0; count < 22; count++) await comes(`Lakshmi ${String.fromCharCode(65 + count)}`);
      await comes('Laxman');
      await comes('Lakshmi Narayanan');
      const found = await names('Lakshmi Narayanan');
      expect(found[0]).toBe('Lakshmi Narayanan');
      expect(found).toHaveLength(20);
      expect(found).not.toContain('Laxman');
    }));

  test('but nobody of another clinic, nor by next to nothing', () =>
    atTheDesk(async ({ tx, comes, find }) => {
      const elsewhere = await aPractitioner(tx, await aClinic(tx));
      const { patient, appointment } = await comes('Lakshmi', elsewhere);
      for (const words of ['Lakshmi', patient.phone, patient.phone.slice(-4), appointment.reference]) {
        expect(await find(words)).toEqual([]);
      }
      await comes('Ravi');
      for (const words of ['', ' ', 'r', '9', '%', '_', '%%%', "'", '\\'])
        expect(await find(words)).toEqual([]);
    }));

  test('without reading the whole table', () =>
    rolledBack(sql, async (tx) => {
      await tx`set local enable_seqscan = off`;
      const plan = async (query: string) =>
        JSON.stringify(
          await tx.unsafe(`explain (format json) select id from public.patients p where ${query}`)
        );
      expect(await plan(`p.name operator(extensions.%>) 'Laxmi' or p.name ilike '%laxmi%'`)).toContain(
        'patients_name_like'
      );
      expect(await plan(`p.phone like '%1234'`)).toContain('patients_phone_like');
    }));
});

interface Entry {
  kind: string;
  at: string;
  [field: string]: unknown;
}

async function record(tx: Transaction, person: DeskPerson, id: string) {
  const [row] = await asDesk(
    tx,
    person,
    (db) =>
      db<{ record: { phone: string; timeline: Entry[] } }[]>`select public.desk_patient(${id}) as record`
  );
  if (!row) throw new Error('There is no record.');
  return row.record;
}

describe('the record of a patient', () => {
  test('is one timeline of appointments, calls, SMS and changes, the latest first', () =>
    atTheDesk(async ({ tx, clinic, priya, comes }) => {
      const { patient, appointment } = await comes('Lakshmi');
      const call = {
        call_id: clinic.id,
        caller: patient.phone,
        dialled: clinic.phone,
        turn: 1,
        step: 'menu',
        keys: ''
      };
      await tx`select private.ivr_turn(${tx.json(call)}, null)`;
      await asDesk(tx, priya, (db) => db`select public.desk_note(${appointment.id}, 'fever')`);
      const { phone, timeline } = await record(tx, priya, patient.id);
      expect(phone).toBe(patient.phone);
      expect(new Set(timeline.map(({ kind }) => kind))).toEqual(
        new Set(['appointment', 'call', 'sms', 'change'])
      );
      expect(timeline.find(({ kind }) => kind === 'appointment')).toMatchObject({
        id: appointment.id,
        note: 'fever'
      });
      expect(timeline.find(({ kind, actor }) => kind === 'change' && actor === 'Priya Nair')).toMatchObject({
        changes: { note: [null, 'fever'] }
      });
      const moments = timeline.map(({ at }) => at);
      expect(moments).toEqual([...moments].sort().reverse());
    }));

  test('each time it is read, one row of the audit says by whom', () =>
    atTheDesk(async ({ tx, priya, comes }) => {
      const { patient } = await comes('Lakshmi');
      await record(tx, priya, patient.id);
      await record(tx, priya, patient.id);
      const reads = await tx`
        select channel, actor, actor_id from public.audit_trail
        where action = 'read' and table_name = 'patients' and row_id = ${patient.id}`;
      const read = { channel: 'desk', actor: 'Priya Nair', actor_id: priya.account.userId };
      expect([...reads]).toEqual([read, read]);
    }));

  test('is of the own clinic only, whatever else the patient has', () =>
    atTheDesk(async ({ tx, priya, comes }) => {
      const { patient } = await comes('Lakshmi');
      const elsewhere = await aClinic(tx);
      const other = await aPractitioner(tx, elsewhere, { name: 'Dr. Secret' });
      const [, slot] = await nextSlots(tx, other, 2);
      const there = await book(tx, patient, other, slot ?? new Date());
      const call = {
        call_id: elsewhere.id,
        caller: patient.phone,
        dialled: elsewhere.phone,
        turn: 1,
        step: 'menu',
        keys: ''
      };
      await tx`select private.ivr_turn(${tx.json(call)}, null)`;
      const seesNothing = async () => {
        const seen = JSON.stringify(await record(tx, priya, patient.id));
        for (const secret of ['Dr. Secret', there.id, elsewhere.id]) expect(seen).not.toContain(secret);
      };
      await seesNothing();
      // Nothing says of an SMS any more which clinic's it was.
      await tx`delete from public.appointments where id = ${there.id}`;
      await seesNothing();

      const { patient: stranger } = await comes('Ravi', other);
      const refusal = await refusalIn(tx, () => record(tx, priya, stranger.id));
      expect(refusal).toMatchObject({ code: 'PT404', message: 'not_found' });
    }));

  test('shows no code and no password', () =>
    atTheDesk(async ({ tx, priya, comes }) => {
      const { patient } = await comes('Lakshmi');
      await tx`
        insert into public.sms_messages (patient_id, to_phone, template, body, secret)
        values (${patient.id}, ${patient.phone}, 'code', '482193 is your code', true)`;
      expect(JSON.stringify(await record(tx, priya, patient.id))).not.toContain('482193');
    }));
});

describe('an SMS that failed', () => {
  async function failed(
    tx: Transaction,
    { patient, appointment }: { patient: Patient; appointment: Appointment }
  ) {
    const [sms] = await tx<{ id: string }[]>`
      insert into public.sms_messages (patient_id, appointment_id, to_phone, template, body, status)
      values (${patient.id}, ${appointment.id}, ${patient.phone}, 'appointment_booked', 'text', 'failed') returning id`;
    return sms?.id ?? '';
  }
  const resend = (tx: Transaction, person: DeskPerson, id: string) =>
    asDesk(tx, person, (db) => db`select public.desk_resend(${id})`);

  test('is sent again', () =>
    atTheDesk(async ({ tx, priya, comes }) => {
      const id = await failed(tx, await comes('Lakshmi'));
      await resend(tx, priya, id);
      const [row] = await tx`select status from public.sms_messages where id = ${id}`;
      expect(row?.status).toBe('queued');
      expect((await refusalIn(tx, () => resend(tx, priya, id)))?.detail).toBe('unknown_sms');
    }));

  test('but none with a code, and none of another clinic', () =>
    atTheDesk(async ({ tx, priya, comes }) => {
      const secret = await failed(tx, await comes('Lakshmi'));
      await tx`update public.sms_messages set secret = true where id = ${secret}`;
      expect((await refusalIn(tx, () => resend(tx, priya, secret)))?.detail).toBe('unknown_sms');
      const elsewhere = await failed(tx, await comes('Ravi', await aPractitioner(tx, await aClinic(tx))));
      expect((await refusalIn(tx, () => resend(tx, priya, elsewhere)))?.detail).toBe('unknown_sms');
    }));
});
