import type { Snapshot } from './model.ts';

// What this device saw last, for when there is no network. It stays on the device, in the browser's storage for this
// site alone, until the session ends. No page is kept, so no cache holds anything personal.
const KEY = 'medq:last-known';

let closed = false;

export const lastKnown = {
  keep(snapshot: Snapshot): void {
    if (closed) return;
    try {
      localStorage.setItem(KEY, JSON.stringify(snapshot));
    } catch {
      // No storage, or none left: then there is nothing to show offline.
    }
  },
  read(): Snapshot | null {
    try {
      const snapshot: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
      // Written by another version of this site, perhaps.
      return typeof snapshot === 'object' && snapshot !== null && 'queue' in snapshot && 'now' in snapshot
        ? (snapshot as Snapshot)
        : null;
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
