import { randomBytes } from 'node:crypto';

/** What somebody tells about themselves; `phx_ref` names this version of it. */
export type PresenceMeta = Record<string, unknown> & { phx_ref: string; phx_ref_prev?: string };

/** By presence key, all that share it (the open tabs of one person, say). */
export type PresenceState = Record<string, { metas: PresenceMeta[] }>;

export interface PresenceDiff {
  joins: PresenceState;
  leaves: PresenceState;
}

/** Who is on one channel. An `Owner` (a joined channel of a socket) has at most one entry. */
export class PresenceRoom<Owner> {
  #entries = new Map<Owner, { key: string; meta: PresenceMeta }>();

  /** Enters or replaces the entry of `owner`. */
  track(owner: Owner, key: string, payload: Record<string, unknown>): PresenceDiff {
    const before = this.#entries.get(owner);
    const meta: PresenceMeta = {
      ...payload,
      phx_ref: randomBytes(9).toString('base64url'),
      ...(before && { phx_ref_prev: before.meta.phx_ref })
    };
    this.#entries.set(owner, { key, meta });
    return {
      joins: { [key]: { metas: [meta] } },
      leaves: before ? { [before.key]: { metas: [before.meta] } } : {}
    };
  }

  /** Removes the entry of `owner`; undefined if there was none. */
  untrack(owner: Owner): PresenceDiff | undefined {
    const entry = this.#entries.get(owner);
    if (!entry) return undefined;
    this.#entries.delete(owner);
    return { joins: {}, leaves: { [entry.key]: { metas: [entry.meta] } } };
  }

  state(): PresenceState {
    const groups = Map.groupBy(this.#entries.values(), ({ key }) => key);
    return Object.fromEntries(
      [...groups].map(([key, entries]) => [key, { metas: entries.map(({ meta }) => meta) }])
    );
  }
}
