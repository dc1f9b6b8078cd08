import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, asServiceRole, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  aPatient,
  aPhone,
  aPractitioner,
  book,
  nextSlots,
  type PatientWithAccount
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
const admin = databaseAsAdmin();
afterAll(closeDatabases);

const now = new Date('2091-06-01T00:00:00Z');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

const history = (tx: Transaction, rowId: string) =>
  tx<{ action: string; channel: string; actor_id: string | null; table_name: string; changes: object }[]>`
    select action, channel, actor_id, table_name, changes from public.audit_events
    where row_id = ${rowId} order by id`;

describe('rows can only be added', () => {
  const attempts = {
    update: (tx: Transaction) => tx`update public.audit_events set channel = 'web'`,
    'update of nothing': (tx: Transaction) => tx`update public.audit_events set channel = 'web' where false`,
    delete: (tx: Transaction) => tx`delete from public.audit_events`,
    truncate: (tx: Transaction) => tx`truncate public.audit_events`,
    'truncate of everything': (tx: Transaction) =>
      tx`truncate public.audit_events, public.sms_messages cascade`,
    merge: (tx: Transaction) => tx`
      merge into public.audit_events e using (select 1) s on true when matched then delete`
  };

  test.each(Object.entries(attempts))(
    '%s is refused, even to the owner and to a superuser',
    async (_verb, work) => {
      for (const connection of [sql, admin]) {
        await rolledBack(connection, async (tx) => {
          // Nobody waits for a lock that is refused anyway.
          await tx`set local lock_timeout = '5s'`;
          expect(await refusalIn(tx, work)).toEqual({
            code: 'PT403',
            message: 'audit_is_append_only',
            detail: 'audit_is_append_only',
            hint: 'Audit events can neither be changed nor deleted.'
          });
        });
      }
    }
  );

  test('a secret key can read them and write none', () =>
    rolledBack(sql, async (tx) => {
      const write = () =>
        asServiceRole(
          tx,
          (db) =>
            db`insert into public.audit_events (channel, action, table_name, row_id) values ('web', 'insert', 'x', 'y')`
        );
      expect(await refusalIn(tx, write)).toMatchObject({ code: '42501' });
    }));
});

describe('the deletion of an account', () => {
  const name = 'Asha Quillon';

  /** A patient whose name, username and age have changed once, so that the audit knows two of each. */
  async function aKnownPatient(tx: Transaction) {
    const patient = await aPatient(tx, { account: true });
    for (const [called, username, age] of [
      [name, 'asha.quillon', 35],
      [`${name} Rao`, 'asha.q.rao', 36]
    ] as const) {
      await tx`update public.patients set ${tx({ name: called, username, age })} where id = ${patient.id}`;
    }
    expect(JSON.stringify(await history(tx, patient.id))).toMatch(/Quillon.*asha\.q\.rao/);
    return patient;
  }

  const deletions: Record<string, (tx: Transaction, patient: PatientWithAccount) => Promise<unknown>> = {
    'by its owner': (tx, { account }) => tx`select private.delete_account(${account.userId})`,
    'of a patient with appointments, by its owner': async (tx, patient) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const [slot] = await nextSlots(tx, practitioner, 1);
      await book(tx, patient, practitioner, slot ?? '');
      await tx`select private.delete_account(${patient.account.userId})`;
    },
    'by hand, with its patient': (tx, { id }) => tx`delete from public.patients where id = ${id}`,
    'by hand, in Authentication': (tx, { account }) => tx`delete from auth.users where id = ${account.userId}`
  };

  test.each(Object.entries(deletions))('%s takes the names out of the audit', (_, erase) =>
    rolledBack(sql, async (tx) => {
      const patient = await aKnownPatient(tx);
      const before = await history(tx, patient.id);
      await erase(tx, patient);
      const after = await history(tx, patient.id);
      // Without moments and the ends of masked phones, in which an age could be seen.
      const written = JSON.stringify(after).replace(/\d{4}-\d\d-\d\d[T ][\d:.]+|\*\d\d/g, '');
      expect(written).not.toMatch(/quillon|asha|\b3[456]\b/i);
      // All that happened is still there, with whose row it was, when, and which columns changed.
      expect(after.slice(0, before.length).map(({ changes }) => Object.keys(changes))).toEqual(
        before.map(({ changes }) => Object.keys(changes))
      );
      expect(after[2]?.changes).toMatchObject({ name: '(erased)', username: '(erased)', age: '(erased)' });
      expect(after.length).toBeGreaterThan(before.length);
    })
  );

  test('leaves those of everybody else', () =>
    rolledBack(sql, async (tx) => {
      const [gone, stays] = [await aPatient(tx, { account: true }), await aPatient(tx)];
      await tx`update public.patients set name = ${name} where id = ${stays.id}`;
      await tx`delete from public.patients where id = ${gone.id}`;
      expect(JSON.stringify(await history(tx, stays.id))).toContain(name);
    }));

  test('is the only way: a trigger of somebody else can write nothing but that into the audit', () =>
    rolledBack(sql, async (tx) => {
      const patient = await aKnownPatient(tx);
      for (const change of [
        "channel = 'web'",
        "changes = '{}'",
        "changes = changes - 'name'",
        'row_id = 1'
      ]) {
        await tx.unsafe(`create or replace function private.forge() returns trigger language plpgsql as
          $$ begin update public.audit_events set ${change} where row_id = '${patient.id}'; return null; end $$;
          create or replace trigger forge after update on public.clinics
            for each statement execute function private.forge()`);
        const forged = await refusalIn(tx, (db) => db`update public.clinics set name = name where false`);
        expect(forged).toMatchObject({ message: 'audit_is_append_only' });
      }
    }));
});

describe('who did what, and by which way', () => {
  test('a session', () =>
    rolledBack(sql, async (tx) => {
      const { id, account } = await aPatient(tx, { account: true });
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const [slot] = await nextSlots(tx, practitioner, 1);
      const [booked] = await asPatient(
        tx,
        account,
        (db) =>
          db<{ id: string }[]>`select id from public.book_appointment(${practitioner.id}, ${slot ?? ''})`
      );
      expect([...(await history(tx, booked?.id ?? ''))]).toEqual([
        {
          action: 'insert',
          channel: 'web',
          actor_id: account.userId,
          table_name: 'appointments',
          changes: expect.objectContaining({
            patient_id: [null, id],
            status: [null, 'booked'],
            channel: [null, 'web']
          }) as object
        }
      ]);
    }));

  test('a call, and then the desk', () =>
    rolledBack(sql, async (tx) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const { id } = await book(tx, await aPatient(tx), practitioner, at('10:00'), { now, channel: 'ivr' });
      await tx`select set_config('medq.channel', '', true)`;
      await tx`update public.appointments set starts_at = ${at('11:00')} where id = ${id}`;
      await tx`update public.appointments set status = 'cancelled' where id = ${id}`;
      await tx`update public.appointments set status = status where id = ${id}`;
      await tx`delete from public.appointments where id = ${id}`;
      const events = await history(tx, id);
      expect(events.map(({ action, channel }) => [action, channel])).toEqual([
        ['insert', 'ivr'],
        ['update', 'desk'],
        ['update', 'desk'],
        ['update', 'desk'],
        ['delete', 'desk']
      ]);
      expect(events.slice(1, 4).map(({ changes }) => changes)).toEqual([
        {
          starts_at: ['2091-06-09T04:30:00+00:00', '2091-06-09T05:30:00+00:00'],
          ends_at: ['2091-06-09T04:45:00+00:00', '2091-06-09T05:45:00+00:00'],
          token_number: [5, 9]
        },
        expect.objectContaining({ status: ['booked', 'cancelled'] }),
        {}
      ]);
    }));

  test('a refused change leaves no trace', () =>
    rolledBack(sql, async (tx) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const { id } = await book(tx, await aPatient(tx), practitioner, at('10:00'), { now });
      const other = await aPatient(tx);
      await refusalIn(tx, () => tx`update public.appointments set patient_id = ${other.id} where id = ${id}`);
      expect(await history(tx, id)).toHaveLength(1);
    }));

  test('edits of clinics, practitioners, hours, exceptions, templates and limits are written down too', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const practitioner = await aPractitioner(tx, clinic, { hours: [] });
      await tx`update public.clinics set name = 'Hillside' where id = ${clinic.id}`;
      await tx`update public.practitioners set active = false where id = ${practitioner.id}`;
      const [hours] = await tx<{ id: string }[]>`
        insert into public.schedules (practitioner_id, weekday, start_time, end_time)
        values (${practitioner.id}, 1, '09:00', '10:00') returning id`;
      const [exception] = await tx<{ id: string }[]>`
        insert into public.schedule_exceptions (practitioner_id, on_date) values (${practitioner.id}, '2091-06-09')
        returning id`;
      await tx`update public.sms_templates set body = 'Hello' where key = 'ivr_synced'`;

      expect((await history(tx, clinic.id))[1]?.changes).toEqual({ name: ['Lakeside Clinic', 'Hillside'] });
      expect((await history(tx, practitioner.id))[1]?.changes).toEqual({ active: [true, false] });
      expect(await history(tx, hours?.id ?? '')).toMatchObject([
        { action: 'insert', table_name: 'schedules' }
      ]);
      expect(await history(tx, exception?.id ?? '')).toMatchObject([
        { action: 'insert', table_name: 'schedule_exceptions' }
      ]);
      expect((await history(tx, 'ivr_synced/en-IN')).at(-1)?.changes).toEqual({
        body: [expect.stringContaining('Your IVR booking'), 'Hello']
      });

      await tx`update public.limits set max = 6 where (what, by, seconds) = ('code', 'phone', 600)`;
      await tx`delete from public.limits where (what, by, seconds) = ('code', 'phone', 600)`;
      expect(await history(tx, 'code/phone/600')).toMatchObject([
        { action: 'update', table_name: 'limits', changes: { max: [5, 6] } },
        { action: 'delete', table_name: 'limits' }
      ]);
    }));
});

describe('what is not kept', () => {
  test('no full phone number and no reference, in the history or among the calls', () =>
    rolledBack(sql, async (tx) => {
      const [caller, moved, reception] = [aPhone(), aPhone(), aPhone()];
      const clinic = await aClinic(tx, { reception_phone: reception });
      const practitioner = await aPractitioner(tx, clinic);
      const [slot] = await nextSlots(tx, practitioner, 1);
      const call = { call_id: clinic.id, caller, dialled: clinic.phone, turn: 1, step: 'confirm', keys: '1' };
      const ask = {
        kind: 'book',
        practitioner_id: practitioner.id,
        starts_at: slot?.toISOString() ?? '',
        specialty: practitioner.specialty
      };
      await tx`select private.ivr_turn(${tx.json(call)}, ${tx.json(ask)})`;
      await tx`update public.patients set phone = ${moved} where phone = ${caller}`;
      await tx`update public.appointments set status = 'cancelled' where practitioner_id = ${practitioner.id}`;
      await tx`delete from public.appointments where practitioner_id = ${practitioner.id}`;
      await tx`delete from public.patients where phone = ${moved}`;

      for (const phone of [caller, moved, reception, clinic.phone]) {
        const pattern = `%${phone.slice(1)}%`;
        const found = await tx`
          select 'audit_events' as where from public.audit_events e where e::text like ${pattern}
          union all select 'ivr_calls' from public.ivr_calls c where c::text like ${pattern}`;
        expect([...found]).toEqual([]);
      }
      const kept = await tx<{ masked: string }[]>`
        select changes #>> '{phone,0}' as masked from public.audit_events
        where table_name = 'patients' and action = 'delete' and occurred_at = now()`;
      expect([...kept]).toEqual([{ masked: `${moved.slice(0, 3)}********${moved.slice(-2)}` }]);
      const references = await tx`
        select from public.audit_events where table_name = 'appointments' and changes ? 'reference'`;
      expect(references).toHaveLength(0);
    }));
});
