import type { Snapshot } from './model.ts';

// What this device saw last, for when there is no network. It stays on the device, in the browser's storage for this
// site alone, until the session ends, or for a week at most: the session may end elsewhere, and a device that is offline
// does not learn that. No page is kept, so no cache holds anything personal.
const KEY = 'medq:last-known';
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

let closed = false;

export const lastKnown = {
  keep(snapshot: Snapshot): void {
    if (closed) return;
    try {
      // With its reference anybody could change an appointment by phone.
      const appointments = snapshot.appointments.map((appointment) => ({ ...appointment, reference: null }));
      localStorage.setItem(KEY, JSON.stringify({ ...snapshot, appointments, keptAt: Date.now() }));
    } catch {
      // No storage, or none left: then there is nothing to show offline.
    }
  },
  /** What is kept; null if there is nothing, or it is too old, which is then forgotten. Both by this device's clock. */
  read(): Snapshot | null {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
      // Written by another version of this site, perhaps, or before the clock was set back.
      if (kept instanceof Object && 'people' in kept && 'keptAt' in kept) {
        const age = Date.now() - Number(kept.keptAt);
        if (Math.abs(age) < KEPT_MS) return kept as unknown as Snapshot;
      }
      this.forget();
      return null;
    } catch {
      return null;
    }
  },
  forget(): void {
    try {
      localStorage.removeItem(KEY);
    } catch {
      // Without storage nothing was kept.
    }
  },
  /** Forgets, and keeps nothing more until the page is left: somebody is signing out. */
  close(): void {
    closed = true;
    this.forget();
  }
};
