/** Works through a queue in the database until nothing is due. */

export interface Drain<Item> {
  /** Leases up to `limit` due items. */
  claim(limit: number): Promise<Item[]>;
  /** Does one item and settles it. Must not reject: what went wrong with an item is the item's business. */
  work(item: Item): Promise<void>;
  /** How many items are worked on at the same time. */
  concurrency: number;
  /** No item is claimed after that many milliseconds; those begun are finished. */
  budget: number;
}

/**
 * Claims only as many items as can be started at once, so that no lease runs out while an item waits for its turn,
 * and one slow item does not hold up the others.
 * @throws whatever `claim` throws, after the items begun are finished
 */
export async function drain<Item>({ claim, work, concurrency, budget }: Drain<Item>): Promise<void> {
  const deadline = performance.now() + budget;
  const running = new Set<Promise<void>>();
  let empty = false;
  try {
    while (true) {
      const free = concurrency - running.size;
      if (free > 0 && !empty && performance.now() < deadline) {
        const items = await claim(free);
        for (const item of items) {
          const task = work(item).finally(() => running.delete(task));
          running.add(task);
        }
        empty = items.length === 0;
      } else if (running.size > 0) {
        await Promise.race(running);
        // Finishing one may have made another due.
        empty = false;
      } else {
        return;
      }
    }
  } finally {
    await Promise.allSettled(running);
  }
}
