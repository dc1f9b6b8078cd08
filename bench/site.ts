/** The site: how much JavaScript each page loads, as the compressed bytes that came over the network. */
import type { Browser, Page } from 'playwright-core';
import postgres from 'postgres';
import type { Site } from '../local/site.ts';
import type { Stack } from '../local/start-stack.ts';
import { openPage, scriptsOf } from '../tests/helpers/browser.ts';
import { finding, type Finding } from './measure.ts';
import { aBenchPatient, aLivePage } from './patient.ts';

/** Kilobytes of scripts that `url` loads with an empty cache, until `done`. */
async function scripts(page: Page, url: string, done: (page: Page) => Promise<unknown>): Promise<number> {
  const weigh = scriptsOf(page);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.clearBrowserCache');
  await page.goto(url);
  await done(page);
  return (await weigh()).reduce((sum, size) => sum + size, 0) / 1000;
}

const idle = (page: Page) => page.waitForLoadState('networkidle');
const live = (page: Page) => page.locator('[data-connection="live"]').waitFor();

export async function benchSite(stack: Stack, site: Site, browser: Browser): Promise<Finding[]> {
  const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
  const findings: Finding[] = [];
  const measure = async (page: Page, path: string, aim: number, done = idle) => {
    const kilobytes = await scripts(page, site.url + path.replace(/ .*/, ''), done);
    const what = `kB of compressed scripts on ${path.replace(/\?.*/, '')}`;
    findings.push(finding(what, `${kilobytes.toFixed(1)} kB`, kilobytes, { atMost: aim }));
  };
  try {
    const visitor = await openPage(browser, { serviceWorkers: 'block' });
    for (const path of ['/', '/login', '/register']) await measure(visitor, path, 3);
    await visitor.context().close();

    const [doctor] = await sql<{ id: string }[]>`select id from public.practitioners where active limit 1`;
    const patient = await aBenchPatient(stack, sql, '+919000000001');
    const page = await aLivePage(browser, site.url, patient);
    await measure(page, '/appointments', 55, live);
    await measure(page, '/book', 50);
    await measure(page, `/book/time?doctor=${doctor?.id ?? ''}`, 52);
    await page.context().close();
    return findings;
  } finally {
    await sql.end();
  }
}
