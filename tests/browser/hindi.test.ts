// The site in Hindi, with what clinic, doctor and specialty are called in it; a page has the words of its language only.
import { expect, onTestFinished, test } from 'vitest';
import { LANGUAGES } from '../../src/lib/languages.ts';
import type { Locale } from '../../src/lib/paraglide/runtime.js';
import { openPage, watchScripts } from '../helpers/browser.ts';
import { scaleText, tooWide } from '../helpers/looks.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aDoctor, aPatient, opening, signIn } from './setting.ts';

const opened = await opening();
const { browser, sql, site } = opened;

/** Two words in the letters of a language that has its own. */
const SCRIPTS: Record<Locale, RegExp> = {
  'en-IN': /(?!)/,
  'ta-IN': /\p{Script=Tamil}{3} \p{Script=Tamil}{3}/u,
  'hi-IN': /\p{Script=Devanagari}{3} \p{Script=Devanagari}{3}/u
};
/** Every page names the languages in themselves. */
const NAMES = new RegExp(LANGUAGES.map(({ name }) => name).join('|'), 'g');

/** Those of some scripts that have sentences of other languages than one. */
async function foreignTo(locale: Locale, urls: Set<string>): Promise<string[]> {
  const others = Object.entries(SCRIPTS).filter(([one]) => one !== locale);
  const foreign: string[] = [];
  for (const url of urls) {
    const code = (await (await fetch(url)).text()).replaceAll(NAMES, '');
    if (others.some(([, script]) => script.test(code))) foreign.push(url);
  }
  return foreign;
}

test('a patient who reads Hindi books with names in Hindi, and loads no word of another language', async () => {
  const [clinic, patient] = [await aClinic(sql), await aPatient(sql)];
  // More than the Data API answers at once.
  await sql`insert into public.translations (name, locale, translation)
    select 'Dr. Of elsewhere ' || n, 'hi-IN', 'डॉ. कोई' from generate_series(1, 1000) n`;
  onTestFinished(async () => {
    await sql`delete from public.translations where name like 'Dr. Of elsewhere %'`;
  });
  await sql`insert into public.translations (name, locale, translation, address, clinic_id) values
    (${clinic.doctor}, 'hi-IN', 'डॉ. मीरा अय्यर', null, ${clinic.id}),
    (${clinic.name}, 'hi-IN', 'झील क्लिनिक', '14 महात्मा गांधी रोड', ${clinic.id})`;
  const page = await openPage(browser, { locale: 'hi-IN', serviceWorkers: 'block' });
  const loaded = watchScripts(page);
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('hi-IN');

  await page.goto(`${site}/book?clinic=${clinic.id}`);
  await page.getByRole('link', { name: /डॉ\. मीरा अय्यर.*सामान्य चिकित्सा/s }).click();
  await page.getByRole('heading', { name: 'कब?' }).waitFor();
  await page
    .getByRole('link', { name: /32 खाली/ })
    .first()
    .click();
  await page.getByRole('link', { name: /^सुबह\s10:30$/ }).click();
  await page.getByRole('heading', { name: 'क्या यह ठीक है?' }).waitFor();
  await page.getByRole('button', { name: 'बुक करें' }).click();
  await page.waitForURL(`${site}/appointments`);
  const next = page.getByRole('region', { name: 'अगला अपॉइंटमेंट' });
  for (const words of ['डॉ. मीरा अय्यर', 'सामान्य चिकित्सा', 'झील क्लिनिक', '14 महात्मा गांधी रोड']) {
    await next.getByText(words).first().waitFor();
  }
  const calendar = await page.request.get(
    `${site}${(await next.getByRole('link', { name: /कैलेंडर/ }).getAttribute('href')) ?? ''}`,
    { headers: { 'accept-language': 'hi-IN' } }
  );
  expect((await calendar.text()).replaceAll('\r\n ', '')).toContain('SUMMARY:अपॉइंटमेंट: डॉ. मीरा अय्यर');

  for (const scale of [1, 2]) {
    await page.setViewportSize({ width: 320, height: 640 });
    await scaleText(page, scale);
    expect(await tooWide(page), `text ${String(scale)} times as large`).toEqual([]);
  }
  expect(loaded.size).toBeGreaterThan(5);
  expect(await foreignTo('hi-IN', loaded)).toEqual([]);
});

test.each(LANGUAGES)(
  '$name is chosen at the top, and what is loaded then is in it',
  async ({ locale, name }) => {
    const page = await openPage(browser, { locale: 'en-IN', serviceWorkers: 'block' });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/hydration|404/i.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${site}/login`);
    await page.getByRole('button', { name, exact: true }).click();
    await page.locator(`html[lang="${locale}"]`).waitFor({ state: 'attached' });
    const loaded = watchScripts(page);
    await page.goto(`${site}/login`);
    await page.waitForLoadState('networkidle');
    expect(loaded.size).toBeGreaterThan(0);
    expect(await foreignTo(locale, loaded)).toEqual([]);
    expect(await page.getByRole('button', { name, exact: true }).getAttribute('aria-pressed')).toBe('true');
    expect(complaints).toEqual([]);
  }
);

test('who reads Hindi at the desk finds doctors under one name in records, plans and what clashes', async () => {
  const clinic = await aClinic(sql);
  const colleague = await aDoctor(sql, clinic.id, 'Dr. Zubin');
  await sql`insert into public.translations (name, locale, translation, clinic_id) values
    (${clinic.doctor}, 'hi-IN', 'डॉ. मीरा', ${clinic.id}), ('Dr. Zubin', 'hi-IN', 'डॉ. ज़ुबिन', ${clinic.id})`;
  const [one, other, third] = [await aPatient(sql), await aPatient(sql), await aPatient(sql)];
  await aBooking(sql, one, clinic, { days: 1 });
  await aBooking(sql, other, { practitionerId: colleague }, { days: 1 });
  const { id } = await aBooking(sql, third, clinic, { days: 1, hour: 11 });
  const [booked] = await sql<{ day: string }[]>`
    select local_date::text as day from public.appointments where id = ${id}`;

  const page = await atDesk(opened, '/desk', clinic, { page: { locale: 'hi-IN', javaScriptEnabled: false } });
  const reads = async (path: string, ...names: string[]) => {
    await page.goto(`${site}${path}`);
    // What was texted stays as it was.
    const text = (await page.locator('main').innerText()).replaceAll(/^Booked: .*$/gm, '');
    for (const name of names) expect(text, path).toContain(name);
    for (const name of [clinic.doctor, 'Dr. Zubin']) expect(text, path).not.toContain(name);
  };
  await reads(`/desk?day=${booked?.day}`, 'डॉ. मीरा', 'डॉ. ज़ुबिन');
  await reads(`/desk/patients/${one.id}`, 'डॉ. मीरा');
  await reads(`/desk/patients/${one.id}/merge?other=${other.id}`, 'डॉ. मीरा', 'डॉ. ज़ुबिन');
  const absence = `/desk/away?doctor=${clinic.practitionerId}&day=${booked?.day}`;
  await reads(absence, 'डॉ. मीरा', 'डॉ. ज़ुबिन');
  await reads(`${absence}&what=hand_over&colleague=${colleague}`, 'डॉ. मीरा', 'डॉ. ज़ुबिन');
});
