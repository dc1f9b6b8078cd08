// The demo: a clinic that is busy whenever one looks at it, and people who can sign in at its desk.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smsTo } from '../../tests/helpers/inbox.ts';
import { signedIn } from '../../tests/helpers/signed-in.ts';
import { beginDemoDay, demoRows } from '../demo.ts';
import { supabaseDirectory } from '../settings/config.ts';
import { startStack, type Stack } from '../start-stack.ts';

let stack: Stack;
let sql: postgres.Sql;
beforeAll(async () => {
  stack = await startStack({ ephemeral: true, watchFunctions: false, log: () => undefined });
  sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
});
afterAll(async () => {
  await sql.end();
  await stack.close();
});

const SITE = 'http://127.0.0.1:5173';

test('npm start says how to sign in at the desk, and with that one sees a busy day', async () => {
  const demo = await beginDemoDay(stack.addresses.db_url);
  const rows = Object.fromEntries(demoRows(SITE, demo).map(([name, value]) => [name.trim(), value]));
  expect(rows).toMatchObject({ Desk: `${SITE}/desk`, code: expect.stringContaining('SMS inbox') as string });
  const [, manager = '', other = '', password = ''] =
    /^(\w+) \(manager\) or (\w+); password: (.+)$/.exec(rows['sign in as'] ?? '') ?? [];

  for (const [username, role] of [
    [manager, 'manager'],
    [other, 'desk']
  ] as const) {
    const session = await signedIn(stack.addresses, username, password);
    if (!session) throw new Error(`${username} cannot sign in.`);
    const { client } = session;
    expect((await client.rpc('desk_start')).error).toBeNull();
    const [{ phone } = { phone: '' }] = await sql<{ phone: string }[]>`
      select phone from public.patients where username = ${username}`;
    const { body } = await smsTo(stack.addresses.inbox_url, phone, ' is your MedQ code');
    expect((await client.rpc('desk_prove', { code: /^\d+/.exec(body)?.[0] })).data).not.toBeNull();
    const [desk] = (await client.rpc('desk_status')).data as { clinic_id: string; role: string }[];
    expect(desk?.role).toBe(role);
    const [{ today } = { today: '' }] = await sql<{ today: string }[]>`
      select (now() at time zone time_zone)::date::text as today from public.clinics`;
    const day = await client.rpc('desk_day', { clinic_id: desk?.clinic_id, on_date: today });
    expect(day.data).toHaveLength(20);
    expect(day.data).toContainEqual(
      expect.objectContaining({ name: 'Amina Beevi', holder_name: 'Fathima Beevi', birth_year: 2021 })
    );
  }

  const token = rows['Waiting room']?.split('/').at(-1) ?? '';
  const [board] = await sql<
    { doctors: { queue: object | null }[] }[]
  >`select doctors from public.board(${token})`;
  expect(board?.doctors.filter(({ queue }) => queue !== null).length).toBeGreaterThan(0);
});

const states = () => sql<{ status: string; called: boolean; n: number }[]>`
  select status, called_at is not null and status = 'arrived' as called, count(*)::int as n
  from public.appointments group by 1, 2 order by 1, 2`;

test('nobody is texted or made an account for it, and who was there before stays', async () => {
  const waiting = await sql`
    select from public.sms_messages m join public.appointments a on a.id = m.appointment_id
    where m.status in ('queued', 'sending', 'failed')`;
  expect(waiting).toHaveLength(0);
  expect(await sql`select from private.account_jobs`).toHaveLength(0);
  expect(await sql`select from public.stranded_appointments`).toHaveLength(0);
  const before = await states();
  await beginDemoDay(stack.addresses.db_url);
  expect([...(await states())]).toEqual([...before]);
});

test('on another day, at any hour and on a Sunday, the next start finds a living desk again', async () => {
  const script = readFileSync(path.join(supabaseDirectory, 'seed-today.sql'), 'utf8');
  const hourIn = (timeZone: string) =>
    Number(new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format());
  const zones = Intl.supportedValuesOf('timeZone').filter((zone) => /^(?:A|Europe|Pacific)\w*\//.test(zone));
  // At each hour near midnight, where four hours around now are not all on one day, and in the middle of the day.
  for (const hour of [12, 20, 21, 22, 23, 0, 1, 2]) {
    const zone = zones.find((candidate) => hourIn(candidate) === hour) ?? `nowhere at ${hour}`;
    const undone = new Error('undone');
    const seen = await sql
      .begin(async (tx) => {
        // As if all were of another day, and nobody saw patients today.
        await tx`delete from public.appointments`;
        await tx`delete from public.schedule_exceptions`;
        await tx`delete from public.schedules`;
        await tx`update public.clinics set time_zone = ${zone}`;
        await tx.unsafe(script);
        // Another start soon after leaves it as it is.
        await tx.unsafe(script);
        const [counted] = await tx`
          select count(*)::int as all, count(distinct status)::int as states,
            count(*) filter (where status = 'arrived')::int as here,
            count(*) filter (where local_date <> (now() at time zone ${zone})::date)::int as elsewhere,
            count(*) filter (where greatest(arrived_at, called_at, seen_at) > now() or called_at < arrived_at
              or seen_at < called_at)::int as impossible
          from public.appointments`;
        throw Object.assign(undone, { counted });
      })
      .catch((error: unknown) => {
        if (error !== undone) throw error;
        return (error as Error & { counted: Record<string, number> }).counted;
      });
    expect([zone, seen]).toMatchObject([zone, { all: 20, elsewhere: 0, impossible: 0 }]);
    expect(seen.here, zone).toBeGreaterThan(1);
    if (hour === 12) expect(seen.states).toBe(5);
  }
});
