import { openAsManager } from '#lib/server/desk/manager.ts';
import { askedDays, loadNumbers } from '#lib/server/desk/numbers.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openAsManager(event);
  const asked = askedDays(event.url, desk);
  return {
    query,
    clinic: desk.clinic,
    ...asked,
    ...(await loadNumbers(event.locals.supabase, desk, asked.range))
  };
};
