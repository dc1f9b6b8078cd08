import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { locales } from '#lib/paraglide/runtime.js';
import { openPage, scriptsOf, watchScripts } from '../helpers/browser.ts';
import { theStack } from '../helpers/stack.ts';
import { aClinic, aPatient, opening, signIn } from './setting.ts';

const { browser, sql, site } = await opening();

test('the start page gives the number to call', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(site);
  const call = page.locator(`a[href="tel:${clinic.phone}"]`);
  expect((await call.innerText()).replaceAll(/\s/g, '')).toBe(`Call${clinic.phone}`);
});

test('the keyboard reaches everything, beginning with a way past the header', async () => {
  const page = await openPage(browser);
  await page.goto(`${site}/login`);
  await page.getByRole('button', { name: 'Show password' }).waitFor();
  const focused = () =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent
    );
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.keyboard.press('Tab');
  await page.keyboard.type('asha');
  await page.keyboard.press('Tab');
  await page.keyboard.type('secret');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Show password');
  await page.keyboard.press('Space');
  expect(await page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text');
});

test.each(['%', 'board/%E0%A4%A', 'appointments/%zz/cancel'])(
  'an address that cannot be read (/%s) is that of no page',
  async (path) => {
    const response = await fetch(`${site}/${path}`, {
      headers: { 'accept-language': 'ta', accept: 'text/html' }
    });
    expect(response.status).toBe(404);
    const text = await response.text();
    expect(text).toContain('<h1>அப்படி ஒரு பக்கம் இல்லை</h1>');
    expect(text).not.toContain('Malformed');
  }
);

test('pages keep to themselves: nothing from elsewhere, no frames, no guessing', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  expect([...hosts]).toEqual([site]);

  const { origin } = new URL(theStack().api_url);
  const headers = (await page.request.get(`${site}/login`)).headers();
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toContain(`connect-src 'self' ${origin} ${origin.replace('http', 'ws')}`);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe-inline');
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
  expect(headers['strict-transport-security']).toBeUndefined();
});

test('pages are compressed on their way: a page of times is under 15 kB', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { serviceWorkers: 'block' });
  await signIn(page, site, await aPatient(sql));
  const response = await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
  expect(await response?.headerValue('content-encoding')).toBe('br');
  expect(await response?.headerValue('vary')).toMatch(/accept-encoding/);
  const { responseBodySize } = await (response?.request().sizes() ?? { responseBodySize: Infinity });
  expect(responseBodySize).toBeGreaterThan(3_000);
  expect(responseBodySize).toBeLessThan(15_000);
});

test('the appointments page is light: at most 55 kB of compressed scripts in every language, live changes included', async () => {
  const patient = await aPatient(sql);
  // What a service worker has kept would count for nothing.
  const page = await openPage(browser, { serviceWorkers: 'block' });
  const live = () => page.locator('[data-connection="live"]').waitFor();
  await signIn(page, site, patient);
  // Whatever that brought is here by now, and is not weighed.
  await live();
  await page.waitForLoadState('networkidle');
  const network = await page.context().newCDPSession(page);
  for (const value of locales) {
    await page.context().addCookies([{ name: 'medq-language', value, url: site }]);
    await network.send('Network.clearBrowserCache');
    const weigh = scriptsOf(page);
    await page.goto(`${site}/appointments`);
    await live();
    const sizes = await weigh();
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(await page.locator('html').getAttribute('lang')).toBe(value);
    expect(sizes.length).toBeGreaterThan(3);
    expect(total).toBeGreaterThan(30_000);
    expect(total, value).toBeLessThanOrEqual(55_000);
  }
});

test('a page names every script it needs, so that none is asked for a round trip later', async () => {
  const patient = await aPatient(sql);
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { serviceWorkers: 'block' });
  await signIn(page, site, patient);
  const asked = watchScripts(page);
  for (const path of ['/appointments', '/book', `/book/time?doctor=${clinic.practitionerId}`]) {
    asked.clear();
    const response = await page.goto(site + path);
    const html = (await response?.text()) ?? '';
    await page.waitForLoadState('networkidle');
    const files = [...asked].map((url) => url.slice(url.lastIndexOf('/') + 1));
    expect(files.length, path).toBeGreaterThan(3);
    expect(
      files.filter((file) => !html.includes(file)),
      path
    ).toEqual([]);
  }
});

/** How everything below the header looks, as text that can be compared. */
const looksOf = (page: Page) =>
  page.locator('main *').evaluateAll((elements) =>
    elements.map((element) => {
      const { display, color, fontSize, padding, backgroundColor } = getComputedStyle(element);
      return [element.tagName, display, color, fontSize, padding, backgroundColor].join(' ');
    })
  );

test('a page brings its styles along, and looks the same whether it is opened or led to', async () => {
  await aClinic(sql);
  const page = await openPage(browser, { serviceWorkers: 'block' });
  await signIn(page, site, await aPatient(sql));
  await page.locator('[data-connection="live"]').waitFor();
  await page.getByRole('link', { name: 'Book', exact: true }).click();
  await page.waitForURL(`${site}/book`);
  await page.waitForLoadState('networkidle');
  const ledTo = await looksOf(page);
  expect(ledTo.length).toBeGreaterThan(10);

  const stylesheets: string[] = [];
  page.on('request', (request) => {
    if (request.resourceType() === 'stylesheet') stylesheets.push(request.url());
  });
  await page.route(/\.css$/, (route) => route.abort());
  await page.goto(`${site}/book`);
  await page.waitForLoadState('networkidle');
  expect(await looksOf(page)).toEqual(ledTo);
  for (const path of ['/appointments', '/account', '/offline']) {
    await page.goto(site + path);
    expect(await page.locator('body').evaluate((body) => getComputedStyle(body).fontFamily), path).toContain(
      'system-ui'
    );
  }
  expect(stylesheets).toEqual([]);
});
