import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Rule {
  by: string;
  max: number;
  seconds: number;
  mode?: 'refuse' | 'watch' | 'slow';
}

/** Rules of one test, and what they answer. */
async function rules(on: Transaction, ...list: Rule[]) {
  const what = `test_${randomUUID().replace(/[^a-f]/g, '')}`;
  await on`insert into public.limits ${on(list.map((rule) => ({ mode: 'refuse', ...rule, what })))}`;
  return {
    /** The seconds to wait; 0 when it is allowed and counted. */
    hit: async (subjects: Record<string, string>, now = '2031-05-05 10:05:00Z') => {
      const [row] = await on<{ wait: number }[]>`
        select private.hit_limits(${what}, ${on.json(subjects)}, ${now}) as wait`;
      return row?.wait;
    },
    takeBack: (subjects: Record<string, string>, now = '2031-05-05 10:05:00Z') =>
      on`select private.take_back_hit(${what}, ${on.json(subjects)}, ${now})`
  };
}

describe('limits', () => {
  test('over one of them nothing of the others is used up', () =>
    rolledBack(sql, async (tx) => {
      const { hit } = await rules(
        tx,
        { by: 'client', max: 3, seconds: 3600 },
        { by: 'account+client', max: 1, seconds: 900 }
      );
      const greedy = { client: 'c', account: 'a' };
      expect(await hit(greedy)).toBe(0);
      for (let count = 0; count < 5; count++) expect(await hit(greedy)).toBe(600);
      // The other two of three are still there for others, and the greedy one's window ends in time.
      expect(await hit({ client: 'c' })).toBe(0);
      expect(await hit(greedy, '2031-05-05 10:15:00Z')).toBe(0);
      expect(await hit({ client: 'c' }, '2031-05-05 10:15:00Z')).toBe(2700);
    }));

  test('hold for the subjects that are named, each by itself', () =>
    rolledBack(sql, async (tx) => {
      const { hit } = await rules(tx, { by: 'account+client', max: 1, seconds: 900 });
      expect(await hit({ account: 'a', client: 'c' })).toBe(0);
      expect(await hit({ account: 'a', client: 'd' })).toBe(0);
      expect(await hit({ account: 'b', client: 'c' })).toBe(0);
      expect(await hit({ account: 'a', client: 'c' })).toBe(600);
      expect(await hit({ device: 'a' })).toBe(0);
      expect(await hit({ client: 'c' })).toBe(0);
    }));

  test('of one name in windows of two lengths do not mix', () =>
    rolledBack(sql, async (tx) => {
      const { hit } = await rules(
        tx,
        { by: 'client', max: 2, seconds: 900 },
        { by: 'client', max: 3, seconds: 86_400 }
      );
      // The first quarter of an hour of the day begins when the day does.
      const at = (time: string) => hit({ client: 'c' }, `2031-05-05 ${time}Z`);
      expect([await at('00:01'), await at('00:02')]).toEqual([0, 0]);
      expect(await at('00:05')).toBe(600);
      expect(await at('00:20')).toBe(0);
      expect(await at('23:00')).toBe(3600);
    }));

  test('that slow hold only while one is over that watches', () =>
    rolledBack(sql, async (tx) => {
      const { hit } = await rules(
        tx,
        { by: 'account', max: 4, seconds: 3600, mode: 'watch' },
        { by: 'account+client', max: 1, seconds: 60, mode: 'slow' },
        { by: 'account+client', max: 3, seconds: 960, mode: 'slow' }
      );
      const by = (client: string, time = '10:00:05') => hit({ account: 'a', client }, `2031-05-05 ${time}Z`);
      for (let count = 0; count < 4; count++) expect(await by('stranger')).toBe(0);
      // Nobody is refused for what a stranger did; whoever was there already waits.
      expect(await by('stranger')).toBeGreaterThan(55);
      expect(await by('owner')).toBe(0);
      expect(await by('owner')).toBe(55);
      expect(await by('owner', '10:01:05')).toBe(0);
      expect(await by('owner', '10:02:05')).toBe(0);
      expect(await by('owner', '10:03:05')).toBeGreaterThan(60);
      expect(await hit({ account: 'b', client: 'owner' }, '2031-05-05 10:03:05Z')).toBe(0);
    }));

  test('do not count what is taken back, and never less than nothing', () =>
    rolledBack(sql, async (tx) => {
      const { hit, takeBack } = await rules(tx, { by: 'client', max: 2, seconds: 3600 });
      for (let count = 0; count < 50; count++) {
        expect(await hit({ client: 'c' })).toBe(0);
        await takeBack({ client: 'c' });
      }
      await takeBack({ client: 'c' });
      expect([await hit({ client: 'c' }), await hit({ client: 'c' })]).toEqual([0, 0]);
      expect(await hit({ client: 'c' })).toBeGreaterThan(0);
    }));

  test('hold under twenty requests at once', async () => {
    const { hit } = await rules(
      sql as unknown as Transaction,
      { by: 'client', max: 7, seconds: 3600 },
      { by: 'client', max: 100, seconds: 86_400 }
    );
    try {
      const waits = await Promise.all(Array.from({ length: 20 }, () => hit({ client: 'c' })));
      expect(waits.filter((wait) => wait === 0)).toHaveLength(7);
      expect(waits.filter((wait) => wait === 3300)).toHaveLength(13);
    } finally {
      await sql`delete from public.limits where what like 'test_%'`;
    }
  });

  test('none is for the whole project', async () => {
    const all = await sql<{ by: string }[]>`select distinct by from public.limits order by by`;
    for (const { by } of all) {
      expect(by.split('+').some((name) => /^(client|client_wide|phone|account|device)$/.test(name))).toBe(
        true
      );
    }
  });
});
