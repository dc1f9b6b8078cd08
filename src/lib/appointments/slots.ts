import { partOfDay, type PartOfDay } from './when.ts';

/** A day in the strip of days. */
export interface FreeDay {
  /** 2026-11-25, of the clinic. */
  date: string;
  free: number;
  /** Whether patients are seen that day at all. */
  open: boolean;
  /** Whether that is over for today. */
  over: boolean;
}

/** A time somebody is free. Times are ISO instants. */
export interface FreeSlot {
  practitionerId: string;
  startsAt: string;
  endsAt: string;
}

/** A time as it is offered, by the first of those who are free then; null once it is gone. */
export interface Offer {
  startsAt: string;
  slot: FreeSlot | null;
}

/** What is told of a slot on its practitioner's channel. */
export interface SlotNews {
  startsAt: string;
  endsAt: string;
  taken: boolean;
}

export function parseSlotNews(payload: unknown): SlotNews | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const { starts_at, ends_at, taken } = payload as Record<string, unknown>;
  if (typeof starts_at !== 'string' || typeof ends_at !== 'string' || typeof taken !== 'boolean') return null;
  if (Number.isNaN(Date.parse(starts_at)) || Number.isNaN(Date.parse(ends_at))) return null;
  return { startsAt: starts_at, endsAt: ends_at, taken };
}

/** The free slots that are left when a practitioner is no longer free at some time. */
export function without(slots: readonly FreeSlot[], practitionerId: string, news: SlotNews): FreeSlot[] {
  const [starts, ends] = [Date.parse(news.startsAt), Date.parse(news.endsAt)];
  return slots.filter(
    (slot) =>
      slot.practitionerId !== practitionerId ||
      Date.parse(slot.startsAt) >= ends ||
      Date.parse(slot.endsAt) <= starts
  );
}

/**
 * The times to show: all that were shown before, so that nothing moves under a finger, and what is free now.
 * @param shown ISO instants shown before, of the same day
 */
export function offersOf(slots: readonly FreeSlot[], shown: readonly string[] = []): Offer[] {
  const offers = new Map<number, Offer>();
  for (const startsAt of shown) offers.set(Date.parse(startsAt), { startsAt, slot: null });
  for (const slot of slots) {
    const key = Date.parse(slot.startsAt);
    if (!offers.get(key)?.slot) offers.set(key, { startsAt: slot.startsAt, slot });
  }
  return [...offers.entries()].sort(([a], [b]) => a - b).map(([, offer]) => offer);
}

/** Offers by part of the day, in order; parts without any are left out. A day may begin and end with the night. */
export function byPartOfDay(
  offers: readonly Offer[],
  timeZone: string
): { part: PartOfDay; offers: Offer[] }[] {
  const parts: { part: PartOfDay; offers: Offer[] }[] = [];
  for (const offer of offers) {
    const part = partOfDay(new Date(offer.startsAt), timeZone);
    const last = parts.at(-1);
    if (last?.part === part) last.offers.push(offer);
    else parts.push({ part, offers: [offer] });
  }
  return parts;
}
