/** Errors of the contract: a stable word to switch on, a sentence for people, an HTTP status. */
import { english } from './words/en-IN.ts';
import type { Sentence } from './words/words.ts';

/** One sentence for each field that cannot be taken as it is. */
export type FieldErrors = Record<string, Sentence>;

/** More that an answer carries beside `error` and `message`. */
export interface ErrorDetails {
  fields?: FieldErrors;
  retry_after?: number;
  phone_number?: string;
}

/** What a caller may be told. Anything else that is thrown is our own fault and becomes a 500 without details. */
export class DomainError extends Error {
  override name = 'DomainError';
  /** The stable word, such as `slot_taken`. */
  readonly code: string;
  /** The HTTP status that goes with it. */
  readonly status: number;
  /** What to show a person; `message` is the same in English. */
  readonly sentence: Sentence;
  readonly details: ErrorDetails;

  /**
   * @param code stable word that callers switch on
   * @param status HTTP status, 400 to 499
   * @param sentence to show a person; a text that is there in one language only is shown as it is
   */
  constructor(
    code: string,
    status: number,
    sentence: Sentence | string,
    details: ErrorDetails = {},
    options?: ErrorOptions
  ) {
    const said = typeof sentence === 'string' ? () => sentence : sentence;
    super(said(english), options);
    this.sentence = said;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/**
 * The error of the contract that the database raised (SQLSTATE PT4xx: the message is the word, the hint the sentence).
 * @returns undefined for every other error, also when it is none of the database's
 */
export function domainErrorOf(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  const status = typeof code === 'string' ? /^PT(4\d\d)$/.exec(code)?.[1] : undefined;
  if (status === undefined) return undefined;
  const told: Sentence | string = typeof hint === 'string' && hint !== ''
    ? hint
    : (words) => words.notPossible;
  return new DomainError(error.message, Number(status), told, {}, { cause: error });
}
