import { error } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { openDesk } from '#lib/server/desk/desk.ts';
import { readSmsTexts, saveWords, tryWords } from '#lib/server/desk/sms-texts.ts';
import { refuseChanged, seenAfter, seenAs } from '#lib/server/request/seen.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

/** Which text an address names. */
const named = ({ searchParams }: URL) => ({
  key: searchParams.get('text') ?? '',
  locale: searchParams.get('language') ?? ''
});

export const load: PageServerLoad = async (event) => {
  const { query } = await openDesk(event);
  const { texts, mayEdit } = await readSmsTexts(event.locals.supabase);
  const { key, locale } = named(event.url);
  const chosen = texts.find((text) => text.key === key && text.locale === locale) ?? null;
  if (key !== '' && !chosen) error(404, m.desk_words_unknown());
  return { query, texts, mayEdit, chosen, seen: chosen && seenAs(chosen.body) };
};

export const actions: Actions = {
  default: async (event) => {
    await openDesk(event);
    const { supabase } = event.locals;
    const text = named(event.url);
    const form = await readForm(event.request, 'do', 'body', 'seen');
    const { seen } = form;
    // As browsers send the ends of lines, and as they are kept.
    const body = form.body.replaceAll('\r\n', '\n');
    if (form.do === 'preview') {
      const tried = await tryWords(supabase, text, body);
      return tried.ok
        ? { typed: body, preview: tried.preview, seen }
        : refuseForm(tried.refusal, { typed: body, seen });
    }
    const { texts } = await readSmsTexts(supabase);
    const now = texts.find(({ key, locale }) => key === text.key && locale === text.locale);
    const saved =
      refuseChanged(seen, now && seenAs(now.body)) ??
      (await saveWords(supabase, text, form.do === 'restore' ? null : body));
    if (saved.ok) return { done: m.desk_words_saved() };
    return refuseForm(saved.refusal, { typed: body, seen: seenAfter(saved.refusal, seen) });
  }
};
