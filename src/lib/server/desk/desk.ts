import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { withoutAction } from '#lib/addresses.ts';
import { m } from '#lib/paraglide/messages.js';
import { namesOf } from '#lib/server/booking/names.ts';
import { isId } from '#lib/server/booking/appointments.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';

/** The desk of a clinic at which the signed-in person works. */
export interface Desk {
  clinicId: string;
  clinic: string;
  /** IANA name of the clinic's time zone. */
  timeZone: string;
  role: 'desk' | 'manager';
  /** A code has opened it to this session, not too long ago. */
  open: boolean;
}

const status = z.array(
  z.object({
    clinic_id: z.uuid(),
    clinic_name: z.string(),
    time_zone: z.string(),
    role: z.enum(['desk', 'manager']),
    open_until: z.string().nullable()
  })
);

/** The desks of the signed-in person, by name. Throws the Data API's error. */
export async function listDesks(supabase: Supabase): Promise<Desk[]> {
  const { data, error } = await supabase.rpc('desk_status');
  if (error) throw error;
  const desks = status.parse(data);
  const names = await namesOf(
    supabase,
    desks.map(({ clinic_name, clinic_id }) => [clinic_name, clinic_id])
  );
  return desks.map(({ clinic_id, clinic_name, time_zone, role, open_until }) => ({
    clinicId: clinic_id,
    clinic: names.of(clinic_name, clinic_id),
    timeZone: time_zone,
    role,
    open: open_until !== null
  }));
}

export interface ChosenDesk {
  desk: Desk;
  /** All there are. */
  desks: Desk[];
  /** What names the desk in an address; empty where there is only one. */
  query: string;
}

type Asked = Pick<RequestEvent, 'locals' | 'url'>;
type Wanted = Pick<RequestEvent, 'locals' | 'url' | 'request'>;

/** The desk that an address names (`clinic`), else the first. Answers 403 to who works at none. */
export async function chosenDesk({ locals, url }: Asked): Promise<ChosenDesk> {
  const [desks] = await Promise.all([listDesks(locals.supabase), accountOf(locals)]);
  const wanted = url.searchParams.get('clinic');
  const desk = desks.find(({ clinicId }) => clinicId === wanted) ?? desks[0];
  if (!desk) error(403, m.desk_not_staff());
  return { desk, desks, query: desks.length > 1 ? `?clinic=${desk.clinicId}` : '' };
}

/** The same, open: else leads to the code that opens it, which says that a form is lost that was being sent (`unsent`). */
export async function openDesk(event: Wanted): Promise<ChosenDesk> {
  const chosen = await chosenDesk(event);
  if (chosen.desk.open) return chosen;
  const { pathname, search } = event.url;
  const wanted = pathname + withoutAction(search);
  const unsent = event.request.method === 'POST' ? '&unsent' : '';
  redirect(303, `/desk/code?next=${encodeURIComponent(wanted)}${unsent}`);
}

/** An id in an address or a form of the desk. Answers 404 to what can be none. */
export function idOf(text: string): string {
  if (!isId(text)) error(404, m.refusal_not_found());
  return text;
}
