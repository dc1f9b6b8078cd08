import { averageWait } from '#lib/desk/numbers.ts';
import { m } from '#lib/paraglide/messages.js';
import { csvResponse } from '#lib/server/desk/csv.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';
import { askedDays, loadNumbers } from '#lib/server/desk/numbers.ts';
import type { RequestHandler } from './$types';

/** The numbers of a clinic, a line a day. */
export const GET: RequestHandler = async (event) => {
  const { desk } = await openAsManager(event);
  const { range } = askedDays(event.url, desk);
  const { days, currency } = await loadNumbers(event.locals.supabase, desk, range);
  const head = [
    m.desk_numbers_day(),
    m.desk_way_ivr(),
    m.desk_way_web(),
    m.desk_way_desk(),
    m.desk_numbers_cancelled(),
    m.desk_numbers_came(),
    m.desk_numbers_noshow(),
    m.desk_numbers_wait_short(),
    m.desk_numbers_free_short(),
    m.desk_numbers_parts(),
    `${m.desk_numbers_cost()} ${currency ?? ''}`.trim()
  ];
  const rows = days.map((day) => [
    day.day,
    day.booked.ivr,
    day.booked.web,
    day.booked.desk,
    day.cancelled,
    day.came,
    day.noshow,
    averageWait(day),
    day.free,
    day.smsParts,
    day.smsCost
  ]);
  return csvResponse(`numbers-${range.from}-${range.until}`, [head, ...rows]);
};
