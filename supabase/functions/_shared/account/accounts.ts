/** Patients' accounts in the database. Phones are +E.164. */
import type { User } from './answers.ts';
import type { SignedInUser } from './auth.ts';
import type { Database } from '../database.ts';
import { registrationRefused } from './errors.ts';

export interface Profile {
  user: User;
  /** The language the patient chose, if any. */
  locale: string | null;
  /** The password was texted and must be replaced first. */
  mustChangePassword: boolean;
  /** It was texted too long ago, and signs nobody in any more. */
  passwordExpired: boolean;
}

/** @throws Error when the account has no patient, which the trigger on auth.users rules out */
export async function profileOf(database: Database, userId: string): Promise<Profile> {
  const [row] = await database<
    (Omit<User, 'role'> & {
      locale: string | null;
      must_change_password: boolean;
      password_expired: boolean;
    })[]
  >`
    select id, username, name, age, phone_number, locale, must_change_password, password_expired
    from private.profile_of(${userId})`;
  if (!row) throw new Error('The account has no patient.');
  const { must_change_password, password_expired, locale, ...user } = row;
  return {
    user: { ...user, role: 'patient' },
    locale,
    mustChangePassword: must_change_password,
    passwordExpired: password_expired
  };
}

/** The account of a phone, and the account job that made it, if one did. */
export interface PhoneAccount {
  userId: string;
  jobId: string | null;
}

/** @returns undefined when the phone has no account */
export async function accountOfPhone(database: Database, phone: string): Promise<PhoneAccount | undefined> {
  const [row] = await database<{ id: string; job_id: string | null }[]>`
    select id, job_id from private.auth_user_by_phone(${phone})`;
  return row && { userId: row.id, jobId: row.job_id };
}

/**
 * Whether the phone was silent for so long that it may be somebody else's now. Then a code does not give them the account:
 * the clinic is asked.
 */
export async function isDormant(database: Database, phone: string): Promise<boolean> {
  const [row] = await database<{ dormant: boolean }[]>`select private.phone_is_dormant(${phone}) as dormant`;
  return row?.dormant ?? false;
}

export interface AccountOnDevice {
  /** Null: the phone has no account. */
  userId: string | null;
  /** Whether the device has signed in to it before. */
  knownDevice: boolean;
  /** Changes with the account's password or phone; null when nobody has proven the phone. */
  state: string | null;
}

/**
 * The account of a phone, if it has one, as a device finds it.
 * @param device deviceHash
 */
export async function accountOnDevice(
  database: Database,
  phone: string,
  device: Uint8Array
): Promise<AccountOnDevice> {
  const [row] = await database<[{ user_id: string | null; known_device: boolean; state: string | null }]>`
    select user_id, known_device, state from private.account_of_phone_on_device(${phone}, ${device})`;
  return { userId: row.user_id, knownDevice: row.known_device, state: row.state };
}

/** @returns null when nobody has proven the phone of the account, or it is gone */
export async function accountState(database: Database, userId: string): Promise<string | null> {
  const [row] = await database<[{ state: string | null }]>`select private.account_state(${userId}) as state`;
  return row.state;
}

/** @throws RefusedError 409 when somebody has the phone, with or without an account */
export async function requireFreePhone(database: Database, phone: string): Promise<void> {
  const [row] = await database<{ state: string }[]>`select private.phone_state(${phone}) as state`;
  if (row?.state !== 'unknown') throw registrationRefused('phone_already_registered', phone);
}

/**
 * What changes when the account gets another password or phone, or the session ends.
 * @returns undefined when the session has ended
 */
export async function accountFingerprint(
  database: Database,
  { userId, sessionId }: SignedInUser
): Promise<string | undefined> {
  const [row] = await database<{ fingerprint: string | null }[]>`
    select private.account_fingerprint(${userId}, ${sessionId}) as fingerprint`;
  return row?.fingerprint ?? undefined;
}
