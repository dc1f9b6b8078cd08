/** A patient with a long history opens their appointments over a slow mobile network, with nothing in the cache. */
import type { Browser, Page } from 'playwright-core';
import postgres from 'postgres';
import type { Site } from '../local/site.ts';
import type { Stack } from '../local/start-stack.ts';
import { openPage } from '../tests/helpers/browser.ts';
import { finding, median, type Effort, type Finding } from './measure.ts';
import { aBenchPatient, aLivePage, type BenchPatient } from './patient.ts';

interface Amount {
  /** Appointments the patient has had. */
  past: number;
  loads: number;
}

const amounts: Record<Effort, Amount> = {
  full: { past: 150, loads: 5 },
  quick: { past: 10, loads: 1 }
};

/** What is called slow 3G: 400 kbit/s in both directions, and 400 ms until an answer begins. */
export const slow3G = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };

/** One appointment to come, and many in the past: written by a superuser, because nobody can book the past. */
export async function giveHistory({ addresses }: Stack, patient: BenchPatient, past: number): Promise<void> {
  const admin = postgres(addresses.admin_db_url, { max: 1, onnotice: () => undefined });
  try {
    await admin`set session_replication_role = replica`;
    await admin`
      insert into public.appointments (patient_id, practitioner_id, clinic_id, starts_at, ends_at, local_date, token_number, reference,
        status, arrived_at, seen_at)
      select ${patient.id}, p.id, p.clinic_id, day.at, day.at + interval '15 minutes', day.at::date, n % 40 + 1,
        lpad((n % 9000 + 1000)::text, 4, '0'), 
        case when n = 0 then 'booked' else 'fulfilled' end, case when n > 0 then day.at end, case when n > 0 then day.at end
      from generate_series(0, ${past}) n
      cross join lateral (select date_trunc('day', now()) + interval '37 days 10 hours' - n * interval '38 days 15 minutes' as at) day
      cross join lateral (
        select id, clinic_id from public.practitioners where active order by id offset n % 3 limit 1
      ) p`;
  } finally {
    await admin.end();
  }
}

interface Load {
  /** Seconds from the first request on, until the first appointment is painted. */
  shown: number;
  /** Until the scripts have taken over. */
  hydrated: number;
  /** Kilobytes over the network until then. */
  kilobytes: number;
}

async function load(page: Page, url: string): Promise<Load> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', slow3G);
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(url, { waitUntil: 'commit' });
  const reached = (selector: string) =>
    page
      .waitForFunction((what) => document.querySelector(what) !== null && performance.now(), selector)
      .then((handle) => handle.jsonValue());
  const [there, hydrated] = await Promise.all([reached('[data-appointment]'), reached('[data-connection]')]);
  // What stands in the page is not painted before its styles are there.
  const painted = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime
  );
  return {
    shown: Math.max(Number(there), painted ?? Infinity) / 1000,
    hydrated: Number(hydrated) / 1000,
    kilobytes: bytes / 1000
  };
}

export async function benchSlow(
  stack: Stack,
  site: Site,
  browser: Browser,
  effort: Effort
): Promise<Finding[]> {
  const { past, loads } = amounts[effort];
  const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
  const patient = await aBenchPatient(stack, sql, '+919000000003').finally(() => sql.end());
  await giveHistory(stack, patient, past);
  const first = await aLivePage(browser, site.url, patient);
  const storageState = await first.context().storageState();
  await first.context().close();

  const measured: Load[] = [];
  while (measured.length < loads) {
    const page = await openPage(browser, { serviceWorkers: 'block', storageState });
    measured.push(await load(page, `${site.url}/appointments`));
    await page.context().close();
  }
  const of = (what: keyof Load) => median(measured.map((one) => one[what]));
  const words = `${of('shown').toFixed(2)} s, ${of('kilobytes').toFixed(0)} kB until the scripts run`;
  return [
    finding('/appointments over slow 3G: seconds until the next appointment is shown', words, of('shown'), {
      atMost: 2
    }),
    finding(
      '/appointments over slow 3G: seconds until the scripts have taken over',
      `${of('hydrated').toFixed(2)} s`,
      of('hydrated'),
      { atMost: 2 }
    )
  ];
}
