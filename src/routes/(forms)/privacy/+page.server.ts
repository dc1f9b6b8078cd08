import { loadKeptDays } from '#lib/server/account/kept-days.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => ({ kept: await loadKeptDays(locals.supabase) });
