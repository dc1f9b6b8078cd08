import type { Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startMessageBird } from '../../local/messagebird/index.ts';
import type { MessageBird } from '../../local/messagebird/index.ts';
import { DESK, openPage, PHONE } from '../helpers/browser.ts';
import { tooWide, violationsOf } from '../helpers/looks.ts';
import { aPhone, restClient } from '../helpers/messagebird.ts';
import { ask, aTestIvr, sayAndHangUp } from '../helpers/test-ivr.ts';
import type { TestIvr } from '../helpers/test-ivr.ts';
import { opening } from './setting.ts';

// The page against a clinic of this test's own, which checks every signature. The way from dialling to a booking and
// its texts goes through the real functions in another test.
const keys = { accessKey: 'test_key', signingKey: 'a signing key' };
const welcome = 'Welcome to City Care. For the next free time press 1, for your appointments press 3.';
const { browser } = await opening();
let ivr: TestIvr;
let messagebird: MessageBird;

beforeAll(async () => {
  ivr = await aTestIvr(keys.signingKey, ({ query, variables }, url) => {
    const to = (next: string) => `${url}?n=${next}`;
    if (!query.has('source')) return sayAndHangUp('Your number is withheld.');
    if (query.get('n') === 'code') return sayAndHangUp(`You entered ${variables.code ?? 'nothing'}.`);
    if (query.get('n') === 'menu') return ask('Enter your code.', 'code', to('code'), { maxNumKeys: 4 });
    return ask(welcome, 'm', to('menu'));
  });
  messagebird = await startMessageBird({
    port: 0,
    ivrUrl: ivr.url,
    siteUrl: 'http://127.0.0.1:3000',
    clinics: () => Promise.resolve([{ name: 'City Care', phone: '+911140000000', timeZone: 'Asia/Kolkata' }]),
    ...keys
  });
});
afterAll(async () => {
  await messagebird.close();
  await ivr.close();
});
beforeEach(() => {
  ivr.requests.length = 0;
});

interface Opened {
  page: Page;
  phone: string;
  transcript: Locator;
  texts: Locator;
  key(key: string): Locator;
}

/** The page with a caller of its own; speech is off so that prompts take as long everywhere. */
async function openPhone(options: Parameters<typeof openPage>[1] = { viewport: DESK }): Promise<Opened> {
  const page = await openPage(browser, options);
  const phone = aPhone();
  await page.addInitScript(() => localStorage.setItem('medq.phone.speech', 'false'));
  await page.goto(messagebird.simulatorUrl);
  const own = page.getByRole('combobox', { name: 'Your number' });
  await own.fill(`+${phone}`);
  await own.blur();
  await page.locator('#call:enabled').waitFor();
  // From here on its texts arrive live.
  await page.locator('#inbox-live[data-live="true"]').waitFor({ state: 'attached' });
  return {
    page,
    phone,
    transcript: page.getByRole('log', { name: 'What is said in the call' }),
    texts: page.getByRole('log', { name: 'Text messages' }),
    key: (key) => page.getByRole('button', { name: key, exact: true })
  };
}

const call = (page: Page) => page.getByRole('button', { name: 'Call', exact: true });
const hangUp = (page: Page) => page.getByRole('button', { name: 'Hang up' });
const sendText = (recipient: string, body: string) =>
  restClient(messagebird.apiUrl, keys.accessKey).post({ originator: 'MedQ', recipients: [recipient], body });
const hasText = (locator: Locator, text: string) => locator.getByText(text).first().waitFor();

describe('a call', () => {
  test('is made with the mouse: prompts appear, keys answer, the end is said', async () => {
    const { page, phone, transcript, key } = await openPhone();
    expect(await key('1').isDisabled()).toBe(true);
    await call(page).click();
    await hasText(transcript, welcome);
    await key('1').click();
    await hasText(transcript, 'Enter your code.');
    for (const digit of '4821') await key(digit).click();
    await hasText(transcript, 'You entered 4821.');
    await hasText(transcript, 'The clinic hung up.');
    await call(page).waitFor();
    expect(ivr.requests.map(({ query }) => query.get('source'))).toEqual(Array(3).fill(phone));
    expect(ivr.refused).toBe(0);
  });

  test('is made with the keyboard alone', async () => {
    const { page, transcript } = await openPhone();
    await call(page).focus();
    await page.keyboard.press('Enter');
    await hasText(transcript, welcome);
    await page.keyboard.press('1');
    await hasText(transcript, 'Enter your code.');
    await page.keyboard.type('12*#');
    await hasText(transcript, 'You entered 12*#.');
  });

  test('can be hung up, and another number can be chosen afterwards', async () => {
    const { page, transcript } = await openPhone();
    await call(page).click();
    await hasText(transcript, welcome);
    const other = page.getByRole('button', { name: 'New' });
    expect(await other.isDisabled()).toBe(true);
    await hangUp(page).click();
    await hasText(transcript, 'You hung up.');
    const before = await page.getByRole('combobox', { name: 'Your number' }).inputValue();
    await other.click();
    expect(await page.getByRole('combobox', { name: 'Your number' }).inputValue()).not.toBe(before);
  });

  test('from a number without country code comes from the clinic’s country, as the page then shows', async () => {
    const { page, transcript, texts } = await openPhone();
    const own = page.getByRole('combobox', { name: 'Your number' });
    await own.fill('98765 43210');
    await call(page).click();
    await hasText(transcript, welcome);
    expect(ivr.requests.map(({ query }) => query.get('source'))).toEqual(['919876543210']);
    expect(await own.inputValue()).toBe('+919876543210');
    await sendText('919876543210', 'For the number as it is now.');
    await hasText(texts, 'For the number as it is now.');
  });

  test('can come from a withheld number', async () => {
    const { page, transcript } = await openPhone();
    await page.getByRole('checkbox', { name: 'Hide number' }).check({ force: true });
    await call(page).click();
    await hasText(transcript, 'Your number is withheld.');
  });

  test('can have its requests delivered twice and break in one', async () => {
    const { page, transcript, key } = await openPhone();
    await page.getByRole('switch', { name: 'Deliver every request twice' }).check();
    await call(page).click();
    await hasText(transcript, welcome);
    expect(ivr.requests).toHaveLength(2);
    await page.getByRole('switch', { name: 'Break during the next request' }).check();
    await key('1').click();
    await hasText(transcript, 'The line broke.');
    await expect.poll(() => ivr.requests.length).toBe(4);
  });

  test('is spoken by the browser where it has voices, until a key is pressed', async () => {
    const page = await openPage(browser, { viewport: DESK });
    // Browsers without sound have no voices, so this one gets a voice that notes what it says.
    await page.addInitScript(() => {
      const spoken: string[] = [];
      const voice = { lang: 'en-IN', name: 'Test', default: true, localService: true, voiceURI: 'test' };
      class Utterance {
        onstart = () => {};
        onend = () => {};
        text: string;
        constructor(text: string) {
          this.text = text;
        }
      }
      const synthesis = {
        getVoices: () => [voice],
        cancel: () => spoken.push('silence'),
        speak(utterance: Utterance) {
          spoken.push(utterance.text);
          utterance.onstart();
          if (utterance.text === 'Enter your code.') utterance.onend();
        }
      };
      Object.defineProperty(window, 'speechSynthesis', { value: synthesis });
      Object.assign(window, { SpeechSynthesisUtterance: Utterance, spoken });
    });
    await page.goto(messagebird.simulatorUrl);
    expect(await page.getByRole('checkbox', { name: 'Speak' }).isChecked()).toBe(true);
    await call(page).click();
    await page.getByText('City Care is speaking').waitFor();
    await page.keyboard.press('1');
    const transcript = page.getByRole('log', { name: 'What is said in the call' });
    await hasText(transcript, 'Enter your code.');
    // The second prompt is reported as heard at once, so that the pause for keys begins.
    await page.getByText('Your turn: press a key').waitFor();
    expect(await page.evaluate(() => (window as unknown as { spoken: string[] }).spoken)).toEqual([
      welcome,
      'silence',
      'Enter your code.'
    ]);
  });

  test('to nowhere says what a number looks like', async () => {
    const { page } = await openPhone();
    await page.getByRole('combobox', { name: 'Clinic' }).fill('12');
    await call(page).click();
    await hasText(page.getByRole('alert'), 'The number to call must be a phone number with country code');
  });

  test('shows developers the signed requests and the flows that answer them', async () => {
    const { page, phone, transcript } = await openPhone();
    await call(page).click();
    await hasText(transcript, welcome);
    const requests = page.getByRole('list', { name: 'Requests of this call' });
    await requests.locator('summary').click();
    await hasText(requests, `source = ${phone}`);
    await hasText(requests, '"url_hash"');
    await hasText(requests, '"onKeypressGoto": "next"');
  });
});

describe('texts', () => {
  test('appear while the page is open, with links, and codes that are typed or copied', async () => {
    const { page, phone, transcript, texts } = await openPhone();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await texts.getByText('No texts yet.').waitFor();
    await sendText(phone, 'Reference 4821. See https://medq.example/appointments\nPassword: ABC12345');
    await texts.getByRole('link', { name: 'https://medq.example/appointments' }).waitFor();
    await hasText(texts, 'delivered');
    await texts.getByRole('button', { name: 'ABC12345' }).click();
    await hasText(page.locator('#toast'), 'Copied ABC12345');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('ABC12345');

    await call(page).click();
    await hasText(transcript, welcome);
    await page.keyboard.press('1');
    await hasText(transcript, 'Enter your code.');
    await texts.getByRole('button', { name: '4821' }).click();
    await hasText(transcript, 'You entered 4821.');
  });

  test('are those of the number that is shown, and never markup', async () => {
    const { phone, texts } = await openPhone();
    await sendText(aPhone(), 'For someone else.');
    await sendText(phone, '<img src=x onerror=alert(1)> 5 < 6');
    await hasText(texts, '<img src=x onerror=alert(1)> 5 < 6');
    expect(await texts.getByText('For someone else.').count()).toBe(0);
    expect(await texts.locator('img').count()).toBe(0);
  });

  test('of before are there when the page opens, and are counted on a small screen', async () => {
    const { page, phone, texts } = await openPhone({ viewport: PHONE });
    await sendText(phone, 'The first.');
    const messages = page.getByRole('button', { name: /^Messages/ });
    await messages.getByText('1').waitFor();
    await messages.click();
    await hasText(texts, 'The first.');
    await page.reload();
    await page.getByRole('combobox', { name: 'Your number' }).fill(`+${phone}`);
    await messages.click();
    await hasText(texts, 'The first.');
  });
});

describe('the page', () => {
  test.each([
    ['on a small phone', { viewport: PHONE }],
    ['on a small phone at night', { viewport: PHONE, colorScheme: 'dark' }],
    ['on a desk', { viewport: DESK }],
    ['on a desk at night', { viewport: DESK, colorScheme: 'dark' }]
  ] as const)('has nothing to complain about for axe and fits, %s', async (_, options) => {
    const { page, phone, transcript } = await openPhone({ ...options, reducedMotion: 'reduce' });
    await sendText(phone, 'Code 482913, see https://medq.example/.');
    await call(page).click();
    await hasText(transcript, welcome);
    await page.keyboard.press('1');
    await hasText(transcript, 'Enter your code.');
    const tabs = page.getByRole('navigation').getByRole('button');
    for (const part of ['Phone', 'Messages', 'Requests']) {
      const isSmall = options.viewport === PHONE;
      if (isSmall) await tabs.getByText(part).click();
      if (part === 'Requests') await page.locator('.request summary').first().click();
      // On a desk all parts are shown at once.
      if (!isSmall && part !== 'Requests') continue;
      expect(await violationsOf(page)).toEqual([]);
      expect(await tooWide(page)).toEqual([]);
    }
  });

  test('keeps everything in its place while a call goes on', async () => {
    const { page, transcript, key } = await openPhone({ viewport: PHONE });
    const places = () => Promise.all(['3', '# hash'].map((one) => key(one).boundingBox()));
    const before = await places();
    await call(page).click();
    await hasText(transcript, welcome);
    await key('1').click();
    await hasText(transcript, 'Enter your code.');
    expect(await places()).toEqual(before);
  });

  test('asks nobody but the stand-in for anything', async () => {
    const page = await openPage(browser, { viewport: DESK });
    const asked = new Set<string>();
    const broken: string[] = [];
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    page.on('pageerror', ({ message }) => broken.push(message));
    page.on('console', (line) => line.type() === 'error' && broken.push(line.text()));
    await page.goto(messagebird.simulatorUrl);
    await page.getByText('No texts yet.').waitFor();
    await call(page).click();
    await hasText(page.getByRole('log').first(), welcome);
    expect([...asked]).toEqual([messagebird.url]);
    expect(broken).toEqual([]);
  });
});

test('without a network it says so in a sentence, and is not live', async () => {
  const { page } = await openPhone();
  await page.context().setOffline(true);
  await page.locator('#inbox-live').getByText('offline').waitFor();
  await call(page).click();
  await page.getByRole('alert').getByText('The stand-in cannot be reached.').waitFor();
  await page.context().setOffline(false);
  await page.locator('#inbox-live[data-live="true"]').waitFor();
});

test('there is no call before the clinics are there, and a sentence if they do not come', async () => {
  const page = await openPage(browser, { viewport: DESK });
  const asked = Promise.withResolvers<Route>();
  await page.route('**/config', (route) => asked.resolve(route));
  await page.goto(messagebird.simulatorUrl);
  const route = await asked.promise;
  expect(await call(page).isDisabled()).toBe(true);
  await route.abort();
  await page.getByRole('alert').getByText('is it still running?').waitFor();
});

test('times are by the clinic\u2019s clock, wherever the browser is', async () => {
  const { page, phone, texts } = await openPhone({ viewport: DESK, timezoneId: 'America/New_York' });
  await sendText(phone, 'Hello');
  const time = texts.locator('time');
  const at = new Date((await time.getAttribute('datetime')) ?? '');
  const clock = (timeZone: string) =>
    at.toLocaleTimeString('en-IN', { hour: '2-digit', minute: '2-digit', timeZone });
  expect(await time.textContent()).toBe(clock('Asia/Kolkata'));
  expect(await time.textContent()).not.toBe(clock('America/New_York'));
  await page.context().close();
});

test('each switch says what it is for', async () => {
  const { page } = await openPhone();
  const unexplained = await page
    .getByRole('switch')
    .evaluateAll((all) =>
      all.filter((one) => !document.getElementById(one.getAttribute('aria-describedby') ?? '')?.textContent)
    );
  expect(unexplained).toEqual([]);
  expect(await page.getByRole('switch').count()).toBe(4);
});
