/**
 * The first half of a turn: what the caller wants, and what the database is to do for it. The other half, once the
 * facts are there, is reply.ts. Both are pure: nothing in them knows of HTTP, SQL or the clock.
 */
import type { Task } from '../facts.ts';
import type { Line } from '../line.ts';
import { again, type Intent, intentOf, type Who } from './keys.ts';
import { lastTurn, type Position } from './position.ts';

/** A turn as it comes in. */
export interface Turn {
  position: Position;
  /** The keys pressed, empty for silence. */
  keys: string;
  line: Line;
}

/** A turn, understood. */
export interface Reading {
  turn: Turn;
  intent: Intent;
  task: Task;
  /** How often in a row nothing was understood, this turn included. */
  misses: number;
  /** The keys were not understood, as opposed to silence. */
  wrongKeys: boolean;
  /** The language chosen in this call. */
  language: string | undefined;
  /** The clinic, once it is known. */
  clinic: string | undefined;
  /** Who is to come: a dependent of the caller, or (null) the caller; undefined until it is chosen. */
  who: Who | undefined;
}

/** How often in a row a caller may say nothing, or nothing we understand, before we say goodbye. */
const mostMisses = 2;

/** What ends the call, or must not be forgotten when it has become too long. */
const inTheLastTurn: readonly Intent['to'][] = ['book', 'prove', 'cancel', 'move', 'reception', 'goodbye'];

/** What a caller can do whom no SMS reaches, and who therefore cannot book. */
const onAnyLine: readonly Intent['to'][] = ['welcome', 'language', 'clinic', 'reception', 'otherwise'];

/** Reads what the caller pressed. */
export function read(turn: Turn): Reading {
  const { position, keys } = turn;
  const understood = intentOf(position.question, keys);
  const misses = understood ? 0 : position.misses + 1;
  const intent = whatMayBe(understood ?? again(position.question), turn, misses);
  const chosen: { language?: string; clinic?: string } = intent.to === 'welcome' ? intent : {};
  const who = whoComes(intent, position);
  return {
    turn,
    intent,
    task: { ...taskOf(intent, turn), ...(who && { dependent_id: who }) },
    misses,
    wrongKeys: !understood && keys !== '',
    language: chosen.language ?? position.language,
    // Going back to the clinics forgets which one it was.
    clinic: intent.to === 'clinic' ? undefined : chosen.clinic ?? position.clinic,
    who
  };
}

/** Whoever was chosen, until the caller is back at the menu: from there it may be somebody else. */
function whoComes(intent: Intent, { question, who }: Position): Who | undefined {
  if ('who' in intent) return intent.who;
  return question.name === 'menu' ? undefined : who;
}

/** The intent itself, unless the call has to end or the line does not allow it. */
function whatMayBe(intent: Intent, { position, line }: Turn, misses: number): Intent {
  if (misses > mostMisses) return { to: 'goodbye', because: 'silence' };
  if (position.turn >= lastTurn && !inTheLastTurn.includes(intent.to)) {
    return { to: 'goodbye', because: 'length' };
  }
  return line === 'mobile' || onAnyLine.includes(intent.to) ? intent : { to: 'otherwise' };
}

function taskOf(intent: Intent, { line }: Turn): Task {
  switch (intent.to) {
    case 'offer':
      return { kind: 'offer', ...intent.search };
    case 'later':
      return { kind: 'later', starts_at: intent.starts_at, preference: intent.preference };
    case 'book':
      return { kind: 'book', ...intent.wanted };
    case 'prove':
      return { kind: 'prove', code: intent.code, ...intent.wanted };
    case 'reference':
      return { kind: 'count_tries' };
    case 'check':
      return { kind: 'check_reference', reference: intent.reference };
    case 'details':
    case 'cancel':
      return { kind: intent.to, appointment_id: intent.appointment_id };
    case 'move': {
      const { appointment_id, starts_at, preference } = intent;
      return { kind: 'move', appointment_id, starts_at, preference };
    }
    case 'reception':
    case 'goodbye':
      return { kind: intent.to };
    case 'appointments':
    case 'otherwise':
      return { kind: 'inform' };
    default:
      return { kind: line === 'mobile' ? 'welcome' : 'inform' };
  }
}
