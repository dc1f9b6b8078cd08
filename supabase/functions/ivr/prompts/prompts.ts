/** Everything a caller can hear. A language is one file that fills this in; the compiler misses no prompt. */

/** A slot or appointment as it is spoken. */
interface Spoken {
  spoken_name: string;
  starts_at: Date;
  /** The clinic's IANA time zone. */
  timeZone: string;
}

export interface Prompts {
  greeting(facts: { clinic: string }): string;
  menu(facts: { reception: boolean }): string;
  /** At most nine choices. */
  specialties(facts: { choices: string[] }): string;
  offer(slot: Spoken): string;
  justTaken(): string;
  nothingFree(): string;
  tooManyBookings(): string;
  booked(appointment: Spoken & { token_number: number }): string;
  cancelledMeanwhile(): string;
  notUnderstood(): string;
  transferring(): string;
  numberWithheld(facts: { clinic: string }): string;
  notInService(): string;
  goodbye(): string;
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
