import { readBoard } from '#lib/server/board.ts';
import { refusalResponse } from '#lib/server/request/refusal.ts';
import type { RequestHandler } from './$types';

/** The board again, for the page that is open. */
export const GET: RequestHandler = async ({ locals, params }) => {
  const board = await readBoard(locals.supabase, params.token);
  return board.ok ? Response.json(board.snapshot) : refusalResponse(board.refusal);
};
