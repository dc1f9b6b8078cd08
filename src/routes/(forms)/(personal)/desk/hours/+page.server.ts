import { error } from '@sveltejs/kit';
import { asTyped, withAdded, withCopied, WEEKDAYS, type TypedPeriod } from '#lib/desk/hours.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { readWeek, saveWeek, type Saved } from '#lib/server/desk/hours.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';
import { refuseChanged, seenAfter, seenAs } from '#lib/server/request/seen.ts';
import { periodsIn, readHours } from '#lib/server/desk/typed-hours.ts';
import { refuseForm } from '#lib/server/request/forms.ts';
import { invalid } from '#lib/server/request/refusal.ts';
import { choosePractitioner } from './practitioner.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query, practitioners, chosen } = await choosePractitioner(event);
  const week = chosen ? await readWeek(event.locals.supabase, chosen.id) : [];
  return {
    query,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    practitioners,
    chosen,
    week: asTyped(week),
    seen: seenAs(week)
  };
};

/** A button of the form that changes what is typed, and saves nothing. `focus` is where the keyboard goes on. */
interface Draft {
  typed: TypedPeriod[];
  seen: string;
  focus?: string;
  done?: string;
}

export const actions: Actions = {
  default: async (event) => {
    await openAsManager(event);
    const { supabase } = event.locals;
    const form = await event.request.formData().catch(() => error(400, m.form_unknown()));
    const typed = periodsIn(form);
    const practitioner = event.url.searchParams.get('doctor');
    if (!isId(practitioner)) error(404, m.refusal_unknown_doctor());
    const text = (name: string) => String(form.get(name) ?? '');
    const seen = text('seen');
    const [wanted, which] = text('do').split(' ');

    if (wanted === 'add') {
      const weekday = weekdayOf(which);
      const added = withAdded(typed, weekday);
      const place = added.findLastIndex((period) => period.weekday === weekday);
      return { typed: added, seen, focus: `from-${place}` } satisfies Draft;
    }
    if (wanted === 'remove') {
      const gone = typed[Number(which)];
      return {
        typed: typed.filter((period) => period !== gone),
        seen,
        focus: `add-${gone?.weekday ?? 1}`
      } satisfies Draft;
    }
    if (wanted === 'copy') {
      const to = form.getAll('copy_to').map((weekday) => weekdayOf(String(weekday)));
      const copied = withCopied(typed, weekdayOf(text('copy_from')), to);
      return { typed: copied, seen, done: m.desk_hours_copied() } satisfies Draft;
    }
    if (wanted === 'colleague') {
      const colleague = text('colleague');
      if (!isId(colleague)) error(404, m.refusal_unknown_doctor());
      const week = asTyped(await readWeek(supabase, colleague));
      return { typed: week, seen, done: m.desk_hours_copied() } satisfies Draft;
    }
    const read = readHours(typed);
    if ('problems' in read) return refuseForm(invalid(read.problems), { typed, seen });
    const mayStrand = form.getAll('strand').map(String).filter(isId);
    const saved: Saved =
      refuseChanged(seen, seenAs(await readWeek(supabase, practitioner))) ??
      (await saveWeek(supabase, practitioner, read.hours, mayStrand));
    if (saved.ok) return { done: m.desk_hours_saved() };
    return saved.strands
      ? { typed, seen, strands: saved.strands }
      : refuseForm(saved.refusal, { typed, seen: seenAfter(saved.refusal, seen) });
  }
};

function weekdayOf(text: string | undefined): number {
  return WEEKDAYS.find((weekday) => String(weekday) === text) ?? error(400, m.form_unknown());
}
