/** What Auth does with our own requests: it does not tell its limits, nor the shortest password, so both are tried. */
import { supabaseAuth } from '../_shared/account/auth.ts';
import { decoyPhone } from '../_shared/account/passwords.ts';
import type { Database } from '../_shared/database.ts';
import { refusalIn } from '../_shared/errors.ts';
import { authPhone } from '../_shared/phone.ts';

export interface AuthCheck {
  /** How many sign-ins of as many clients were tried, and whether Auth took them all for one client's. */
  sign_ins: number;
  limited: boolean;
  /** Whether Auth refuses a password of seven characters. */
  refuses_short_passwords: boolean;
}

/** More than Auth takes at once from one address, which are 30. */
const mostSignIns = 40;

/** No country has the code 999, and no account this number: Auth answers without hashing. */
const nobody = '+999000000000001';

/** Ends with the first sign-in that is refused, which leaves the limit to those who need it. */
async function trySignIns(): Promise<Pick<AuthCheck, 'sign_ins' | 'limited'>> {
  for (let count = 1; count <= mostSignIns; count += 1) {
    // Addresses for documentation (RFC 5737), which are nobody's.
    const auth = supabaseAuth(`203.0.113.${count}`);
    const limited = await auth.signIn(nobody, crypto.randomUUID()).then(
      () => false,
      (error) => {
        if (refusalIn(error)?.code === 'rate_limited') return true;
        // Refused for another reason, such as that phones are switched off: not for its number.
        const { status } = error as { status?: unknown };
        if (typeof status === 'number' && status < 500) return false;
        throw error;
      }
    );
    if (limited) return { sign_ins: count, limited };
  }
  return { sign_ins: mostSignIns, limited: false };
}

/**
 * Tries to give a password of seven characters to the account that is nobody's (decoyPhone), made as a sign-in would make
 * it. If Auth does not refuse it, the database does, which permits no such change: the account stays as it is.
 */
async function refusesShortPasswords(sql: Database): Promise<boolean> {
  const auth = supabaseAuth();
  const find = async () => {
    const [decoy] = await sql<{ id: string }[]>`
      select id from auth.users where phone = ${authPhone(decoyPhone)}`;
    return decoy?.id;
  };
  const id = (await find()) ?? (await auth.createDecoy(decoyPhone).then(find));
  if (id === undefined) throw new Error("The account that is nobody's could not be made.");
  return auth.setPassword(id, crypto.randomUUID().slice(0, 7)).then(
    () => false,
    (error) => refusalIn(error)?.code === 'validation_failed'
  );
}

/** @throws when Auth cannot be reached or answers with anything unexpected */
export async function authCheck(sql: Database): Promise<AuthCheck> {
  return { ...(await trySignIns()), refuses_short_passwords: await refusesShortPasswords(sql) };
}
