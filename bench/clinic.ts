/** A clinic whose every quarter of an hour can be booked once, and patients with accounts who book. */
import { SignJWT } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { StackAddresses } from '../local/start-stack.ts';

/** Its number. */
export const benchClinic = '+914455500000';

/** Patients take turns with a doctor, so that none reaches the clinic's limit. */
const patientsOfADoctor = 32;

export interface Slot {
  practitioner_id: string;
  starts_at: Date;
  patient_id: string;
  user_id: string;
}

/** A clinic open day and night, with patients who have accounts, and every slot of it with the patient who will come. */
export async function aBookableClinic(
  sql: postgres.Sql,
  { doctors, days }: { doctors: number; days: number }
): Promise<Slot[]> {
  return sql.begin(async (tx) => {
    const [clinic] = await tx<{ id: string }[]>`
      insert into clinics (name, phone, booking_horizon_days, max_active_bookings)
      values ('Bench', ${benchClinic}, 40, 100) returning id`;
    // Counted as ever, and never too many.
    await tx`update public.security_settings set changes_per_hour = 1000000`;
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
      cross join lateral private.slots_on(doctor.id, (now() at time zone 'Asia/Kolkata')::date + ahead::int) s
      join patient on patient.n = doctor.n * ${patientsOfADoctor} + s.token_number % ${patientsOfADoctor}
      order by random()`;
  });
}

/** Takes the next of the slots, each of which can be booked once. */
export function take(slots: Slot[]): Slot {
  const slot = slots.pop();
  if (!slot) throw new Error('The benchmark has used up all its slots: give it more doctors.');
  return slot;
}

/** Books the next of the slots through the Data API, as its patient. */
export async function bookingThroughDataApi(
  { api_url, publishable_key, jwt_secret }: StackAddresses,
  slots: Slot[]
): Promise<() => Promise<void>> {
  const key = new TextEncoder().encode(jwt_secret);
  const tokens = new Map<string, string>();
  for (const { user_id } of slots) {
    if (tokens.has(user_id)) continue;
    const claims = new SignJWT({ sub: user_id, role: 'authenticated' }).setProtectedHeader({ alg: 'HS256' });
    tokens.set(user_id, await claims.setExpirationTime('1h').sign(key));
  }
  return async () => {
    const { practitioner_id, starts_at, user_id } = take(slots);
    const answer = await fetch(`${api_url}/rest/v1/rpc/book_appointment`, {
      method: 'POST',
      headers: {
        apikey: publishable_key,
        authorization: `Bearer ${tokens.get(user_id) ?? ''}`,
        'content-type': 'application/json'
      },
      body: JSON.stringify({ practitioner_id, starts_at })
    });
    if (!answer.ok) throw new Error(`A booking was refused: ${await answer.text()}`);
    await answer.arrayBuffer();
  };
}

/** Until every account is made and every SMS has left. */
export async function settled(sql: postgres.Sql): Promise<void> {
  const isSettled = async () => {
    const [row] = await sql<{ settled: boolean }[]>`
      select not exists (select from private.account_jobs where done_at is null)
        and not exists (select from public.sms_messages where status in ('queued', 'sending')) as settled`;
    return row?.settled;
  };
  while (!(await isSettled())) await sleep(100);
}
