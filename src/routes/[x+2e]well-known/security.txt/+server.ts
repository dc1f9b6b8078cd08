import { SECURITY_CONTACT } from '$app/env/private';
import { securityText } from '#lib/server/request/security-text.ts';
import type { RequestHandler } from './$types';

/** Whom to tell of a hole; nothing is here when nobody is named. */
export const GET: RequestHandler = ({ url }) => {
  if (!SECURITY_CONTACT) return new Response('Not found\n', { status: 404 });
  return new Response(securityText(SECURITY_CONTACT, url.origin, new Date()), {
    headers: { 'content-type': 'text/plain; charset=utf-8' }
  });
};
