/** The next available appointment of a clinic, among a few appointments of other clinics and among very many. */
import postgres from 'postgres';
import type { Stack } from '../local/start-stack.ts';
import { finding, percentile, type Effort, type Finding } from './measure.ts';

interface Amount {
  /** Appointments of other clinics, in thousands: so many for each of their thousand doctors. */
  few: number;
  many: number;
  /** How often an offer is timed. */
  offers: number;
}

const amounts: Record<Effort, Amount> = {
  full: { few: 10, many: 1000, offers: 500 },
  quick: { few: 1, many: 3, offers: 20 }
};

const otherDoctors = 1000;
const phone = '+914455511111';
/**
 * A patient who has none of these appointments. The patient of one doctor's would have hundreds of them still to come
 * among the million, and what is measured is the effect of other people's appointments.
 */
const caller = `+9197${String(otherDoctors).padStart(8, '0')}`;

/** A clinic with four doctors whose next days are half booked, and a thousand doctors of other clinics. */
async function prepare(sql: postgres.Sql, few: number): Promise<void> {
  await sql`
    insert into clinics (name, phone, booking_horizon_days, max_active_bookings)
    values ('Measured', ${phone}, 30, 100), ('Others', '+914455522222', 30, 100)`;
  await sql`
    insert into practitioners (clinic_id, name, specialty)
    select c.id, 'Dr. ' || n, 'General medicine'
    from clinics c, generate_series(1, ${otherDoctors}) n
    where c.phone = '+914455522222' or (c.phone = ${phone} and n <= 4)`;
  await sql`
    insert into schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
    select p.id, day, '09:00', '19:00', 15 from practitioners p, generate_series(1, 7) day
    where not exists (select from schedules s where s.practitioner_id = p.id)`;
  await sql`
    insert into patients (phone) select '+9197' || lpad(n::text, 8, '0') from generate_series(0, ${otherDoctors + 4}) n`;
  await addAppointments(sql, phone, 0, 400);
  await addAppointments(sql, '+914455522222', 0, few);
}

/** Appointments number `from` to `to` of every doctor of a clinic: every other quarter of an hour, 20 a day. */
async function addAppointments(sql: postgres.Sql, clinic: string, from: number, to: number): Promise<void> {
  await sql`
    insert into appointments (patient_id, practitioner_id, clinic_id, starts_at, ends_at, local_date, token_number, reference)
    select patient.id, doctor.id, doctor.clinic_id, slot.at, slot.at + interval '15 minutes',
      (slot.at at time zone 'Asia/Kolkata')::date, 1 + k % 20 * 2, lpad(k::text, 4, '0')
    from (
      select p.id, p.clinic_id, row_number() over (order by p.id) + case when c.phone = ${phone} then ${otherDoctors} else -1 end as n
      from practitioners p join clinics c on c.id = p.clinic_id where c.phone = ${clinic}
    ) doctor
    join patients patient on patient.phone = '+9197' || lpad(doctor.n::text, 8, '0')
    cross join generate_series(${from}::int, ${to - 1}::int) k
    cross join lateral (
      -- From the near future on into the past, so that a few are around today as well.
      select (current_date + 15 - k / 20 + time '09:00' + k % 20 * interval '30 minutes') at time zone 'Asia/Kolkata' as at
    ) slot`;
}

/**
 * How long an offer to a caller takes, in milliseconds: the 10th percentile, because the two sides of the comparison
 * are measured some time apart, and what else the machine does then should not count as their difference.
 */
async function offerTime(sql: postgres.Sql, offers: number): Promise<number> {
  const times: number[] = [];
  while (times.length < offers) {
    const call = {
      call_id: crypto.randomUUID(),
      caller,
      dialled: phone,
      turn: 1,
      step: 'menu'
    };
    const begun = performance.now();
    const [row] =
      await sql`select private.ivr_turn(${sql.json(call)}, '{"kind": "offer"}') -> 'slot' as slot`;
    times.push(performance.now() - begun);
    if (!row?.slot) throw new Error('Nothing was offered.');
  }
  return percentile(times, 0.1);
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

export async function benchOffers(stack: Stack, effort: Effort): Promise<Finding[]> {
  const { few, many, offers } = amounts[effort];
  // As superuser, because a million bookings with their texts and history would take an hour.
  const admin = postgres(stack.addresses.admin_db_url, { max: 1, onnotice: () => undefined });
  const sql = postgres(stack.addresses.db_url, { max: 1 });
  const restore = await withoutExclusions(admin);
  try {
    await admin`set session_replication_role = replica`;
    await prepare(admin, few);
    await admin`vacuum analyze public.appointments, public.practitioners, public.patients, public.schedules`;
    const amongFew = await offerTime(sql, offers);
    await addAppointments(admin, '+914455522222', few, many);
    await admin`vacuum analyze public.appointments`;
    const amongMany = await offerTime(sql, offers);
    return [
      finding(
        `the next available appointment among ${thousands(many)} appointments against ${thousands(few)}`,
        `${amongMany.toFixed(2)} ms against ${amongFew.toFixed(2)} ms`,
        amongMany / amongFew,
        { atMost: 1.3 }
      )
    ];
  } finally {
    await admin`truncate public.appointments cascade`;
    const clinics = admin`select id from clinics where phone in (${phone}, '+914455522222')`;
    const doctors = admin`select id from practitioners where clinic_id in (${clinics})`;
    await admin`delete from schedules where practitioner_id in (${doctors})`;
    await admin`delete from practitioners where clinic_id in (${clinics})`;
    await admin`delete from ivr_calls where clinic_id in (${clinics})`;
    await admin`delete from clinics where phone in (${phone}, '+914455522222')`;
    await admin`delete from patients where phone like '+9197%'`;
    await restore();
    await Promise.all([admin.end(), sql.end()]);
  }
}
