// The board of the waiting room: a page on a television, where nobody is signed in and nobody helps it.
import type { Locator, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { startSite } from '../../local/site.ts';
import { DESK, openPage, PHONE } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { tooWide, violationsOf } from '../helpers/looks.ts';
import { startMortalRealtime } from '../helpers/mortal-realtime.ts';
import { theStack } from '../helpers/stack.ts';
import { press } from './accounts.ts';
import {
  aBooking,
  aClinic,
  aDoctor,
  aPatient,
  opening,
  signIn,
  whereItIsEarly,
  type Clinic
} from './setting.ts';

const { browser, sql, site } = await opening();
const realtime = await startMortalRealtime();
const shaky = await startSite({ supabaseUrl: realtime.url, key: theStack().publishable_key, port: 0 });
afterAll(async () => {
  await shaky.close();
  await realtime.close();
});

const TELEVISION = { width: 1920, height: 1080 };

/** A clinic whose day has hardly begun, with so many patients today. */
async function aDay(patients: number): Promise<{ clinic: Clinic; visits: string[] }> {
  const clinic = await aClinic(sql, whereItIsEarly());
  const visits: string[] = [];
  for (let n = 0; n < patients; n++) {
    visits.push((await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 9 + n })).id);
  }
  return { clinic, visits };
}

async function aBoard(clinic: Pick<Clinic, 'id'>): Promise<string> {
  const [made] = await sql<{ token: string }[]>`select token from public.make_board(${clinic.id}, 'Hall')`;
  return made?.token ?? '';
}

/** As the desk does it, whoever sits there. */
const mark = (id: string | undefined, step: string) => sql`select public.desk_mark(${id ?? ''}, ${step})`;

const isLive = (page: Page) => page.locator('[data-connection="live"]').waitFor();
const serves = (page: Page, token: string) =>
  page.locator('[data-serving]').getByText(token, { exact: true }).waitFor();
/** Lets time go on, and tells whether the page has `what` then: an answer to something older may come in between. */
const later = (page: Page, milliseconds: number, what: Locator) => async () => {
  await page.clock.runFor(milliseconds);
  return (await what.count()) > 0;
};
const comesToServe = (page: Page, token: string) =>
  expect
    .poll(later(page, 35_000, page.locator('[data-serving]').getByText(token, { exact: true })))
    .toBe(true);
/** The tokens that come next; in brackets who is not there yet. */
const next = async (page: Page) =>
  (await page.locator('[data-next] > li').allInnerTexts()).map((text) =>
    text.includes('not here yet') ? `(${parseInt(text)})` : text
  );

/** Counts the tones that sound. */
async function listenTo(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const count = { tones: 0 };
    Object.assign(window, { count });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      count.tones++;
      start.apply(this, when);
    };
  });
  return () => page.evaluate(() => (window as unknown as { count: { tones: number } }).count.tones);
}

test.each(['no-preference', 'reduce'] as const)(
  'nothing covers anything on a small television, and who wants no motion has all languages at once (motion: %s)',
  async (reducedMotion) => {
    const { clinic, visits } = await aDay(4);
    await aDoctor(sql, clinic.id, 'Dr. Anand Krishnamoorthy Venkataraman');
    await mark(visits[0], 'called');
    const board = await openPage(browser, { viewport: DESK, reducedMotion });
    await board.goto(`${site}/board/${await aBoard(clinic)}`);
    await isLive(board);
    const { covered, unseen } = await board.evaluate(() => {
      const boxes = [
        ...document.querySelectorAll('.card :is(h2, .label, .number, ol), header, .later, footer')
      ]
        .map((element) => ({ words: element.textContent.trim(), box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.height > 0)
        .toSorted((a, b) => a.box.top - b.box.top);
      const languages = [...document.querySelectorAll('.card .turns > span')];
      return {
        covered: boxes.flatMap(({ words, box }, n) => {
          const before = boxes[n - 1];
          return before && before.box.bottom > box.top + 1 ? [`${before.words} / ${words}`] : [];
        }),
        unseen: languages.filter((one) => !one.checkVisibility({ visibilityProperty: true })).length
      };
    });
    expect(covered).toEqual([]);
    expect(unseen > 0).toBe(reducedMotion === 'no-preference');
  }
);

test('a manager makes an address, a television shows what the desk marks, chimes, and is switched off', async () => {
  const { clinic, visits } = await aDay(4);
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${person.phone}, 'Priya Nair', 'manager')`;
  const desk = await openPage(browser, { viewport: DESK });
  await signIn(desk, site, person);
  const [session] = await sql<
    { id: string }[]
  >`select id from auth.sessions where user_id = ${person.userId}`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  await desk.goto(`${site}/desk/more`);
  await desk.getByRole('link', { name: 'Waiting room boards' }).click();
  await desk.getByText('There are no boards yet.').waitFor();
  await desk.getByLabel('Where it hangs').fill('  ');
  await press(desk, 'Make an address');
  await desk.getByText('Please enter where it hangs').waitFor();
  await desk.getByLabel('Where it hangs').fill('First floor');
  await press(desk, 'Make an address');
  await desk.getByRole('heading', { name: 'The address for First floor' }).waitFor();
  const address = await desk.locator('[data-address]').innerText();
  expect(address).toMatch(new RegExp(`^${site}/board/[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}$`));
  await desk.getByText('Not opened yet').waitFor();
  expect(await violationsOf(desk)).toEqual([]);

  const board = await openPage(browser, { viewport: TELEVISION });
  const frames: string[] = [];
  board.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => frames.push(String(payload)))
  );
  const tones = await listenTo(board);
  await board.goto(address);
  await isLive(board);
  // Nobody was marked: who sees patients today.
  const inItsTurn = { state: 'attached' } as const;
  await board.getByText('Today at the clinic').waitFor(inItsTurn);
  await board.getByText(/^9:00\sam to 5:00\spm$/).waitFor(inItsTurn);
  await board.getByRole('button', { name: 'Sound on' }).click();
  await board.locator('[data-sound="on"]').waitFor();

  await mark(visits[0], 'arrived');
  await mark(visits[2], 'arrived');
  await expect.poll(() => next(board)).toEqual(['1', '(5)', '9', '(13)']);
  await serves(board, '–');
  expect(await tones()).toBe(0);
  await mark(visits[2], 'called');
  await serves(board, '9');
  expect(await tones()).toBe(2);
  await board.locator('.called').waitFor();
  await mark(visits[0], 'called');
  await serves(board, '1');
  expect(await tones()).toBe(4);
  // Called and not there: behind the next.
  await mark(visits[1], 'arrived');
  await mark(visits[0], 'waiting');
  await serves(board, '9');
  await expect.poll(() => next(board)).toEqual(['5', '1', '(13)']);
  expect(await tones()).toBe(4);
  await mark(visits[0], 'called');
  await serves(board, '1');
  expect(await tones()).toBe(6);
  expect(await violationsOf(board)).toEqual([]);
  expect(await tooWide(board)).toEqual([]);

  // What was heard says nothing of anybody; what was turned on is remembered.
  const heard = frames.filter((frame) => frame.includes('"broadcast"')).join('\n');
  expect(heard).toContain('board:');
  for (const id of visits) expect(heard).not.toContain(id);
  await board.reload();
  await board.locator('[data-sound="on"], [data-sound="waiting"]').waitFor();
  await isLive(board);
  await board.getByRole('button', { name: /^(?:Sound off|Touch here for sound)$/ }).waitFor();

  await desk.reload();
  await desk.goto(`${site}/desk/board`);
  await desk.getByText('On now').waitFor();
  await press(desk, 'Switch off: First floor');
  await desk.getByText('its address opens nothing any more').waitFor();
  await board.getByText('This board is switched off').waitFor(inItsTurn);
  await board.reload();
  await board.getByText('This board is switched off').waitFor();
  const never = await openPage(browser);
  const answer = await never.goto(`${site}/board/0000-0000-0000-0000`);
  expect(answer?.status()).toBe(404);
  await never.getByText('This board is switched off').waitFor();
});

test('it catches up with what it missed: a server that died, an outage, a new version of the site', async () => {
  const { clinic, visits } = await aDay(3);
  const token = await aBoard(clinic);
  await mark(visits[0], 'called');
  const page = await openPage(browser, { viewport: TELEVISION });
  await page.clock.install();
  await page.goto(`${shaky.url}/board/${token}`);
  await isLive(page);
  await serves(page, '1');
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
  // The languages take turns, whichever has it now.
  const inTamilLater = async () => {
    await page.clock.runFor(10_000);
    return page.getByText('இப்போதைய டோக்கன்').isVisible();
  };
  await expect.poll(inTamilLater).toBe(true);
  await expect.poll(inTamilLater).toBe(false);

  await realtime.kill();
  await page.locator('[data-connection="reconnecting"]').waitFor();
  await mark(visits[1], 'called');
  // It looks by itself, too.
  await comesToServe(page, '5');
  await realtime.revive();
  await page.clock.runFor(15_000);
  await isLive(page);

  // Nothing answers for hours: it says so instead of pretending.
  await page.route('**/snapshot', (route) => route.abort());
  realtime.fallSilent();
  await expect.poll(later(page, 80_000, page.getByText('No connection since'))).toBe(true);
  await page.clock.fastForward('05:00:00');
  await mark(visits[2], 'called');
  await page.unroute('**/snapshot');
  // As the site answers while the database does not.
  let failed = 0;
  await page.route('**/snapshot', (route) => {
    failed += 1;
    return route.fulfill({ status: 500, json: { status: 500, message: 'Internal Error' } });
  });
  await page.clock.runFor(35_000);
  await expect.poll(() => failed).toBeGreaterThan(0);
  await page.unroute('**/snapshot');
  await comesToServe(page, '9');
  await page.getByText('No connection since').waitFor({ state: 'detached' });
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);

  await page.route('**/snapshot', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), version: 'another' } });
  });
  await page.clock.runFor(35_000);
  await expect.poll(() => page.evaluate(() => 'neverReloaded' in window)).toBe(false);
  await serves(page, '9');
});

test('on a phone, without scripts, and where a clinic has more doctors than fit', async () => {
  const { clinic, visits } = await aDay(2);
  const token = await aBoard(clinic);
  await mark(visits[0], 'called');
  const page = await openPage(browser, { javaScriptEnabled: false, viewport: PHONE });
  await page.goto(`${site}/board/${token.toUpperCase().replaceAll('-', '')}`);
  await page.getByRole('heading', { name: clinic.doctor }).waitFor();
  await serves(page, '1');
  expect(await tooWide(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await tooWide(page)).toEqual([]);

  for (let n = 1; n <= 6; n++) {
    const practitionerId = await aDoctor(sql, clinic.id, `Dr. Number ${n}`);
    await mark((await aBooking(sql, await aPatient(sql), { practitionerId }, { days: 0 })).id, 'called');
  }
  const television = await openPage(browser, { viewport: DESK });
  await television.clock.install();
  await television.goto(`${site}/board/${token}`);
  await isLive(television);
  const shown = () => television.getByRole('heading', { level: 2 }).allInnerTexts();
  const first = await shown();
  // As long as a screen of doctors stays. What is seen then is kept, as the first comes back later.
  await television.clock.runFor(30_000);
  let second = first;
  await expect.poll(async () => (second = await shown())).not.toEqual(first);
  expect([first.length, second.length].toSorted()).toEqual([3, 4]);
  expect(new Set([...first, ...second]).size).toBe(7);
  expect(await tooWide(television)).toEqual([]);
});
