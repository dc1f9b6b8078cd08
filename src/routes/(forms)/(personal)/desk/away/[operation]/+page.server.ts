import { error } from '@sveltejs/kit';
import { localDate } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { loadDone } from '#lib/server/desk/away.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { operation } = event.params;
  const done = isId(operation) ? await loadDone(event.locals.supabase, desk.clinicId, operation) : null;
  if (!done) error(404, m.desk_done_unknown());
  const now = new Date();
  const counted = (name: string) => Number(event.url.searchParams.get(name)) || 0;
  return {
    query,
    clinic: query && desk.clinicId,
    timeZone: desk.timeZone,
    now: now.toISOString(),
    today: localDate(now, desk.timeZone),
    done,
    added: counted('added'),
    gone: counted('gone')
  };
};
