import { expect, test } from 'vitest';
import { drain } from '../../supabase/functions/_shared/queue/drain.ts';

/** A queue in memory that counts what runs at the same time. */
function aQueue(items: number[], { slow = [] as number[] } = {}) {
  const waiting = [...items];
  const seen = { claims: [] as number[], done: [] as number[], atOnce: 0 };
  let running = 0;
  return {
    waiting,
    seen,
    claim: async (limit: number) => {
      seen.claims.push(limit);
      return waiting.splice(0, limit);
    },
    work: async (item: number) => {
      running += 1;
      seen.atOnce = Math.max(seen.atOnce, running);
      for (let turn = 0; turn < (slow.includes(item) ? 200 : 2); turn += 1) await Promise.resolve();
      running -= 1;
      seen.done.push(item);
    }
  };
}

test('everything is done, never more at once than allowed', async () => {
  const queue = aQueue(Array.from({ length: 50 }, (_, index) => index));
  await drain({ ...queue, concurrency: 8, budget: 60_000 });
  expect(queue.seen.done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(queue.seen.atOnce).toBe(8);
});

test('no more is claimed than can be started at once', async () => {
  const queue = aQueue([1, 2, 3, 4, 5, 6], { slow: [1] });
  await drain({ ...queue, concurrency: 2, budget: 60_000 });
  expect(queue.seen.claims[0]).toBe(2);
  expect(Math.max(...queue.seen.claims.slice(1))).toBeLessThanOrEqual(2);
});

test('a slow item does not hold up the others', async () => {
  const queue = aQueue([1, 2, 3, 4, 5], { slow: [1] });
  await drain({ ...queue, concurrency: 2, budget: 60_000 });
  expect(queue.seen.done.at(-1)).toBe(1);
});

test('what becomes due while another is worked on is done too', async () => {
  const queue = aQueue([1]);
  await drain({
    ...queue,
    work: async (item) => {
      await queue.work(item);
      if (item < 5) queue.waiting.push(item + 1);
    },
    concurrency: 4,
    budget: 60_000
  });
  expect(queue.seen.done).toEqual([1, 2, 3, 4, 5]);
});

test('when the time is up nothing is begun', async () => {
  const queue = aQueue([1, 2, 3]);
  await drain({ ...queue, concurrency: 1, budget: 0 });
  expect(queue.seen.done).toEqual([]);
  expect(queue.waiting).toEqual([1, 2, 3]);
});

test('when claiming fails, what was begun is finished first', async () => {
  const queue = aQueue([1, 2], { slow: [1, 2] });
  const claim = async (limit: number) => {
    if (queue.seen.claims.length > 0) throw new Error('the database went away');
    return await queue.claim(limit);
  };
  await expect(drain({ ...queue, claim, concurrency: 4, budget: 60_000 })).rejects.toThrow('went away');
  expect(queue.seen.done).toEqual([1, 2]);
});
