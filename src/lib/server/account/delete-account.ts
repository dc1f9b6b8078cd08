import type { RequestEvent } from '@sveltejs/kit';
import { forgetSession } from '#lib/server/request/supabase.ts';

/** Deletes the account of whoever is signed in, and with it all of their sessions. Throws the Data API's error. */
export async function deleteAccount(event: RequestEvent): Promise<void> {
  const { error } = await event.locals.supabase.rpc('delete_account');
  if (error) throw error;
  forgetSession(event);
}
