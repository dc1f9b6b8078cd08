/** The beginning of a call: the greeting, the language, the clinic. */
import { pageOf } from './choices.ts';
import type { Draft, Reply } from './draft.ts';
import { askMenu, listChoices } from './menu.ts';
import { tellOtherwise } from './reception.ts';

export function welcome(draft: Draft, greet: boolean): Reply {
  const { prompts, reading, brief } = draft;
  const { clinic, upcoming } = draft.facts;
  const isNew = greet && reading.turn.position.question.name === 'greeting';
  if (clinic && greet && !brief) draft.first(prompts.greeting({ clinic: clinic.name }));
  if (draft.locales.length > 1 && !draft.language) return askLanguage(draft);
  if (!clinic) {
    if (isNew) draft.first(prompts.welcome());
    return askClinic(draft, 0);
  }
  const [next, ...more] = upcoming;
  if (next && !brief) {
    draft.first(prompts.upcoming({ starts_at: next, timeZone: clinic.time_zone, more: more.length }));
  }
  return firstQuestion(draft, 0);
}

/** The first question when the language is clear. */
export function firstQuestion(draft: Draft, clinicsPage: number): Reply {
  if (!draft.facts.clinic) return askClinic(draft, clinicsPage);
  return draft.reading.turn.line === 'mobile' ? askMenu(draft) : tellOtherwise(draft);
}

export function askLanguage(draft: Draft): Reply {
  const choices = draft.locales.slice(0, 9);
  if (choices.length < 2) return firstQuestion(draft, 0);
  return draft.listen({ name: 'language', choices }, ...draft.offerLanguages(choices, (index) => index + 1));
}

function askClinic(draft: Draft, wanted: number): Reply {
  const { items, page, more } = pageOf(draft.facts.clinics, wanted);
  const options = items.map(({ name }) => name);
  const choices = items.map(({ id }) => id);
  return draft.listen({ name: 'clinic', choices, page }, listChoices(draft, options, { more, back: false }));
}
