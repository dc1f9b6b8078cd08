/** How somebody came to their appointment; walk-ins came without one. */
export const WAYS = ['ivr', 'web', 'desk', 'walk_in'] as const;
export type Way = (typeof WAYS)[number];

/** How an appointment stands, as the desk sees it: who is with the doctor has arrived and was called. */
export const STATES = ['booked', 'arrived', 'called', 'seen', 'noshow', 'cancelled'] as const;
export type State = (typeof STATES)[number];

/** What the desk marks (desk_mark). */
export const STEPS = ['arrived', 'called', 'waiting', 'seen', 'noshow', 'undo'] as const;
export type Step = (typeof STEPS)[number];

/** One line of the day. Times are ISO instants. */
export interface Visit {
  id: string;
  version: number;
  practitioner_id: string;
  patient_id: string;
  starts_at: string;
  /** Where they stand in the order in which patients are called: mostly when their appointment begins. */
  waits_from: string;
  token_number: number | null;
  /** Of who comes. */
  name: string | null;
  /** Whose phone it is, if that is somebody else. */
  holder: { name: string | null } | null;
  /** Known of somebody who comes with another's phone. */
  birth_year: number | null;
  /** The last four digits; null: no phone. */
  phone_end: string | null;
  way: Way;
  confirmed: boolean;
  state: State;
  /** Since when they are in that state; null if that is nobody's business, or was not noted. */
  since: string | null;
  note: string | null;
}

/** What marking a step, or that they will come, made of a visit. */
export type Marked = Pick<Visit, 'id' | 'version' | 'waits_from' | 'confirmed' | 'state' | 'since'>;

export interface Doctor {
  id: string;
  name: string;
}

/** Somebody who is booked for a time at which nobody sees patients. */
export interface Stranded {
  id: string;
  patient_id: string;
  /** The calendar day at the clinic. */
  day: string;
  starts_at: string;
  practitioner_id: string;
  doctor: string;
  name: string | null;
  phone_end: string | null;
  token_number: number | null;
}

/** A day at the desk of a clinic, at one moment. */
export interface DaySnapshot {
  clinicId: string;
  timeZone: string;
  /** Calendar days at the clinic: the one that is shown, and the one it is. */
  day: string;
  today: string;
  /** Who sees patients at the clinic, by name. */
  doctors: Doctor[];
  visits: Visit[];
  stranded: Stranded[];
}

const NEXT: Partial<Record<State, Step>> = { booked: 'arrived', arrived: 'called', called: 'seen' };
const OTHER: Partial<Record<State, Step>> = {
  booked: 'noshow',
  arrived: 'noshow',
  called: 'waiting',
  // They came late.
  noshow: 'arrived'
};

/** The step that nearly always comes next; none when nothing does. */
export const nextStep = (state: State): Step | undefined => NEXT[state];

/** What can happen instead. */
export const otherStep = (state: State): Step | undefined => OTHER[state];

/** Whether they are still to be seen. */
export const isOpen = ({ state }: Pick<Visit, 'state'>): boolean => NEXT[state] !== undefined;

/** Whether they are at the clinic and not seen yet. */
export const isHere = ({ state }: Pick<Visit, 'state'>): boolean => state === 'arrived' || state === 'called';

/** In the order in which patients are called, those who are done last. */
export function inOrder(visits: readonly Visit[]): Visit[] {
  const place = (visit: Visit) => (isOpen(visit) ? 0 : 1);
  return visits.toSorted(
    (a, b) =>
      place(a) - place(b) ||
      Date.parse(a.waits_from) - Date.parse(b.waits_from) ||
      Date.parse(a.starts_at) - Date.parse(b.starts_at) ||
      (a.token_number ?? 0) - (b.token_number ?? 0)
  );
}

/** Whether what was typed is in the name, begins the token or ends the phone. */
export function matches({ name, holder, token_number, phone_end }: Visit, words: string): boolean {
  const typed = words.trim().toLocaleLowerCase();
  if (typed === '') return true;
  if (/^\d+$/.test(typed)) return String(token_number) === typed || (phone_end ?? '').endsWith(typed);
  return [name, holder?.name].some((one) => (one ?? '').toLocaleLowerCase().includes(typed));
}
