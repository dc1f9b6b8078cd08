/** Registrations, and the accounts they become once their phone is proven. */
import type { User } from './answers.ts';
import { profileOf } from './accounts.ts';
import type { Auth, Tokens } from './auth.ts';
import type { Database } from '../database.ts';
import { registrationRefused } from './errors.ts';
import { describeError, type Log } from '../log.ts';
import type { Locale } from '../words/languages.ts';

/** What somebody asks for who registers, or links their bookings: checked (requests in fields.ts). */
export interface Registration {
  /** +E.164 */
  phone_number: string;
  name: string;
  /** In years. */
  age: number;
  username?: string | undefined;
  password: string;
  locale?: Locale | undefined;
}

export type RegistrationPurpose = 'register' | 'link';

/** @throws RefusedError 404 or 409 when the phone or the username cannot be registered (or linked) */
export async function requireRegistrable(
  database: Database,
  purpose: RegistrationPurpose,
  { phone_number: phone, username }: Registration
): Promise<void> {
  const [row] = await database<{ verdict: string }[]>`
    select private.registration_verdict(${purpose}, ${phone}, ${username ?? null}) as verdict`;
  requireVerdict(row?.verdict, ['allowed'], phone);
}

/**
 * Makes the account and signs in. The account, its patient and the SMS about linked bookings come in one transaction
 * of Auth, so it may be asked again for the same id whenever it is not known whether it was done.
 * @param id of this registration
 * @throws RefusedError 404 or 409 when the world is not, or no longer, as asked for
 */
export async function makeAccount(
  { database, auth, log }: { database: Database; auth: Auth; log: Log },
  id: string,
  purpose: RegistrationPurpose,
  registration: Registration
): Promise<Tokens & { user: User }> {
  const { phone_number: phone, password } = registration;
  const begin = () => beginRegistration(database, id, purpose, registration);
  if ((await begin()) === 'allowed') {
    try {
      await auth.createUser({ phone, password, madeBy: { registration: id } });
    } catch (error) {
      // Whoever loses a race for the phone or the username gets an error that does not say so. Look again.
      if ((await begin()) === 'allowed') throw error;
      log.warn('account_made_without_an_answer', { registration: id, error: describeError(error) });
    }
  }
  const session = await auth.signIn(phone, password);
  if (!session) throw new Error('The account was made, but its password does not sign in.');
  const { user } = await profileOf(database, session.userId);
  const { token, refresh_token } = session;
  return { token, refresh_token, user };
}

/** @returns `made` when an earlier try made the account, `allowed` when it can be made now */
async function beginRegistration(
  database: Database,
  id: string,
  purpose: RegistrationPurpose,
  { phone_number: phone, name, age, username, locale }: Registration
): Promise<'made' | 'allowed'> {
  const [row] = await database<{ verdict: string }[]>`
    select private.begin_registration(
      ${id}, ${purpose}, ${phone}, ${name}, ${age}, ${username ?? null}, ${locale ?? null}
    ) as verdict`;
  return requireVerdict(row?.verdict, ['made', 'allowed'], phone);
}

/** Lets the good verdicts pass; every other one is the word of a refusal. */
function requireVerdict<const Good extends string>(
  verdict: string | undefined,
  good: readonly Good[],
  phone: string
): Good {
  const passed = good.find((word) => word === verdict);
  if (passed === undefined) throw registrationRefused(verdict ?? 'none', phone);
  return passed;
}
