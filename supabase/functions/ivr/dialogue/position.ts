/**
 * Where a call is: what the caller was last asked. It travels in the URL of the next request, which the voice provider
 * signs, so any instance can answer any turn and nothing needs to be remembered between them.
 *
 * The words of a call, each with one meaning:
 * - caller: the number that calls; line: what kind of phone it is, as far as its number tells.
 * - turn: one request of the voice provider and our answer to it. Turns are counted from 0.
 * - question: what the caller was last asked, and is now answering with keys.
 * - position: the question, with what holds for the rest of the call.
 * - intent: what the caller wants, as the keys say at that question. A turn begins with reading it.
 * - preference: the specialty or the practitioner that the caller has asked for.
 * - proof: what shows that the calling number is not forged, as caller IDs can be: a texted code or a reference.
 * - task: what the database does for a turn, beside telling the facts that every turn gets.
 * - facts: what the database answers. The reply of a turn is made from the intent and the facts.
 * - step: a turn as it is written down in ivr_calls.steps, under the name of its question.
 */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { codeLengths } from '../../_shared/account/codes.ts';

/** The number of the last turn a call may take. Whoever presses keys for ever is asked to use the site instead. */
export const lastTurn = 39;

/** What the caller wants to be seen for, or by whom; both are open in the beginning. Or which appointment at another time. */
const preference = z.object({
  /** A key of `Facts.specialties`: names may be long, and URLs may not. */
  specialty: z.string().regex(/^[0-9a-f]{8}$/).optional(),
  practitioner_id: z.uuid().optional(),
  /** The appointment that gets another time; the practitioner is its own then. */
  moving: z.uuid().optional()
});

/** How many digits a texted code has. */
export const codeLength = z.literal(codeLengths);

/** A slot that the caller has chosen. */
const wanted = z.object({ practitioner_id: z.uuid(), starts_at: z.iso.datetime(), preference });

/** Lists are read out in pages; a page that is no more is the first one. */
const page = z.number().int().min(0).max(99);

/** The names are written down with each step of a call, where admins read them. */
const question = z.discriminatedUnion('name', [
  /** Nothing yet: the call begins. */
  z.object({ name: z.literal('greeting') }),
  z.object({ name: z.literal('language'), choices: z.array(z.string().max(20)).max(9) }),
  /** Which of the clinics that share the number. */
  z.object({ name: z.literal('clinic'), choices: z.array(z.uuid()).max(9), page }),
  /** The calling number cannot book. All that is left is reception. */
  z.object({ name: z.literal('otherwise') }),
  z.object({ name: z.literal('menu') }),
  /** Who is to come, of callers who book for others too (null: the caller); and whether a day is chosen then. */
  z.object({
    name: z.literal('who'),
    choices: z.array(z.uuid().nullable()).max(9),
    page,
    then: z.enum(['offer', 'day'])
  }),
  /** Which day; with what was today when it was asked, and how many days ahead can be booked. */
  z.object({ name: z.literal('day'), today: z.iso.date(), horizon: z.number().int(), preference }),
  /** Which practitioner on that day; null is any. */
  z.object({
    name: z.literal('doctor'),
    on: z.iso.date(),
    choices: z.array(z.uuid().nullable()).max(9),
    page,
    preference
  }),
  z.object({
    name: z.literal('specialty'),
    on: z.iso.date().optional(),
    choices: z.array(preference.shape.specialty.unwrap()).max(9),
    page
  }),
  /** Whether to book this slot. */
  z.object({ name: z.literal('confirm'), ...wanted.shape }),
  /** The code we texted to the calling number, which proves it; before this slot is booked, or appointments are told. */
  z.object({ name: z.literal('code'), wanted: wanted.optional(), length: codeLength }),
  /** The times of the caller's appointments were said. */
  z.object({ name: z.literal('appointments'), page }),
  /** The reference of an appointment, which proves more than the calling number does. */
  z.object({ name: z.literal('reference') }),
  /** Which of their appointments: of a caller who has proved the number. */
  z.object({ name: z.literal('which'), choices: z.array(z.uuid()).max(9), page }),
  /** The reference was right, or the number is proven: whether to cancel or to move this appointment. */
  z.object({ name: z.literal('change'), appointment_id: z.uuid(), practitioner_id: z.uuid() })
]);

const position = z.object({
  /** How many turns went before; names the variable that takes the keys, so that an old key never answers. */
  turn: z.number().int().min(0).max(lastTurn),
  /** How often in a row the caller said nothing, or nothing we understood. */
  misses: z.number().int().min(0).max(10),
  /** The language chosen in this call. */
  language: z.string().max(20).optional(),
  /** The clinic, once it is known. */
  clinic: z.uuid().optional(),
  /** Who is to come to what is booked, once that is chosen: a dependent of the caller, or (null) the caller. */
  who: z.uuid().nullable().optional(),
  question
});

export type Position = z.output<typeof position>;
export type Question = z.output<typeof question>;
export type Preference = z.output<typeof preference>;
export type CodeLength = z.output<typeof codeLength>;
export type Wanted = z.output<typeof wanted>;

export const start: Position = { turn: 0, misses: 0, question: { name: 'greeting' } };

/** The position as a value for a query parameter. */
export function encodePosition(value: Position): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The position of a request: the beginning when there is none, undefined when it cannot be read. */
export function decodePosition(text: string | null): Position | undefined {
  if (text === null) return start;
  try {
    return position.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
