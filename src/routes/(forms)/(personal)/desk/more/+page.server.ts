import { openDesk } from '#lib/server/desk/desk.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  return { query, manages: desk.role === 'manager' };
};
