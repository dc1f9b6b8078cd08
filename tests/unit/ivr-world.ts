import type { Position } from '../../supabase/functions/ivr/dialogue/position.ts';
import type { Reading } from '../../supabase/functions/ivr/dialogue/reading.ts';
import type { Reply } from '../../supabase/functions/ivr/dialogue/reply.ts';
import type { ClinicFacts, Facts, Slot } from '../../supabase/functions/ivr/facts.ts';

/** The moment at which all calls of these tests take place: a Monday morning in Chennai. */
export const now = new Date('2026-11-23T04:00:00Z');

export const slot: Slot = {
  practitioner_id: 'd0c70000-0000-4000-8000-000000000001',
  spoken_name: 'Doctor Rao',
  specialty: '0a1b2c3d',
  starts_at: new Date('2026-11-24T05:00:00Z')
};

export const clinic: ClinicFacts = {
  id: 'c11c0000-0000-4000-8000-000000000001',
  name: 'Lakeside Clinic',
  time_zone: 'Asia/Kolkata',
  today: '2026-11-23',
  horizon: 30,
  takes_bookings: true,
  reception: {
    phone: '+914440001001',
    open: true,
    opens: '09:00:00',
    closes: '18:00:00',
    days: [1, 2, 3, 4, 5]
  }
};

export const appointment: NonNullable<Facts['appointment']> = {
  practitioner_id: slot.practitioner_id,
  id: 'a9900000-0000-4000-8000-000000000001',
  status: 'booked',
  spoken_name: 'Doctor Rao',
  starts_at: slot.starts_at,
  token_number: 12
};

/** The facts of a turn at the one clinic. */
export function facts(more: Partial<Facts> = {}): Facts {
  return { clinic, clinics: [], locales: ['en-IN'], upcoming: [], others: [], ...more };
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
  /** For how many the caller books too. */
  others: number;
  locales: string[];
  remembered: string | null;
  reception: ClinicFacts['reception'];
  takesBookings: boolean;
  horizon: number;
  timeZone: string;
  /** A name as an admin may type it, used for everybody. */
  name: string;
  /** Decides one question after the other; starts again at its end. */
  dice: number[];
}

/** Days that have something free, as a call names them: near ones by their weekday, others by their date. */
export const soon = ['2026-11-24', '2026-11-27', '2026-12-07'];

const id = (kind: string, number: number) =>
  `${kind}00000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A world that does whatever task a turn has for it, as the database could. */
export function aWorld(luck: Luck): (reading: Reading) => Facts {
  let thrown = 0;
  const die = (sides: number) => (luck.dice[thrown++ % luck.dice.length] ?? 0) % sides;
  const names = (count: number) => Array.from({ length: count }, (_, n) => `${luck.name} ${n + 1}`);
  const aSlot = (): Slot => ({ ...slot, starts_at: new Date(now.getTime() + (1 + die(4000)) * 900_000) });
  const maybeSlot = () => (die(5) === 0 ? null : aSlot());
  const anAppointment = () => ({
    ...appointment,
    starts_at: aSlot().starts_at,
    token_number: 1 + die(120),
    who: die(3) === 0 ? luck.name : null,
    now_serving: die(2) === 0 ? null : die(120)
  });
  const specialties = names(luck.specialties).map((name, n) => ({
    key: n.toString(16).padStart(8, '0'),
    name
  }));
  const clinics = names(luck.clinics).map((name, n) => ({ id: id('c11', n), name }));

  const offered = ({ task }: Reading): Partial<Facts> => {
    if (task.kind !== 'offer') return {};
    const open = !task.preference.specialty && !task.preference.practitioner_id;
    if (task.on === undefined) {
      if (open && specialties.length > 1 && task.from === undefined) return { specialties };
      return die(6) === 0 ? { slot: maybeSlot(), error: 'doctor_inactive' } : { slot: maybeSlot() };
    }
    if (die(4) === 0) {
      return { slot: maybeSlot(), error: (['day_full', 'day_over', 'day_closed'] as const)[die(3)] };
    }
    if (task.preference.practitioner_id || luck.doctors < 2) return { slot: aSlot() };
    if (!task.any_practitioner) {
      return {
        practitioners: names(luck.doctors).map((spoken_name, n) => ({
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
    'outside_hours',
    'beyond_horizon',
    'own_slot',
    'own_appointment',
    'dependent_appointment',
    'unknown_dependent',
    'doctor_inactive',
    'unknown_doctor',
    'too_many_bookings'
  ] as const;

  const booked = (): Partial<Facts> => {
    const refusal = refusals[die(refusals.length + 3)];
    if (refusal) return { error: refusal, slot: maybeSlot() };
    return { appointment: { ...anAppointment(), status: die(4) === 0 ? 'cancelled' : 'booked' } };
  };
  const opened = (): Partial<Facts> => ({
    appointments: Array.from({ length: luck.upcoming }, (_, n) => ({ ...anAppointment(), id: id('a99', n) }))
  });
  const asked = (): Partial<Facts> => ({ proof: die(4) === 0 ? 'refused' : 'asked' });

  const answered = (reading: Reading): Partial<Facts> => {
    switch (reading.task.kind) {
      case 'days':
        return { days: soon.slice(0, die(4)) };
      case 'offer':
        return offered(reading);
      case 'later':
        return die(3) === 0 ? { slot: maybeSlot(), error: 'none_later' } : { slot: aSlot() };
      case 'move': {
        const answer = die(2) === 0 ? { appointment: anAppointment() } : booked();
        return answer.error === 'too_many_bookings' ? {} : answer;
      }
      case 'book':
        return die(3) === 0 ? asked() : booked();
      case 'prove':
        if (die(3) === 0) return { proof: die(3) === 0 ? 'refused' : 'wrong' };
        return reading.task.starts_at === undefined ? opened() : booked();
      case 'count_tries':
        return [asked, opened, () => ({ no_more_tries: die(4) === 0 })][die(3)]?.() ?? {};
      case 'check_reference':
        if (die(4) === 0) return asked();
        return die(2) === 0 ? { appointment: anAppointment() } : { no_more_tries: die(3) === 0 };
      case 'details':
        return die(3) === 0 ? {} : { appointment: anAppointment() };
      case 'cancel':
        if (die(3) === 0) return {};
        return { appointment: { ...anAppointment(), status: die(4) === 0 ? 'booked' : 'cancelled' } };
      case 'goodbye':
        return { texted: die(2) === 0 };
      default:
        return {};
    }
  };

  return (reading) => {
    const chosen = clinics.length === 1 ? clinics[0] : clinics.find((one) => one.id === reading.clinic);
    const common = { locales: luck.locales, language: reading.language ?? luck.remembered };
    if (!chosen) return { ...common, clinic: null, clinics, upcoming: [], others: [] };
    return {
      ...common,
      ...answered(reading),
      clinic: {
        ...clinic,
        ...chosen,
        time_zone: luck.timeZone,
        horizon: luck.horizon,
        takes_bookings: luck.takesBookings,
        reception: luck.reception
      },
      clinics: [],
      upcoming: Array.from({ length: luck.upcoming }, () => aSlot().starts_at),
      others: names(luck.others).map((name, n) => ({ id: id('de9', n), name: die(2) === 0 ? name : null }))
    };
  };
}
