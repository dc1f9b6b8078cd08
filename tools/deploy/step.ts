/** Something that differs from what should be. */
export interface Change {
  /** What is done about it, such as `apply 3 migrations`. */
  what: string;
  /** Does it. Without it only a person can. */
  make?(): Promise<void>;
}

/** A part of a deployment. It can be taken again at any time: it looks at what is, and changes what differs. */
export interface Step {
  name: string;
  /** What to look at when it fails. */
  hint: string;
  /** Looks, and changes nothing. */
  examine(): Promise<Change[]>;
}

/** A step and what is to be done in it. */
export interface Planned {
  step: Step;
  changes: Change[];
}

/** A step failed; the message names it, why, and what to do. */
export class StepError extends Error {
  override name = 'StepError';

  constructor({ name, hint }: Step, cause: unknown, sofar: string) {
    super(`${name}: ${(cause as Error).message}\n${hint}\n${sofar}`, { cause });
  }
}

/**
 * Looks at every part, at all at once: each takes seconds.
 * @throws StepError for the first that cannot be looked at, before anything was changed
 */
export async function plan(steps: readonly Step[]): Promise<Planned[]> {
  const looks = await Promise.allSettled(steps.map((step) => step.examine()));
  return looks.map((look, index) => {
    const step = steps[index] as Step;
    if (look.status === 'rejected') throw new StepError(step, look.reason, 'Nothing was changed.');
    return { step, changes: look.value };
  });
}

/**
 * Does what was planned, in order.
 *
 * @param report gets each thing that is done, before and after
 * @throws StepError at the first that fails
 */
export async function carryOut(
  planned: readonly Planned[],
  report: { begin(step: Step, change: Change): void; done(): void }
): Promise<void> {
  for (const { step, changes } of planned) {
    for (const change of changes) {
      if (!change.make) continue;
      report.begin(step, change);
      await change.make().catch((error: unknown) => {
        throw new StepError(step, error, 'What was done stays done. Run this again to go on from here.');
      });
      report.done();
    }
  }
}
