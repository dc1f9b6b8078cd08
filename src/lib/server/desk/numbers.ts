import { z } from 'zod';
import { dateIn, localDate } from '#lib/appointments/when.ts';
import { dayByDay, rangeOf, SPANS, type DayNumbers, type Range, type Span } from '#lib/desk/numbers.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';

// The database counts in decimals, which the Data API may write as texts.
const decimal = z.coerce.number();

const counted = z.array(
  z.object({
    day: z.string(),
    channel: z.enum(['ivr', 'web', 'desk']),
    booked: z.number(),
    cancelled: z.number(),
    came: z.number(),
    noshow: z.number(),
    waited: z.number(),
    wait_minutes: decimal.nullable(),
    sms_parts: z.number(),
    sms_cost: decimal.nullable(),
    currency: z.string()
  })
);

export interface ClinicNumbers {
  days: DayNumbers[];
  /** Three letters by ISO 4217, of what SMS cost; null: nothing was sent. */
  currency: string | null;
}

/** The numbers of a clinic on each day of a range, for its manager. Throws the Data API's error. */
export async function loadNumbers(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  range: Range
): Promise<ClinicNumbers> {
  const asked = { clinic_id: clinicId, from_date: range.from, until_date: range.until };
  const [numbers, free] = await Promise.all([
    supabase.rpc('desk_numbers_between', asked),
    supabase.rpc('desk_free_slots', asked)
  ]);
  if (numbers.error) throw numbers.error;
  if (free.error) throw free.error;
  const rows = counted.parse(numbers.data);
  const left = new Map(free.data.map(({ day, free }) => [day, free]));
  return { days: dayByDay(range, rows, left), currency: rows[0]?.currency ?? null };
}

export interface AskedDays {
  span: Span;
  range: Range;
  /** The calendar day it is at the clinic. */
  today: string;
}

/** Which days an address asks for (`span`, `day`): else the week it is. */
export function askedDays({ searchParams }: URL, { timeZone }: Pick<Desk, 'timeZone'>): AskedDays {
  const today = localDate(new Date(), timeZone);
  const span = SPANS.find((known) => known === searchParams.get('span')) ?? 'week';
  return { span, range: rangeOf(span, dateIn(searchParams.get('day')) ?? today), today };
}
