/** What the keys mean at each question. Nothing here needs the database. */
import type { Search } from '../facts.ts';
import { chosen } from './choices.ts';
import { chosenDay } from './days.ts';
import type { CodeLength, Preference, Question, Wanted } from './position.ts';

/** Where the caller wants to go next, or what they want done. */
export type Intent =
  /** The first menu, after whatever must be asked before it; with what was chosen for the rest of the call. */
  | { to: 'welcome'; greet: boolean; language?: string; clinic?: string }
  | { to: 'language' }
  | { to: 'clinic'; page: number }
  | { to: 'otherwise' }
  | { to: 'menu' }
  | { to: 'who'; then: 'offer' | 'day'; page: number }
  | { to: 'reception' }
  | { to: 'days'; preference: Preference; who?: Who }
  | { to: 'day'; preference: Preference; tooFar?: string }
  | { to: 'offer'; search: Search; page: number; who?: Who }
  | { to: 'later'; starts_at: string; preference: Preference }
  | { to: 'book'; wanted: Wanted }
  | { to: 'code'; wanted: Wanted | undefined; length: CodeLength }
  | { to: 'prove'; code: string; wanted: Wanted | undefined }
  | { to: 'appointments'; page: number }
  | { to: 'reference'; page: number }
  | { to: 'check'; reference: string }
  | { to: 'details'; appointment_id: string }
  | { to: 'cancel'; appointment_id: string }
  | { to: 'move'; appointment_id: string; starts_at: string; preference: Preference }
  /** The end, for want of an answer or because the call has become too long. */
  | { to: 'goodbye'; because: 'silence' | 'length' };

/** Who is to come: a dependent of the caller, or (null) the caller. */
export type Who = string | null;

/** What the keys ask for; undefined when they mean nothing at this question. */
export function intentOf(question: Question, keys: string): Intent | undefined {
  switch (question.name) {
    case 'greeting':
      return again(question);
    case 'language': {
      const language = chosen(question.choices, keys);
      if (language !== undefined) return { to: 'welcome', greet: false, language };
      return keys === '9' || keys === '#' ? again(question) : undefined;
    }
    case 'clinic': {
      const clinic = chosen(question.choices, keys);
      if (clinic !== undefined) return { to: 'welcome', greet: true, clinic };
      if (keys === '#') return { to: 'clinic', page: question.page + 1 };
      return keys === '9' || keys === '*' ? again(question) : undefined;
    }
    case 'otherwise':
      return atAnyMenu(question, keys);
    case 'menu':
      if (keys === '1') return { to: 'offer', search: { preference: {} }, page: 0 };
      if (keys === '2') return { to: 'days', preference: {} };
      if (keys === '3') return { to: 'appointments', page: 0 };
      if (keys === '4') return { to: 'reference', page: 0 };
      if (keys === '8') return { to: 'language' };
      // One up from the menu is the list of clinics, where the number has several.
      if (keys === '*') return { to: 'clinic', page: 0 };
      return atAnyMenu(question, keys);
    case 'days': {
      const { choices, preference } = question;
      const on = chosen(choices, keys);
      if (on !== undefined) return { to: 'offer', search: { preference, on }, page: 0 };
      if (keys === String(choices.length + 1)) return { to: 'day', preference };
      return keys === '*' ? before(preference) : atAnyMenu(question, keys);
    }
    case 'who': {
      const { choices, page, then } = question;
      const who = chosen(choices, keys);
      if (who !== undefined) {
        return then === 'day'
          ? { to: 'days', preference: {}, who }
          : { to: 'offer', search: { preference: {} }, page: 0, who };
      }
      if (keys === '#') return { to: 'who', then, page: page + 1 };
      if (keys === '*') return { to: 'menu' };
      return atAnyMenu(question, keys);
    }
    case 'day':
      return dayOf(question, keys);
    case 'doctor': {
      const { on, preference, page } = question;
      const practitioner_id = chosen(question.choices, keys);
      if (practitioner_id === null) {
        return { to: 'offer', search: { preference, on, any_practitioner: true }, page: 0 };
      }
      if (practitioner_id !== undefined) {
        return { to: 'offer', search: { preference: { ...preference, practitioner_id }, on }, page: 0 };
      }
      if (keys === '#') return { to: 'offer', search: { preference, on }, page: page + 1 };
      if (keys === '*') return { to: 'days', preference };
      return atAnyMenu(question, keys);
    }
    case 'specialty': {
      const search = searchOf(question);
      const specialty = chosen(question.choices, keys);
      if (specialty !== undefined) {
        return { to: 'offer', search: { ...search, preference: { specialty } }, page: 0 };
      }
      if (keys === '#') return { to: 'offer', search, page: question.page + 1 };
      if (keys === '*') return { to: 'menu' };
      return atAnyMenu(question, keys);
    }
    case 'confirm': {
      const { practitioner_id, starts_at, preference } = question;
      const { moving } = preference;
      if (keys === '1') {
        return moving === undefined
          ? { to: 'book', wanted: { practitioner_id, starts_at, preference } }
          : { to: 'move', appointment_id: moving, starts_at, preference };
      }
      if (keys === '2') return { to: 'later', starts_at, preference };
      if (keys === '3') return { to: 'days', preference };
      if (keys === '*') return before(preference);
      return atAnyMenu(question, keys);
    }
    case 'code':
      if (keys.startsWith('*')) return { to: 'menu' };
      if (/^\d+$/.test(keys) && keys.length === question.length) {
        return { to: 'prove', code: keys, wanted: question.wanted };
      }
      return atAnyMenu(question, keys);
    case 'appointments':
      if (keys === '1') return { to: 'reference', page: 0 };
      if (keys === '#') return { to: 'appointments', page: question.page + 1 };
      if (keys === '*') return { to: 'menu' };
      return atAnyMenu(question, keys);
    case 'reference':
      if (keys.startsWith('*')) return { to: 'menu' };
      return /^\d{4}$/.test(keys) ? { to: 'check', reference: keys } : atAnyMenu(question, keys);
    case 'which': {
      const appointment_id = chosen(question.choices, keys);
      if (appointment_id !== undefined) return { to: 'details', appointment_id };
      if (keys === '#') return { to: 'reference', page: question.page + 1 };
      if (keys === '*') return { to: 'menu' };
      return atAnyMenu(question, keys);
    }
    case 'change': {
      const { appointment_id, practitioner_id } = question;
      if (keys === '1') return { to: 'cancel', appointment_id };
      if (keys === '2') {
        return { to: 'offer', search: { preference: { practitioner_id, moving: appointment_id } }, page: 0 };
      }
      if (keys === '*') return { to: 'menu' };
      return atAnyMenu(question, keys);
    }
  }
}

/** The intent that leads to the same question. What it offers is looked up again: a slot may be gone by now. */
export function again(question: Question): Intent {
  switch (question.name) {
    case 'greeting':
      return { to: 'welcome', greet: true };
    case 'clinic':
    case 'appointments':
      return { to: question.name, page: question.page };
    case 'who':
      return { to: 'who', then: question.then, page: question.page };
    case 'days':
    case 'day':
      return { to: question.name, preference: question.preference };
    case 'doctor': {
      const { preference, on, page } = question;
      return { to: 'offer', search: { preference, on }, page };
    }
    case 'specialty':
      return { to: 'offer', search: searchOf(question), page: question.page };
    case 'confirm': {
      const { preference, starts_at } = question;
      return { to: 'offer', search: { preference, from: starts_at }, page: 0 };
    }
    case 'code':
      return { to: 'code', wanted: question.wanted, length: question.length };
    case 'reference':
      return { to: 'reference', page: 0 };
    case 'which':
      return { to: 'reference', page: question.page };
    case 'change':
      return { to: 'details', appointment_id: question.appointment_id };
    default:
      return { to: question.name };
  }
}

/** Keys that mean the same in every menu. Hash where nothing follows is often the end of an input typed before. */
function atAnyMenu(question: Question, keys: string): Intent | undefined {
  if (keys === '0') return { to: 'reception' };
  if (keys === '9' || keys === '#') return again(question);
  return undefined;
}

/** Where a search came from: the menu, or the appointment that was to be moved. */
function before({ moving }: Preference): Intent {
  return moving === undefined ? { to: 'menu' } : { to: 'details', appointment_id: moving };
}

function dayOf(question: Extract<Question, { name: 'day' }>, keys: string): Intent | undefined {
  const { preference, today, horizon } = question;
  if (keys.startsWith('*')) return before(preference);
  if (keys === '9') return again(question);
  const day = chosenDay(keys, today, horizon);
  if (!day) return undefined;
  if ('tooFar' in day) return { to: 'day', preference, tooFar: day.tooFar };
  return { to: 'offer', search: { preference, on: day.on }, page: 0 };
}

/** Specialties are asked for on the way to the next available slot, or to any practitioner on a day. */
function searchOf({ on }: { on?: string | undefined }): Search {
  return on === undefined ? { preference: {} } : { preference: {}, on, any_practitioner: true };
}
