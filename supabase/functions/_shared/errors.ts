/** Errors of the contract: a stable word to switch on, a sentence for people, an HTTP status. */

/** What a caller may be told. Anything else that is thrown is our own fault and becomes a 500 without details. */
export class DomainError extends Error {
  override name = 'DomainError';
  /** The stable word, such as `slot_taken`. */
  readonly code: string;
  /** The HTTP status that goes with it. */
  readonly status: number;
  /** More that the answer carries beside `error` and `message`, such as `fields` or `retry_after`. */
  readonly details: Record<string, unknown>;

  /**
   * @param code stable word that callers switch on
   * @param status HTTP status, 400 to 499
   * @param message sentence to show a person
   */
  constructor(
    code: string,
    status: number,
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions
  ) {
    super(message, options);
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
  const sentence = typeof hint === 'string' && hint !== '' ? hint : 'That is not possible.';
  return new DomainError(error.message, Number(status), sentence, {}, { cause: error });
}
