// Live changes arrive late, twice or out of order, and fetched lists are already old when they arrive.
// The result here is the same in whatever order they come in.

export interface Versioned {
  id: string;
  /** Grows with every change of the row. */
  version: number;
}

export type Change<R extends Versioned> = { kind: 'saved'; row: R } | { kind: 'deleted'; id: string };

/** What a merge did to one row: nothing before (new), nothing after (gone), or both (changed). */
export interface Difference<R extends Versioned> {
  before: R | null;
  after: R | null;
}

export interface Held<R extends Versioned> {
  readonly rows: ReadonlyMap<string, { readonly row: R; readonly since: number }>;
  /** Ids seen deleted, and when: a late change must not bring them back. */
  readonly deleted: ReadonlyMap<string, number>;
  /** Counts what came in. A fetch notes it when it starts: its answer cannot contain what came in later. */
  readonly clock: number;
}

export interface Merged<R extends Versioned> {
  held: Held<R>;
  differences: Difference<R>[];
}

/** Begins with a fetched list. */
export function hold<R extends Versioned>(rows: readonly R[]): Held<R> {
  return { rows: new Map(rows.map((row) => [row.id, { row, since: 0 }])), deleted: new Map(), clock: 0 };
}

/** The rows now, in no particular order. */
export function rowsOf<R extends Versioned>(held: Held<R>): R[] {
  return [...held.rows.values()].map(({ row }) => row);
}

/** Takes in one live change. No difference: it was known already. */
export function applyChange<R extends Versioned>(held: Held<R>, change: Change<R>): Merged<R> {
  const clock = held.clock + 1;
  if (change.kind === 'deleted') {
    const before = held.rows.get(change.id)?.row ?? null;
    const rows = new Map(held.rows);
    rows.delete(change.id);
    const deleted = new Map(held.deleted).set(change.id, clock);
    return { held: { rows, deleted, clock }, differences: before ? [{ before, after: null }] : [] };
  }
  const { row } = change;
  const before = held.rows.get(row.id)?.row ?? null;
  if (held.deleted.has(row.id) || (before && before.version >= row.version)) {
    return { held: { ...held, clock }, differences: [] };
  }
  const rows = new Map(held.rows).set(row.id, { row, since: clock });
  return { held: { ...held, rows, clock }, differences: [{ before, after: row }] };
}

/**
 * Takes in a fetched list. `asOf` is the clock when its fetch began: rows that came in live after that are
 * kept though the list lacks them, and rows deleted after that stay gone though the list has them.
 */
export function applySnapshot<R extends Versioned>(
  held: Held<R>,
  fetched: readonly R[],
  asOf: number
): Merged<R> {
  const clock = held.clock + 1;
  const rows = new Map<string, { row: R; since: number }>();
  const deleted = new Map(held.deleted);
  const differences: Difference<R>[] = [];

  for (const row of fetched) {
    const deletedAt = deleted.get(row.id);
    if (deletedAt !== undefined && deletedAt > asOf) continue;
    deleted.delete(row.id);
    const known = held.rows.get(row.id);
    if (known && known.row.version >= row.version) {
      rows.set(row.id, known);
    } else {
      rows.set(row.id, { row, since: clock });
      differences.push({ before: known?.row ?? null, after: row });
    }
  }
  for (const [id, known] of held.rows) {
    if (rows.has(id)) continue;
    if (known.since > asOf) rows.set(id, known);
    else differences.push({ before: known.row, after: null });
  }
  return { held: { rows, deleted, clock }, differences };
}
