import { existsSync } from 'node:fs';
import process from 'node:process';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** What people hold in their hands: a small phone, and what the clinic has on the desk. */
export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 800 };

/**
 * A Chromium: CHROMIUM_PATH, else the system's, else the one that comes with the packages. One for a test
 * file is enough; every test opens a page of its own with `openPage`. The caller closes it.
 */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args } = await chromiumHere();
  return chromium.launch({
    executablePath,
    args: [...args, '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
  });
}

/** A page with cookies and storage of its own, as on a small phone unless told otherwise. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: PHONE, locale: 'en-IN', ...options });
  context.setDefaultTimeout(15_000);
  return context.newPage();
}

async function chromiumHere(): Promise<{ executablePath: string; args: string[] }> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return { executablePath: CHROMIUM_PATH, args: [] };
  if (existsSync('/usr/bin/chromium')) return { executablePath: '/usr/bin/chromium', args: [] };
  // Read when the package is loaded: it then brings the system libraries it needs as well.
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs24.x';
  const { default: packaged } = await import('@sparticuz/chromium');
  return { executablePath: await packaged.executablePath(), args: packaged.args };
}
