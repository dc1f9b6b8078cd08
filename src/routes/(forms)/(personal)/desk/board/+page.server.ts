import { error } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { listBoards, makeBoard, revokeBoard } from '#lib/server/desk/boards.ts';
import { openDesk, type ChosenDesk } from '#lib/server/desk/desk.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

async function managersDesk(event: Pick<RequestEvent, 'locals' | 'request' | 'url'>): Promise<ChosenDesk> {
  const chosen = await openDesk(event);
  if (chosen.desk.role !== 'manager') error(403, m.desk_board_managers());
  return chosen;
}

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await managersDesk(event);
  return {
    query,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    boards: await listBoards(event.locals.supabase, desk)
  };
};

export const actions: Actions = {
  make: async (event) => {
    const { desk } = await managersDesk(event);
    const name = (await readForm(event.request, 'name')).name.trim();
    const made = await makeBoard(event.locals.supabase, desk, name);
    if (!made.ok) return refuseForm(made.refusal, { name });
    // Shown with this answer and never again, so nothing leads elsewhere first.
    const address = new URL(resolve('/board/[token]', { token: made.token }), event.url).href;
    return { made: { name, address } };
  },
  revoke: async (event) => {
    await managersDesk(event);
    const { board } = await readForm(event.request, 'board');
    if (!isId(board)) error(400, m.form_unknown());
    const revoked = await revokeBoard(event.locals.supabase, board);
    return revoked.ok ? { revoked: true } : refuseForm(revoked.refusal, { name: '' });
  }
};
