import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A database where nothing was counted so far. */
const within = (work: (tx: Transaction) => Promise<void>) =>
  rolledBack(sql, async (tx) => {
    await tx`delete from public.security_events`;
    await work(tx);
  });

interface Event {
  kind?: string;
  phone?: string | null;
  client?: string | null;
  /** Hours before now. */
  ago?: number;
}

const note = (tx: Transaction, { kind = 'limited', phone = null, client = null, ago = 0 }: Event) =>
  tx`select private.note_security_event(${kind}, ${phone}, ${client}, now() - make_interval(hours => ${ago}))`;

const counted = (tx: Transaction) =>
  tx<{ kind: string; phone: string; client: string; count: number }[]>`
    select kind, phone, client, count from public.security_events order by count desc, client, phone`;

const asha = '+919876543210';
const ravi = '+919876543299';

describe('an event', () => {
  test('is counted by hour, masked phone and client', () =>
    within(async (tx) => {
      for (const phone of [asha, asha, ravi]) await note(tx, { phone, client: 'aa' });
      await note(tx, { phone: asha, client: 'aa', ago: 1 });
      expect([...(await counted(tx))]).toEqual([
        { kind: 'limited', phone: '+91********10', client: 'aa', count: 2 },
        { kind: 'limited', phone: '+91********10', client: 'aa', count: 1 },
        { kind: 'limited', phone: '+91********99', client: 'aa', count: 1 }
      ]);
    }));

  test('of a million clients takes no more rows an hour than the settings say, and every one is counted', () =>
    within(async (tx) => {
      await tx`update public.security_settings set events_per_hour = 50`;
      await note(tx, { client: 'the first' });
      await tx`
        select private.note_security_event('limited', '+9198' || (10000000 + n), 'client ' || n) from generate_series(1, 3000) n`;
      await note(tx, { client: 'the first' });
      await note(tx, { kind: 'signed_in', client: 'another kind' });
      const rows = (await counted(tx)).filter(({ kind }) => kind === 'limited');
      expect(rows).toHaveLength(51);
      expect(rows[0]).toMatchObject({ phone: '', client: 'others', count: 2951 });
      expect(rows.find(({ client }) => client === 'the first')?.count).toBe(2);
      expect(await counted(tx)).toContainEqual({
        kind: 'signed_in',
        phone: '',
        client: 'another kind',
        count: 1
      });
    }));
});

describe('what an admin sees of the last day', () => {
  test('is how often each kind was, against a usual day', () =>
    within(async (tx) => {
      for (const client of ['aa', 'aa', 'bb']) await note(tx, { phone: asha, client });
      await note(tx, { phone: ravi, client: 'bb', ago: 20 });
      for (let day = 2; day < 9; day++) await note(tx, { client: 'aa', ago: 24 * day - 12 });
      await note(tx, { kind: 'signed_in', ago: 24 * 7 });
      const rows = await tx`
        select kind, this_hour, last_day, usual_day::float, phones, clients from public.security_today`;
      expect([...rows]).toEqual([
        { kind: 'limited', this_hour: 3, last_day: 4, usual_day: 1, phones: 2, clients: 2 },
        { kind: 'signed_in', this_hour: 0, last_day: 0, usual_day: 0.1, phones: 0, clients: 0 }
      ]);
    }));

  test('is which networks most came from, and which phones it was about', () =>
    within(async (tx) => {
      for (const phone of [asha, ravi, ravi]) await note(tx, { phone, client: 'aa' });
      await note(tx, { phone: asha, client: 'bb', kind: 'sign_in_refused' });
      await note(tx, { phone: asha, client: 'cc', ago: 30 });
      expect([...(await tx`select client, events, phones, kinds from public.security_clients`)]).toEqual([
        { client: 'aa', events: 3, phones: 2, kinds: { limited: 3 } },
        { client: 'bb', events: 1, phones: 1, kinds: { sign_in_refused: 1 } }
      ]);
      expect([...(await tx`select phone, events, clients, kinds from public.security_phones`)]).toEqual([
        { phone: '+91********10', events: 2, clients: 2, kinds: { limited: 1, sign_in_refused: 1 } },
        { phone: '+91********99', events: 2, clients: 1, kinds: { limited: 2 } }
      ]);
    }));
});
