import { expect, test } from 'vitest';
import { inRounds, oneByOne } from '../../supabase/functions/_shared/queue/rounds.ts';

/** Work that ends when told, and remembers what it was given. */
function controlled() {
  const rounds: { items: number[]; end: (error?: Error) => void }[] = [];
  const work = (items: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => item * 10)));
      rounds.push({ items, end });
    });
  return { rounds, work };
}

const aMoment = () => new Promise((resolve) => setTimeout(resolve, 0));

test('what comes in one moment is one round, what comes while it lasts is the next', async () => {
  const { rounds, work } = controlled();
  const submit = inRounds(work);
  const first = [submit(1), submit(2)];
  await aMoment();
  const second = [submit(3), submit(4), submit(5)];
  await aMoment();
  expect(rounds.map(({ items }) => items)).toEqual([[1, 2]]);
  rounds[0]?.end();
  expect(await Promise.all(first)).toEqual([10, 20]);
  await aMoment();
  expect(rounds.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4, 5]
  ]);
  rounds[1]?.end();
  expect(await Promise.all(second)).toEqual([30, 40, 50]);
  const third = submit(6);
  await aMoment();
  rounds[2]?.end();
  expect(await third).toBe(60);
});

test('a round that fails fails for all of it, and not for the next', async () => {
  const { rounds, work } = controlled();
  const submit = inRounds(work);
  const first = Promise.allSettled([submit(1), submit(2)]);
  await aMoment();
  const second = submit(3);
  rounds[0]?.end(new Error('connection lost'));
  expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await aMoment();
  rounds[1]?.end();
  expect(await second).toBe(30);
});

test('one by one: each waits for the one before, and a failure is its own', async () => {
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const submit = oneByOne((item: number) => {
    begun.push(item);
    return new Promise<number>((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve(item * 10)));
    });
  });
  const results = Promise.allSettled([submit(1), submit(2), submit(3)]);
  for (const [place, error] of [undefined, new Error('connection lost'), undefined].entries()) {
    await aMoment();
    expect(begun).toEqual([1, 2, 3].slice(0, place + 1));
    ends[place]?.(error);
  }
  expect(await results).toMatchObject([
    { status: 'fulfilled', value: 10 },
    { status: 'rejected' },
    { status: 'fulfilled', value: 30 }
  ]);
});
