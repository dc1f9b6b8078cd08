import { error } from '@sveltejs/kit';
import { addDays, dateIn, localDate } from '#lib/appointments/when.ts';
import { asTyped, withAdded, type Exception, type TypedPeriod } from '#lib/desk/hours.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import {
  readClosures,
  readExceptions,
  readWeek,
  saveDates,
  type Dates,
  type Saved
} from '#lib/server/desk/hours.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';
import { refuseChanged, seenAfter, seenAs } from '#lib/server/request/seen.ts';
import { periodsIn, readHours } from '#lib/server/desk/typed-hours.ts';
import { refuseForm } from '#lib/server/request/forms.ts';
import { invalid, type Refusal } from '#lib/server/request/refusal.ts';
import { choosePractitioner } from '../practitioner.ts';
import { aroundMonth, weeksOf } from './month.ts';
import type { Actions, PageServerLoad } from './$types';

/** What a date can be: closed, of other hours, or as in every week again. */
const KINDS = ['closed', 'other', 'usual'] as const;

interface TypedDates {
  from: string;
  until: string;
  kind: (typeof KINDS)[number];
  reason: string;
  periods: TypedPeriod[];
}

export const load: PageServerLoad = async (event) => {
  const { desk, query, practitioners, chosen } = await choosePractitioner(event);
  const { supabase } = event.locals;
  const { searchParams } = event.url;
  const today = localDate(new Date(), desk.timeZone);
  const day = dateIn(searchParams.get('day'));
  const month = aroundMonth(dateIn(searchParams.get('month')) ?? day ?? today);
  // What is over is of no use; but the month that is shown is shown whole.
  const shownFrom = month.first < today ? month.first : today;
  const [week, exceptions, closures] = chosen
    ? await Promise.all([
        readWeek(supabase, chosen.id),
        readExceptions(supabase, chosen.id, shownFrom),
        readClosures(supabase, desk, month.first, month.after)
      ])
    : [[], [], []];
  const ahead = exceptions.filter(({ until }) => until >= today);
  const edited = day === undefined ? undefined : ahead.find(({ from, until }) => from <= day && day <= until);
  const from = day ?? edited?.from ?? addDays(today, 1);
  return {
    query,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    today,
    practitioners,
    chosen,
    month,
    weeks: weeksOf(month.first, week, exceptions, closures),
    ahead,
    seen: seenOf(ahead, today),
    /** What the form shows first. */
    typed: {
      from,
      until: dateIn(searchParams.get('until')) ?? from,
      kind: edited && edited.hours.length > 0 ? 'other' : 'closed',
      reason: edited?.reason ?? '',
      periods: asTyped(edited?.hours ?? [])
    } satisfies TypedDates
  };
};

/** Which days a form replaces is known only when it is sent, so it says from which days ahead it was filled. */
const seenOf = (ahead: readonly Exception[], today: string) =>
  seenAs(ahead.map((days) => ({ ...days, from: days.from < today ? today : days.from })));

export const actions: Actions = {
  default: async (event) => {
    const { desk } = await openAsManager(event);
    const form = await event.request.formData().catch(() => error(400, m.form_unknown()));
    const practitioner = event.url.searchParams.get('doctor');
    if (!isId(practitioner)) error(404, m.refusal_unknown_doctor());
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const typed: TypedDates = {
      from: text('first'),
      until: text('last') || text('first'),
      kind: KINDS.find((kind) => kind === text('kind')) ?? 'closed',
      reason: text('reason'),
      periods: periodsIn(form)
    };
    const [wanted, which] = text('do').split(' ');
    const seen = text('seen');

    if (wanted === 'add') {
      const periods = withAdded(typed.periods, 0);
      return {
        typed: { ...typed, kind: 'other' as const, periods },
        seen,
        focus: `from-${periods.length - 1}`
      };
    }
    if (wanted === 'remove') {
      const periods = typed.periods.filter((_, place) => place !== Number(which));
      return { typed: { ...typed, periods }, seen, focus: 'add' };
    }
    const today = localDate(new Date(), desk.timeZone);
    const dates = readDates(typed, today);
    if ('refusal' in dates) return refuseForm(dates.refusal, { typed, seen });
    const { supabase } = event.locals;
    const mayStrand = form.getAll('strand').map(String).filter(isId);
    const saved: Saved =
      refuseChanged(seen, seenOf(await readExceptions(supabase, practitioner, today), today)) ??
      (await saveDates(supabase, practitioner, dates, mayStrand));
    if (saved.ok) return { done: m.desk_hours_saved() };
    return saved.strands
      ? { typed, seen, strands: saved.strands }
      : refuseForm(saved.refusal, { typed, seen: seenAfter(saved.refusal, seen) });
  }
};

/** What was typed; or what is wrong with it. */
function readDates(typed: TypedDates, today: string): Dates | { refusal: Refusal } {
  const { kind, reason, periods } = typed;
  const [from, until] = [dateIn(typed.from), dateIn(typed.until)];
  const read = kind === 'other' ? readHours(periods) : { hours: [] };
  const problems: Record<string, string | undefined> = {
    first: from === undefined ? m.desk_dates_no_date() : from < today ? m.desk_dates_over() : undefined,
    last: lastProblem(from, until),
    reason: reason.length > 300 ? m.desk_dates_reason_long() : undefined,
    ...('problems' in read && read.problems),
    hours:
      kind === 'other' && 'hours' in read && read.hours.length === 0 ? m.desk_dates_no_hours() : undefined
  };
  const refusal = invalid(problems);
  if (Object.keys(refusal.fields).length > 0 || 'problems' in read || !from || !until) return { refusal };
  return { from, until, hours: kind === 'usual' ? null : read.hours, reason };
}

function lastProblem(from: string | undefined, until: string | undefined): string | undefined {
  if (until === undefined) return m.desk_dates_no_date();
  if (from === undefined) return undefined;
  if (until < from) return m.desk_dates_backwards();
  return until > addDays(from, 366) ? m.desk_dates_too_long() : undefined;
}
