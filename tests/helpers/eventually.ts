import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is something, and gives it back; fails after `patienceMs` of nothing. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  patienceMs = 15_000
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`It did not happen within ${patienceMs} ms.`);
    await sleep(30);
  }
}
