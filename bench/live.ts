/** Live changes: from the commit of a booking to the changed page, and many sockets that each hear only their own. */
import { RealtimeClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import type { Browser } from 'playwright-core';
import postgres from 'postgres';
import type { Site } from '../local/site.ts';
import type { Stack } from '../local/start-stack.ts';
import { aPatient, type PatientWithAccount } from '../tests/helpers/world.ts';
import { finding, percentile, type Effort, type Finding } from './measure.ts';
import { aBenchPatient, aLivePage } from './patient.ts';

interface Amount {
  rounds: number;
  sockets: number;
}

const amounts: Record<Effort, Amount> = {
  full: { rounds: 60, sockets: 200 },
  quick: { rounds: 3, sockets: 10 }
};

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

/** A booking seen on an open page, and a bare NOTIFY heard, in turns. */
async function commitToPage(
  stack: Stack,
  site: Site,
  browser: Browser,
  { rounds }: Amount
): Promise<Finding[]> {
  const sql = postgres(stack.addresses.db_url, { max: 3, onnotice: () => undefined });
  try {
    const [doctor] = await sql<{ id: string }[]>`
      insert into public.practitioners (clinic_id, name, specialty)
      select id, 'Dr. Bench', 'Benchmarks' from public.clinics limit 1 returning id`;
    const patient = await aBenchPatient(stack, sql, '+919000000002');
    const [booked] = await sql<{ id: string }[]>`
      insert into public.appointments (patient_id, practitioner_id, starts_at)
      values (${patient.id}, ${doctor?.id ?? ''}, date_trunc('day', now()) + interval '10 days') returning id`;
    const page = await aLivePage(browser, site.url, patient);
    let pageChanged = (): void => undefined;
    await page.exposeFunction('pageChanged', () => pageChanged());
    await page.evaluate(() => {
      const time = document.querySelector('[data-appointment] time');
      if (!time) throw new Error('The page shows no appointment.');
      new MutationObserver(() => (window as unknown as { pageChanged: () => void }).pageChanged()).observe(
        document.body,
        { subtree: true, attributeFilter: ['datetime'] }
      );
    });
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
      pages.push(
        await fromCommit(
          sql,
          (tx) => tx`
            update public.appointments set starts_at = starts_at + interval '1 minute' where id = ${booked?.id ?? ''}`,
          () => new Promise<void>((resolve) => (pageChanged = resolve))
        )
      );
    }
    await page.context().close();
    const words = (times: number[]) =>
      `${percentile(times, 0.5).toFixed(1)} / ${percentile(times, 0.95).toFixed(1)} ms`;
    return [
      finding(
        'milliseconds from commit to the changed page (p95), LISTEN/NOTIFY as the floor',
        `p50/p95 ${words(pages)}, floor ${words(floor)}`,
        percentile(pages, 0.95),
        { atMost: 250 }
      )
    ];
  } finally {
    await sql.end();
  }
}

/** A socket for each patient while each of them gets a booking: which heard their own, and which another's. */
async function ownChangesOnly({ addresses }: Stack, { sockets }: Amount): Promise<Finding[]> {
  const sql = postgres(addresses.db_url, { max: 8, onnotice: () => undefined });
  const clients: RealtimeClient[] = [];
  try {
    const [clinic] = await sql<{ id: string }[]>`select id from public.clinics limit 1`;
    const [doctor] = await sql<{ id: string }[]>`
      insert into public.practitioners (clinic_id, name, specialty)
      values (${clinic?.id ?? ''}, 'Dr. Sockets', 'Benchmarks') returning id`;
    // Every quarter of an hour is a slot, so that each booking has its own token number.
    await sql`
      insert into public.schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
      select ${doctor?.id ?? ''}, day, '00:00', '24:00', 15 from generate_series(1, 7) day`;
    const patients: PatientWithAccount[] = [];
    for (let i = 0; i < sockets; i += 1) patients.push(await aPatient(sql, { account: true }));

    const secret = new TextEncoder().encode(addresses.jwt_secret);
    const heard: { patient: string; appointment: string }[] = [];
    await Promise.all(
      patients.map(async ({ id, account }) => {
        const token = await new SignJWT({ role: 'authenticated', session_id: account.sessionId })
          .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
          .setSubject(account.userId)
          .setAudience('authenticated')
          .setExpirationTime('1h')
          .sign(secret);
        const client = new RealtimeClient(`${addresses.api_url}/realtime/v1`, {
          params: { apikey: addresses.publishable_key },
          accessToken: () => Promise.resolve(token)
        });
        clients.push(client);
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
      })
    );
    const begun = performance.now();
    const booked = await Promise.all(
      patients.map(async ({ id }, n) => {
        const [appointment] = await sql<{ id: string }[]>`
          insert into public.appointments (patient_id, practitioner_id, starts_at)
          values (${id}, ${doctor?.id ?? ''}, date_trunc('day', now()) + interval '20 days' + ${n} * interval '15 minutes')
          returning id`;
        return [appointment?.id ?? '', id] as const;
      })
    );
    while (heard.length < sockets && performance.now() - begun < 15_000) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const patientOf = new Map(booked);
    const right = heard.filter(({ patient, appointment }) => patientOf.get(appointment) === patient).length;
    const wrong = heard.length - right;
    const seconds = (performance.now() - begun) / 1000;
    return [
      finding(
        `${sockets} sockets: changes that went astray or were another's`,
        `${right} heard their own in ${seconds.toFixed(2)} s, ${wrong} another's`,
        sockets - right + wrong,
        { atMost: 0 }
      )
    ];
  } finally {
    for (const client of clients) await client.disconnect();
    await sql.end();
  }
}

export async function benchLive(
  stack: Stack,
  site: Site,
  browser: Browser,
  effort: Effort
): Promise<Finding[]> {
  const amount = amounts[effort];
  return [...(await commitToPage(stack, site, browser, amount)), ...(await ownChangesOnly(stack, amount))];
}
