// Boards of the waiting room: what opens them, what they show, and what they hear.
import { afterAll, describe, expect, test } from 'vitest';
import { asAnon, asPatient, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, whereItIsEarly } from '../helpers/world.ts';
import type { Clinic, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Queue {
  serving: number | null;
  called_at: string | null;
  next: { token: number; here: boolean }[];
}

interface Shown {
  channel: string;
  clinic: string;
  time_zone: string;
  doctors: { id: string; name: string; sessions: { from: string; until: string }[]; queue: Queue | null }[];
}

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  manager: DeskPerson;
  token: string;
  board: string;
  /** What somebody without a session sees on the board. */
  look(token?: string): Promise<Shown | undefined>;
  queue(): Promise<Queue | null | undefined>;
  /** Books for today, at an hour of the clinic. */
  comes(hour: number, patient?: { id: string }): Promise<string>;
  mark(id: string, step: string): Promise<unknown>;
}

async function make(tx: Transaction, clinic: Clinic, manager: DeskPerson, name = 'Waiting room') {
  const [made] = await asDesk(
    tx,
    manager,
    (db) => db<{ board_id: string; token: string }[]>`select * from public.make_board(${clinic.id}, ${name})`
  );
  if (!made) throw new Error('No board was made.');
  return made;
}

/** Runs `work` at a clinic whose day has hardly begun, with a doctor from nine to five and a board. */
function withBoard(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic, { hours: [{ from: '09:00', to: '17:00', minutes: 60 }] });
    const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
    const { board_id: board, token } = await make(tx, clinic, manager);
    const look = async (wanted = token) => {
      const [shown] = await asAnon(tx, (db) => db<Shown[]>`select * from public.board(${wanted})`);
      return shown;
    };
    await work({
      tx,
      clinic,
      doctor,
      manager,
      token,
      board,
      look,
      queue: async () => (await look())?.doctors[0]?.queue,
      async comes(hour, patient) {
        const [made] = await tx<{ id: string }[]>`
          insert into public.appointments (patient_id, practitioner_id, starts_at)
          values (${(patient ?? (await aPatient(tx))).id}, ${doctor.id},
            ((now() at time zone ${clinic.time_zone})::date + make_interval(hours => ${hour})) at time zone ${clinic.time_zone})
          returning id`;
        return made?.id ?? '';
      },
      mark: (id, step) => asDesk(tx, manager, (db) => db`select public.desk_mark(${id}, ${step})`)
    });
  });
}

describe('what opens a board', () => {
  test('is told once, typed in any way, and kept nowhere', () =>
    withBoard(async ({ tx, clinic, manager, token, board, look }) => {
      expect(token).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
      expect((await make(tx, clinic, manager)).token).not.toBe(token);
      const typed = token.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l');
      expect((await look(typed))?.channel).toBe(`board:${board}`);
      const [row] = await tx`select b::text as text from public.boards b where id = ${board}`;
      const events = await tx`
        select changes::text as text from public.audit_events where table_name = 'boards' and row_id = ${board}`;
      expect(events).toHaveLength(1);
      for (const kept of [row, ...events].map((found) => String(found?.text))) {
        expect(kept).not.toContain(token);
        expect(kept).not.toContain(token.replaceAll('-', ''));
      }
      const hash = await tx`select private.board_hash(${token}) as hash`;
      expect(String(events[0]?.text)).not.toContain(hash[0]?.hash);
    }));

  test('an admin makes and revokes one in the SQL editor as well; a wrong clinic or name makes none', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const [made] = await tx<
        { board_id: string }[]
      >`select * from public.make_board(${clinic.id}, '  Hall  ')`;
      await tx`select public.revoke_board(${made?.board_id ?? ''})`;
      const boards = () => tx`
        select name, created_by, revoked_at is not null as revoked from public.boards where clinic_id = ${clinic.id}`;
      expect([...(await boards())]).toEqual([{ name: 'Hall', created_by: null, revoked: true }]);

      const refusal = async (id: string, name: string | null) =>
        (await refusalIn(tx, () => tx`select * from public.make_board(${id}, ${name})`))?.detail;
      expect(await refusal(crypto.randomUUID(), 'Hall')).toBe('unknown_clinic');
      expect(await refusal(clinic.id, ' ')).toBe('invalid_name');
      expect(await refusal(clinic.id, null)).toBe('invalid_name');
      expect(await boards()).toHaveLength(1);
    }));

  test('opens nothing once it is revoked, deleted, or where there never was one: with the same answer', () =>
    withBoard(async ({ tx, manager, clinic, token, board, look }) => {
      const revoke = (by: DeskPerson, id: string) =>
        asDesk(tx, by, (db) => db`select public.revoke_board(${id})`);
      const stranger = await aDeskPerson(tx, await aClinic(tx), { role: 'manager' });
      const unknown = await refusalIn(tx, () => look('0000-0000-0000-0000'));
      expect(unknown).toMatchObject({ code: 'PT404', detail: 'unknown_board' });
      expect(await refusalIn(tx, () => revoke(stranger, board))).toMatchObject({ detail: 'unknown_board' });
      expect((await look())?.clinic).toBe(clinic.name);

      await revoke(manager, board);
      expect(await refusalIn(tx, () => look())).toEqual(unknown);
      const revoked = () => tx`select revoked_at, xmin::text from public.boards where id = ${board}`;
      const before = await revoked();
      await revoke(manager, board);
      expect([...(await revoked())]).toEqual([...before]);
      const other = await make(tx, clinic, manager);
      await tx`delete from public.boards where id = ${other.board_id}`;
      expect(await refusalIn(tx, () => look(other.token))).toEqual(unknown);
      for (const nonsense of ['', token.slice(1), `${token}0`, 'é'.repeat(1e5)]) {
        expect(await refusalIn(tx, () => look(nonsense))).toEqual(unknown);
      }
    }));

  test('when it was looked at is written down, at most once a minute', () =>
    withBoard(async ({ tx, board, look }) => {
      const seen = async () =>
        (await tx`select seen_at, xmin::text as written from public.boards where id = ${board}`)[0];
      expect((await seen())?.seen_at).toBeNull();
      await look();
      const first = await seen();
      expect(first?.seen_at).not.toBeNull();
      const writes = async () =>
        (await tx`select pg_stat_get_xact_tuples_updated('public.boards'::regclass)::int as n`)[0]
          ?.n as number;
      const before = await writes();
      await look();
      expect(await writes()).toBe(before);
      await tx`update public.boards set seen_at = now() - interval '61 seconds' where id = ${board}`;
      await look();
      expect((await seen())?.seen_at).toEqual(first?.seen_at);
      expect(
        (
          await tx`select from public.audit_events where table_name = 'boards' and action = 'update'
        and row_id = ${board}`
        ).count
      ).toBe(0);
    }));
});

describe('what a board shows', () => {
  test('who sees patients when, and no queue, while nobody is marked', () =>
    withBoard(async ({ tx, clinic, doctor, look, comes }) => {
      await aPractitioner(tx, clinic, { name: 'Dr. Away', hours: [] });
      await aPractitioner(tx, clinic, { name: 'Dr. Retired', active: false });
      await comes(10);
      const shown = await look();
      expect(shown).toMatchObject({ clinic: clinic.name, time_zone: clinic.time_zone });
      expect(shown?.doctors.map(({ id, queue }) => ({ id, queue }))).toEqual([
        { id: doctor.id, queue: null }
      ]);
      const [{ from, until } = { from: '', until: '' }] = shown?.doctors[0]?.sessions ?? [];
      expect(Date.parse(until) - Date.parse(from)).toBe(8 * 3_600_000);
    }));

  test('names as the clinic writes them in its own language', () =>
    withBoard(async ({ tx, clinic, doctor, look }) => {
      await tx`update public.clinics set locale = 'ta-IN' where id = ${clinic.id}`;
      await tx`
        insert into public.translations (clinic_id, name, locale, translation)
        select c.id, n.name, 'ta-IN', n.translation from public.clinics c
        cross join lateral (values (c.name, 'ஏரிக்கரை கிளினிக்'), (${doctor.name}, 'டாக்டர் ராவ்')) n (name, translation)
        where c.id = ${clinic.id}`;
      const shown = await look();
      expect([shown?.clinic, shown?.doctors[0]?.name]).toEqual(['ஏரிக்கரை கிளினிக்', 'டாக்டர் ராவ்']);
    }));

  test('the token called last, not the largest; who was called and is not there comes behind the next', () =>
    withBoard(async ({ queue, comes, mark }) => {
      const [one, two, three] = [await comes(9), await comes(10), await comes(11)];
      await comes(12);
      const next = async () => (await queue())?.next.map(({ token, here }) => (here ? token : -token));
      await mark(two, 'arrived');
      await mark(three, 'arrived');
      expect(await queue()).toMatchObject({ serving: null, called_at: null });
      // Who is not there yet, too: the patient's page counts them.
      expect(await next()).toEqual([-1, 2, 3, -4]);

      await mark(three, 'called');
      expect((await queue())?.serving).toBe(3);
      await mark(two, 'called');
      expect((await queue())?.serving).toBe(2);
      expect(await next()).toEqual([-1, -4]);
      const called = (await queue())?.called_at;

      await mark(one, 'arrived');
      await mark(two, 'waiting');
      expect((await queue())?.serving).toBe(3);
      expect(Date.parse((await queue())?.called_at ?? '')).toBeLessThan(Date.parse(called ?? ''));
      expect(await next()).toEqual([1, 2, -4]);
      await mark(one, 'called');
      await mark(one, 'seen');
      expect((await queue())?.serving).toBe(1);
      // Called once more: the same number, and news all the same.
      await mark(two, 'called');
      expect((await queue())?.serving).toBe(2);
      expect(Date.parse((await queue())?.called_at ?? '')).toBeGreaterThan(Date.parse(called ?? ''));
    }));

  test('is what the patients see on their own page, and nothing else of them', () =>
    withBoard(async ({ tx, queue, comes, mark, look, token }) => {
      const patient = await aPatient(tx, { account: true });
      const [one, two] = [await comes(9), await comes(10)];
      const own = await comes(11, patient);
      for (const id of [one, two, own]) await mark(id, 'arrived');
      await mark(two, 'called');
      const [place] = await asPatient(
        tx,
        patient.account,
        (db) => db`select * from public.queue_position(${own})`
      );
      const shown = await queue();
      expect(place).toEqual({ ahead: 1, now_serving: 2 });
      expect(shown?.serving).toBe(2);
      expect(shown?.next.findIndex(({ token: number }) => number === 3)).toBe(1);
      const [secret] = await tx`
        select p.id, p.name, p.phone, a.id as appointment, a.reference from public.appointments a
        join public.patients p on p.id = a.patient_id where a.id = ${own}`;
      const text = JSON.stringify(await look(token));
      for (const word of Object.values(secret ?? {})) if (word) expect(text).not.toContain(`"${word}"`);
    }));

  test('at most five that come next, and no queue once the hours are over and nobody is there', () =>
    withBoard(async ({ tx, clinic, doctor, queue, comes, mark }) => {
      const visits: string[] = [];
      for (let hour = 9; hour < 17; hour++) visits.push(await comes(hour));
      const [first = '', last = ''] = [visits[0], visits.at(-1)];
      await mark(first, 'seen');
      expect((await queue())?.next).toHaveLength(5);
      const atHalfPastFive = async () =>
        (
          await tx`
            select private.board_queue(${doctor.id}, d.day, (d.day + time '17:00') at time zone ${clinic.time_zone},
              (d.day + time '17:30') at time zone ${clinic.time_zone}) as queue
            from (select (now() at time zone ${clinic.time_zone})::date as day) d`
        )[0]?.queue as Queue | null;
      expect(await atHalfPastFive()).toBeNull();
      await mark(last, 'arrived');
      expect((await atHalfPastFive())?.next.at(-1)).toEqual({ token: 8, here: true });
    }));
});

describe('what a board hears', () => {
  const said = async (tx: Transaction) =>
    [
      ...(await tx`
        select topic, event, payload - 'id' as payload, private from realtime.messages
        where topic like 'board:%' and inserted_at = now()::timestamp order by cmin::text::int`)
    ] as unknown[];

  test('that there is news of today, and when it is revoked', () =>
    withBoard(async ({ tx, board, manager, comes, mark }) => {
      const elsewhere = await aClinic(tx);
      await make(tx, elsewhere, await aDeskPerson(tx, elsewhere, { role: 'manager' }));
      const tomorrow = await comes(24 + 9);
      expect(await said(tx)).toEqual([]);
      await tx`update public.appointments set status = 'cancelled' where id = ${tomorrow}`;
      expect(await said(tx)).toEqual([]);
      const news = { topic: `board:${board}`, event: 'queue', payload: {}, private: true };
      const one = await comes(9);
      await mark(one, 'arrived');
      await mark(one, 'called');
      expect(await said(tx)).toEqual([news, news, news]);
      await asDesk(tx, manager, (db) => db`select public.revoke_board(${board})`);
      await mark(one, 'seen');
      expect(await said(tx)).toEqual([news, news, news, { ...news, event: 'revoked' }]);
    }));

  test('nobody hears another board, one that was revoked, or anything but broadcasts', () =>
    withBoard(async ({ tx, board, manager }) => {
      const hears = async (joined: string, extension = 'broadcast') => {
        const [message] = await tx`
          insert into realtime.messages (topic, extension, event, payload, private)
          values (${joined}, ${extension}, 'queue', '{}', true) returning id`;
        return asAnon(tx, async (db) => {
          await db`select set_config('realtime.topic', ${joined}, true)`;
          return (await db`select from realtime.messages where id = ${message?.id as string}`).count === 1;
        });
      };
      expect(await hears(`board:${board}`)).toBe(true);
      expect(await hears(`board:${board}`, 'presence')).toBe(false);
      expect(await hears(`board:${crypto.randomUUID()}`)).toBe(false);
      expect(await hears('board:')).toBe(false);
      expect(await hears(`desk:${board}`)).toBe(false);
      await asDesk(tx, manager, (db) => db`select public.revoke_board(${board})`);
      expect(await hears(`board:${board}`)).toBe(false);
    }));
});
