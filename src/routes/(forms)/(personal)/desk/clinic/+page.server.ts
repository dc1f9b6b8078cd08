import { error } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { clinicIn, readClinic, saveClinic } from '#lib/server/desk/clinic.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';
import { languageChoices, readPractitioners, savePractitioner } from '#lib/server/desk/practitioners.ts';
import { refuseChanged, seenAfter } from '#lib/server/request/seen.ts';
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
    const { supabase } = event.locals;
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
    const seen = text('seen');
    const now =
      id === '' ? undefined : (await readPractitioners(supabase, desk)).find((one) => one.id === id);
    if (id !== '' && !now) error(404, m.refusal_unknown_doctor());
    const saved =
      refuseChanged(seen, now?.seen) ?? (await savePractitioner(supabase, desk, id || null, typed));
    if (saved.ok) return { done: m.desk_clinic_saved() };
    /** `about` is whose form it is; '' that of a new one. */
    return refuseForm(saved.refusal, {
      about: id,
      practitioner: typed,
      seen: seenAfter(saved.refusal, seen)
    });
  },

  names: async (event) => {
    const { desk } = await openAsManager(event);
    const { supabase } = event.locals;
    const typed = translationsIn(await event.request.formData().catch(() => error(400, m.form_unknown())));
    const now = await readTranslations(supabase, desk, await readPractitioners(supabase, desk));
    const saved =
      refuseChanged(typed.seen, now.find(({ locale }) => locale === typed.locale)?.seen) ??
      (await saveTranslations(supabase, desk, typed));
    if (saved.ok) return { done: m.desk_clinic_saved() };
    return refuseForm(saved.refusal, { names: { ...typed, seen: seenAfter(saved.refusal, typed.seen) } });
  },

  clinic: async (event) => {
    const { desk } = await openAsManager(event);
    const { supabase } = event.locals;
    const form = await event.request.formData().catch(() => error(400, m.form_unknown()));
    const typed = clinicIn(form);
    const seen = String(form.get('seen') ?? '');
    const now = await readClinic(supabase, desk);
    const saved = refuseChanged(seen, now.seen) ?? (await saveClinic(supabase, desk, now, typed));
    if (saved.ok) return { done: m.desk_clinic_saved() };
    return refuseForm(saved.refusal, { clinic: typed, seen: seenAfter(saved.refusal, seen) });
  }
};
