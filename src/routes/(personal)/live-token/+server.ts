import type { LiveToken } from '#lib/live/token.ts';
import { liveToken } from '#lib/server/account/sessions.ts';
import { refusalResponse } from '#lib/server/request/refusal.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { RequestHandler } from './$types';

/** The token with which the page that is open listens for live changes. */
export const GET: RequestHandler = async (event) => {
  const site = event.request.headers.get('sec-fetch-site');
  if (site && site !== 'same-origin') {
    return refusalResponse({ code: 'not_here', message: 'This is for our own pages.', status: 400 });
  }
  await accountOf(event.locals);
  const answer = await liveToken(event);
  if (!answer.ok) return refusalResponse(answer.refusal);
  const { token, expires_in } = answer;
  return Response.json({ token, expires_in } satisfies LiveToken);
};
