/** What has to be undone when a stack stops or does not come up: last first. */
export class Cleanup {
  #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.unshift(step);
  }

  /** Undoes everything; a step that fails does not keep the others from being taken. */
  async run(log: (line: string) => void): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        log(`While stopping: ${(error as Error).message}`);
      }
    }
  }
}

/** Waits for all of them even when one fails, so that nothing is still being started when the cleanup begins. */
export async function settled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
