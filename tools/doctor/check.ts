/** What an examination is made of. */
import type { Examined } from './examined.ts';

/** Something that is wrong. None of the three holds a secret. */
export interface Problem {
  /** What is wrong. */
  sentence: string;
  /** Why it is so, or most likely is. */
  cause: string;
  /** What to do. */
  mend: string;
}

export type Finding =
  | { state: 'holds'; says: string }
  | { state: 'fails'; problems: Problem[] }
  | { state: 'skipped'; because: string };

/** What other checks build on: if one of these does not hold, they are not made. */
export type Foundation = 'Database' | 'API' | "Functions' secret";

export interface Check {
  name: string;
  needs?: Foundation[];
  /** Changes nothing that lasts; what it writes for the moment it removes. */
  run(examined: Examined): Promise<Finding>;
}

export const holds = (says: string): Finding => ({ state: 'holds', says });
export const skipped = (because: string): Finding => ({ state: 'skipped', because });
export const fails = (sentence: string, cause: string, mend: string): Finding => ({
  state: 'fails',
  problems: [{ sentence, cause, mend }]
});

/** Holds when there are no problems. */
export function unless(problems: Problem[], says: string): Finding {
  return problems.length === 0 ? holds(says) : { state: 'fails', problems };
}

/** Why something failed, in the words of the innermost error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
