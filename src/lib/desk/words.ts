import { timeWords } from '#lib/appointments/when.ts';
import type { Difference } from '#lib/appointments/merge.ts';
import { m } from '#lib/paraglide/messages.js';
import type { State, Step, Visit, Way } from './model.ts';

const STATES: Record<State, () => string> = {
  booked: m.desk_is_booked,
  arrived: m.desk_is_waiting,
  called: m.desk_is_called,
  seen: m.desk_is_seen,
  noshow: m.desk_is_noshow,
  cancelled: m.status_cancelled
};

const STEPS: Record<Step, () => string> = {
  arrived: m.desk_step_arrived,
  called: m.desk_step_called,
  waiting: m.desk_step_waiting,
  seen: m.desk_step_seen,
  noshow: m.desk_step_noshow,
  undo: m.desk_undo
};

const WAYS: Record<Way, () => string> = {
  ivr: m.desk_way_ivr,
  web: m.desk_way_web,
  desk: m.desk_way_desk,
  walk_in: m.desk_way_walk_in
};

export const stateWords = (state: State): string => STATES[state]();
export const stepWords = (step: Step): string => STEPS[step]();
export const wayWords = (way: Way): string => WAYS[way]();
export const nameOf = ({ name }: Pick<Visit, 'name'>): string => name ?? m.desk_no_name();

/** "family of Asha Menon, born 2015" of who comes with another's phone; '' of all others. */
export function familyWords({ holder, birth_year }: Pick<Visit, 'holder' | 'birth_year'>): string {
  if (!holder) return '';
  const family = holder.name === null ? m.desk_family() : m.desk_family_of({ who: holder.name });
  return birth_year === null ? family : `${family}, ${m.who_born({ year: birth_year })}`;
}

/** "Token 4, Asha Menon". */
export function whoWords(visit: Pick<Visit, 'name' | 'token_number'>): string {
  const name = nameOf(visit);
  return visit.token_number === null ? name : m.desk_who({ token: visit.token_number, name });
}

/** What happened to a visit while the page was open, as a sentence. Null: nothing worth saying. */
export function describeVisit({ before, after }: Difference<Visit>, timeZone: string): string | null {
  const visit = after ?? before;
  if (!visit) return null;
  const who = whoWords(visit);
  const time = timeWords(new Date(visit.starts_at), timeZone);
  if (!after) return m.desk_news_gone({ who });
  if (!before) return m.desk_news_new({ who, time });
  if (before.state !== after.state) return m.desk_news_state({ who, state: stateWords(after.state) });
  if (Date.parse(before.starts_at) !== Date.parse(after.starts_at)) return m.desk_news_moved({ who, time });
  if (before.practitioner_id !== after.practitioner_id) return m.desk_news_other_doctor({ who });
  return null;
}
