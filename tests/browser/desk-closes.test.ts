// The proof of a desk ends while one of its forms is open; and what a page says that is not for whoever asks.
import { expect, test } from 'vitest';
import { aDependent } from '../helpers/family.ts';
import { violationsOf } from '../helpers/looks.ts';
import { DESK } from '../helpers/browser.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aPatient, opening, whereItIsEarly } from './setting.ts';

const desk = await opening();
const { sql, site } = desk;
const UNSENT = 'The desk had closed, so this was not done.';

const close = ({ userId }: { userId: string }) =>
  sql`delete from private.desk_sessions where user_id = ${userId}`;

test.each([true, false])(
  'who sends a form when the desk has closed is told that it was not done (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const clinic = await aClinic(sql, whereItIsEarly());
    const person = await aPatient(sql);
    const { id } = await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 20 });
    const options = { person, page: { viewport: DESK, javaScriptEnabled } };
    const page = await atDesk(desk, '/desk/walk-in', clinic, options);
    const told = page.getByRole('alert').getByText(UNSENT);
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('meera');
    await close(person);
    await name.press('Enter');
    await page.waitForURL(/\/desk\/code\?next=%2Fdesk%2Fwalk-in&unsent$/);
    await told.waitFor();

    // Whoever only looks has lost nothing.
    await page.goto(`${site}/desk/walk-in`);
    await page.getByRole('heading', { name: 'Open the desk' }).waitFor();
    expect(await told.count()).toBe(0);

    const [session] = await sql<
      { id: string }[]
    >`select id from auth.sessions where user_id = ${person.userId}`;
    await sql`
      insert into private.desk_sessions (session_id, user_id, short, code_expires_at, proven_at, expires_at)
      values (${session?.id ?? ''}, ${person.userId}, true, now(), now(), now() + interval '12 hours')`;
    // What was typed is there again, once.
    if (javaScriptEnabled) {
      await page.goto(`${site}/desk/walk-in`);
      await expect.poll(() => name.inputValue()).toBe('meera');
      await page.reload();
      expect(await name.inputValue()).toBe('');
    }
    // Or the page learns of it by itself, a moment before.
    await page.route(/\/desk\/snapshot|live-token/, () => undefined);
    await page.goto(`${site}/desk`);
    await close(person);
    await page.getByRole('button', { name: /^Arrived: / }).click();
    await page.waitForURL(/\/desk\/code\?.*unsent$/);
    await told.waitFor();
    const [row] = await sql<{ status: string }[]>`select status from public.appointments where id = ${id}`;
    expect(row?.status).toBe('booked');
  }
);

test('what only a manager may see leads back to the desk, and blames nobody', async () => {
  const page = await atDesk(desk, '/desk/hours', await aClinic(sql), { role: 'desk' });
  await page.getByRole('heading', { name: 'You cannot open this page' }).waitFor();
  await page.getByText('Only a manager of this clinic can do that.').waitFor();
  expect(await page.getByText('Try again').count()).toBe(0);
  expect(await page.getByText('Your appointments are safe').count()).toBe(0);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('link', { name: 'Back to the desk' }).click();
  await page.getByRole('heading', { name: 'Today' }).waitFor();

  await page.goto(`${site}/desk/numbers.csv`);
  expect(await page.getByRole('heading').filter({ visible: true }).allInnerTexts()).toEqual([
    'This page cannot be shown to you',
    'இந்தப் பக்கத்தை உங்களுக்குக் காட்ட இயலாது',
    'यह पन्ना आपको नहीं दिखाया जा सकता'
  ]);
});

test("a phone's end stays in one line with its dots, and each button to copy says what it copies", async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  const mother = await aPatient(sql);
  await sql`update public.patients set name = 'Asha Menon' where id = ${mother.id}`;
  const daughter = await aDependent(sql, mother, 'Meera Menon');
  const { id } = await aBooking(sql, mother, clinic, { days: 0, hour: 20 });
  await sql`update public.appointments set dependent_id = ${daughter} where id = ${id}`;
  await sql`
    insert into public.practitioners (clinic_id, name, specialty) values (${clinic.id}, 'Dr. Zubin', 'Skin')`;
  const page = await atDesk(desk, '/desk', clinic);
  const torn = await page.locator('.facts').evaluate((facts: HTMLElement) => {
    const texts = document.createTreeWalker(facts, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const at = /…\d{4}/.exec(texts.currentNode.textContent ?? '');
      if (!at) continue;
      const range = document.createRange();
      range.setStart(texts.currentNode, at.index);
      range.setEnd(texts.currentNode, at.index + 5);
      const widths: number[] = [];
      for (let width = 80; width < 400; width += 2) {
        facts.style.width = `${width}px`;
        if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) widths.push(width);
      }
      return widths;
    }
    return ['no phone'];
  });
  expect(torn).toEqual([]);

  await page.goto(`${site}/desk/hours`);
  const names = await page
    .locator('[value="copy"], [value="colleague"]')
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label')));
  expect(names).toEqual(['Copy: Copy a day', 'Copy: Copy the week of a colleague']);
});
