// What a manager sets up: the clinic, who sees patients there, and the words of SMS.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots, type Clinic } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  elsewhere: Clinic;
  manager: DeskPerson;
  desk: DeskPerson;
}

function atAClinic(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const [clinic, elsewhere] = [await aClinic(tx), await aClinic(tx)];
    const manager = await aDeskPerson(tx, clinic, { role: 'manager', name: 'Meena Iyer' });
    await work({ tx, clinic, elsewhere, manager, desk: await aDeskPerson(tx, clinic) });
  });
}

describe('the clinic', () => {
  test('is edited by its managers, and the audit says who it was', () =>
    atAClinic(async ({ tx, clinic, elsewhere, manager, desk }) => {
      const edit = (person: DeskPerson, id: string) =>
        asDesk(
          tx,
          person,
          async (db) => (await db`update public.clinics set max_active_bookings = 7 where id = ${id}`).count
        );
      expect(await edit(desk, clinic.id)).toBe(0);
      expect(await edit(manager, elsewhere.id)).toBe(0);
      expect(await edit(manager, clinic.id)).toBe(1);
      const [event] = await tx`
        select actor, changes from public.audit_trail where table_name = 'clinics' and row_id = ${clinic.id}
        order by id desc limit 1`;
      expect(event).toEqual({ actor: 'Meena Iyer', changes: { max_active_bookings: [5, 7] } });
    }));

  test.each(['id', 'phone', 'time_zone', 'locale', 'other_locales', 'created_at'])(
    'keeps its %s, which is for the dashboard',
    (column) =>
      atAClinic(async ({ tx, clinic, manager }) => {
        const refusal = await refusalIn(tx, () =>
          asDesk(
            tx,
            manager,
            (db) => db`update public.clinics set ${db(column)} = ${db(column)} where id = ${clinic.id}`
          )
        );
        expect(refusal?.code).toBe('42501');
      })
  );
});

describe('practitioners', () => {
  test('are added and edited by managers of their clinic, and removed by nobody at a desk', () =>
    atAClinic(async ({ tx, clinic, elsewhere, manager, desk }) => {
      const add = (person: DeskPerson, { id }: Clinic) =>
        refusalIn(tx, () =>
          asDesk(
            tx,
            person,
            (db) => db`
              insert into public.practitioners (clinic_id, name, specialty) values (${id}, 'Dr. Ravi', 'Skin')`
          )
        );
      expect((await add(desk, clinic))?.code).toBe('42501');
      expect((await add(manager, elsewhere))?.code).toBe('42501');
      expect(await add(manager, clinic)).toBeUndefined();
      const edit = (person: DeskPerson) =>
        asDesk(
          tx,
          person,
          async (db) =>
            (await db`update public.practitioners set active = false where clinic_id = ${clinic.id}`).count
        );
      expect([await edit(desk), await edit(manager)]).toEqual([0, 1]);
      const refusal = await refusalIn(tx, () =>
        asDesk(tx, manager, (db) => db`delete from public.practitioners where clinic_id = ${clinic.id}`)
      );
      expect(refusal?.code).toBe('42501');
    }));

  test('are listed with how many appointments are to come', () =>
    atAClinic(async ({ tx, clinic, manager }) => {
      const doctor = await aPractitioner(tx, clinic, { active: true });
      const slots = await nextSlots(tx, doctor, 2);
      for (const slot of slots) await book(tx, await aPatient(tx), doctor, slot);
      await tx`update public.appointments set status = 'cancelled' where starts_at = ${slots[0] ?? ''} and practitioner_id = ${doctor.id}`;
      await tx`update public.practitioners set active = false where id = ${doctor.id}`;
      const [row] = await asDesk(
        tx,
        manager,
        (db) =>
          db`select name, active, upcoming, last_on - next_on as days from public.desk_practitioners(${clinic.id})`
      );
      expect(row).toEqual({ name: 'Dr. Anjali Rao', active: false, upcoming: 1, days: 0 });
    }));
});

describe('the words of SMS', () => {
  const words = 'Synced with your account.';
  const set = (tx: Transaction, person: DeskPerson, body: string | null) =>
    refusalIn(tx, () =>
      asDesk(tx, person, (db) => db`select public.set_sms_text('ivr_synced', 'en-IN', ${body})`)
    );
  const body = async (tx: Transaction) =>
    (
      await tx<{ body: string }[]>`
      select body from public.sms_templates where key = 'ivr_synced' and locale = 'en-IN'`
    )[0]?.body;
  /** Makes somebody a manager of all clinics there are but one. */
  const everywhere = (tx: Transaction, { phone }: DeskPerson, but: string | null = null) => tx`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    select c.id, ${phone}, 'Meena Iyer', 'manager' from public.clinics c
    where c.id is distinct from ${but}
      and not exists (select from public.clinic_staff s where s.clinic_id = c.id and s.phone = ${phone})`;

  test('change only with who manages every clinic', () =>
    atAClinic(async ({ tx, manager, elsewhere }) => {
      const before = await body(tx);
      await everywhere(tx, manager, elsewhere.id);
      expect(await set(tx, manager, words)).toMatchObject({
        message: 'not_staff',
        detail: 'manager_of_all_only'
      });
      expect(await body(tx)).toBe(before);
      await everywhere(tx, manager);
      expect(await set(tx, manager, words)).toBeUndefined();
      expect(await body(tx)).toBe(words);
      const [event] = await tx`
        select actor from public.audit_trail where table_name = 'sms_templates' order by id desc limit 1`;
      expect(event?.actor).toBe('Meena Iyer');
      expect(await set(tx, manager, null)).toBeUndefined();
      expect(await body(tx)).toBe(before);
    }));

  test('are seen at every desk as patients read them, and tried without being changed', () =>
    atAClinic(async ({ tx, desk }) => {
      const [listed] = await asDesk(
        tx,
        desk,
        (db) => db`
          select preview, parts, may_edit from public.desk_sms_texts() where key = 'code' and locale = 'en-IN'`
      );
      expect(listed).toMatchObject({ preview: expect.stringMatching(/^482193 is your/), may_edit: false });
      const tried = (text: string) =>
        asDesk(tx, desk, (db) => db`select * from public.preview_sms_text('code', 'en-IN', ${text})`);
      expect([...(await tried('{{code}} ✓'))]).toEqual([
        { preview: '482193 ✓', encoding: 'UCS-2', places: 8, parts: 1, parts_for_dependent: null }
      ]);
      for (const [text, word] of [
        ['{{code}} {{day}}', 'unknown_placeholder'],
        ['Hello', 'missing_placeholder'],
        [' \n', 'empty_template'],
        [`{{code}} ${'long '.repeat(300)}`, 'template_too_long']
      ] as const) {
        expect((await refusalIn(tx, () => tried(text)))?.detail).toBe(word);
      }
    }));
});
