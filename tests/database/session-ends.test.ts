// Sessions end by themselves: after 30 days without use and after 180 days in any case, or as security_settings says.
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../local/settings/config.ts';
import { COOKIES } from '../../src/lib/server/request/cookies.ts';
import { asPatient, refusalIn, rolledBack, type Account, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPatient, aSession } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const days = (count: number) => new Date(Date.now() - count * 86_400_000);

/** Makes a session as old as that, and last refreshed so many days ago (null: never). */
async function age(tx: Transaction, { sessionId }: Account, opened: number, refreshed: number | null) {
  await tx`
    update auth.sessions set created_at = ${days(opened)},
      refreshed_at = ${refreshed === null ? null : days(refreshed)}::timestamptz at time zone 'UTC'
    where id = ${sessionId}`;
}

const cases: [what: string, opened: number, refreshed: number | null, lives: boolean][] = [
  ['used yesterday, opened 179 days ago', 179, 1, true],
  ['used yesterday, opened 181 days ago', 181, 1, false],
  ['not used for 29 days', 100, 29, true],
  ['not used for 31 days', 100, 31, false],
  ['never refreshed, opened 29 days ago', 29, null, true],
  ['never refreshed, opened 31 days ago', 31, null, false]
];

describe.each(cases)('a session %s', (_what, opened, refreshed, lives) => {
  test(`${lives ? 'goes on' : 'opens nothing, is listed nowhere and is removed'}`, () =>
    rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const fresh = await aSession(tx, account.userId);
      await age(tx, account, opened, refreshed);
      const seen = await asPatient(tx, account, (db) => db`select id from public.patients`);
      expect(seen).toHaveLength(lives ? 1 : 0);
      const call = () => asPatient(tx, account, (db) => db`select public.update_profile(age => 40)`);
      expect(await refusalIn(tx, call)).toEqual(
        lives ? undefined : expect.objectContaining({ code: 'PT401', message: 'not_signed_in' })
      );
      const listed = await asPatient(tx, fresh, (db) => db`select id from public.my_sessions()`);
      expect(listed).toHaveLength(lives ? 2 : 1);
      await tx`select private.end_old_sessions()`;
      const left = await tx`select id from auth.sessions where user_id = ${account.userId}`;
      expect(left).toHaveLength(lives ? 2 : 1);
    }));
});

test('an admin chooses other numbers', () =>
  rolledBack(sql, async (tx) => {
    const { account } = await aPatient(tx, { account: true });
    await age(tx, account, 3, 1);
    const sees = () => asPatient(tx, account, async (db) => (await db`select from public.patients`).count);
    expect(await sees()).toBe(1);
    await tx`update public.security_settings set session_days = 2 where id`;
    expect(await sees()).toBe(0);
    await tx`update public.security_settings set session_days = 180, session_idle_days = 1 where id`;
    await age(tx, account, 3, 1.1);
    expect(await sees()).toBe(0);
  }));

test('the settings, config.toml for Auth and the cookie of the site say the same', async () => {
  const day = 86_400;
  const [settings] = await sql<{ session_idle_days: number; session_days: number }[]>`
    select session_idle_days, session_days from public.security_settings`;
  const { inactivity_timeout, timebox } = readConfig().auth.sessions;
  expect({ session_idle_days: inactivity_timeout / day, session_days: timebox / day }).toEqual(settings);
  expect(COOKIES.session.seconds / day).toBe(settings?.session_idle_days);
});
