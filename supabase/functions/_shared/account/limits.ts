/**
 * How often things may be done, by whom. Counted in fixed windows in the database, so that every instance of every
 * function counts together. Known and unknown phones and names count alike.
 */
import type { Database } from '../database.ts';
import { rateLimited } from './errors.ts';
import { hmac } from '../secrets.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

interface Rule {
  /** What the uses are counted by: the names of subjects, or nothing for the whole project. */
  by: readonly Subject[];
  max: number;
  seconds: number;
}

/** What a use is counted by. A `name` is whatever somebody signs in with. */
export type Subject = 'phone' | 'client' | 'name';

/** Many patients share one address behind a mobile carrier, so limits by client are wide. */
const rules = {
  /** Texts a code. Each costs money and rings somebody's phone, who may not have asked for it. */
  code: [
    // A slow SMS, a second try after a typing error, a family with one phone.
    { by: ['phone'], max: 5, seconds: 15 * minute },
    // With five guesses a code: fifty guesses a day at a million codes.
    { by: ['phone'], max: 10, seconds: day },
    // A script that goes through phone numbers.
    { by: ['client'], max: 100, seconds: hour },
    // The bill, when it comes from everywhere at once.
    { by: [], max: 1000, seconds: hour }
  ],
  /** Looks up whether a phone or username can register, which tells something about it. */
  lookup: [
    { by: ['phone'], max: 20, seconds: hour },
    // Going through phone numbers to see which are patients.
    { by: ['client'], max: 150, seconds: 15 * minute },
    { by: [], max: 5000, seconds: hour }
  ],
  /** Tries a code. Each code has five guesses of its own, so this only keeps scripts away from them. */
  guess: [
    { by: ['client'], max: 150, seconds: 15 * minute },
    { by: [], max: 5000, seconds: hour }
  ],
  /** Tries a password. */
  password: [
    // By name and client together: a stranger who tries somebody's name locks out himself first.
    { by: ['name', 'client'], max: 10, seconds: 15 * minute },
    // From many addresses: 2400 guesses a day, against a trillion possible texted passwords, which live three days.
    { by: ['name'], max: 100, seconds: hour },
    // A leaked list of names and passwords, each tried once.
    { by: ['client'], max: 150, seconds: 15 * minute },
    { by: [], max: 10_000, seconds: hour }
  ]
} as const satisfies Record<string, readonly Rule[]>;

export type Limited = keyof typeof rules;
type SubjectOf<Name extends Limited> = (typeof rules)[Name][number]['by'][number];

/**
 * Counts one use of `what`.
 * @param secret keys the hashes that stand for subjects in the database
 * @throws RefusedError 429 with `retry_after` when one of its limits is reached
 */
export async function limit<Name extends Limited>(
  database: Database,
  secret: string,
  what: Name,
  subjects: Record<SubjectOf<Name>, string>
): Promise<void> {
  const limits = await Promise.all(
    rules[what].map(async ({ by, max, seconds }: Rule) => {
      const values = by.map((subject) => (subjects as Record<string, string>)[subject] ?? '');
      return { bucket: await limitBucket(secret, what, by, values), max, seconds };
    })
  );
  const [row] = await database<{ wait: number }[]>`
    select private.hit_limits(${database.json(limits)}) as wait`;
  if (row && row.wait > 0) throw rateLimited(row.wait);
}

/** The name under which uses are counted: readable as to what, not as to whom. */
export async function limitBucket(
  secret: string,
  what: Limited,
  by: readonly Subject[],
  values: string[]
): Promise<string> {
  if (by.length === 0) return `${what}:project`;
  const digest = await hmac(secret, JSON.stringify(['limit', what, by, values]));
  const hash = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${what}:${by.join('+')}:${hash}`;
}
