/**
 * Who is to come, of callers who book for others too.
 *
 * A caller ID can be forged, and the names of a family are nobody's business: the database tells them only in calls that
 * have proved the number, by the caller's own reference or a code. Before that the others are offered by their place,
 * in the order in which they were added and the site lists them, and so is said for whom something was booked: the name
 * is in the SMS, which whoever forges the number does not get.
 */
import type { Draft, Reply } from './draft.ts';
import { pageOf } from './choices.ts';
import type { Intent } from './keys.ts';
import { askMenu, listChoices } from './menu.ts';

/** Whether it has to be asked first who is to come, and what was wanted then. */
export function beforeWho(intent: Intent, { facts, reading }: Draft): 'offer' | 'day' | undefined {
  if (facts.others.length === 0 || reading.who !== undefined) return undefined;
  if (intent.to === 'day' && intent.preference.moving === undefined) return 'day';
  if (intent.to === 'offer' && intent.search.preference.moving === undefined) return 'offer';
  return undefined;
}

export function askWho(draft: Draft, then: 'offer' | 'day', wanted: number): Reply {
  const { prompts, facts, brief } = draft;
  if (facts.others.length === 0) return askMenu(draft);
  const others = facts.others.map(({ id }) => ({ id, text: draft.person(id) ?? '' }));
  const { items, page, more } = pageOf([{ id: null, text: prompts.yourself() }, ...others], wanted);
  if (!brief) draft.first(prompts.askWho());
  return draft.listen(
    { name: 'who', choices: items.map(({ id }) => id), page, then },
    listChoices(draft, items.map(({ text }) => text), { more, back: true })
  );
}
