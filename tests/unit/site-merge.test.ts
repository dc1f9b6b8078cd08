import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applySnapshot, hold, knows, rowsOf, type Held } from '../../src/lib/appointments/merge.ts';

interface Row {
  id: string;
  version: number;
}
const row = (id: string, version: number): Row => ({ id, version });

const versions = (held: Held<Row>) =>
  Object.fromEntries(rowsOf(held).map(({ id, version }) => [id, version]));

describe('what is held', () => {
  test('is known in its version and earlier ones', () => {
    const held = hold([row('a', 2)]);
    expect([1, 2, 3].map((version) => knows(held, row('a', version)))).toEqual([true, true, false]);
    expect(knows(held, row('b', 1))).toBe(false);
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
    expect(versions(held)).toEqual({ a: 1, b: 1 });
  });

  test('that says what is known makes no difference', () => {
    const held = hold([row('a', 1)]);
    expect(applySnapshot(held, [row('a', 1)], held.clock).differences).toEqual([]);
  });

  test('that came late does not undo a newer one', () => {
    const start = hold([row('a', 1)]);
    const { held } = applySnapshot(start, [row('a', 2)], -1);
    const late = applySnapshot(held, [row('a', 1)], start.clock);
    expect(versions(late.held)).toEqual({ a: 2 });
    expect(late.differences).toEqual([]);
  });

  test('that was asked for before a row came in does not remove it', () => {
    const start = hold([row('a', 1)]);
    const { held } = applySnapshot(start, [row('a', 1), row('b', 1)], -1);
    expect(versions(applySnapshot(held, [row('a', 1)], start.clock).held)).toEqual({ a: 1, b: 1 });
  });

  test('asked for after a row came in removes it when it is gone by then', () => {
    const { held } = applySnapshot(hold<Row>([]), [row('b', 1)], -1);
    expect(versions(applySnapshot(held, [], held.clock).held)).toEqual({});
  });

  test('of unknown age removes nothing', () => {
    const held = hold([row('a', 1)]);
    expect(versions(applySnapshot(held, [row('b', 1)], -1).held)).toEqual({ a: 1, b: 1 });
  });
});

// A database whose rows change, and lists of its states that come with navigations, in any order.
const history = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), gone: fc.boolean() }), {
  maxLength: 14
});

test('whatever lists came before, in whatever order, a fetch after everything ends at what the database holds', () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat(), { maxLength: 6 }), (steps, picks) => {
      const database = new Map<string, Row>();
      const buried = new Set<string>();
      const states: Row[][] = [[]];
      for (const { id, gone } of steps) {
        const known = database.get(id);
        if (buried.has(id)) continue;
        if (gone && known) {
          database.delete(id);
          buried.add(id);
        } else database.set(id, row(id, (known?.version ?? 0) + 1));
        states.push([...database.values()]);
      }
      const early = picks.reduce(
        (held, pick) => applySnapshot(held, states[pick % states.length] ?? [], -1).held,
        hold<Row>([])
      );
      const newest: Record<string, number> = {};
      for (const pick of picks) {
        for (const { id, version } of states[pick % states.length] ?? []) {
          newest[id] = Math.max(newest[id] ?? 0, version);
        }
      }
      expect(versions(early)).toEqual(newest);

      const { held } = applySnapshot(early, [...database.values()], early.clock);
      expect(versions(held)).toEqual(
        Object.fromEntries([...database.values()].map(({ id, version }) => [id, version]))
      );
    })
  );
});
