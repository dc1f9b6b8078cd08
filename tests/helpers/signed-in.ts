import { createClient, type Session, type SupabaseClient } from '@supabase/supabase-js';
import type { StackAddresses } from '../../local/start-stack.ts';

export interface SignedIn {
  client: SupabaseClient;
  session: Session;
}

/**
 * A supabase-js client with the session of a patient, opened as the site opens it: by our function, because Auth takes
 * passwords from nobody else.
 * @returns undefined when the password is refused
 */
export async function signedIn(
  { api_url, publishable_key }: Pick<StackAddresses, 'api_url' | 'publishable_key'>,
  phone: string,
  password: string
): Promise<SignedIn | undefined> {
  const response = await fetch(`${api_url}/functions/v1/sign-in`, {
    method: 'POST',
    headers: { apikey: publishable_key, 'content-type': 'application/json' },
    body: JSON.stringify({ username: phone, password })
  });
  const answer = (await response.json()) as { token: string; refresh_token: string };
  if (response.status === 401) return undefined;
  if (!response.ok) throw new Error(`Signing in was answered with ${response.status}.`);
  const client = createClient(api_url, publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
  });
  const { data, error } = await client.auth.setSession({
    access_token: answer.token,
    refresh_token: answer.refresh_token
  });
  if (error) throw error;
  if (!data.session) throw new Error('There is no session.');
  return { client, session: data.session };
}
