import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { readinessOf } from '#lib/server/request/readiness.ts';
import type { RequestHandler } from './$types';

const readiness = readinessOf(PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_ANON_KEY);

/** Whether visitors can be sent here: 200, or 503 with the parts of Supabase that do not answer as they should. */
export const GET: RequestHandler = async () => {
  const { ready, parts } = await readiness();
  return Response.json(
    { ready, ...parts },
    { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } }
  );
};
