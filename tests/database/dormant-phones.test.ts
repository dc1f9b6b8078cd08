// A number that was silent for years may have been given to somebody else: what shows who it is wakes it, what only shows
// who has it now does not.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  aPatient,
  aPhone,
  aPractitioner,
  aSession,
  book,
  nextSlots,
  type Patient
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** Nobody has heard of the patient for so many days. */
async function silent(tx: Transaction, { id }: Patient, days: number): Promise<void> {
  const since = new Date(Date.now() - days * 86_400_000);
  await tx`update public.patients set created_at = ${since} where id = ${id}`;
  await tx`update private.signs_of_life set seen_at = ${since} where patient_id = ${id}`;
}

async function isDormant(tx: Transaction, { id }: Patient): Promise<boolean> {
  const [row] = await tx<{ dormant: boolean }[]>`select private.is_dormant(${id}) as dormant`;
  return row?.dormant ?? false;
}

async function anAppointment(tx: Transaction, patient: Patient, channel: 'ivr' | 'web' = 'ivr') {
  const practitioner = await aPractitioner(tx, await aClinic(tx));
  const [slot] = await nextSlots(tx, practitioner, 1);
  return book(tx, patient, practitioner, slot ?? '', { channel });
}

test.each([
  [729, false],
  [731, true]
])('after %i days of silence it is %s that a phone is dormant', (days, expected) =>
  rolledBack(sql, async (tx) => {
    const patient = await aPatient(tx, { account: true });
    await silent(tx, patient, days);
    expect(await isDormant(tx, patient)).toBe(expected);
  })
);

test('an admin chooses another number of days', () =>
  rolledBack(sql, async (tx) => {
    const patient = await aPatient(tx, { account: true });
    await silent(tx, patient, 100);
    await tx`update public.security_settings set dormant_days = 90 where id`;
    expect(await isDormant(tx, patient)).toBe(true);
  }));

interface Sign {
  what: string;
  wakes: boolean;
  keepsAwake: boolean;
  give(tx: Transaction, patient: Patient & { account: { userId: string } }): Promise<unknown>;
}
const signs: Sign[] = [
  {
    what: 'signing in',
    wakes: true,
    keepsAwake: true,
    give: (tx, { account }) => aSession(tx, account.userId)
  },
  {
    what: 'going on with a session',
    wakes: true,
    keepsAwake: true,
    give: (tx, { account }) =>
      tx`update auth.sessions set refreshed_at = now() at time zone 'UTC' where user_id = ${account.userId}`
  },
  {
    what: 'the clinic, which has asked',
    wakes: true,
    keepsAwake: true,
    give: (tx, { phone }) => tx`select public.confirm_phone_owner(${phone})`
  },
  {
    what: 'another number, given by the clinic',
    wakes: true,
    keepsAwake: true,
    give: (tx, { id }) => tx`select public.change_patient_phone(${id}, ${aPhone()})`
  },
  {
    what: 'coming to an appointment',
    wakes: false,
    keepsAwake: true,
    // On the very day, at an hour that does not matter.
    give: async (tx, patient) => {
      const { id } = await anAppointment(tx, patient);
      await tx`
        update public.appointments set status = 'arrived',
          starts_at = ((now() at time zone 'Asia/Kolkata')::date + time '23:30') at time zone 'Asia/Kolkata'
        where id = ${id}`;
    }
  },
  {
    what: 'a reference that was right in a call',
    wakes: false,
    keepsAwake: true,
    give: async (tx, patient) => {
      const { clinic_id, reference } = await anAppointment(tx, patient);
      const call = { call_id: `dormant-${patient.id}`, turn: 1 };
      const [row] = await tx`
        select private.ivr_check_reference(${tx.json(call)}, ${tx.json({ reference })}, c, ${patient.id}, now()) as checked
        from public.clinics c where c.id = ${clinic_id}`;
      expect(row?.checked).toHaveProperty('appointment');
    }
  },
  { what: 'booking by phone', wakes: false, keepsAwake: false, give: anAppointment },
  {
    what: 'booking on the web',
    wakes: false,
    keepsAwake: false,
    give: (tx, patient) => anAppointment(tx, patient, 'web')
  }
];

describe.each(signs)('$what', ({ wakes, keepsAwake, give }) => {
  test(`${wakes ? 'wakes' : 'does not wake'} a dormant phone`, () =>
    rolledBack(sql, async (tx) => {
      const patient = await aPatient(tx, { account: true });
      await silent(tx, patient, 731);
      await give(tx, patient);
      expect(await isDormant(tx, patient)).toBe(!wakes);
    }));

  test(`${keepsAwake ? 'counts' : 'does not count'} for one that is not`, () =>
    rolledBack(sql, async (tx) => {
      const patient = await aPatient(tx, { account: true });
      await silent(tx, patient, 700);
      await give(tx, patient);
      await tx`update public.security_settings set dormant_days = 600 where id`;
      expect(await isDormant(tx, patient)).toBe(!keepsAwake);
    }));
});

test('no account is made for whoever calls from a dormant phone, who books all the same', () =>
  rolledBack(sql, async (tx) => {
    const patient = await aPatient(tx);
    await silent(tx, patient, 731);
    const { status } = await anAppointment(tx, patient);
    expect(status).toBe('booked');
    expect(await tx`select from private.account_jobs where patient_id = ${patient.id}`).toHaveLength(0);
  }));

test('whoever calls from one is not told of an account that somebody else may have', () =>
  rolledBack(sql, async (tx) => {
    const told = async (patient: Patient) => {
      await anAppointment(tx, patient);
      const texts = await tx<{ template: string }[]>`
        select template from public.sms_messages where patient_id = ${patient.id} order by template`;
      return texts.map(({ template }) => template);
    };
    const [silentOne, other] = [await aPatient(tx, { account: true }), await aPatient(tx, { account: true })];
    await silent(tx, silentOne, 731);
    expect(await told(silentOne)).toEqual(['appointment_booked']);
    expect(await told(other)).toEqual(['appointment_booked', 'ivr_synced']);
  }));

test('whoever vouched for a phone is in the audit', () =>
  rolledBack(sql, async (tx) => {
    const patient = await aPatient(tx);
    await silent(tx, patient, 731);
    const traces = () => tx`
      select channel, actor_id, action, changes from public.audit_events
      where table_name = 'signs_of_life' and row_id = ${patient.id}`;
    expect(await traces()).toHaveLength(0);
    await tx`select public.confirm_phone_owner(${patient.phone})`;
    const [trace, ...more] = await traces();
    expect(more).toHaveLength(0);
    expect(trace).toMatchObject({ channel: 'desk', actor_id: null, action: 'update' });
    expect(JSON.stringify(trace)).not.toContain(patient.phone.slice(-6));
  }));

test('a phone that nobody has cannot be confirmed', () =>
  rolledBack(sql, async (tx) => {
    const confirm = () => tx`select public.confirm_phone_owner(${aPhone()})`;
    expect(await refusalIn(tx, confirm)).toMatchObject({ message: 'not_found' });
  }));
