/** Live changes: many open pages, each of which hears only its own, and from the commit of a change to the changed page. */
import { RealtimeClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import postgres from 'postgres';
import { startSite, type Site } from '../local/site.ts';
import type { StackAddresses } from '../local/start-stack.ts';
import { aPatient, type PatientWithAccount } from '../tests/helpers/world.ts';
import { finding, percentile, type Effort, type Finding } from './measure.ts';
import { aBenchPatient, aLivePage } from './patient.ts';
import { processorTime, separateStack } from './processes.ts';

interface Amount {
  /** Changes that are followed to one of two pages in a browser. */
  rounds: number;
  /** Other pages that are open meanwhile: as many connections, each with a patient's own token. */
  others: number;
}

const amounts: Record<Effort, Amount> = {
  full: { rounds: 60, others: 1000 },
  quick: { rounds: 4, others: 10 }
};

/** What is shared by all that is measured. */
interface World {
  addresses: StackAddresses;
  /** The process of the stack. */
  pid: number;
  sql: postgres.Sql;
  site: Site;
  browser: Browser;
  doctorId: string;
}

/** Milliseconds from the moment a transaction is asked to commit until `seen` says that its work was noticed. */
async function fromCommit(
  sql: postgres.Sql,
  work: (tx: postgres.ReservedSql) => Promise<unknown>,
  seen: () => Promise<unknown>
): Promise<number> {
  const connection = await sql.reserve();
  try {
    await connection`begin`;
    await work(connection);
    const noticed = seen();
    const begun = performance.now();
    await Promise.all([connection`commit`, noticed]);
    return performance.now() - begun;
  } finally {
    connection.release();
  }
}

/** A page in the browser that shows its patient's only appointment. */
interface TimedPage {
  page: Page;
  appointmentId: string;
  /** Called when the time of the appointment has changed on the page. */
  onchange: () => void;
}

async function aTimedPage(
  { addresses, sql, site, browser, doctorId }: World,
  phone: string,
  startsAt: Date
): Promise<TimedPage> {
  const patient = await aBenchPatient({ addresses }, sql, phone);
  const [booked] = await sql<{ id: string }[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at)
    values (${patient.id}, ${doctorId}, ${startsAt}) returning id`;
  const page = await aLivePage(browser, site.url, patient);
  const timed: TimedPage = { page, appointmentId: booked?.id ?? '', onchange: () => undefined };
  await page.exposeFunction('pageChanged', () => timed.onchange());
  await page.evaluate(() => {
    const time = document.querySelector('[data-appointment] time');
    if (!time) throw new Error('The page shows no appointment.');
    new MutationObserver(() => (window as unknown as { pageChanged: () => void }).pageChanged()).observe(
      document.body,
      { subtree: true, attributeFilter: ['datetime'] }
    );
  });
  return timed;
}

/** A change seen on one of two open pages, and a bare NOTIFY heard, in turns. */
async function commitToPage(world: World, { rounds, others }: Amount): Promise<Finding[]> {
  const { sql } = world;
  const [first, second] = [
    await aTimedPage(world, '+919000000002', daysAhead(10)),
    await aTimedPage(world, '+919000000012', daysAhead(11))
  ];
  let notified = (): void => undefined;
  await sql.listen('medq_bench', () => notified());

  const [pages, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    floor.push(
      await fromCommit(
        sql,
        (tx) => tx`select pg_notify('medq_bench', '')`,
        () => new Promise<void>((resolve) => (notified = resolve))
      )
    );
    const timed = round % 2 === 0 ? first : second;
    pages.push(
      await fromCommit(
        sql,
        (tx) => tx`
          update public.appointments set starts_at = starts_at + interval '1 minute' where id = ${timed.appointmentId}`,
        () => new Promise<void>((resolve) => (timed.onchange = resolve))
      )
    );
  }
  const cost = await costOfFetching(world, first.page, rounds);
  for (const { page } of [first, second]) await page.context().close();
  const words = (times: number[]) =>
    `${percentile(times, 0.5).toFixed(1)} / ${percentile(times, 0.95).toFixed(1)} ms`;
  return [
    finding(
      `milliseconds from commit to the changed page (p95) while ${others} others are open, LISTEN/NOTIFY as the floor`,
      `p50/p95 ${words(pages)}, floor ${words(floor)}`,
      percentile(pages, 0.95),
      { atMost: 50 }
    ),
    cost
  ];
}

/** What it costs all processes of the stack, the site's not counted, that a page fetches its appointments again. */
async function costOfFetching({ site, pid }: World, page: Page, times: number): Promise<Finding> {
  const before = await processorTime(pid);
  for (let done = 0; done < times; done += 1) {
    const answer = await page.request.get(`${site.url}/appointments/snapshot`);
    if (!answer.ok()) throw new Error(`A page could not fetch again: ${answer.status()}.`);
  }
  const used = ((await processorTime(pid)) - before) / times;
  return finding(
    'processor time of what a page fetches after a change, in ms',
    `${used.toFixed(1)} ms`,
    used,
    {
      atMost: 15
    }
  );
}

/** Midnight so many days from now. */
function daysAhead(days: number): Date {
  return new Date(Math.floor(Date.now() / 86_400_000 + days) * 86_400_000);
}

/** What was said on a patient's channel: which appointment changed. */
interface Heard {
  patient: string;
  appointment: string;
}

/** Opens the connection of a patient's page; from when it resolves on, nothing is missed. */
async function anOpenPage(
  { addresses }: World,
  { id, account }: PatientWithAccount,
  heard: Heard[]
): Promise<RealtimeClient> {
  const token = await new SignJWT({ role: 'authenticated', session_id: account.sessionId })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(account.userId)
    .setAudience('authenticated')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(addresses.jwt_secret));
  const client = new RealtimeClient(`${addresses.api_url}/realtime/v1`, {
    params: { apikey: addresses.publishable_key },
    accessToken: () => Promise.resolve(token)
  });
  await client.setAuth();
  await new Promise<void>((resolve, reject) => {
    client
      .channel(`patient:${id}`, { config: { private: true, broadcast: { replication_ready: true } } })
      .on('broadcast', { event: '*' }, ({ payload }) => {
        heard.push({ patient: id, appointment: (payload as { id: string }).id });
      })
      .on('system', {}, ({ status }: { status: string }) => {
        if (status === 'ok') resolve();
      })
      .subscribe((status, error) => {
        if (status !== 'SUBSCRIBED') reject(error ?? new Error(status));
      });
  });
  return client;
}

/** Each of the patients with an open page gets a booking: which heard their own, and which another's. */
async function ownChangesOnly(
  { sql, doctorId }: World,
  patients: PatientWithAccount[],
  heard: Heard[]
): Promise<Finding> {
  const others = patients.length;
  const begun = performance.now();
  const booked = await Promise.all(
    patients.map(async ({ id }, n) => {
      const [appointment] = await sql<{ id: string }[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${id}, ${doctorId}, ${new Date(daysAhead(20).getTime() + n * quarterHour)})
        returning id`;
      return [appointment?.id ?? '', id] as const;
    })
  );
  while (heard.length < others && performance.now() - begun < 60_000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const patientOf = new Map(booked);
  const right = heard.filter(({ patient, appointment }) => patientOf.get(appointment) === patient).length;
  const wrong = heard.length - right;
  const seconds = (performance.now() - begun) / 1000;
  return finding(
    `${others} open pages: changes that went astray or were another's`,
    `${right} heard their own in ${seconds.toFixed(2)} s, ${wrong} another's`,
    others - right + wrong,
    { atMost: 0 }
  );
}

const quarterHour = 900_000;

/** A doctor whose every quarter of an hour is a slot, so that each booking has its own token number. */
async function aDoctor(sql: postgres.Sql): Promise<string> {
  const [doctor] = await sql<{ id: string }[]>`
    insert into public.practitioners (clinic_id, name, specialty)
    select id, 'Dr. Bench', 'Benchmarks' from public.clinics limit 1 returning id`;
  const doctorId = doctor?.id ?? '';
  await sql`
    insert into public.schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
    select ${doctorId}, day, '00:00', '24:00', 15 from generate_series(1, 7) day`;
  return doctorId;
}

/** On a stack in processes of its own: what listens to it here must not hold up what speaks there. */
export async function benchLive(browser: Browser, effort: Effort): Promise<Finding[]> {
  const amount = amounts[effort];
  await using closing = new AsyncDisposableStack();
  const { addresses, pid } = await separateStack(closing);
  const sql = postgres(addresses.db_url, { max: 8, onnotice: () => undefined });
  closing.defer(() => sql.end());
  const site = closing.adopt(
    await startSite({ supabaseUrl: addresses.api_url, key: addresses.publishable_key, port: 0 }),
    (started) => started.close()
  );
  const world: World = { addresses, pid, sql, site, browser, doctorId: await aDoctor(sql) };

  const patients: PatientWithAccount[] = [];
  const heard: Heard[] = [];
  let opened = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (opened++ < amount.others) {
        const patient = await aPatient(sql, { account: true });
        const client = await anOpenPage(world, patient, heard);
        closing.defer(async () => void (await client.disconnect()));
        patients.push(patient);
      }
    })
  );
  return [...(await commitToPage(world, amount)), await ownChangesOnly(world, patients, heard)];
}
