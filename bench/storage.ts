/** How much disk the rows take that grow with every appointment, call and patient: their indexes, and what updates left. */
import postgres from 'postgres';
import { aCall } from '../tests/helpers/phone.ts';
import { aBookableClinic, benchClinic, bookingThroughDataApi, settled } from './clinic.ts';
import { all, finding, type Effort, type Finding } from './measure.ts';
import { separateStack } from './processes.ts';

interface Amount {
  doctors: number;
  bookings: number;
  calls: number;
}

const amounts: Record<Effort, Amount> = {
  full: { doctors: 40, bookings: 3000, calls: 300 },
  quick: { doctors: 2, bookings: 16, calls: 2 }
};

/** What a row may take, in bytes: by these numbers docs/scale.md says how large the disk must be. */
const mostBytes = {
  'public.appointments': 800,
  'public.audit_events': 750,
  'public.sms_messages': 1300,
  'public.ivr_calls': 2500,
  'public.patients': 1100,
  'auth.users': 700,
  'realtime.messages': 400
};

/** On a stack of its own: bookings on the web and whole calls of new callers, with the SMS and accounts that follow. */
export async function benchStorage(effort: Effort): Promise<Finding[]> {
  const { doctors, bookings, calls } = amounts[effort];
  await using closing = new AsyncDisposableStack();
  const { addresses } = await separateStack(closing);
  const sql = postgres(addresses.admin_db_url, { max: 1, onnotice: () => undefined });
  closing.defer(() => sql.end());
  const slots = await aBookableClinic(sql, { doctors, days: 10 });
  await sql`update public.clinics set new_callers_per_hour = 100000 where phone = ${benchClinic}`;
  await sql`update public.sms_settings set parts_per_hour = null, parts_per_day = null`;
  await all(bookings, 8, await bookingThroughDataApi(addresses, slots));
  await all(calls, 8, async (piece) => {
    const call = aCall({
      ivrUrl: addresses.ivr_url,
      signingKey: addresses.messagebird_signing_key,
      from: `+9199${String(piece).padStart(8, '0')}`,
      to: benchClinic
    });
    await call.dial();
    for (let tries = 0; tries < 15 && !call.ended; tries += 1) await call.press('1');
  });
  await settled(sql);

  const findings: Finding[] = [];
  for (const [table, atMost] of Object.entries(mostBytes)) {
    const [size] = await sql<{ bytes: number; rows: number }[]>`
      select sum(pg_total_relation_size(part))::float as bytes, (select count(*)::int from ${sql(table)}) as rows
      from (select ${table}::regclass as part union select relid from pg_partition_tree(${table}::regclass)) parts`;
    const { bytes = NaN, rows = NaN } = size ?? {};
    findings.push(
      finding(
        `bytes of a row of ${table}, indexes included`,
        `${(bytes / rows).toFixed(0)} bytes, ${rows} rows`,
        bytes / rows,
        {
          atMost
        }
      )
    );
  }
  return findings;
}
