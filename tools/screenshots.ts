/**
 * `npm run screenshots`: takes the pictures of the README anew, by doing what they show: a call to the demo clinic, and
 * what its texts lead to.
 */
import path from 'node:path';
import process from 'node:process';
import type { Page } from 'playwright-core';
import { commandLine } from '../local/command-line.ts';
import { startSite } from '../local/site.ts';
import { startStack } from '../local/start-stack.ts';
import { DESK, launchBrowser, openPage, sendSignIn } from '../tests/helpers/browser.ts';
import { smsTo } from '../tests/helpers/inbox.ts';
import { projectDirectory } from '../local/site/build.ts';

const CALLER = '+919840012345';
const CLINIC = '+914440001000';
const INDIA = 'Asia/Kolkata';

const save = (page: Page, name: string) =>
  page.screenshot({
    path: path.join(projectDirectory, 'docs', 'screenshots', `${name}.png`),
    animations: 'disabled'
  });

async function call(page: Page): Promise<void> {
  await page.addInitScript(() => localStorage.setItem('medq.phone.speech', 'false'));
  await page.goto(stack.simulatorUrl);
  await page.getByRole('combobox', { name: 'Your number' }).fill(CALLER);
  await page.getByRole('combobox', { name: 'Clinic' }).fill(CLINIC);
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  const transcript = page.getByRole('log', { name: 'What is said in the call' });
  const one = page.getByRole('button', { name: '1', exact: true });
  for (const said of ['next available', 'General medicine', 'Doctor']) {
    await transcript.getByText(said).first().waitFor();
    await one.click();
  }
  await transcript.getByText('Your appointment is booked.').waitFor();
  await page.getByRole('log', { name: 'Text messages' }).getByText('Welcome to MedQ!').waitFor();
}

/** Signs in with what was texted. */
async function signIn(page: Page): Promise<void> {
  const { body } = await smsTo(stack.addresses.inbox_url, CALLER, 'Welcome to MedQ!');
  const [, username = '', password = ''] = /Username: (\S+)\nPassword: (\S+)/.exec(body) ?? [];
  await sendSignIn(page, site.url, username, password);
  await page.waitForURL(`${site.url}/password`);
  await page.locator('[name=password]').fill('three quiet lakes');
  await page.locator('[name=password]').press('Enter');
  await page.locator('[data-connection="live"]').waitFor();
}

commandLine(import.meta.filename, {});
const stack = await startStack({ ephemeral: true, watchFunctions: false, log: () => undefined });
const { api_url: supabaseUrl, publishable_key: key } = stack.addresses;
const site = await startSite({ supabaseUrl, key, port: 0 });
const browser = await launchBrowser();
try {
  const phone = await openPage(browser, { viewport: DESK, timezoneId: INDIA });
  await call(phone);
  await save(phone, 'call');

  const page = await openPage(browser, { deviceScaleFactor: 2, timezoneId: INDIA });
  await signIn(page);
  await save(page, 'appointments');

  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${site.url}/book`);
  await page.getByRole('button', { name: 'தமிழ்' }).click();
  await page.locator('html[lang="ta-IN"]').waitFor();
  await page.getByRole('link').filter({ hasText: 'அஞ்சலி' }).click();
  await page.waitForURL(`${site.url}/book/time**`);
  await page.waitForLoadState('networkidle');
  await save(page, 'booking');
} finally {
  await browser.close();
  await site.close();
  await stack.close();
}
process.exit(0);
