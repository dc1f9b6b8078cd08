import { accountOf } from '#lib/server/request/session.ts';
import type { Pass } from '#lib/live/token.ts';
import type { RequestHandler } from './$types';

/**
 * An access token for listening, renewed if it is about to expire. It lasts an hour at most; what could renew
 * it stays in cookies that no script can read.
 */
export const GET: RequestHandler = async ({ locals, request }) => {
  const site = request.headers.get('sec-fetch-site');
  if (site && site !== 'same-origin') {
    return Response.json({ error: 'not_here', message: 'This is for our own pages.' }, { status: 400 });
  }
  await accountOf(locals);
  const { data } = await locals.supabase.auth.getSession();
  if (!data.session) {
    return Response.json({ error: 'signed_out', message: 'Please sign in first.' }, { status: 401 });
  }
  const { access_token, expires_at = 0 } = data.session;
  const pass: Pass = {
    token: access_token,
    expires_in: Math.max(0, expires_at - Math.floor(Date.now() / 1000))
  };
  return Response.json(pass);
};
