/** Ways of handing on work that comes in piece by piece. */

/**
 * Does one by one what comes slowly and many at once what comes fast: while `work` is busy, what arrives waits and is
 * its next round. A round that fails fails for all of it.
 */
export function inRounds<Item, Result>(
  work: (items: Item[]) => Promise<Result[]>
): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let busy = false;

  async function run(): Promise<void> {
    busy = true;
    // What comes in the same moment is one round.
    await null;
    while (waiting.length > 0) {
      const round = waiting;
      waiting = [];
      try {
        const results = await work(round.map(({ item }) => item));
        round.forEach(({ resolve }, place) => resolve(results[place] as Result));
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
    }
    busy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!busy) void run();
    });
}

/** Does one item after the other, in the order in which they come. One that fails fails alone. */
export function oneByOne<Item, Result>(
  work: (item: Item) => Promise<Result>
): (item: Item) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (item) => {
    const result = last.then(() => work(item));
    last = result.catch(() => {});
    return result;
  };
}
