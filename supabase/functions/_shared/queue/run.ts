/** One run of a function that works through a queue, so that a crowd of wake-ups is one. */
import type { Database } from '../database.ts';

/** The functions that work through a queue, by the names the database calls them by. */
export type QueueFunction = 'sms-dispatch' | 'provision-accounts';

/** A run is relied on for 15 seconds after it said so for the last time: that of a process that was killed not for long. */
const renewEvery = 5000;

/**
 * While `work` goes on, whoever queues something relies on it instead of calling. What they left when it had looked for the
 * last time is worked through once more; from then on everybody calls again.
 * @returns what came of both, added up
 * @throws whatever `work` throws, or when the database cannot be asked
 */
export async function run<Summary extends Record<string, number>>(
  sql: Database,
  name: QueueFunction,
  work: () => Promise<Summary>
): Promise<Summary> {
  const begin = async () => {
    await sql`select private.begin_run(${name})`;
  };
  await begin();
  let renewed: Promise<void> | undefined;
  const renewal = setInterval(() => (renewed = begin().catch(() => {})), renewEvery);
  const end = async () => {
    clearInterval(renewal);
    // Nothing may say that we are at work once we have ended.
    await renewed;
    const [ended] = await sql<{ more: boolean }[]>`select private.end_run(${name}) as more`;
    return ended?.more ?? false;
  };
  let first: Summary;
  try {
    first = await work();
  } catch (error) {
    await end();
    throw error;
  }
  return (await end()) ? sum(first, await work()) : first;
}

function sum<Summary extends Record<string, number>>(one: Summary, other: Summary): Summary {
  const counts = Object.entries(one).map(([key, count]) => [key, count + (other[key] ?? 0)]);
  return Object.fromEntries(counts) as Summary;
}
