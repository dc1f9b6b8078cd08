import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DESK, openPage, PHONE } from '../helpers/browser.ts';
import {
  brokenWords,
  indistinct,
  painted,
  scaleText,
  tooWide,
  unreadable,
  violationsOf
} from '../helpers/looks.ts';
import { theSite } from '../helpers/site.ts';

/** The states pages can be in, by name, and how to get to each. */
export type States = Record<string, (page: Page) => Promise<unknown>>;

/** Longer than there is room for on a line of a phone. */
export const LONG_NAME = 'Venkatanarasimharajuvaripeta Subrahmanyam Lakshminarayanan';

// The smallest screen that WCAG 2.2 asks to fit (1.4.10).
const SMALLEST = { width: 320, height: 640 };

/**
 * A test for each state: no complaint of axe on a phone and a desk in light and dark, in either language, nothing that
 * does not fit 320 pixels, also with text twice as large, nothing that forced colours hide, and nothing in the console. With `steady`, nothing shifts while the page gets there.
 */
export function testStates(browser: Browser, states: States, { steady = false } = {}): void {
  test.each(Object.keys(states))('%s: accessible everywhere, and fits everywhere', async (name) => {
    const page = await openPage(browser, { reducedMotion: 'reduce' });
    const complaints = complaintsOf(page);
    await states[name]?.(page);
    if (steady) expect(await shiftOf(page)).toBeLessThan(0.02);

    for (const viewport of [PHONE, DESK]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await painted(page);
        const about = colorScheme === 'light' ? 'everything' : 'colours';
        expect(await violationsOf(page, about), `${viewport.width} pixels wide, ${colorScheme}`).toEqual([]);
      }
      expect(await brokenWords(page, LONG_NAME), `${viewport.width} pixels wide`).toEqual([]);
    }
    await page.emulateMedia({ forcedColors: 'active' });
    await painted(page);
    expect(await indistinct(page), 'in forced colours').toEqual([]);
    expect(await unreadable(page), 'in forced colours').toEqual([]);
    await page.emulateMedia({ forcedColors: 'none' });
    await page.setViewportSize(SMALLEST);
    await painted(page);
    expect(await tooWide(page)).toEqual([]);
    await scaleText(page, 2);
    expect(await tooWide(page), 'with text twice as large').toEqual([]);
    await scaleText(page, 1);

    // Tamil words are longer.
    await page.context().addCookies([{ name: 'medq-language', value: 'ta-IN', url: theSite() }]);
    await page.reload();
    expect(await page.locator('html').getAttribute('lang')).toBe('ta-IN');
    expect(await tooWide(page)).toEqual([]);
    expect(await violationsOf(page), 'in Tamil').toEqual([]);
    for (const viewport of [PHONE, DESK]) {
      await page.setViewportSize(viewport);
      await painted(page);
      expect(await brokenWords(page, LONG_NAME), `in Tamil, ${viewport.width} pixels wide`).toEqual([]);
    }
    await page.setViewportSize(SMALLEST);
    await scaleText(page, 2);
    expect(await tooWide(page), 'in Tamil, with text twice as large').toEqual([]);
    expect(complaints).toEqual([]);
  });
}

/** Shows the first of a list's items only: other tests leave more clinics than pages are made for. */
export function showFew(page: Page, item: string): Promise<unknown> {
  return page.addInitScript((selector) => {
    const few = new CSSStyleSheet();
    few.replaceSync(`${selector}:nth-child(n + 4) { display: none }`);
    document.adoptedStyleSheets.push(few);
  }, item);
}

function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|hydration/i.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}

/** How much of the page moved without anybody's doing: cumulative layout shift. */
function shiftOf(page: Page): Promise<number> {
  return page.evaluate(() => {
    const seen = new PerformanceObserver(() => undefined);
    seen.observe({ type: 'layout-shift', buffered: true });
    const entries = seen.takeRecords() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
    return entries.filter(({ hadRecentInput }) => !hadRecentInput).reduce((sum, { value }) => sum + value, 0);
  });
}
