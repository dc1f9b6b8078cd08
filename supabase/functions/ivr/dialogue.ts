/**
 * The dialogue: a pure state machine. `ask` says what a step needs from the database, `reply` what the caller hears and
 * is asked next. Nothing here knows of HTTP, SQL or the clock.
 */
import type { Ask, Facts, Slot } from './facts.ts';
import type { Asked, Position } from './position.ts';
import type { Prompts } from './prompts/prompts.ts';

/** What the caller pressed and who is calling. */
export interface Turn {
  position: Position;
  /** The keys pressed, empty for silence. */
  keys: string;
  /** Whether the calling number is known; a withheld one cannot be booked for. */
  callerKnown: boolean;
}

/** What the caller hears, and then: the next question, a transfer to a number, or the end of the call. */
export interface Reply {
  say: string[];
  then: { listen: Position } | { transfer: string } | 'hangup';
}

/** How often a caller may say nothing, or nothing we understand, before we say goodbye. */
const patience = 2;

/** What this turn asks of the database. */
export function ask({ position: { asked }, keys, callerKnown }: Turn): Ask | undefined {
  if (!callerKnown) return undefined;
  if (asked.step === 'menu' && keys === '1') return { kind: 'offer' };
  if (asked.step === 'specialty') {
    const specialty = chosen(asked.choices, keys);
    return specialty === undefined ? undefined : { kind: 'offer', specialty };
  }
  if (asked.step === 'confirm') {
    const { practitioner_id, starts_at, specialty } = asked;
    if (keys === '1') return { kind: 'book', practitioner_id, starts_at, specialty };
    // Said again, the offer is a fresh one: the slot may be gone by now.
    if (keys !== '*') return { kind: 'offer', specialty };
  }
  return undefined;
}

/** What the caller hears, given what the database answered. */
export function reply(turn: Turn, facts: Facts, prompts: Prompts): Reply {
  const { position, keys } = turn;
  const { clinic } = facts;
  if (!clinic) return { say: [prompts.notInService()], then: 'hangup' };
  if (!turn.callerKnown) return { say: [prompts.numberWithheld({ clinic: clinic.name })], then: 'hangup' };

  const next = (say: string[], asked: Asked): Reply => ({
    say,
    then: { listen: { turn: position.turn + 1, misses: 0, asked } }
  });
  const menu = (...before: string[]): Reply =>
    next([...before, prompts.menu({ reception: clinic.reception_phone !== null })], { step: 'menu' });
  const offer = (slot: Slot | null | undefined, ...before: string[]): Reply => {
    if (!slot) return menu(...before, prompts.nothingFree());
    return next([...before, prompts.offer({ ...slot, timeZone: clinic.time_zone })], {
      step: 'confirm',
      practitioner_id: slot.practitioner_id,
      starts_at: slot.starts_at.toISOString(),
      specialty: slot.specialty
    });
  };
  const specialties = (): Reply => {
    const choices = facts.specialties.slice(0, 9);
    return next([prompts.specialties({ choices })], { step: 'specialty', choices });
  };
  /** Asks the same again after silence, a wrong key or 9, and gives up at some point. */
  const again = (repeat: () => Reply): Reply => {
    if (keys === '9') return repeat();
    const misses = position.misses + 1;
    if (misses > patience) return { say: [prompts.goodbye()], then: 'hangup' };
    const { say, then } = repeat();
    if (typeof then !== 'object' || !('listen' in then)) return { say, then };
    return {
      say: keys === '' ? say : [prompts.notUnderstood(), ...say],
      then: { listen: { ...then.listen, misses } }
    };
  };

  const settled = (): Reply => {
    const { appointment, error, slot } = facts;
    // The confirmation of a call came once more, after its booking had been cancelled.
    if (appointment?.status === 'cancelled') return { say: [prompts.cancelledMeanwhile()], then: 'hangup' };
    if (appointment) {
      return { say: [prompts.booked({ ...appointment, timeZone: clinic.time_zone })], then: 'hangup' };
    }
    if (error === 'too_many_bookings') return menu(prompts.tooManyBookings());
    return offer(slot, prompts.justTaken());
  };

  switch (position.asked.step) {
    case 'greeting':
      return menu(prompts.greeting({ clinic: clinic.name }));
    case 'menu':
      if (keys === '1') return facts.specialties.length > 1 ? specialties() : offer(facts.slot);
      if (keys === '0' && clinic.reception_phone) {
        return { say: [prompts.transferring()], then: { transfer: clinic.reception_phone } };
      }
      return again(menu);
    case 'specialty':
      if (keys === '*') return menu();
      if (chosen(position.asked.choices, keys) !== undefined) return offer(facts.slot);
      return again(specialties);
    case 'confirm':
      if (keys === '*') return menu();
      if (keys !== '1') return again(() => offer(facts.slot));
      return settled();
  }
}

function chosen(choices: string[], keys: string): string | undefined {
  return /^[1-9]$/.test(keys) ? choices[Number(keys) - 1] : undefined;
}
