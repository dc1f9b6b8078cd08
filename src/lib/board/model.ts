/** A token that comes soon; who is not `here` has not come to the desk yet. */
export interface Waiting {
  token: number;
  here: boolean;
}

/** The queue of a doctor. Times are ISO instants. */
export interface BoardQueue {
  /** The token called last, else the one seen last; null: none yet. */
  serving: number | null;
  called_at: string | null;
  /** In the order in which they are called. */
  next: Waiting[];
}

export interface BoardDoctor {
  id: string;
  name: string;
  specialty: string;
  /** When they see patients today. */
  sessions: { from: string; until: string }[];
  /** Null while the clinic has marked nobody, and once their day is over. */
  queue: BoardQueue | null;
}

export type DoctorAtWork = BoardDoctor & { queue: BoardQueue };

/** What a board shows, at one moment. */
export interface BoardSnapshot {
  /** The channel on which it hears that there is news. */
  channel: string;
  clinic: string;
  timeZone: string;
  doctors: BoardDoctor[];
  /** When this was so, by the server's clock: an ISO instant. */
  now: string;
  /** Which version of the site says so. */
  version: string;
}

/** So many doctors fit on a screen; more take turns. */
const ON_A_SCREEN = 6;
/** How long one language, and a screen of doctors in all languages, stays. */
const TURN_MS = 10_000;
/** How long somebody who was called stands out. */
const CALLED_MS = 20_000;

/** Whose queue is under way. */
export const atWork = (doctors: readonly BoardDoctor[]): DoctorAtWork[] =>
  doctors.filter((doctor): doctor is DoctorAtWork => doctor.queue !== null);

/** Which of so many it is whose turn it is, each for as long as `turns` turns take. */
export const turnOf = (many: number, now: Date, turns = 1): number =>
  Math.floor(now.getTime() / (TURN_MS * turns)) % Math.max(many, 1);

/** Doctors as they fit on a screen. */
export function screensOf<Doctor>(doctors: readonly Doctor[]): Doctor[][] {
  const screens = Math.ceil(doctors.length / ON_A_SCREEN);
  // Seven are four and three, not six and one.
  const each = Math.ceil(doctors.length / Math.max(screens, 1));
  return Array.from({ length: screens }, (_, n) => doctors.slice(n * each, (n + 1) * each));
}

/** When somebody was called last, in milliseconds; 0: nobody was. */
export const lastCall = (doctors: readonly BoardDoctor[]): number =>
  Math.max(0, ...atWork(doctors).map(({ queue }) => (queue.called_at ? Date.parse(queue.called_at) : 0)));

/** Whether it was a moment ago. */
export const isFresh = (calledAt: number, now: Date): boolean => {
  const ago = now.getTime() - calledAt;
  // Called meanwhile, by a clock that is a little ahead.
  return ago < CALLED_MS && ago > -CALLED_MS;
};
