import { error } from '@sveltejs/kit';
import { readBoard } from '#lib/server/board.ts';
import { logFailure } from '#lib/server/request/log.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, setHeaders }) => {
  // Whoever knows the address can open it, and nobody looks for it.
  setHeaders({ 'x-robots-tag': 'noindex' });
  // Nobody would press "Try again" on a television: without an answer the page asks until there is one.
  const board = await readBoard(locals.supabase, params.token).catch((failure: unknown) => {
    logFailure('board_unread', locals.requestId, failure);
    return null;
  });
  if (board && !board.ok) error(board.refusal.status, board.refusal.message);
  return { token: params.token, snapshot: board?.snapshot ?? null, source: liveSource };
};
