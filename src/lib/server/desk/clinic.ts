import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { anyMistake, invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';
import { nameProblem } from './names.ts';
import { deskRefusal } from './refusal.ts';
import { seenAs } from '#lib/server/request/seen.ts';

/** Numbers that a manager sets, each with the least and the most; `null`: it may be empty. */
const NUMBERS = {
  booking_horizon_days: [0, 366],
  max_active_bookings: [1, 100],
  new_callers_per_hour: [0, 10_000],
  max_unproven_bookings: [0, 100],
  reminder_hours_before: [1, 24, null]
} as const satisfies Record<string, readonly [number, number] | readonly [number, number, null]>;
type NumberName = keyof typeof NUMBERS;

const PHONE_BOOKING = ['open', 'proven', 'closed'] as const;

const CLOCKS = ['reception_opens', 'reception_closes', 'quiet_from', 'quiet_until'] as const;

/** The settings of a clinic as its form has them. */
export interface TypedClinic extends Record<NumberName | (typeof CLOCKS)[number], string> {
  name: string;
  address: string;
  reception_phone: string;
  /** 1 Monday to 7 Sunday. */
  reception_days: number[];
  phone_booking: (typeof PHONE_BOOKING)[number];
  reminder_day_before: boolean;
}

const clock = z.string().nullable();
const row = z.object({
  name: z.string(),
  phone: z.string(),
  time_zone: z.string(),
  address: z.string(),
  reception_phone: z.string().nullable(),
  reception_opens: clock,
  reception_closes: clock,
  reception_days: z.array(z.number()),
  booking_horizon_days: z.number(),
  max_active_bookings: z.number(),
  phone_booking: z.enum(PHONE_BOOKING),
  new_callers_per_hour: z.number(),
  max_unproven_bookings: z.number(),
  reminder_day_before: z.boolean(),
  reminder_hours_before: z.number().nullable(),
  quiet_from: clock,
  quiet_until: clock
});

export interface Clinic {
  /** What only the dashboard changes. */
  phone: string;
  timeZone: string;
  typed: TypedClinic;
  /** What the form is filled from (seen.ts). */
  seen: string;
}

/** The clinic of a desk. Throws the Data API's error. */
export async function readClinic(supabase: Supabase, { clinicId }: Pick<Desk, 'clinicId'>): Promise<Clinic> {
  const { data, error } = await supabase
    .from('clinics')
    .select(Object.keys(row.shape).join(', '))
    .eq('id', clinicId)
    .single();
  if (error) throw error;
  const { phone, time_zone, ...clinic } = row.parse(data);
  const numbers = Object.keys(NUMBERS).map((name) => [name, String(clinic[name as NumberName] ?? '')]);
  const clocks = CLOCKS.map((name) => [name, clinic[name]?.slice(0, 5) ?? '']);
  const typed = {
    ...clinic,
    reception_phone: clinic.reception_phone ?? '',
    ...(Object.fromEntries([...numbers, ...clocks]) as Record<NumberName | (typeof CLOCKS)[number], string>)
  };
  return { phone, timeZone: time_zone, typed, seen: seenAs(typed) };
}

/** The settings in a form. */
export function clinicIn(form: FormData): TypedClinic {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const numbers = Object.keys(NUMBERS).map((name) => [name, asciiDigits(text(name))]);
  const clocks = CLOCKS.map((name) => [name, text(name)]);
  return {
    name: text('name'),
    address: text('address'),
    reception_phone: text('reception_phone'),
    reception_days: form
      .getAll('reception_days')
      .map(Number)
      .filter((day) => day >= 1 && day <= 7),
    phone_booking: PHONE_BOOKING.find((one) => one === text('phone_booking')) ?? 'open',
    reminder_day_before: form.has('reminder_day_before'),
    ...(Object.fromEntries([...numbers, ...clocks]) as Record<NumberName | (typeof CLOCKS)[number], string>)
  };
}

function numberProblem(name: NumberName, typed: string): string | undefined {
  const [least, most, ...empty] = NUMBERS[name];
  if (typed === '' && empty.length > 0) return undefined;
  const right = /^\d{1,6}$/.test(typed) && Number(typed) >= least && Number(typed) <= most;
  return right ? undefined : m.desk_clinic_number_wrong({ least, most });
}

const isClock = (text: string) => /^([01]\d|2[0-3]):[0-5]\d$/.test(text);

/** Two times that are both there or both not. */
function clockProblems({
  typed,
  from,
  until
}: { typed: TypedClinic } & Record<'from' | 'until', (typeof CLOCKS)[number]>) {
  const [a, b] = [typed[from], typed[until]];
  if (a === '' && b === '') return {};
  return {
    [from]: isClock(a) ? undefined : m.desk_clinic_both_times(),
    [until]: isClock(b) ? undefined : m.desk_clinic_both_times()
  };
}

/** A phone in any notation as +E.164: without a country code it is of the country of the clinic. Undefined: it is none. */
function phoneFrom(typed: string, { phone }: Pick<Clinic, 'phone'>): string | undefined {
  const country = parsePhoneNumberFromString(phone)?.country;
  const parsed = parsePhoneNumberFromString(typed, country && { defaultCountry: country });
  return parsed?.isPossible() ? parsed.number : undefined;
}

function problemsOf(
  typed: TypedClinic,
  phone: string | null | undefined
): Record<string, string | undefined> {
  const { reception_opens, reception_closes, quiet_from, quiet_until } = typed;
  return {
    name: nameProblem(typed.name),
    address: typed.address.length > 300 ? m.desk_clinic_address_long() : undefined,
    reception_phone: phone === undefined ? m.desk_clinic_phone_wrong() : undefined,
    ...clockProblems({ typed, from: 'reception_opens', until: 'reception_closes' }),
    ...(isClock(reception_opens) &&
      isClock(reception_closes) &&
      reception_opens >= reception_closes && { reception_closes: m.desk_hours_backwards() }),
    reception_days: typed.reception_days.length === 0 ? m.desk_clinic_no_days() : undefined,
    ...clockProblems({ typed, from: 'quiet_from', until: 'quiet_until' }),
    ...(isClock(quiet_from) && quiet_from === quiet_until && { quiet_until: m.desk_clinic_always_quiet() }),
    ...Object.fromEntries(
      (Object.keys(NUMBERS) as NumberName[]).map((name) => [name, numberProblem(name, typed[name])])
    )
  };
}

/** Saves the settings of the clinic of a desk. Throws the Data API's error unless it is a refusal. */
export async function saveClinic(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  known: Pick<Clinic, 'phone'>,
  typed: TypedClinic
): Promise<Result> {
  const phone = typed.reception_phone === '' ? null : phoneFrom(typed.reception_phone, known);
  const mistakes = invalid(problemsOf(typed, phone));
  if (anyMistake(mistakes.fields) || phone === undefined) return refused(mistakes);
  const clocks = CLOCKS.map((name) => [name, typed[name] || null]);
  const numbers = Object.keys(NUMBERS).map((name) => [name, Number(typed[name as NumberName])]);
  const { error } = await supabase
    .from('clinics')
    .update({
      ...typed,
      reception_phone: phone,
      ...(Object.fromEntries(clocks) as Record<(typeof CLOCKS)[number], string | null>),
      ...(Object.fromEntries(numbers) as Record<NumberName, number>),
      ...(typed.reminder_hours_before === '' && { reminder_hours_before: null })
    })
    .eq('id', clinicId)
    .select('id')
    .single();
  return error ? refused(deskRefusal(error)) : { ok: true };
}
