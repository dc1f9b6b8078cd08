import type { RequestHandler } from './$types';

/** This process answers; whoever watches it need not start it again. Nobody else is asked. */
export const GET: RequestHandler = () =>
  new Response('ok\n', {
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  });
