/** Everything a caller can hear. A language is one file that fills this in; the compiler misses no prompt. */
import type { Reception } from '../facts.ts';

/** An instant in the clinic's IANA time zone. */
export interface Moment {
  starts_at: Date;
  timeZone: string;
}

/** A slot or appointment as it is spoken. */
export interface Spoken extends Moment {
  spoken_name: string;
  /** Who comes, if it is not the caller. */
  who?: string | undefined;
}

/** A date, and which one it is now: both YYYY-MM-DD at the clinic. */
export interface Day {
  date: string;
  today: string;
}

/** A question that was not understood, or not answered, is asked again in fewer words. */
export interface Brevity {
  brief: boolean;
}

/** Whether the caller is texted what is told, or the address of the site. */
interface Texted {
  texted: boolean;
}

export interface Prompts {
  // The beginning.
  greeting(facts: { clinic: string }): string;
  /** Where several clinics share the number. */
  welcome(): string;
  /** Offers this language, in itself. */
  thisLanguage(facts: { key: number }): string;
  /** The next of the caller's appointments, and how many there are after it. */
  upcoming(facts: Moment & { more: number }): string;
  /** Without the choices that book, where nothing is booked by phone. */
  menu(facts: { reception: boolean; books: boolean } & Brevity): string;
  /** At most nine options; hash for more, star to go back. */
  choose(facts: { options: string[]; more: boolean; back: boolean } & Brevity): string;

  // Who is to come, of callers who book for others too.
  askWho(): string;
  yourself(): string;
  /** One of the others without the name, by the place in the list of them. */
  person(facts: { place: number }): string;
  /** The caller does not book for this person any more. */
  personGone(): string;

  // Choosing a day and a doctor.
  /** The next days, each by its key; the key after the last is for another day. */
  askDays(facts: { days: string[]; today: string } & Brevity): string;
  askDay(facts: Brevity): string;
  /** The day cannot be booked yet: only so many days ahead. */
  tooFar(facts: Day & { days: number }): string;
  /** Says the chosen day back. */
  theDay(facts: Day): string;
  anyDoctor(): string;
  doctorOf(facts: { name: string; specialty: string }): string;

  // The offer.
  /** With `moving` in place of an appointment there is. */
  offer(facts: Spoken & { moving: boolean } & Brevity): string;
  justTaken(): string;
  slotPassed(): string;
  notOffered(): string;
  ownAppointment(): string;
  /** The same of whoever the caller books for. */
  theirAppointment(): string;
  doctorAway(): string;
  noneLater(): string;
  dayFull(facts: Day): string;
  dayOver(): string;
  dayClosed(facts: Day): string;
  nothingFree(): string;
  tooManyBookings(): string;
  booked(facts: Spoken & { token_number: number } & Texted): string;
  moved(facts: Spoken & { token_number: number } & Texted): string;
  cancelledMeanwhile(): string;

  /** Nothing can be booked by phone here. */
  notByPhone(): string;

  // Proving the calling number.
  /** Before a code is asked for: which time is booked then. */
  proveForBooking(facts: Moment): string;
  /** The same, where the caller's appointments are told then, or cancelled. */
  proveForAppointments(): string;
  askCode(facts: { reception: boolean } & Brevity): string;
  wrongCode(): string;
  /** No code can be texted, or taken, any more. */
  notProven(): string;

  // Appointments there are.
  noAppointments(): string;
  /** Some of the caller's appointments: page 0 begins with how many there are. */
  appointments(facts: { times: Date[]; timeZone: string; count: number; page: number }): string;
  /** Without `moves` they can only be cancelled. */
  askAppointments(facts: { more: boolean; moves: boolean } & Brevity): string;
  askReference(facts: { reception: boolean } & Brevity): string;
  /** Which of some appointments; hash for more, star to go back. */
  askWhich(facts: { options: Spoken[]; more: boolean } & Brevity): string;
  wrongReference(): string;
  noMoreTries(): string;
  details(facts: Spoken & { token_number: number }): string;
  /** How far the queue is on the day. */
  nowServing(facts: { token_number: number }): string;
  /** Without `moves` it can only be cancelled. */
  askChange(facts: { moves: boolean } & Brevity): string;
  cancelled(facts: Spoken & Texted): string;
  notChangeable(): string;

  // Reception.
  transferring(): string;
  receptionClosed(hours: Pick<Reception, 'opens' | 'closes' | 'days'>): string;
  noReception(): string;
  /** To a caller whose number is withheld: why nothing is booked, and how to book otherwise. */
  withheld(): string;
  /** The same to a caller from a landline, which gets no SMS. */
  landline(): string;
  /** The same to a caller from any other number that gets none. */
  withoutSms(): string;
  /** The same to a caller from a country to which we send none. */
  abroad(): string;
  askReception(): string;

  // The end.
  notUnderstood(): string;
  notInService(): string;
  goodbye(facts: Texted): string;
  /** The call has had as many steps as a call may have. */
  tooLong(facts: Texted): string;
  farewell(): string;
  /** Something failed on our side. */
  apology(): string;
}

/** A language of the voice provider with its prompts. */
export interface Language {
  /** The voice provider's name of it, such as en-IN. */
  code: string;
  /** The prompts as spoken at this moment: `now` decides what "tomorrow" is. */
  at(now: Date): Prompts;
}

/** The languages that calls can be answered in, at one moment. */
export interface Catalogue {
  /** Answers with the usual language for a locale that has no prompts. */
  of(locale: string | undefined): { code: string; prompts: Prompts };
  /** The languages a caller can choose from, given the locales of the clinics that were called. */
  locales(wanted: string[]): string[];
}
