import { error, redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { memberOf } from '#lib/desk/family.ts';
import { m } from '#lib/paraglide/messages.js';
import { idOf, openDesk } from '#lib/server/desk/desk.ts';
import { proveReassignment, startReassignment } from '#lib/server/desk/reassignment.ts';
import { readRecord } from '#lib/server/desk/record.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { patient_id, name, dependents } = await readRecord(
    event.locals.supabase,
    desk,
    idOf(event.params.id)
  );
  const wanted = event.url.searchParams.get('member');
  const member = dependents.find(({ dependent_id, removed }) => dependent_id === wanted && !removed);
  if (!member) error(404, m.desk_record_unknown());
  return { query, clinicId: desk.clinicId, holder: { id: patient_id, name }, member: memberOf(member) };
};

export const actions: Actions = {
  start: async (event) => {
    const { desk } = await openDesk(event);
    const member = idOf(event.url.searchParams.get('member') ?? '');
    const { phone } = await readForm(event.request, 'phone');
    const started = await startReassignment(event.locals.supabase, desk, { member, phone });
    return started.ok ? { started: started.started } : refuseForm(started.refusal, { phone });
  },

  prove: async (event) => {
    const { query } = await openDesk(event);
    const form = await readForm(
      event.request,
      'reassignment',
      'phone_end',
      'holder_end',
      'phone_code',
      'holder_code'
    );
    const started = {
      reassignment: idOf(form.reassignment),
      phoneEnd: form.phone_end,
      holderEnd: form.holder_end || null
    };
    const codes = { phone: form.phone_code, holder: form.holder_code };
    const { supabase } = event.locals;
    const proven = await proveReassignment(supabase, started.reassignment, codes, started.holderEnd !== null);
    if (!proven.ok) {
      const isOver = proven.refusal.code === 'code_invalid';
      return refuseForm(proven.refusal, isOver ? { phone: '' } : { started, codes });
    }
    const record = resolve('/(forms)/(personal)/desk/patients/[id]', { id: idOf(event.params.id) });
    redirect(303, `${record}${query}${query ? '&' : '?'}own=${proven.patient}`);
  }
};
