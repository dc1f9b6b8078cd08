import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { askFreeTimes } from '#lib/server/account/functions.ts';
import type { Database } from '#lib/database.types.ts';
import { allRows } from '#lib/server/request/all-rows.ts';
import { forNobody, type Supabase } from '#lib/server/request/supabase.ts';

type Functions = Database['public']['Functions'];
type Asked<Name extends keyof Functions> = Functions[Name]['Args'];

/**
 * Who looks at doctors and free times. A patient is told by the database, and sees the times that fit their other
 * appointments; anybody else is told by the function `free-times`, which counts who asks how often.
 */
export interface Looker {
  signedIn: boolean;
  /** For rows that anybody may read. */
  supabase: Supabase;
  practitioners(asked: Asked<'bookable_practitioners'>): Promise<PractitionerRow[]>;
  days(asked: Asked<'available_days'>): Promise<DayRow[]>;
  slots(asked: Asked<'available_slots_of_day'>): Promise<SlotRow[]>;
}

// A cache keeps what visitors see for so long: how late somebody may learn that a time is gone.
const CACHED_SECONDS = 20;

/** Who asks for a page that needs no signing in. Answers 503 while nobody can tell. */
export async function lookerOf(event: RequestEvent): Promise<Looker> {
  const session = await event.locals.session();
  if (session.state === 'unknown') error(503, m.session_unknown());
  if (session.state === 'signed-out') return asVisitor(event);
  if (session.account.mustChangePassword) {
    redirect(303, `/password?next=${encodeURIComponent(event.url.pathname + event.url.search)}`);
  }
  return asPatient(event.locals.supabase);
}

/** Lets caches keep a page that is the same for everybody who is not signed in. To be called when it is complete. */
export function letCachesKeep(event: RequestEvent): void {
  // A page of somebody who is signed in is kept nowhere, whatever is said here: see protect().
  event.setHeaders({ 'cache-control': `public, max-age=${CACHED_SECONDS}` });
}

export function asPatient(supabase: Supabase): Looker {
  return {
    signedIn: true,
    supabase,
    practitioners: async (asked) => rowsOf(await supabase.rpc('bookable_practitioners', asked)),
    days: async (asked) => rowsOf(await supabase.rpc('available_days', asked)),
    slots: async (asked) =>
      rowsOf(await allRows((from, to) => supabase.rpc('available_slots_of_day', asked).range(from, to)))
  };
}

export function asVisitor(event: RequestEvent): Looker {
  return {
    signedIn: false,
    supabase: forNobody(event),
    practitioners: (asked) => ask(event, 'practitioners', asked, practitionerRow),
    days: (asked) => ask(event, 'days', asked, dayRow),
    slots: (asked) => ask(event, 'slots', asked, slotRow)
  };
}

const practitionerRow = z.object({
  practitioner_id: z.uuid(),
  practitioner_name: z.string(),
  specialty: z.string(),
  next_starts_at: z.string().nullable(),
  photo_url: z.string().nullable(),
  qualification: z.string().nullable(),
  languages: z.array(z.string()),
  fee_amount: z.number().nullable(),
  fee_currency: z.string()
});
const dayRow = z.object({ on_date: z.string(), free: z.number(), open: z.boolean(), over: z.boolean() });
const slotRow = z.object({ practitioner_id: z.string(), starts_at: z.string(), ends_at: z.string() });
const hoursRow = z.object({
  id: z.uuid(),
  open_until: z.string().nullable(),
  opens_at: z.string().nullable()
});

export type PractitionerRow = z.output<typeof practitionerRow>;
type DayRow = z.output<typeof dayRow>;
/** The generated types say that every part of a composite type may be null. None is. */
type SlotRow = { [column in keyof z.output<typeof slotRow>]: string | null };
/** Until when a clinic is open (null: it is closed), and when it opens next (null: not within two weeks). */
export type HoursRow = z.output<typeof hoursRow>;

/** How many clinics can be asked about at once. */
export const MOST_CLINICS = 24;

/** Whether clinics are open, for anybody. */
export const askHours = (event: RequestEvent, clinicIds: readonly string[]): Promise<HoursRow[]> =>
  ask(event, 'clinics', { clinic_ids: clinicIds }, hoursRow);

/** Asks the function, which may refuse: then the page says so. */
async function ask<Row>(
  event: RequestEvent,
  what: string,
  asked: object,
  row: z.ZodType<Row>
): Promise<Row[]> {
  const answer = await askFreeTimes(event, { ask: what, ...asked }, z.object({ [what]: z.array(row) }));
  if (!answer.ok) error(answer.refusal.status, answer.refusal.message);
  return answer.found[what] ?? [];
}

function rowsOf<Row>(answer: { data: Row[]; error: null } | { data: null; error: object }): Row[] {
  if (answer.error) throw answer.error as Error;
  return answer.data ?? [];
}
