import type { Facts, Slot } from '../../supabase/functions/ivr/facts.ts';
import type { Asking } from '../../supabase/functions/ivr/dialogue.ts';
import type { Reply } from '../../supabase/functions/ivr/answer.ts';
import type { Position } from '../../supabase/functions/ivr/position.ts';

/** The moment at which all calls of these tests take place: a Monday morning in Chennai. */
export const now = new Date('2026-11-23T04:00:00Z');

export const slot: Slot = {
  practitioner_id: 'd0c70000-0000-4000-8000-000000000001',
  spoken_name: 'Doctor Rao',
  specialty: '0a1b2c3d',
  starts_at: new Date('2026-11-24T05:00:00Z')
};

export const clinic: NonNullable<Facts['clinic']> = {
  id: 'c11c0000-0000-4000-8000-000000000001',
  name: 'Lakeside Clinic',
  time_zone: 'Asia/Kolkata',
  today: '2026-11-23',
  horizon: 30,
  reception: {
    phone: '+914440001001',
    open: true,
    opens: '09:00:00',
    closes: '18:00:00',
    days: [1, 2, 3, 4, 5]
  }
};

export const appointment: NonNullable<Facts['appointment']> = {
  id: 'a9900000-0000-4000-8000-000000000001',
  status: 'booked',
  spoken_name: 'Doctor Rao',
  starts_at: slot.starts_at,
  token_number: 12
};

/** The facts of a step at the one clinic. */
export function facts(more: Partial<Facts> = {}): Facts {
  return { clinic, clinics: [], locales: ['en-IN'], upcoming: [], ...more };
}

/** What a caller hears. */
export function heard({ say }: Reply): string {
  return say.map(({ text }) => text).join(' ');
}

/** Where the call is after a question. */
export function listening({ then }: Reply): Position {
  if (typeof then === 'object' && 'listen' in then) return then.listen;
  throw new Error('The call does not listen any more.');
}

/** Sizes and accidents of a world that is made up as it is asked; every number decides something. */
export interface Luck {
  clinics: number;
  specialties: number;
  doctors: number;
  upcoming: number;
  locales: string[];
  remembered: string | null;
  reception: NonNullable<Facts['clinic']>['reception'];
  horizon: number;
  timeZone: string;
  /** A name as an admin may type it, used for everybody. */
  name: string;
  /** Decides one question after the other; starts again at its end. */
  dice: number[];
}

const id = (kind: string, number: number) =>
  `${kind}00000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A world that answers whatever a dialogue asks, as the database could. */
export function aWorld(luck: Luck): (asking: Asking) => Facts {
  let thrown = 0;
  const die = (sides: number) => (luck.dice[thrown++ % luck.dice.length] ?? 0) % sides;
  const names = (count: number) => Array.from({ length: count }, (_, n) => `${luck.name} ${n + 1}`);
  const aSlot = (): Slot => ({ ...slot, starts_at: new Date(now.getTime() + (1 + die(4000)) * 900_000) });
  const maybeSlot = () => (die(5) === 0 ? null : aSlot());
  const anAppointment = () => ({ ...appointment, starts_at: aSlot().starts_at, token_number: 1 + die(120) });
  const specialties = names(luck.specialties).map((name, n) => ({
    key: n.toString(16).padStart(8, '0'),
    name
  }));
  const clinics = names(luck.clinics).map((name, n) => ({ id: id('c11', n), name }));

  const offered = ({ ask }: Asking): Partial<Facts> => {
    if (ask.kind !== 'offer') return {};
    const open = !ask.wish.specialty && !ask.wish.practitioner_id;
    if (ask.on === undefined) {
      if (open && specialties.length > 1 && ask.from === undefined) return { specialties };
      return die(6) === 0 ? { slot: maybeSlot(), error: 'doctor_inactive' } : { slot: maybeSlot() };
    }
    if (die(4) === 0) return { slot: maybeSlot(), error: die(2) === 0 ? 'day_full' : 'day_closed' };
    if (ask.wish.practitioner_id || luck.doctors < 2) return { slot: aSlot() };
    if (!ask.anyDoctor) {
      return {
        doctors: names(luck.doctors).map((spoken_name, n) => ({
          id: id('d0c', n),
          spoken_name,
          specialty: specialties[n % specialties.length]?.name ?? 'General medicine'
        }))
      };
    }
    return open && specialties.length > 1 ? { specialties } : { slot: aSlot() };
  };
  const refusals = [
    'slot_taken',
    'slot_in_past',
    'slot_unavailable',
    'own_appointment',
    'doctor_inactive',
    'not_found',
    'too_many_bookings'
  ] as const;

  const answered = (asking: Asking): Partial<Facts> => {
    const { ask } = asking;
    switch (ask.kind) {
      case 'offer':
        return offered(asking);
      case 'later':
        return die(3) === 0 ? { slot: maybeSlot(), error: 'none_later' } : { slot: aSlot() };
      case 'book': {
        const refusal = refusals[die(refusals.length + 3)];
        if (refusal) return { error: refusal, slot: maybeSlot() };
        return { appointment: { ...anAppointment(), status: die(4) === 0 ? 'cancelled' : 'booked' } };
      }
      case 'ask_reference':
        return { locked: die(4) === 0 };
      case 'reference':
        return die(2) === 0 ? { appointment: anAppointment() } : { locked: die(3) === 0 };
      case 'details':
      case 'cancel':
        return die(3) === 0 ? {} : { appointment: anAppointment() };
      case 'goodbye':
        return { texted: die(2) === 0 };
      default:
        return {};
    }
  };

  return (asking) => {
    const chosen = clinics.length === 1 ? clinics[0] : clinics.find((one) => one.id === asking.clinic);
    const common = { locales: luck.locales, language: asking.language ?? luck.remembered };
    if (!chosen) return { ...common, clinic: null, clinics, upcoming: [] };
    return {
      ...common,
      ...answered(asking),
      clinic: {
        ...clinic,
        ...chosen,
        time_zone: luck.timeZone,
        horizon: luck.horizon,
        reception: luck.reception
      },
      clinics: [],
      upcoming: Array.from({ length: luck.upcoming }, () => aSlot().starts_at)
    };
  };
}
