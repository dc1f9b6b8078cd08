import { existsSync } from 'node:fs';
import process from 'node:process';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type LaunchOptions,
  type Page,
  type Request
} from 'playwright-core';
import { packagedChromium } from './packaged-chromium.ts';

/** What people hold in their hands: a small phone, and what the clinic has on the desk. */
export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 800 };

const SYSTEM_CHROMIUM = '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

/**
 * A Chromium: CHROMIUM_PATH, else the system's, else the one that comes with the packages. One for a test
 * file is enough; every test opens a page of its own with `openPage`. The caller closes it.
 */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ ...(await chromiumHere()), args: ARGUMENTS });
}

/** The same Chromium with a profile in `directory` that other programs share, by its debugging port. */
export async function launchProfile(directory: string, port: number): Promise<BrowserContext> {
  return chromium.launchPersistentContext(directory, {
    ...(await chromiumHere()),
    args: [...ARGUMENTS, `--remote-debugging-port=${port}`]
  });
}

/** As for somebody who comes again: whatever the page fetches goes through the service worker once it is there. */
export const WITH_SERVICE_WORKER: BrowserContextOptions = { serviceWorkers: 'allow' };

const opened = new Set<BrowserContext>();

/**
 * A page with cookies and storage of its own, as on a small phone unless told otherwise. Each is a first visit, where the
 * service worker is installed and does nothing more: a third of what Chromium has to do, so only those have it that ask.
 */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: PHONE,
    locale: 'en-IN',
    serviceWorkers: 'block',
    ...options
  });
  opened.add(context);
  context.setDefaultTimeout(15_000);
  return context.newPage();
}

/** Leaves the pages that are open now to whoever opened them. */
export function leavePagesOpen(): void {
  opened.clear();
}

/** Closes all others: a live page that nobody looks at goes on working. */
export async function closePages(): Promise<void> {
  await Promise.all([...opened].map((context) => context.close()));
  opened.clear();
}

/** Begins to weigh the scripts that `page` loads; the function answers with the compressed bytes of each until then. */
export function scriptsOf(page: Page): () => Promise<number[]> {
  const sizes: Promise<number>[] = [];
  const weigh = (request: Request) => {
    if (request.resourceType() !== 'script') return;
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  };
  page.on('requestfinished', weigh);
  return () => {
    page.off('requestfinished', weigh);
    return Promise.all(sizes);
  };
}

/** The addresses of the scripts that a page loads from now on. */
export function watchScripts(page: Page): Set<string> {
  const loaded = new Set<string>();
  page.on('request', (request) => {
    if (request.resourceType() === 'script' && !request.url().includes('service-worker'))
      loaded.add(request.url());
  });
  return loaded;
}

/** Fills in the sign-in form of the site, in whatever language it is, and sends it. */
export async function sendSignIn(
  page: Page,
  siteUrl: string,
  username: string,
  password: string
): Promise<void> {
  await page.goto(`${siteUrl}/login`);
  await page.locator('[name="username"]').fill(username);
  await page.locator('[name="password"]').fill(password);
  await page.locator('[name="password"]').press('Enter');
}

async function chromiumHere(): Promise<Pick<LaunchOptions, 'executablePath' | 'env'>> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return { executablePath: CHROMIUM_PATH };
  if (existsSync(SYSTEM_CHROMIUM)) return { executablePath: SYSTEM_CHROMIUM };
  return packagedChromium();
}
