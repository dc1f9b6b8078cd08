import { error } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { clinicIn, readClinic, saveClinic } from '#lib/server/desk/clinic.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';
import { languageChoices, readPractitioners, savePractitioner } from '#lib/server/desk/practitioners.ts';
import { readTranslations, saveTranslations, translationsIn } from '#lib/server/desk/translations.ts';
import { refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openAsManager(event);
  const { supabase } = event.locals;
  const [clinic, practitioners] = await Promise.all([
    readClinic(supabase, desk),
    readPractitioners(supabase, desk)
  ]);
  return {
    query,
    clinicId: desk.clinicId,
    clinic,
    practitioners,
    languages: languageChoices(practitioners),
    translations: await readTranslations(supabase, desk, practitioners)
  };
};

export const actions: Actions = {
  practitioner: async (event) => {
    const { desk } = await openAsManager(event);
    const form = await event.request.formData().catch(() => error(400, m.form_unknown()));
    const text = (name: string) => String(form.get(name) ?? '');
    const id = text('id');
    if (id !== '' && !isId(id)) error(404, m.refusal_unknown_doctor());
    const typed = {
      name: text('name'),
      spoken_name: text('spoken_name'),
      specialty: text('specialty'),
      qualification: text('qualification'),
      photo_url: text('photo_url'),
      fee_amount: text('fee_amount'),
      fee_currency: text('fee_currency'),
      // Nobody types these.
      languages: form.getAll('languages').flatMap((code) => /^[a-z]{2,3}$/.exec(String(code)) ?? []),
      active: form.has('active')
    };
    const saved = await savePractitioner(event.locals.supabase, desk, id || null, typed);
    /** `about` is whose form it is; '' that of a new one. */
    if (!saved.ok) return refuseForm(saved.refusal, { about: id, practitioner: typed });
    return { done: m.desk_clinic_saved() };
  },

  names: async (event) => {
    const { desk } = await openAsManager(event);
    const typed = translationsIn(await event.request.formData().catch(() => error(400, m.form_unknown())));
    const saved = await saveTranslations(event.locals.supabase, desk, typed);
    return saved.ok ? { done: m.desk_clinic_saved() } : refuseForm(saved.refusal, { names: typed });
  },

  clinic: async (event) => {
    const { desk } = await openAsManager(event);
    const { supabase } = event.locals;
    const typed = clinicIn(await event.request.formData().catch(() => error(400, m.form_unknown())));
    const saved = await saveClinic(supabase, desk, await readClinic(supabase, desk), typed);
    return saved.ok ? { done: m.desk_clinic_saved() } : refuseForm(saved.refusal, { clinic: typed });
  }
};
