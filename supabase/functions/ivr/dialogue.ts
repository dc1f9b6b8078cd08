/**
 * The dialogue: a pure state machine. `ask` says what a step needs from the database, `reply` what the caller hears and
 * is asked next. Nothing here knows of HTTP, SQL or the clock.
 */
import { Answer, type Reply } from './answer.ts';
import type { Ask, Facts } from './facts.ts';
import { type Move, type Turn, understand } from './moves.ts';
import type { Catalogue } from './prompts/prompts.ts';

/** What a step asks of the database, with the language and clinic that hold from here on. */
export interface Asking {
  ask: Ask;
  language: string | undefined;
  clinic: string | undefined;
}

/** What this turn asks of the database. */
export function ask(turn: Turn): Asking {
  const { move, language, clinic } = understand(turn);
  return { ask: askOf(move, turn), language, clinic };
}

function askOf(move: Move, { caller }: Turn): Ask {
  switch (move.to) {
    case 'offer':
      return { kind: 'offer', ...move.search };
    case 'later':
      return { kind: 'later', starts_at: move.starts_at, wish: move.wish };
    case 'book': {
      const { practitioner_id, starts_at, wish } = move;
      return { kind: 'book', practitioner_id, starts_at, wish };
    }
    case 'check':
      return { kind: 'reference', reference: move.reference };
    case 'details':
    case 'cancel':
      return { kind: move.to, appointment_id: move.appointment_id };
    case 'reception':
      return { kind: 'reception' };
    case 'goodbye':
      return { kind: 'goodbye' };
    case 'reference':
      return { kind: 'ask_reference' };
    case 'appointments':
    case 'otherwise':
      return { kind: 'inform' };
    default:
      return { kind: caller === 'mobile' ? 'welcome' : 'inform' };
  }
}

/** What the caller hears, given what the database answered. */
export function reply(turn: Turn, facts: Facts, catalogue: Catalogue): Reply {
  return new Answer(turn, facts, catalogue).reply();
}
