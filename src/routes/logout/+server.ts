import { redirect } from '@sveltejs/kit';
import { forgetSession } from '#lib/server/supabase.ts';
import type { RequestHandler } from './$types';

/**
 * Ends the session of this browser; other devices stay signed in. What the browser kept for the time without a network
 * goes with it.
 */
export const POST: RequestHandler = async (event) => {
  await event.locals.supabase.auth.signOut({ scope: 'local' });
  forgetSession(event);
  return new Response(null, { status: 303, headers: { location: '/', 'clear-site-data': '"storage"' } });
};

/** Somebody came by address: nothing is ended by following a link. */
export const GET: RequestHandler = () => redirect(303, '/');
