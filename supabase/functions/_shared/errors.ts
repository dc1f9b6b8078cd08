/** Refusals: what a request may be told instead of an answer. Anything else that is thrown is our own fault. */
import { english } from './words/en-IN.ts';
import type { Sentence } from './words/words.ts';

/** Why a request is refused. The HTTP API answers it as `{error: code, message, fields?, ...}` with that status. */
export interface Refusal {
  /** The stable word of the contract, such as `slot_taken`. */
  code: string;
  /** HTTP status, 400 to 499. */
  status: number;
  /** To show a person. */
  message: Sentence;
  /** A sentence for each field that cannot be taken as it is. */
  fields?: Record<string, Sentence>;
  /** Seconds until it is worth trying again. */
  retry_after?: number;
  /** +E.164, where the answer is about a phone. */
  phone_number?: string;
  /** The database's finer word for `code` (private.fail), for our own code; never part of an answer. */
  detail?: string;
}

/** The one error that carries a refusal. Its own message is the English sentence. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message(english), options);
    this.refusal = refusal;
  }
}

/**
 * The refusal in whatever was thrown: by our own code, or by the database (SQLSTATE PT4xx: the message is the word,
 * the detail the finer word, the hint a sentence in English).
 * @returns undefined for every other error, also when it is none of the database's
 */
export function refusalIn(error: unknown): Refusal | undefined {
  if (error instanceof RefusedError) return error.refusal;
  if (!(error instanceof Error)) return undefined;
  const { code, detail, hint } = error as { code?: unknown; detail?: unknown; hint?: unknown };
  const status = typeof code === 'string' ? /^PT(4\d\d)$/.exec(code)?.[1] : undefined;
  if (status === undefined) return undefined;
  return {
    code: error.message,
    status: Number(status),
    message: (words) => typeof hint === 'string' && hint !== '' ? hint : words.notPossible,
    ...(typeof detail === 'string' && detail !== '' && { detail })
  };
}
