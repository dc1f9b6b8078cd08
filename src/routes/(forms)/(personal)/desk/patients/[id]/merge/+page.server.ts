import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { isId } from '#lib/server/booking/appointments.ts';
import { idOf, openDesk } from '#lib/server/desk/desk.ts';
import { findPatients } from '#lib/server/desk/find.ts';
import { mergePatients, previewMerge } from '#lib/server/desk/merge.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { supabase } = event.locals;
  const { searchParams } = event.url;
  const id = idOf(event.params.id);
  const other = searchParams.get('other');
  const shown = { query, clinicId: desk.clinicId, timeZone: desk.timeZone, now: new Date().toISOString() };
  if (isId(other)) {
    const preview = await previewMerge(supabase, desk, { keep: id, gone: other });
    // The one with the account is the one that can stay.
    const possible =
      preview.refusal === 'gone_has_account'
        ? await previewMerge(supabase, desk, { keep: other, gone: id })
        : preview;
    return { ...shown, preview: possible, search: null };
  }
  // The patient themselves, as a preview shows them.
  const { keep } = await previewMerge(supabase, desk, { keep: id, gone: id });
  const words = (searchParams.get('words') ?? keep.name ?? '').trim().slice(0, 100);
  const found = words === '' ? [] : await findPatients(supabase, desk, words);
  return {
    ...shown,
    preview: null,
    search: { keep, words, found: found.filter((one) => ![one.id, one.mergedInto].includes(keep.patient_id)) }
  };
};

export const actions: Actions = {
  default: async (event) => {
    const { query } = await openDesk(event);
    const form = await readForm(event.request, 'keep', 'gone');
    const [keep, gone] = [idOf(form.keep), idOf(form.gone)];
    const merged = await mergePatients(event.locals.supabase, { keep, gone });
    if (!merged.ok) return refuseForm(merged.refusal, {});
    const record = resolve('/(forms)/(personal)/desk/patients/[id]', { id: keep });
    redirect(303, `${record}${query}${query ? '&' : '?'}merged=${merged.merge}`);
  }
};
