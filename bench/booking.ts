/** Bookings through book_appointment with all its triggers, against bare inserts into a copy of the table. */
import postgres from 'postgres';
import type { Stack } from '../local/start-stack.ts';
import { finding, inTurns, rate, type Effort, type Finding } from './measure.ts';

/** Patients take turns with a doctor, so that none reaches the clinic's limit. */
const patientsOfADoctor = 32;

interface Amount {
  /** Every quarter of an hour of so many days of so many doctors is a slot that can be booked once. */
  doctors: number;
  days: number;
  rounds: number;
  seconds: number;
}

const amounts: Record<Effort, Amount> = {
  full: { doctors: 40, days: 30, rounds: 3, seconds: 4 },
  quick: { doctors: 4, days: 20, rounds: 1, seconds: 0.25 }
};

interface Slot {
  practitioner_id: string;
  starts_at: Date;
  patient_id: string;
  user_id: string;
}

/** A clinic open day and night, with patients who have accounts, and every slot of it with the patient who will come. */
async function prepare(sql: postgres.Sql, { doctors, days }: Amount): Promise<Slot[]> {
  // The dispatcher is woken at an address where nobody listens: sending SMS is not what is measured here.
  await sql`select vault.update_secret(id, 'http://127.0.0.1:9/none') from vault.decrypted_secrets where name = 'functions_url'`;
  return sql.begin(async (tx) => {
    const [clinic] = await tx<{ id: string }[]>`
      insert into clinics (name, phone, booking_horizon_days, max_active_bookings)
      values ('Bench', '+914455500000', 40, 100) returning id`;
    await tx`
      insert into practitioners (clinic_id, name, specialty)
      select ${clinic?.id ?? ''}, 'Dr. ' || n, 'General medicine' from generate_series(1, ${doctors}) n`;
    await tx`
      insert into schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
      select p.id, day, '00:00', '24:00', 15
      from practitioners p, generate_series(1, 7) day where p.clinic_id = ${clinic?.id ?? ''}`;
    await tx`
      insert into private.registrations (id, phone, name, age)
      select gen_random_uuid(), '+' || (918000000000 + n), 'Asha Rao', 34 from generate_series(1, ${doctors * patientsOfADoctor}) n`;
    await tx`
      insert into auth.users (instance_id, id, aud, role, phone, encrypted_password, phone_confirmed_at,
        confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current,
        phone_change, phone_change_token, reauthentication_token, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
      select '00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated',
        ltrim(r.phone, '+'), 'x', now(), '', '', '', '', '', '', '', '', jsonb_build_object('registration', r.id), '{}', now(), now()
      from private.registrations r`;
    await tx`analyze public.patients, public.practitioners, public.schedules`;
    return tx<Slot[]>`
      with doctor as (
        select p.id, row_number() over (order by p.id) - 1 as n from practitioners p where p.clinic_id = ${clinic?.id ?? ''}
      ),
      patient as (
        select p.id, p.user_id, row_number() over (order by p.id) - 1 as n from patients p where p.phone like '+918000%'
      )
      select doctor.id as practitioner_id, s.starts_at, patient.id as patient_id, patient.user_id
      from doctor
      cross join generate_series(1, ${days}::int) as ahead
      cross join lateral private.slots_on(doctor.id, current_date + ahead::int) s
      join patient on patient.n = doctor.n * ${patientsOfADoctor} + s.token_number % ${patientsOfADoctor}
      order by random()`;
  });
}

export async function benchBooking(stack: Stack, effort: Effort): Promise<Finding[]> {
  const amount = amounts[effort];
  const { db_url, admin_db_url } = stack.addresses;
  const admin = postgres(admin_db_url, { max: 1, onnotice: () => undefined });
  await admin`create table public.bare_appointments (like public.appointments including all)`;
  await admin`grant all on public.bare_appointments to postgres`;
  const setup = postgres(db_url, { max: 1 });
  const slots = await prepare(setup, amount);
  await setup.end();
  const bareSlots = [...slots];
  const findings: Finding[] = [];

  for (const connections of [1, 16]) {
    const sql = postgres(db_url, { max: connections, idle_timeout: 0 });
    const take = (list: Slot[]): Slot => {
      const slot = list.pop();
      if (!slot) throw new Error('The benchmark has used up all its slots: give it more doctors.');
      return slot;
    };
    const book = () =>
      rate(connections, amount.seconds, async () => {
        const { practitioner_id, starts_at, user_id } = take(slots);
        const claims = JSON.stringify({ sub: user_id, role: 'authenticated' });
        await sql`
          select set_config('request.jwt.claims', ${claims}, true), public.book_appointment(${practitioner_id}, ${starts_at})`;
      });
    const insert = () =>
      rate(connections, amount.seconds, async () => {
        const { practitioner_id, starts_at, patient_id } = take(bareSlots);
        await sql`
          insert into public.bare_appointments
            (patient_id, practitioner_id, clinic_id, starts_at, ends_at, local_date, token_number, reference)
          select ${patient_id}, p.id, p.clinic_id, ${starts_at}::timestamptz, ${starts_at}::timestamptz + interval '15 minutes',
            ${starts_at}::timestamptz::date, 1 + random() * 1000000000, lpad((random() * 9999)::int::text, 4, '0')
          from public.practitioners p where p.id = ${practitioner_id}
          on conflict do nothing`;
      });
    const { ours, floor, ratio } = await inTurns(amount.rounds, book, insert);
    findings.push(
      finding(
        `bookings a second against bare inserts, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
        `${ours.perSecond.toFixed(0)}/s against ${floor.perSecond.toFixed(0)}/s`,
        ratio,
        { atLeast: 0.5 }
      )
    );
    await sql.end();
  }
  await admin`drop table public.bare_appointments`;
  await admin.end();
  return findings;
}
