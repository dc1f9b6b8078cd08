/**
 * Everybody at once: callers who get an account each, and patients who book on the web meanwhile. Hashing the passwords of
 * the accounts is what takes longest, so that is the floor of the time until all is settled.
 */
import { hash } from '@node-rs/bcrypt';
import postgres from 'postgres';
import { aCall } from '../tests/helpers/phone.ts';
import { aBookableClinic, bookingThroughDataApi, settled } from './clinic.ts';
import { all, finding, percentile, type Effort, type Finding } from './measure.ts';
import { separateStack } from './processes.ts';

interface Amount {
  /** Clinics that are called, with four doctors each: callers of one are offered the same times. */
  clinics: number;
  calls: number;
  callsAtOnce: number;
  bookings: number;
  bookingsAtOnce: number;
}

const amounts: Record<Effort, Amount> = {
  full: { clinics: 25, calls: 200, callsAtOnce: 50, bookings: 500, bookingsAtOnce: 8 },
  quick: { clinics: 2, calls: 8, callsAtOnce: 4, bookings: 16, bookingsAtOnce: 4 }
};

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

function numberOf(clinic: number): string {
  return `+9144556${String(clinic).padStart(5, '0')}`;
}

async function addClinics(sql: postgres.Sql, clinics: number): Promise<void> {
  await sql`
    insert into clinics (name, phone, new_callers_per_hour)
    select 'Clinic ' || n, phone, 100000
    from unnest(${Array.from({ length: clinics }, (_, clinic) => numberOf(clinic))}::text[]) with ordinality c (phone, n)`;
  await sql`
    insert into practitioners (clinic_id, name, specialty)
    select c.id, 'Dr. ' || n, 'General medicine' from clinics c, generate_series(1, 4) n where c.phone like '+9144556%'`;
  await sql`
    insert into schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
    select p.id, day, '00:00', '24:00', 15 from practitioners p, generate_series(1, 7) day
    where p.clinic_id in (select id from clinics where phone like '+9144556%')`;
}

/** On a stack in processes of its own. */
export async function benchBurst(effort: Effort): Promise<Finding[]> {
  const { clinics, calls, callsAtOnce, bookings, bookingsAtOnce } = amounts[effort];
  await using closing = new AsyncDisposableStack();
  const { addresses } = await separateStack(closing);
  const sql = postgres(addresses.db_url, { max: 1, onnotice: () => undefined });
  closing.defer(() => sql.end());
  const slots = await aBookableClinic(sql, { doctors: 8, days: 10 });
  await addClinics(sql, clinics);
  const book = await bookingThroughDataApi(addresses, slots);

  const hashing = await secondsOf(() => all(calls, 8, () => hash('Bench-password-1', { cost: 10 })));
  let rpc: number[] = [];
  const whole = await secondsOf(async () => {
    const callers = all(calls, callsAtOnce, async (piece) => {
      const call = aCall({
        ivrUrl: addresses.ivr_url,
        signingKey: addresses.messagebird_signing_key,
        from: `+9199${String(piece).padStart(8, '0')}`,
        to: numberOf(piece % clinics)
      });
      await call.dial();
      // Some are offered the same time; whoever is told that it is taken says yes to the next.
      while (!call.ended) await call.press('1');
    });
    rpc = await all(bookings, bookingsAtOnce, book);
    await callers;
    await settled(sql);
  });
  const [row] = await sql<{ accounts: number; again: number }[]>`
    select count(*)::int as accounts, count(*) filter (where attempts > 1)::int as again from private.account_jobs`;
  const what = `${calls} calls of new callers at ${clinics} clinics, ${callsAtOnce} at once, and ${bookings} bookings`;
  const p50 = percentile(rpc, 0.5);
  return [
    finding(`${what}: a booking meanwhile (p50), in ms`, `${p50.toFixed(0)} ms`, p50, { atMost: 100 }),
    finding(
      `${what}: accounts that were not made at the first try`,
      `${row?.again} of ${row?.accounts}`,
      row?.again ?? NaN,
      {
        atMost: 0
      }
    ),
    finding(
      `${what}: seconds until all is settled, against hashing as many passwords`,
      `${whole.toFixed(1)} s against ${hashing.toFixed(1)} s`,
      whole / hashing,
      { atMost: 2 }
    )
  ];
}
