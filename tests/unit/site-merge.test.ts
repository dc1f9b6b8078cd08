import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyChange,
  applySnapshot,
  hold,
  rowsOf,
  type Change,
  type Held
} from '../../src/lib/appointments/merge.ts';

interface Row {
  id: string;
  version: number;
  at?: string;
}
const row = (id: string, version: number): Row => ({ id, version });
const saved = (id: string, version: number): Change<Row> => ({ kind: 'saved', row: row(id, version) });
const deleted = (id: string): Change<Row> => ({ kind: 'deleted', id });

const hear = (held: Held<Row>, ...changes: Change<Row>[]) =>
  changes.reduce((now, change) => applyChange(now, change).held, held);
const versions = (held: Held<Row>) =>
  Object.fromEntries(rowsOf(held).map(({ id, version }) => [id, version]));

describe('a live change', () => {
  test('of an unknown row adds it', () => {
    const { held, differences } = applyChange(hold<Row>([]), saved('a', 1));
    expect(versions(held)).toEqual({ a: 1 });
    expect(differences).toEqual([{ before: null, after: row('a', 1) }]);
  });

  test('of a known row replaces it and tells both', () => {
    const { held, differences } = applyChange(hold([row('a', 1)]), saved('a', 2));
    expect(versions(held)).toEqual({ a: 2 });
    expect(differences).toEqual([{ before: row('a', 1), after: row('a', 2) }]);
  });

  test('that comes twice is said once', () => {
    const held = hear(hold([row('a', 1)]), saved('a', 2));
    expect(applyChange(held, saved('a', 2)).differences).toEqual([]);
  });

  test('that comes late does not undo a newer one', () => {
    const held = hear(hold([row('a', 1)]), saved('a', 3), saved('a', 2));
    expect(versions(held)).toEqual({ a: 3 });
  });

  test('deletes a row, and a late update does not bring it back', () => {
    const { held, differences } = applyChange(hold([row('a', 1)]), deleted('a'));
    expect(differences).toEqual([{ before: row('a', 1), after: null }]);
    expect(versions(hear(held, saved('a', 2)))).toEqual({});
  });

  test('deleting what was never seen says nothing, and the insert that follows late is ignored', () => {
    const { held, differences } = applyChange(hold<Row>([]), deleted('a'));
    expect(differences).toEqual([]);
    expect(versions(hear(held, saved('a', 1)))).toEqual({});
  });

  test('leaves what was held before untouched', () => {
    const before = hold([row('a', 1)]);
    hear(before, saved('a', 2), saved('b', 1), deleted('a'));
    expect(versions(before)).toEqual({ a: 1 });
  });
});

describe('a fetched list', () => {
  test('adds, replaces and removes', () => {
    const held = hold([row('a', 1), row('b', 1)]);
    const merged = applySnapshot(held, [row('a', 2), row('c', 1)], held.clock);
    expect(versions(merged.held)).toEqual({ a: 2, c: 1 });
    expect(merged.differences).toEqual([
      { before: row('a', 1), after: row('a', 2) },
      { before: null, after: row('c', 1) },
      { before: row('b', 1), after: null }
    ]);
  });

  test('that says what is known makes no difference', () => {
    const held = hold([row('a', 1)]);
    expect(applySnapshot(held, [row('a', 1)], held.clock).differences).toEqual([]);
  });

  test('older than a live change does not undo it', () => {
    const start = hold([row('a', 1)]);
    const held = hear(start, saved('a', 2));
    expect(versions(applySnapshot(held, [row('a', 1)], start.clock).held)).toEqual({ a: 2 });
  });

  test('that was asked for before a row was inserted does not remove it', () => {
    const start = hold([row('a', 1)]);
    const held = hear(start, saved('b', 1));
    expect(versions(applySnapshot(held, [row('a', 1)], start.clock).held)).toEqual({ a: 1, b: 1 });
  });

  test('that was asked for before a row was deleted does not bring it back', () => {
    const start = hold([row('a', 1)]);
    const held = hear(start, deleted('a'));
    expect(versions(applySnapshot(held, [row('a', 1)], start.clock).held)).toEqual({});
  });

  test('asked for after a live row removes it when it is gone by then', () => {
    const held = hear(hold<Row>([]), saved('b', 1));
    expect(versions(applySnapshot(held, [], held.clock).held)).toEqual({});
  });

  test('of unknown age removes nothing', () => {
    const held = hold([row('a', 1)]);
    expect(versions(applySnapshot(held, [row('b', 1)], -1).held)).toEqual({ a: 1, b: 1 });
  });
});

// A database whose rows change, a fetch that sees one of its states, and changes that arrive in any order.
const history = fc.array(
  fc.record({ id: fc.constantFrom('a', 'b', 'c'), gone: fc.boolean() }).map(({ id, gone }) => ({ id, gone })),
  { maxLength: 14 }
);

test('whatever the order, a fetch after everything ends at what the database holds', () => {
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.nat()), fc.nat(), (steps, order, cut) => {
      const database = new Map<string, Row>();
      const buried = new Set<string>();
      const changes: Change<Row>[] = [];
      const states: Row[][] = [[]];
      for (const { id, gone } of steps) {
        if (buried.has(id)) continue;
        const known = database.get(id);
        if (gone && known) {
          database.delete(id);
          buried.add(id);
          changes.push(deleted(id));
        } else {
          const next = row(id, (known?.version ?? 0) + 1);
          database.set(id, next);
          changes.push({ kind: 'saved', row: next });
        }
        states.push([...database.values()]);
      }
      const shuffled = changes
        .map((change) => ({ change, key: order.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ change }) => change);

      // A stale list arrives somewhere in between, asked for before any change was heard.
      const at = cut % (shuffled.length + 1);
      const stale = states[cut % states.length] ?? [];
      let held = hear(hold<Row>([]), ...shuffled.slice(0, at));
      held = applySnapshot(held, stale, 0).held;
      held = hear(held, ...shuffled.slice(at));
      held = applySnapshot(held, [...database.values()], held.clock).held;
      expect(versions(held)).toEqual(
        Object.fromEntries([...database.values()].map(({ id, version }) => [id, version]))
      );
    })
  );
});

test('live changes alone, shuffled and doubled, end at the newest of every row', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: fc.constantFrom('a', 'b'), version: fc.integer({ min: 1, max: 6 }) })),
      (heard) => {
        const held = hear(hold<Row>([]), ...heard.map(({ id, version }) => saved(id, version)));
        const newest: Record<string, number> = {};
        for (const { id, version } of heard) newest[id] = Math.max(newest[id] ?? 0, version);
        expect(versions(held)).toEqual(newest);
      }
    )
  );
});
