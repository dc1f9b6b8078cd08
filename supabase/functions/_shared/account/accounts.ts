/** Patients' accounts in the database, and as the account API tells of them. */
import { refusal } from './errors.ts';
import type { Tokens } from './auth.ts';
import type { Database } from '../database.ts';

/** What the account API tells of a patient. Phones are +E.164. */
export interface User {
  /** Null before the account exists. */
  id: string | null;
  username: string | null;
  name: string | null;
  age: number | null;
  phone_number: string;
  role: 'patient';
}

/** The answer while a code is under way, and the one that needs none. */
export interface Registered {
  token: string | null;
  refresh_token: string | null;
  user: User | null;
  verification_required: boolean;
  /** Goes back with the code. */
  verification_id: string | null;
  /** Seconds until the code stops working. */
  expires_in: number | null;
}

/** The answer to a request whose code has been texted. */
export function awaitingCode(user: User | null, verificationId: string, expiresIn: number): Registered {
  return {
    token: null,
    refresh_token: null,
    user,
    verification_required: true,
    verification_id: verificationId,
    expires_in: expiresIn
  };
}

/** The answer to a request that was done at once. */
export function doneAtOnce({ token, refresh_token }: Tokens, user: User): Registered {
  return {
    token,
    refresh_token,
    user,
    verification_required: false,
    verification_id: null,
    expires_in: null
  };
}

/** What somebody asked to be called, before there is an account. */
export function userToBe(wish: {
  username?: string | undefined;
  name: string;
  age: number;
  phone_number: string;
}): User {
  const { username = null, name, age, phone_number } = wish;
  return { id: null, username, name, age, phone_number, role: 'patient' };
}

export interface Profile {
  user: User;
  /** The language the patient chose, if any. */
  locale: string | null;
  /** The password was texted and must be replaced first. */
  mustChangePassword: boolean;
}

/** @throws Error when the account has no patient, which the trigger on auth.users rules out */
export async function profileOf(database: Database, userId: string): Promise<Profile> {
  const [row] = await database<
    (Omit<User, 'role'> & { locale: string | null; must_change_password: boolean })[]
  >`
    select id, username, name, age, phone_number, locale, must_change_password from private.profile_of(${userId})`;
  if (!row) throw new Error('The account has no patient.');
  const { must_change_password: mustChangePassword, locale, ...user } = row;
  return { user: { ...user, role: 'patient' }, locale, mustChangePassword };
}

/** @throws DomainError 404 or 409 when the phone or username cannot be registered (or linked) */
export async function requireRegistrable(
  database: Database,
  purpose: 'register' | 'link',
  { phone_number: phone, username }: { phone_number: string; username?: string | undefined }
): Promise<void> {
  const [row] = await database<{ word: string | null }[]>`
    select private.registration_refusal(${purpose}, ${phone}, ${username ?? null}) as word`;
  if (row?.word) throw refusal(row.word, phone);
}

/** The account of a phone; undefined when there is none. */
export async function accountOfPhone(database: Database, phone: string): Promise<string | undefined> {
  const [row] = await database<{ id: string }[]>`select id from private.auth_user_by_phone(${phone})`;
  return row?.id;
}

/** @throws DomainError 409 when somebody has the phone, with or without an account */
export async function requireFreePhone(database: Database, phone: string): Promise<void> {
  const [row] = await database<{ state: string }[]>`select private.phone_state(${phone}) as state`;
  if (row?.state !== 'unknown') throw refusal('phone_already_registered', phone);
}

/** Changes when the account gets another password or phone or the session ends; undefined when it has ended. */
export async function accountMark(
  database: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<string | undefined> {
  const [row] = await database<{ mark: string | null }[]>`
    select private.account_mark(${userId}, ${sessionId}) as mark`;
  return row?.mark ?? undefined;
}
