/** The menus: the first one, and lists of choices. */
import type { Draft, Reply, Utterance } from './draft.ts';

/** The menu that all ways lead back to, after what there is to say before. */
export function askMenu(draft: Draft, ...before: string[]): Reply {
  const { prompts, clinic, brief } = draft;
  draft.first(...before);
  const books = clinic.takes_bookings;
  if (!books && !brief) draft.first(prompts.notByPhone());
  const menu = prompts.menu({ reception: clinic.reception !== null, books, brief });
  const others = brief ? [] : draft.offerLanguages(draft.otherLocales, () => 8);
  const words = [draft.utter(menu)];
  // Before anything else to who may not understand the rest.
  return draft.listen({ name: 'menu' }, ...(draft.language ? [...words, ...others] : [...others, ...words]));
}

/** Options by number, as many as one page has. */
export function listChoices(
  draft: Draft,
  options: string[],
  { more, back }: { more: boolean; back: boolean }
): Utterance {
  return draft.utter(draft.prompts.choose({ options, more, back, brief: draft.brief }));
}
