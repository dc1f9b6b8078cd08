import { DEFAULT_REGION } from '$app/env/private';
import { toE164 } from './phone.ts';
import { isOutage } from './session.ts';
import type { Supabase } from './supabase.ts';

export type SignIn = { ok: true } | { ok: false; because: 'mismatch' | 'too_many' | 'outage' };

/**
 * Signs in with a user name and a password; a phone number in any common notation is a user name. On success
 * the session is in the response's cookies. Whatever does not match is one answer, so that nobody learns which
 * names exist.
 */
export async function signIn(
  supabase: Supabase,
  credentials: { username: string; password: string }
): Promise<SignIn> {
  const phone = toE164(credentials.username, DEFAULT_REGION);
  if (!phone || !credentials.password) return { ok: false, because: 'mismatch' };
  const { error } = await supabase.auth.signInWithPassword({ phone, password: credentials.password });
  if (!error) return { ok: true };
  if (error.status === 429) return { ok: false, because: 'too_many' };
  return { ok: false, because: isOutage(error) ? 'outage' : 'mismatch' };
}
