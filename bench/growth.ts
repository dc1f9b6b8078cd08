/**
 * What patients, callers and the desk do, among a few appointments of other clinics and among very many. And among few
 * before anything was analysed, on a connection whose plans were made while there were none, as after an installation.
 */
import postgres from 'postgres';
import type { Stack } from '../local/start-stack.ts';
import { finding, percentile, type Effort, type Finding } from './measure.ts';

interface Amount {
  /** Appointments of other clinics, in thousands: so many for each of their thousand doctors. */
  few: number;
  many: number;
  /** How often each is timed. */
  times: number;
}

const amounts: Record<Effort, Amount> = {
  full: { few: 10, many: 1000, times: 200 },
  quick: { few: 1, many: 3, times: 5 }
};

const otherDoctors = 1000;
const measuredDoctors = 40;
const measured = '+914455511111';
const others = '+914455522222';
/**
 * A patient who has none of these appointments. The patient of one doctor's would have hundreds of them still to come
 * among the million, and what is measured is the effect of other people's appointments.
 */
const caller = `+9197${String(otherDoctors).padStart(8, '0')}`;

interface Place {
  clinicId: string;
  /** The account of the caller. */
  userId: string;
}

/** A clinic with forty doctors, and a thousand doctors of another one. */
async function prepare(sql: postgres.Sql): Promise<Place> {
  await sql`
    insert into clinics (name, phone, booking_horizon_days, max_active_bookings)
    values ('Measured', ${measured}, 62, 100), ('Others', ${others}, 62, 100)`;
  await sql`
    insert into practitioners (clinic_id, name, specialty)
    select c.id, 'Dr. ' || n, 'General medicine' from clinics c, generate_series(1, ${otherDoctors}) n
    where c.phone = ${others} or (c.phone = ${measured} and n <= ${measuredDoctors})`;
  await sql`
    insert into schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
    select p.id, day, '09:00', '19:00', 15 from practitioners p, generate_series(1, 7) day
    where not exists (select from schedules s where s.practitioner_id = p.id)`;
  await sql`
    insert into patients (phone) select '+9197' || lpad(n::text, 8, '0')
    from generate_series(0, ${otherDoctors + measuredDoctors}) n`;
  const [place] = await sql<Place[]>`
    update patients set user_id = gen_random_uuid(), account_origin = 'web' where phone = ${caller}
    returning user_id as "userId", (select id from clinics where phone = ${measured}) as "clinicId"`;
  if (!place) throw new Error('There is no caller.');
  return place;
}

/** Appointments number `from` to `to` of every doctor of a clinic: every other quarter of an hour, 20 a day. */
async function addAppointments(sql: postgres.Sql, clinic: string, from: number, to: number): Promise<void> {
  await sql`
    insert into appointments (patient_id, practitioner_id, clinic_id, starts_at, ends_at, local_date, token_number, reference)
    select patient.id, doctor.id, doctor.clinic_id, slot.at, slot.at + interval '15 minutes',
      (slot.at at time zone 'Asia/Kolkata')::date, 1 + k % 20 * 2, lpad(k::text, 4, '0')
    from (
      select p.id, p.clinic_id, row_number() over (order by p.id) + case when c.phone = ${measured} then ${otherDoctors} else -1 end as n
      from practitioners p join clinics c on c.id = p.clinic_id where c.phone = ${clinic}
    ) doctor
    join patients patient on patient.phone = '+9197' || lpad(doctor.n::text, 8, '0')
    cross join generate_series(${from}::int, ${to - 1}::int) k
    cross join lateral (
      -- From the near future on into the past, so that a few are around today as well.
      select (current_date + 15 - k / 20 + time '09:00' + k % 20 * interval '30 minutes') at time zone 'Asia/Kolkata' as at
    ) slot`;
}

const undone = new Error('Taken back.');

/** What is timed, by name. Nobody notices afterwards that it was done. */
function actionsOf(sql: postgres.Sql, { clinicId, userId }: Place): Record<string, () => Promise<unknown>> {
  const claims = JSON.stringify({ sub: userId, role: 'authenticated' });
  const signedIn = (work: (tx: postgres.TransactionSql) => Promise<unknown>) =>
    sql.begin(async (tx) => {
      await tx`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
      await work(tx);
    });
  return {
    'the next available appointment in a call': async () => {
      const call = { call_id: crypto.randomUUID(), caller, dialled: measured, turn: 1, step: 'menu' };
      const [row] =
        await sql`select private.ivr_turn(${sql.json(call)}, '{"kind": "offer"}') -> 'slot' as slot`;
      if (!row?.slot) throw new Error('Nothing was offered.');
    },
    'two months of a clinic with 40 doctors': () =>
      signedIn((tx) => tx`select * from public.available_days(${clinicId}, days => 62)`),
    'the appointments of a patient': () =>
      signedIn((tx) => tx`select * from public.appointments order by starts_at desc limit 20`),
    'the day of a clinic with 40 doctors at its desk': () =>
      sql`select * from public.desk_day(${clinicId}, current_date + 1)`,
    'a booking': () =>
      signedIn(async (tx) => {
        const [slot] = await tx`select * from public.next_available_slots(${clinicId}, "limit" => 1)`;
        await tx`select public.book_appointment(${slot?.practitioner_id as string}, ${slot?.starts_at as Date})`;
        throw undone;
      }).catch((error: unknown) => {
        if (error !== undone) throw error;
      })
  };
}

interface Cost {
  /**
   * The 10th percentile, because the sides of the comparison are measured some time apart, and what else the machine does
   * then should not count as their difference.
   */
  milliseconds: number;
  /** How many pages of 8 kB the database looks at: the same on every machine, whatever else it does. */
  pages: number;
}

/** Pages that the database has looked at so far. A connection tells what it did when it is asked to, and is idle. */
async function pagesSoFar(sql: postgres.Sql): Promise<number> {
  await sql`select pg_stat_force_next_flush()`;
  const [row] = await sql<{ pages: number }[]>`
    select (blks_hit + blks_read)::float8 as pages from pg_stat_database where datname = current_database()`;
  return row?.pages ?? NaN;
}

async function costsOf(sql: postgres.Sql, place: Place, times: number): Promise<Map<string, Cost>> {
  const found = new Map<string, Cost>();
  for (const [name, act] of Object.entries(actionsOf(sql, place))) {
    const taken: number[] = [];
    const before = await pagesSoFar(sql);
    while (taken.length < times) {
      const begun = performance.now();
      await act();
      taken.push(performance.now() - begun);
    }
    const pages = ((await pagesSoFar(sql)) - before) / times;
    found.set(name, { milliseconds: percentile(taken, 0.1), pages });
  }
  return found;
}

/** Drops the exclusion constraints, without which a million rows load much faster; returns what adds them again. */
async function withoutExclusions(admin: postgres.Sql): Promise<() => Promise<void>> {
  const constraints = await admin<{ name: string; definition: string }[]>`
    select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = 'public.appointments'::regclass and contype = 'x'`;
  const each = async (change: (name: string, definition: string) => string) => {
    for (const { name, definition } of constraints) {
      await admin.unsafe(`alter table public.appointments ${change(name, definition)}`);
    }
  };
  await each((name) => `drop constraint ${name}`);
  return () => each((name, definition) => `add constraint ${name} ${definition}`);
}

/** 1000 becomes `1,000,000`. */
function thousands(count: number): string {
  return (count * 1000).toLocaleString('en');
}

async function removeAll(admin: postgres.Sql): Promise<void> {
  await admin`truncate public.appointments cascade`;
  const clinics = admin`select id from clinics where phone in (${measured}, ${others})`;
  await admin`delete from schedules where practitioner_id in (select id from practitioners where clinic_id in (${clinics}))`;
  await admin`delete from practitioners where clinic_id in (${clinics})`;
  await admin`delete from ivr_calls where clinic_id in (${clinics})`;
  await admin`delete from clinics where phone in (${measured}, ${others})`;
  await admin`delete from patients where phone like '+9197%'`;
}

export async function benchGrowth(stack: Stack, effort: Effort): Promise<Finding[]> {
  const { few, many, times } = amounts[effort];
  // As superuser, because a million bookings with their texts and history would take an hour.
  const admin = postgres(stack.addresses.admin_db_url, { max: 1, onnotice: () => undefined });
  const connect = () =>
    postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined, idle_timeout: 0 });
  const [young, sql] = [connect(), connect()];
  try {
    await admin`set session_replication_role = replica`;
    const place = await prepare(admin);
    await costsOf(young, place, 10);
    await addAppointments(admin, measured, 0, 400);
    await addAppointments(admin, others, 0, few);
    const amongUnknown = await costsOf(young, place, times);
    await admin`vacuum analyze public.appointments, public.practitioners, public.patients, public.schedules`;
    const amongFew = await costsOf(sql, place, times);
    const restore = await withoutExclusions(admin);
    await addAppointments(admin, others, few, many);
    await restore();
    await admin`vacuum analyze public.appointments`;
    const amongMany = await costsOf(sql, place, times);

    const compare = (what: string, ours: Map<string, Cost>, name: string, atMost: number) => {
      const [cost, floor] = [ours.get(name), amongFew.get(name)];
      const [taken, least] = [cost?.milliseconds ?? NaN, floor?.milliseconds ?? NaN];
      const pages = `${cost?.pages.toFixed(0)} against ${floor?.pages.toFixed(0)} pages`;
      const measurement = `${taken.toFixed(2)} ms against ${least.toFixed(2)} ms, ${pages}`;
      return finding(`${name} ${what}`, measurement, taken / least, { atMost });
    };
    const month = amongFew.get('two months of a clinic with 40 doctors')?.milliseconds ?? NaN;
    return [
      finding('two months of a clinic with 40 doctors, in ms', `${month.toFixed(1)} ms`, month, {
        atMost: 50
      }),
      ...[...amongFew.keys()].flatMap((name) => [
        compare(`among ${thousands(many)} appointments against ${thousands(few)}`, amongMany, name, 1.1),
        compare('by plans made before there were any', amongUnknown, name, 1.1)
      ])
    ];
  } finally {
    await removeAll(admin);
    await Promise.all([admin.end(), young.end(), sql.end()]);
  }
}
