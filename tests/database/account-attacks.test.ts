// What somebody gains who can write to Auth without the way of ours: nothing. Tried as Auth itself, as the owner of the
// tables, and as the superuser.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsAdmin } from '../helpers/stack.ts';
import {
  aClinic,
  anAccount,
  anAccountJob,
  aPatient,
  aPhone,
  aPractitioner,
  aRegistration,
  book,
  permit
} from '../helpers/world.ts';

const admin = databaseAsAdmin();
afterAll(closeDatabases);

const writers = ['supabase_auth_admin', 'postgres', 'supabase_admin'];

/** What `work`, done by somebody logged in as `role`, was refused with. */
const refused = (tx: Transaction, role: string, work: () => PromiseLike<unknown>) =>
  refusalIn(tx, async () => {
    await tx.unsafe(`set local session authorization ${role}`);
    await work();
    await tx`reset session authorization`;
  });

describe.each(writers)('an account made by %s with a confirmed phone', (writer) => {
  const nobodys = '8b0c6f4e-0000-4000-8000-000000000000';

  test('is refused, with or without bookings of that phone', () =>
    rolledBack(admin, async (tx) => {
      const patient = await aPatient(tx);
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await book(tx, patient, practitioner, '2091-06-09T10:00:00+05:30', { now: new Date('2091-06-01') });
      for (const phone of [patient.phone, aPhone()]) {
        const attempt = () => anAccount(tx, phone, { registration: nobodys });
        expect(await refused(tx, writer, attempt)).toMatchObject({
          code: 'PT403',
          message: 'unproven_account'
        });
      }
      expect(await tx`select user_id from public.patients where id = ${patient.id}`).toEqual([
        { user_id: null }
      ]);
    }));

  test('is refused when it is confirmed later, as an open sign-up would', () =>
    rolledBack(admin, async (tx) => {
      const { phone } = await aPatient(tx);
      const { userId } = await anAccount(tx, phone, { confirmed: false, registration: nobodys });
      const confirm = () => tx`update auth.users set phone_confirmed_at = now() where id = ${userId}`;
      expect(await refused(tx, writer, confirm)).toMatchObject({ message: 'unproven_account' });
    }));

  test('is refused with the proof of another phone', () =>
    rolledBack(admin, async (tx) => {
      const victim = await aPatient(tx);
      const own = await aPatient(tx);
      const registration = await aRegistration(tx, own.phone);
      const jobId = await anAccountJob(tx, own.id);
      for (const proof of [{ registration }, { jobId }]) {
        const attempt = () => anAccount(tx, victim.phone, proof);
        expect(await refused(tx, writer, attempt)).toMatchObject({ message: 'unproven_account' });
      }
    }));

  test('is refused with a proof that was used, or a job that is done', () =>
    rolledBack(admin, async (tx) => {
      const patient = await aPatient(tx);
      const registration = await aRegistration(tx, patient.phone);
      const jobId = await anAccountJob(tx, patient.id);
      const { userId } = await anAccount(tx, patient.phone, { registration });
      await tx`delete from auth.users where id = ${userId}`;
      await tx`update private.account_jobs set done_at = now() where id = ${jobId}`;
      for (const proof of [{ registration }, { jobId }]) {
        const attempt = () => anAccount(tx, patient.phone, proof);
        expect(await refused(tx, writer, attempt)).toMatchObject({ message: 'unproven_account' });
      }
    }));
});

describe.each(writers)('what opens an account, changed by %s', (writer) => {
  const other = aPhone();
  const changes = {
    'another password': { encrypted_password: 'another hash' },
    'no password, as Auth takes it away': { encrypted_password: null },
    'another phone': { phone: other.slice(1) },
    'the beginning of another phone': { phone_change: other.slice(1) },
    'no phone': { phone: null },
    'an e-mail': { email: 'thief@example.org' },
    'the beginning of an e-mail': { email_change: 'thief@example.org' }
  };

  test.each(Object.entries(changes))('is refused without a permit: %s', (_what, values) =>
    rolledBack(admin, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'their own secret' });
      const change = async () => {
        await tx`update auth.users set ${tx(values)} where id = ${account.userId}`;
      };
      expect(await refused(tx, writer, change)).toMatchObject({
        code: 'PT403',
        message: 'change_not_permitted'
      });
    })
  );

  test('passes with a permit, once, and only what it says', () =>
    rolledBack(admin, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'their own secret' });
      const stranger = await aPatient(tx, { account: true });
      const set = (values: Record<string, string>, userId = account.userId) =>
        refused(tx, writer, async () => {
          await tx`update auth.users set ${tx(values)} where id = ${userId}`;
        });
      await permit(tx, account.userId, 'password');
      expect(await set({ phone: other.slice(1) })).toMatchObject({ message: 'change_not_permitted' });
      expect(await set({ encrypted_password: 'x' }, stranger.account.userId)).toMatchObject({
        message: 'change_not_permitted'
      });
      expect(await set({ encrypted_password: 'one hash' })).toBeUndefined();
      expect(await set({ encrypted_password: 'two hash' })).toMatchObject({
        message: 'change_not_permitted'
      });
      await permit(tx, account.userId, 'phone', other);
      expect(await set({ phone: aPhone().slice(1) })).toMatchObject({ message: 'change_not_permitted' });
      expect(await set({ phone: other.slice(1) })).toBeUndefined();
    }));

  test('is refused with a permit that is too old', () =>
    rolledBack(admin, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'their own secret' });
      await permit(tx, account.userId, 'password');
      await tx`update private.account_permits set expires_at = now() where user_id = ${account.userId}`;
      const change = () => tx`update auth.users set encrypted_password = 'x' where id = ${account.userId}`;
      expect(await refused(tx, writer, change)).toMatchObject({ message: 'change_not_permitted' });
    }));

  test('is refused with a permit for the account as it was before another change', () =>
    rolledBack(admin, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'their own secret' });
      const state = () => tx`select private.account_state(${account.userId}) as state`;
      const permitIn = async (known: unknown) => {
        const [row] = await tx<{ id: string | null }[]>`
          select private.permit_change(${account.userId}, 'password', p_state => ${String(known)}) as id`;
        return row?.id ?? null;
      };
      const change = (hash: string) =>
        refused(tx, writer, async () => {
          await tx`update auth.users set encrypted_password = ${hash} where id = ${account.userId}`;
        });
      const [before] = await state();
      const permits = [await permitIn(before?.state), await permitIn(before?.state)];
      expect(new Set(permits).size).toBe(2);
      expect(await change('one hash')).toBeUndefined();
      expect(await change('two hash')).toMatchObject({ message: 'change_not_permitted' });
      expect(await permitIn(before?.state)).toBeNull();
      const [after] = await state();
      await permitIn(after?.state);
      expect(await change('three hash')).toBeUndefined();
    }));

  test('is refused once its maker has withdrawn the permit, which leaves those of others', () =>
    rolledBack(admin, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'their own secret' });
      const change = () => tx`update auth.users set encrypted_password = 'x' where id = ${account.userId}`;
      const [mine] = await tx<{ id: string }[]>`
        select private.permit_change(${account.userId}, 'password') as id`;
      await permit(tx, account.userId, 'phone', other);
      await tx`select private.withdraw_permit(${mine?.id ?? ''})`;
      expect(await refused(tx, writer, change)).toMatchObject({ message: 'change_not_permitted' });
      expect(await tx`select what from private.account_permits where user_id = ${account.userId}`).toEqual([
        { what: 'phone' }
      ]);
    }));

  test('goes on as ever where nothing of it changes, and where it is taken away', () =>
    rolledBack(admin, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'their own secret' });
      const signIn = () => tx`
        update auth.users set encrypted_password = encrypted_password, phone = phone, phone_confirmed_at = now(),
          phone_change = '', email_change = '', last_sign_in_at = now()
        where id = ${account.userId}`;
      const takeAway = () => tx`update auth.users set encrypted_password = '' where id = ${account.userId}`;
      for (const write of [signIn, takeAway]) expect(await refused(tx, writer, write)).toBeUndefined();
    }));
});

describe('a password changed by hand', () => {
  test('needs an admin to say so first, for some minutes', () =>
    rolledBack(admin, async (tx) => {
      const { phone, account } = await aPatient(tx, { account: true, password: 'their own secret' });
      for (const minutes of [60, 10])
        await tx`select public.permit_account_change(${phone}, minutes => ${minutes})`;
      const [row, second] = await tx`
        select what, expires_at - now() as left from private.account_permits where user_id = ${account.userId}`;
      expect(row).toMatchObject({ what: 'password', left: '00:10:00' });
      expect(second).toBeUndefined();
      await tx`update auth.users set encrypted_password = 'by hand' where id = ${account.userId}`;
      expect(await tx`select from private.account_permits where user_id = ${account.userId}`).toHaveLength(0);
    }));

  test('cannot be said of a phone without account', () =>
    rolledBack(admin, async (tx) => {
      const { phone } = await aPatient(tx);
      for (const unknown of [phone, aPhone()]) {
        const ask = () => tx`select public.permit_account_change(${unknown})`;
        expect(await refusalIn(tx, ask)).toMatchObject({ message: 'not_found' });
      }
    }));
});

describe('whoever changes a password', () => {
  test('the owner is told, in their language, and once', () =>
    rolledBack(admin, async (tx) => {
      const { phone, account } = await aPatient(tx, { account: true, password: 'their own secret' });
      await tx`update public.patients set locale = 'ta-IN' where phone = ${phone}`;
      const told = () => tx<{ body: string }[]>`
        select body from public.sms_messages where to_phone = ${phone} and template = 'password_changed'`;
      await tx`update auth.users set encrypted_password = '' where id = ${account.userId}`;
      expect(await told()).toHaveLength(0);
      await permit(tx, account.userId, 'password');
      await tx`update auth.users set encrypted_password = 'a hash' where id = ${account.userId}`;
      const texts = await told();
      expect(texts).toHaveLength(1);
      expect(texts[0]?.body).toMatch(/^உங்கள் MedQ கணக்கின் கடவுச்சொல் மாற்றப்பட்டது/);
    }));
});
