import { randomInt } from 'node:crypto';
import {
  createClient,
  type AuthTokenResponsePassword,
  type SignInWithPasswordCredentials,
  type SupabaseClient
} from '@supabase/supabase-js';
import { afterAll, beforeAll } from 'vitest';
import { createAuth, type Auth, type AuthOptions } from '../auth/index.ts';
import { closeDatabases, databaseAsAdmin, theStack } from '../../tests/helpers/stack.ts';

// The project lets nobody make or change accounts but its own functions, which tests/database/account-attacks.test.ts
// tries. Here Auth is on its own.
const ours = [
  'medq_link_patient_of_new_user',
  'medq_link_patient_of_confirmed_user',
  'medq_change_is_permitted'
];
const switchOurs = async (onOrOff: 'enable' | 'disable') => {
  const changes = ours.map((trigger) => `${onOrOff} trigger ${trigger}`).join(', ');
  await databaseAsAdmin().unsafe(`alter table auth.users ${changes}`);
};
beforeAll(() => switchOurs('disable'));
// The next file has the same stack.
afterAll(async () => {
  await switchOurs('enable');
  await closeDatabases();
});

/** Where Auth is, without a slash at the end. */
export const authUrl = () => `${theStack().api_url}/auth/v1`;

function client(key: string): SupabaseClient {
  return createClient(theStack().api_url, key, {
    auth: { autoRefreshToken: false, persistSession: false, detectSessionInUrl: false }
  });
}

/** A client as a browser has it, with a session of its own. */
export function aClient(): SupabaseClient {
  return client(theStack().publishable_key);
}

/** The admin API. */
export function anAdmin(): SupabaseClient['auth']['admin'] {
  return client(theStack().secret_key).auth.admin;
}

/** A further Auth on the database of the stack, for settings that the project does not have. */
export function authWith(options: Partial<AuthOptions>): Auth {
  const { admin_db_url, jwt_secret } = theStack();
  const databaseUrl = new URL(admin_db_url);
  databaseUrl.searchParams.set('role', 'supabase_auth_admin');
  return createAuth({
    databaseUrl: databaseUrl.href,
    jwtSecret: jwt_secret,
    issuer: authUrl(),
    ...options
  });
}

/** A phone number nobody has, as Auth stores it. */
export function aPhone(): string {
  return `9199${randomInt(10_000_000, 99_999_999)}`;
}

export const password = 'correct horse';

/** A user with a confirmed phone and the usual password. */
export async function aUser(phone = aPhone()): Promise<{ id: string; phone: string }> {
  const { data, error } = await anAdmin().createUser({ phone, password, phone_confirm: true });
  if (error) throw error;
  return { id: data.user.id, phone };
}

/** Signs in with the secret key, as the functions do: everybody else would have to solve a captcha. */
export function withPassword(credentials: SignInWithPasswordCredentials): Promise<AuthTokenResponsePassword> {
  return client(theStack().secret_key).auth.signInWithPassword(credentials);
}

/** A client of that user, signed in, with the session it got. */
export async function signIn(phone: string, secret = password) {
  const { data, error } = await withPassword({ phone, password: secret });
  if (error) throw error;
  const client = aClient();
  const { error: refused } = await client.auth.setSession(data.session);
  if (refused) throw refused;
  return { client, session: data.session };
}
