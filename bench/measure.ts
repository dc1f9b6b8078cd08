/** Measuring: rates and percentiles of the same kind of work, done over and over by a number of workers. */

/** How much is measured: `full` gives numbers worth comparing, `quick` only shows that a benchmark still runs. */
export type Effort = 'full' | 'quick';

export interface Rate {
  /** Finished pieces of work a second. */
  perSecond: number;
  /** Milliseconds a piece took: the median and the 95th percentile. */
  p50: number;
  p95: number;
  done: number;
}

/** Lets `workers` do `work` over and over for `seconds`; each piece is told its worker's number and its own. */
export async function rate(
  workers: number,
  seconds: number,
  work: (worker: number, piece: number) => Promise<unknown>
): Promise<Rate> {
  const times: number[] = [];
  let piece = 0;
  const begun = performance.now();
  const end = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      while (performance.now() < end) {
        const started = performance.now();
        await work(worker, piece++);
        times.push(performance.now() - started);
      }
    })
  );
  const elapsed = (performance.now() - begun) / 1000;
  return {
    perSecond: times.length / elapsed,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    done: times.length
  };
}

/** Does `work` so many times, `atOnce` at a time, and returns how many milliseconds each took. */
export async function all(
  count: number,
  atOnce: number,
  work: (piece: number) => Promise<unknown>
): Promise<number[]> {
  const times: number[] = [];
  let piece = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (piece < count) {
        const begun = performance.now();
        await work(piece++);
        times.push(performance.now() - begun);
      }
    })
  );
  return times;
}

export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function median(values: number[]): number {
  return percentile(values, 0.5);
}

/**
 * Measures two things in turns, so that a machine that becomes slower slows both alike, and returns the rates of the
 * round with the median ratio.
 */
export async function inTurns(
  rounds: number,
  ours: () => Promise<Rate>,
  floor: () => Promise<Rate>
): Promise<{ ours: Rate; floor: Rate; ratio: number }> {
  const results: { ours: Rate; floor: Rate; ratio: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const floorRate = await floor();
    const ourRate = await ours();
    results.push({ ours: ourRate, floor: floorRate, ratio: ourRate.perSecond / floorRate.perSecond });
  }
  const byRatio = results.toSorted((a, b) => a.ratio - b.ratio);
  const middle = byRatio[Math.floor(byRatio.length / 2)];
  if (!middle) throw new Error('At least one round is needed.');
  return middle;
}

/** One line of the table. */
export interface Finding {
  what: string;
  /** What was measured, with its unit. */
  measured: string;
  /** The number the aim is about: a ratio, seconds or megabytes. */
  value: number;
  aim: string;
  met: boolean;
}

export function finding(
  what: string,
  measured: string,
  value: number,
  aim: { atLeast: number } | { atMost: number }
): Finding {
  const [text, met] =
    'atLeast' in aim
      ? [`at least ${aim.atLeast}`, value >= aim.atLeast]
      : [`at most ${aim.atMost}`, value <= aim.atMost];
  return { what, measured, value: Math.round(value * 1000) / 1000, aim: text, met };
}
