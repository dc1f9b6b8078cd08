interface Planned {
  status: string;
  /** An ISO instant. */
  starts_at: string;
}

const DAY_MS = 24 * 60 * 60_000;

/** Whether an appointment is still to be: who is late can still be given another time. */
export function isAhead({ status, starts_at }: Planned, now: Date): boolean {
  return status === 'arrived' || (status === 'booked' && Date.parse(starts_at) > now.getTime() - DAY_MS);
}
