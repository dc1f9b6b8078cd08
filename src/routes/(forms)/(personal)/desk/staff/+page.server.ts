import { error, redirect } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { listDesks, type Desk } from '#lib/server/desk/desk.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';
import { seenAfter } from '#lib/server/request/seen.ts';
import { addColleague, changeColleague, listStaff, removeColleague, roleIn } from '#lib/server/desk/staff.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openAsManager(event);
  const [staff, { userId }] = await Promise.all([
    listStaff(event.locals.supabase, desk),
    accountOf(event.locals)
  ]);
  return {
    query,
    clinic: desk.clinic,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    staff,
    ownId: userId
  };
};

/** A form of the page. Answers 400 to what is none; a form that adds somebody has no id. */
async function formIn(request: Request) {
  const {
    id,
    seen,
    name,
    phone,
    role: typedRole
  } = await readForm(request, 'id', 'seen', 'name', 'phone', 'role');
  const role = roleIn(typedRole);
  if (!role || (id !== '' && !isId(id))) error(400, m.form_unknown());
  return { id, seen, typed: { name: name.trim(), phone: phone.trim(), role } };
}

/** What the page says then; who gave up managing the desk is led away from it. */
async function done(supabase: Supabase, { clinicId }: Desk, words: string): Promise<{ done: string }> {
  const own = (await listDesks(supabase)).find((desk) => desk.clinicId === clinicId);
  if (own?.role !== 'manager') redirect(303, '/desk');
  return { done: words };
}

export const actions: Actions = {
  add: async (event) => {
    const { desk } = await openAsManager(event);
    const { typed } = await formIn(event.request);
    const added = await addColleague(event.locals.supabase, desk, typed);
    if (!added.ok) return refuseForm(added.refusal, { about: '', typed });
    return { done: m.desk_staff_added({ name: typed.name }) };
  },

  change: async (event) => {
    const { desk } = await openAsManager(event);
    const { id, seen, typed } = await formIn(event.request);
    const { supabase } = event.locals;
    const changed = await changeColleague(supabase, id, typed, seen);
    if (!changed.ok)
      return refuseForm(changed.refusal, { about: id, typed, seen: seenAfter(changed.refusal, seen) });
    return done(supabase, desk, m.desk_staff_changed({ name: typed.name }));
  },

  remove: async (event) => {
    const { desk } = await openAsManager(event);
    const { id } = await formIn(event.request);
    const { supabase } = event.locals;
    const removed = await removeColleague(supabase, id);
    if (!removed.ok) return refuseForm(removed.refusal, { about: id, typed: null });
    return done(supabase, desk, m.desk_staff_removed({ name: removed.name }));
  }
};
