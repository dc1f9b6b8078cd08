import { redirect } from '@sveltejs/kit';
import { endSession } from '#lib/server/account/sessions.ts';
import { forgetCookie } from '#lib/server/request/cookies.ts';
import type { RequestHandler } from './$types';

/** Ends the session of this browser; other devices stay signed in. */
export const POST: RequestHandler = async (event) => {
  await endSession(event);
  forgetCookie(event, 'next');
  redirect(303, '/');
};

/** Somebody came by address: nothing is ended by following a link. */
export const GET: RequestHandler = () => redirect(303, '/');
