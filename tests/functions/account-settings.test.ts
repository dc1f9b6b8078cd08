import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Account, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, aSession, book, nextSlots } from '../helpers/world.ts';
import { aCaller, aLink, aWish, nextCode, registered, throughGateway } from './account-api.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const update = (tx: Transaction, account: Account, values: Record<string, string | number | null>) =>
  asPatient(tx, account, async (db) => {
    const names = Object.keys(values).map((name) => `${name} => $${name}`);
    const sentence = names.map((_, index) => `${Object.keys(values)[index]} => $${index + 1}`).join(', ');
    const rows = await db.unsafe(`select * from public.update_profile(${sentence})`, Object.values(values));
    return rows[0];
  });

describe('a profile', () => {
  test('is changed in what is given; the rest stays', async () => {
    await rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const whole = { name: 'Asha', age: 34, username: 'asha.of.the.test', locale: 'en-IN' };
      expect(await update(tx, account, { ...whole, name: ' Asha ' })).toMatchObject(whole);
      expect(await update(tx, account, { age: 35 })).toMatchObject({ ...whole, age: 35 });
      expect(await update(tx, account, { username: '', locale: '' })).toMatchObject({
        name: 'Asha',
        username: null,
        locale: null
      });
    });
  });

  test('refuses what cannot be, with a word and a sentence about it', async () => {
    await rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const other = await aPatient(tx, { account: true });
      await update(tx, other.account, { username: 'taken.by.the.other' });
      const cases: [
        values: Record<string, string | number>,
        message: string,
        detail: string,
        hint: RegExp
      ][] = [
        [{ username: 'Taken.By.The.Other' }, 'username_taken', 'username_taken', /Somebody else/],
        [{ username: '98765-43210' }, 'validation_failed', 'invalid_username', /letter/],
        [{ username: 'a b' }, 'validation_failed', 'invalid_username', /username/],
        [{ name: ' ' }, 'validation_failed', 'invalid_name', /name/],
        [{ name: 'x'.repeat(101) }, 'validation_failed', 'invalid_name', /name/],
        [{ age: 131 }, 'validation_failed', 'invalid_age', /age/],
        [{ age: 99_999 }, 'validation_failed', 'invalid_age', /age/],
        [{ locale: 'xx-XX' }, 'validation_failed', 'unknown_language', /language/]
      ];
      for (const [values, message, detail, hint] of cases) {
        const refusal = await refusalIn(tx, () => update(tx, account, values));
        expect(refusal).toMatchObject({ message, detail, hint: expect.stringMatching(hint) });
      }
    });
  });

  test('is its owner’s alone', async () => {
    await rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const other = await aPatient(tx, { account: true });
      await update(tx, account, { name: 'Asha' });
      expect(await tx`select name from patients where id = ${other.id}`).toEqual([{ name: 'Asha Rao' }]);
    });
  });
});

test('sessions are listed to their owner, the present one marked', async () => {
  await rolledBack(sql, async (tx) => {
    const { account } = await aPatient(tx, { account: true });
    const second = await aSession(tx, account.userId);
    await aPatient(tx, { account: true });
    const sessions = await asPatient(tx, second, (db) => db`select id, is_current from public.my_sessions()`);
    expect(sessions).toHaveLength(2);
    expect(sessions).toContainEqual({ id: second.sessionId, is_current: true });
    expect(sessions).toContainEqual({ id: account.sessionId, is_current: false });
  });
});

describe('a deleted account', () => {
  const remove = (tx: Transaction, account: Account) => tx`select private.delete_account(${account.userId})`;

  test('leaves its appointments to the clinic, without what was told on the web', async () => {
    await rolledBack(sql, async (tx) => {
      const { id, phone, account } = await aPatient(tx, { account: true });
      await update(tx, account, { name: 'Asha', age: 34, username: 'asha.to.be.deleted' });
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const [slot] = await nextSlots(tx, practitioner, 1);
      if (!slot) throw new Error('There is no slot.');
      await book(tx, { id, phone }, practitioner, slot);
      await remove(tx, account);
      const [patient] = await tx`select * from patients where id = ${id}`;
      expect(patient).toMatchObject({
        phone,
        user_id: null,
        name: null,
        age: null,
        username: null,
        locale: null
      });
      expect(await tx`select status from appointments where patient_id = ${id}`).toEqual([
        { status: 'booked' }
      ]);
      expect(await tx`select id from auth.users where id = ${account.userId}`).toHaveLength(0);
      expect(await tx`select id from auth.sessions where user_id = ${account.userId}`).toHaveLength(0);
      expect((await refusalIn(tx, () => update(tx, account, { name: 'Asha' })))?.message).toBe(
        'not_signed_in'
      );
    });
  });

  test('leaves nothing when nothing was booked', async () => {
    await rolledBack(sql, async (tx) => {
      const { id, account } = await aPatient(tx, { account: true });
      await remove(tx, account);
      expect(await tx`select id from patients where id = ${id}`).toHaveLength(0);
    });
  });

  test('is not made again by a job that was left over', async () => {
    await rolledBack(sql, async (tx) => {
      const { id, phone, account } = await aPatient(tx, { account: true });
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const [slot] = await nextSlots(tx, practitioner, 1);
      if (!slot) throw new Error('There is no slot.');
      await book(tx, { id, phone }, practitioner, slot);
      await tx`insert into private.account_jobs (patient_id) values (${id})`;
      await remove(tx, account);
      expect(
        await tx`select id from private.account_jobs where patient_id = ${id} and done_at is null`
      ).toHaveLength(0);
    });
  });

  test('may come back: its phone links the appointments again, under its old username', async () => {
    const post = throughGateway();
    const { phone } = await aCaller(sql);
    const link = aLink(phone, { username: `u${phone.slice(1)}` });
    const asked = await post('link-ivr-account', link);
    const proven = await post('verify-phone', {
      verification_id: asked.body.verification_id,
      code: await nextCode(phone)
    });
    const { id } = proven.body.user as { id: string };
    // As an admin deletes it in the dashboard: name and username stay with the patient.
    await sql`delete from auth.users where id = ${id}`;
    const again = await post('register-patient', aWish(phone));
    expect(again.body.error).toBe('ivr_account_exists');
    const second = await post('link-ivr-account', link);
    expect(second.status).toBe(201);
    const back = await post('verify-phone', {
      verification_id: second.body.verification_id,
      code: await nextCode(phone)
    });
    expect(back.body.user).toMatchObject({ username: link.username, phone_number: phone });
  });
});

test('a username without a letter is nobody’s, so that none can pass for a phone', async () => {
  await rolledBack(sql, async (tx) => {
    const { id } = await aPatient(tx);
    const refusal = await refusalIn(
      tx,
      (db) => db`update patients set username = '98765-43210' where id = ${id}`
    );
    expect(refusal?.code).toBe('23514');
  });
});

test('a phone always signs in to its own account, also when a username is spelled like it', async () => {
  const wish = aWish();
  const proven = await registered(throughGateway(), wish);
  const found =
    await sql`select phone from private.login_account(${wish.username.toUpperCase()}, null, '', '')`;
  expect(found).toEqual([{ phone: wish.phone_number }]);
  expect(await sql`select phone from private.login_account(null, ${wish.phone_number}, '', '')`).toEqual(
    found
  );
  expect(await sql`select phone from private.login_account(null, null, '', '')`).toEqual([{ phone: null }]);
  expect(proven.status).toBe(200);
});
