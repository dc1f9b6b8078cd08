/** What the keys mean at each step. Nothing here needs the database: it decides what to ask it. */
import { chosen } from './choices.ts';
import { chosenDay } from './days.ts';
import type { Search } from './facts.ts';
import { type Asked, lastTurn, type Position, type Wish } from './position.ts';

/** Who calls: only a mobile phone gets the SMS that a booking is confirmed with. */
export type Caller = 'mobile' | 'landline' | 'withheld';

/** What the caller pressed and who is calling. */
export interface Turn {
  position: Position;
  /** The keys pressed, empty for silence. */
  keys: string;
  caller: Caller;
}

/** Where the call goes next. */
export type Move =
  /** The first menu, after whatever must be asked before it. */
  | { to: 'welcome'; greet: boolean }
  | { to: 'language' }
  | { to: 'clinic'; page: number }
  | { to: 'otherwise' }
  | { to: 'menu' }
  | { to: 'reception' }
  | { to: 'day'; wish: Wish; tooFar?: string }
  | { to: 'offer'; search: Search; page: number }
  | { to: 'later'; starts_at: string; wish: Wish }
  | { to: 'book'; practitioner_id: string; starts_at: string; wish: Wish }
  | { to: 'appointments'; page: number }
  | { to: 'reference' }
  | { to: 'check'; reference: string }
  | { to: 'details'; appointment_id: string }
  | { to: 'cancel'; appointment_id: string }
  /** The end, for want of an answer or because the call has become too long. */
  | { to: 'goodbye'; because: 'silence' | 'length' };

/** A move, and with what it leaves the call behind. */
export interface Understood {
  move: Move;
  misses: number;
  /** The keys were not understood, as opposed to silence. */
  wrongKeys: boolean;
  language: string | undefined;
  clinic: string | undefined;
}

/** How often a caller may say nothing, or nothing we understand, before we say goodbye. */
const patience = 2;

/** Moves that end the call, or do what must not be forgotten when it has become too long. */
const lastMoves: readonly Move['to'][] = ['book', 'cancel', 'reception', 'goodbye'];

export function understand({ position, keys, caller }: Turn): Understood {
  const { asked, language, clinic } = position;
  const made = moveAt(asked, keys);
  const misses = made ? 0 : position.misses + 1;
  const understood = { misses, wrongKeys: !made && keys !== '', language, clinic };
  if (misses > patience) return { ...understood, move: { to: 'goodbye', because: 'silence' } };

  const { choice, ...move } = made ?? stay(asked);
  if (position.turn >= lastTurn && !lastMoves.includes(move.to)) {
    return { ...understood, move: { to: 'goodbye', because: 'length' } };
  }
  const open: readonly Move['to'][] = ['welcome', 'language', 'clinic', 'reception', 'otherwise'];
  if (caller !== 'mobile' && !open.includes(move.to)) return { ...understood, move: { to: 'otherwise' } };
  // Going back to the clinics forgets which one it was.
  return { ...understood, ...(move.to === 'clinic' ? { clinic: undefined } : {}), ...choice, move };
}

/** A move with what the caller chose for the rest of the call. */
type Made = Move & { choice?: { language?: string; clinic?: string } };

/** The move that the keys ask for; undefined when they mean nothing here. */
function moveAt(asked: Asked, keys: string): Made | undefined {
  switch (asked.step) {
    case 'greeting':
      return { to: 'welcome', greet: true };
    case 'language': {
      const language = chosen(asked.choices, keys);
      if (language !== undefined) return { to: 'welcome', greet: false, choice: { language } };
      return keys === '9' || keys === '#' ? stay(asked) : undefined;
    }
    case 'clinic': {
      const clinic = chosen(asked.choices, keys);
      if (clinic !== undefined) return { to: 'welcome', greet: true, choice: { clinic } };
      if (keys === '#') return { to: 'clinic', page: asked.page + 1 };
      return keys === '9' || keys === '*' ? stay(asked) : undefined;
    }
    case 'otherwise':
      return common(asked, keys);
    case 'menu':
      if (keys === '1') return { to: 'offer', search: { wish: {} }, page: 0 };
      if (keys === '2') return { to: 'day', wish: {} };
      if (keys === '3') return { to: 'appointments', page: 0 };
      if (keys === '4') return { to: 'reference' };
      if (keys === '8') return { to: 'language' };
      // One up from the menu is the list of clinics, where the number has several.
      if (keys === '*') return { to: 'clinic', page: 0 };
      return common(asked, keys);
    case 'day': {
      if (keys.startsWith('*')) return { to: 'menu' };
      if (keys === '9') return stay(asked);
      const { wish } = asked;
      const day = chosenDay(keys, asked.today, asked.horizon);
      if (!day) return undefined;
      if ('tooFar' in day) return { to: 'day', wish, tooFar: day.tooFar };
      return { to: 'offer', search: { wish, on: day.on }, page: 0 };
    }
    case 'doctor': {
      const { on, wish, page } = asked;
      const practitioner_id = chosen(asked.choices, keys);
      if (practitioner_id === null) return { to: 'offer', search: { wish, on, anyDoctor: true }, page: 0 };
      if (practitioner_id !== undefined) {
        return { to: 'offer', search: { wish: { ...wish, practitioner_id }, on }, page: 0 };
      }
      if (keys === '#') return { to: 'offer', search: { wish, on }, page: page + 1 };
      if (keys === '*') return { to: 'day', wish };
      return common(asked, keys);
    }
    case 'specialty': {
      const specialty = chosen(asked.choices, keys);
      if (specialty !== undefined) {
        return { to: 'offer', search: { ...searchOf(asked), wish: { specialty } }, page: 0 };
      }
      if (keys === '#') return { to: 'offer', search: searchOf(asked), page: asked.page + 1 };
      if (keys === '*') return { to: 'menu' };
      return common(asked, keys);
    }
    case 'confirm': {
      const { practitioner_id, starts_at, wish } = asked;
      if (keys === '1') return { to: 'book', practitioner_id, starts_at, wish };
      if (keys === '2') return { to: 'later', starts_at, wish };
      if (keys === '3') return { to: 'day', wish };
      if (keys === '*') return { to: 'menu' };
      return common(asked, keys);
    }
    case 'appointments':
      if (keys === '1') return { to: 'reference' };
      if (keys === '#') return { to: 'appointments', page: asked.page + 1 };
      if (keys === '*') return { to: 'menu' };
      return common(asked, keys);
    case 'reference':
      if (keys.startsWith('*')) return { to: 'menu' };
      return /^\d{4}$/.test(keys) ? { to: 'check', reference: keys } : undefined;
    case 'cancel':
      if (keys === '1') return { to: 'cancel', appointment_id: asked.appointment_id };
      if (keys === '*') return { to: 'menu' };
      return common(asked, keys);
  }
}

/** Keys that mean the same in every menu. Hash where nothing follows is often the end of an input typed before. */
function common(asked: Asked, keys: string): Move | undefined {
  if (keys === '0') return { to: 'reception' };
  if (keys === '9' || keys === '#') return stay(asked);
  return undefined;
}

/** The move that asks the same once more. What it offers is looked up again: a slot may be gone by now. */
function stay(asked: Asked): Made {
  switch (asked.step) {
    case 'greeting':
      return { to: 'welcome', greet: true };
    case 'clinic':
    case 'appointments':
      return { to: asked.step, page: asked.page };
    case 'day':
      return { to: 'day', wish: asked.wish };
    case 'doctor':
      return { to: 'offer', search: { wish: asked.wish, on: asked.on }, page: asked.page };
    case 'specialty':
      return { to: 'offer', search: searchOf(asked), page: asked.page };
    case 'confirm':
      return { to: 'offer', search: { wish: asked.wish, from: asked.starts_at }, page: 0 };
    case 'cancel':
      return { to: 'details', appointment_id: asked.appointment_id };
    default:
      return { to: asked.step };
  }
}

/** Specialties are asked for on the way to the next available slot, or to any doctor on a day. */
function searchOf({ on }: { on?: string | undefined }): Search {
  return on === undefined ? { wish: {} } : { wish: {}, on, anyDoctor: true };
}
