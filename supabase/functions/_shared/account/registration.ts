/** The accounts that are made on the web, once their phone is proven. */
import { z } from 'zod';
import { refusal } from './errors.ts';
import { locale } from './fields.ts';
import { profileOf, type User } from './accounts.ts';
import type { Auth, Tokens } from './auth.ts';
import type { Database } from '../database.ts';
import { describeError, type Log } from '../log.ts';

/** What a registration (or link) asks for, checked. */
export const registration = z.object({
  phone_number: z.string(),
  name: z.string(),
  age: z.number(),
  username: z.string().optional(),
  password: z.string(),
  locale
});
export type Registration = z.output<typeof registration>;

/**
 * Makes the account and signs in. The account, its patient and the SMS about linked bookings come in one transaction
 * of Auth, so it may be asked again for the same id whenever it is not known whether it was done.
 * @param id of this registration
 * @throws DomainError 404 or 409 when the world is not, or no longer, as asked for
 */
export async function makeAccount(
  { database, auth, log }: { database: Database; auth: Auth; log: Log },
  id: string,
  purpose: 'register' | 'link',
  wish: Registration
): Promise<Tokens & { user: User }> {
  const { phone_number: phone, password } = wish;
  const begin = () => beginRegistration(database, id, purpose, wish);
  if ((await begin()) === undefined) {
    try {
      await auth.createUser({ phone, password, registrationId: id });
    } catch (error) {
      // Whoever loses a race for the phone or the username gets an error that does not say so. Look again.
      if ((await begin()) === undefined) throw error;
      log.warn('account_made_without_an_answer', { registration: id, error: describeError(error) });
    }
  }
  const session = await auth.signIn(phone, password);
  if (!session) throw new Error('The account was made, but its password does not sign in.');
  const { user } = await profileOf(database, session.userId);
  const { token, refresh_token } = session;
  return { token, refresh_token, user };
}

/** @returns the account if an earlier try made it; undefined when it can be made now */
async function beginRegistration(
  database: Database,
  id: string,
  purpose: 'register' | 'link',
  { phone_number: phone, name, age, username, locale }: Registration
): Promise<string | undefined> {
  const [row] = await database<{ user_id: string | null; refusal: string | null }[]>`
    select user_id, refusal from private.begin_registration(
      ${id}, ${purpose}, ${phone}, ${name}, ${age}, ${username ?? null}, ${locale ?? null}
    )`;
  if (row?.refusal) throw refusal(row.refusal, phone);
  return row?.user_id ?? undefined;
}
