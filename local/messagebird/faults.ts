import { z } from 'zod';

export const faultModes = [
  'error_500',
  'error_500_after_accept',
  'error_429',
  'timeout',
  'timeout_before_accept',
  'reset',
  'reject_recipient',
  'no_balance'
] as const;
export type FaultMode = (typeof faultModes)[number];

/** What `POST /inbox/faults` takes. */
export const faultRequest = z.strictObject({
  mode: z.enum(['ok', ...faultModes], {
    error: `mode must be one of ok, ${faultModes.join(', ')}`
  }),
  /** How many sends fail. */
  count: z.int('count must be a whole number').min(1, 'count must be at least 1').default(1),
  /** Only sends to this number fail; without it, all sends do. */
  recipient: z.string().optional()
});

export interface Fault {
  mode: FaultMode;
  /** How many sends are still to fail. */
  left: number;
  /** Digits without `+`; null for any recipient. */
  recipient: string | null;
}

/** The faults that wait for sends. A fault for one recipient goes before a fault for all. */
export class Faults {
  #waiting = new Map<string | null, Fault>();

  /** Replaces the fault that waits for this recipient (null: for all). */
  set(mode: FaultMode, count: number, recipient: string | null): void {
    this.#waiting.set(recipient, { mode, left: count, recipient });
  }

  /** Forgets the fault of one recipient, or with null every fault. */
  clear(recipient: string | null): void {
    if (recipient === null) this.#waiting.clear();
    else this.#waiting.delete(recipient);
  }

  /** Takes the fault that a send to these numbers runs into, if any. */
  take(recipients: string[]): FaultMode | undefined {
    for (const key of [...recipients, null]) {
      const fault = this.#waiting.get(key);
      if (!fault) continue;
      fault.left -= 1;
      if (fault.left === 0) this.#waiting.delete(key);
      return fault.mode;
    }
    return undefined;
  }

  list(): Fault[] {
    return [...this.#waiting.values()];
  }
}
