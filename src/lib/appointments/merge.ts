// Lists come from a fetch and with a navigation, and are already old when they arrive: the later one is not always the
// newer one.

export interface Versioned {
  id: string;
  /** Grows with every change of the row. */
  version: number;
}

/** What a merge did to one row: nothing before (new), nothing after (gone), or both (changed). */
export interface Difference<R extends Versioned> {
  before: R | null;
  after: R | null;
}

export interface Held<R extends Versioned> {
  readonly rows: ReadonlyMap<string, { readonly row: R; readonly since: number }>;
  /** Counts what came in. A fetch notes it when it starts: its answer cannot contain what came in later. */
  readonly clock: number;
}

export interface Merged<R extends Versioned> {
  held: Held<R>;
  differences: Difference<R>[];
}

/** Begins with a fetched list. */
export function hold<R extends Versioned>(rows: readonly R[]): Held<R> {
  return { rows: new Map(rows.map((row) => [row.id, { row, since: 0 }])), clock: 0 };
}

/** The rows now, in no particular order. */
export function rowsOf<R extends Versioned>(held: Held<R>): R[] {
  return [...held.rows.values()].map(({ row }) => row);
}

/** Whether a row of that version, or a later one, is held. */
export function knows<R extends Versioned>(held: Held<R>, { id, version }: Versioned): boolean {
  const known = held.rows.get(id);
  return known !== undefined && known.row.version >= version;
}

/**
 * Takes in a fetched list. `asOf` is the clock when its fetch began: rows that came in after that are kept though the
 * list lacks them.
 */
export function applySnapshot<R extends Versioned>(
  held: Held<R>,
  fetched: readonly R[],
  asOf: number
): Merged<R> {
  const clock = held.clock + 1;
  const rows = new Map<string, { row: R; since: number }>();
  const differences: Difference<R>[] = [];

  for (const row of fetched) {
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
  return { held: { rows, clock }, differences };
}
