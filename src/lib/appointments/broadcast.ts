import { knows, type Held, type Versioned } from './merge.ts';

/** What the database says on the patient's channel when an appointment changed. What it is now has to be fetched. */
export interface Heard {
  id: string;
  /** The row's, after the change. */
  version: number;
  deleted: boolean;
}

/** Null: something else was said, such as that a session has ended. */
export function parseBroadcast(payload: unknown): Heard | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const { id, version, operation } = payload as Record<string, unknown>;
  if (typeof id !== 'string' || typeof version !== 'number') return null;
  return { id, version, deleted: operation === 'DELETE' };
}

/** Whether what was heard is in what is held. Of anything but a change of an appointment that cannot be told. */
export function isIn(held: Held<Versioned>, heard: Heard | null): boolean {
  if (!heard) return false;
  return heard.deleted ? !held.rows.has(heard.id) : knows(held, heard);
}
