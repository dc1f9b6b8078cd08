import axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What axe has to say against the page as it is, one sentence a rule.
 * @param about colours: only what other colours can change
 */
export function violationsOf(page: Page, about: 'everything' | 'colours' = 'everything'): Promise<string[]> {
  if (page.frames().length > 1) throw new Error('Axe would see nothing of what is in a frame.');
  return whatStays(page, () => violationsNow(page, about));
}

/**
 * A page may still be settling (a changed viewport, other colours, larger letters), so only faults that stay for two seconds
 * are told.
 */
async function whatStays(page: Page, look: () => Promise<string[]>): Promise<string[]> {
  const settledBy = Date.now() + 2_000;
  let found = await look();
  while (found.length > 0 && Date.now() < settledBy) {
    await painted(page);
    found = await look();
  }
  return found;
}

async function violationsNow(page: Page, about: 'everything' | 'colours'): Promise<string[]> {
  // Once for each document: reading half a megabyte of script takes longer than judging a page.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const options: axe.RunOptions = {
    resultTypes: ['violations'],
    ...(about === 'colours' && {
      runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }
    })
  };
  const { violations } = await page.evaluate(
    (how) => (window as unknown as { axe: typeof axe }).axe.run(document, how),
    options
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ failureSummary }) => failureSummary).join(' ')}`
  );
}

/** What does not fit: into the screen, or into its own box. */
export const tooWide = (page: Page): Promise<string[]> => whatStays(page, () => widerThanTheirBox(page));

function widerThanTheirBox(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isTooWide = ({ clientWidth, scrollWidth }: Element) => clientWidth > 1 && scrollWidth > clientWidth;
    const boxes = document.querySelectorAll('main :is(a, button, dt, dd, h1, h2, h3, p)');
    const found = [...boxes].filter(isTooWide).map(({ outerHTML }) => outerHTML.slice(0, 300));
    const { documentElement } = document;
    if (!isTooWide(documentElement)) return found;
    const beyond = [...document.body.querySelectorAll('*')].filter(
      (element) => element.getBoundingClientRect().right > documentElement.clientWidth
    );
    const names = beyond.map(({ outerHTML }) => outerHTML.slice(0, 80)).join(' ');
    return [...found, `the page (${documentElement.scrollWidth} pixels): ${names}`];
  });
}

/**
 * Words of ours that are broken in the middle, where there is less room than they take.
 * @param names words of people and clinics, which may be as long as they like
 */
export const brokenWords = (page: Page, names: string): Promise<string[]> =>
  whatStays(page, () => wordsOnTwoLines(page, names));

function wordsOnTwoLines(page: Page, names: string): Promise<string[]> {
  return page.evaluate((ofNames) => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const found: string[] = [];
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode as Text;
      // What is there for screen readers only has no lines.
      if (!parentElement || getComputedStyle(parentElement).clipPath !== 'none') continue;
      for (const { 0: word, index } of data.matchAll(/[\p{L}\p{M}]{2,}/gu)) {
        if (ofNames.includes(word)) continue;
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom)));
        if (lines.size > 1) found.push(`${word} in ${parentElement.outerHTML.slice(0, 200)}`);
      }
    }
    return found;
  }, names);
}

/** Shows letters so many times as large as usual, as a browser does whose owner wants them so. */
export async function scaleText(page: Page, factor: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setFontSizes', { fontSizes: { standard: 16 * factor, fixed: 13 * factor } });
  await painted(page);
}

/** What is in a state but looks just like its neighbours that are not. */
export function indistinct(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const look = (element: Element) => {
      const style = getComputedStyle(element);
      const { backgroundColor, borderTopColor, color, outlineStyle, textDecorationLine } = style;
      return [backgroundColor, borderTopColor, color, outlineStyle, textDecorationLine].join();
    };
    return ['[aria-current]', '[aria-pressed="true"]', '.bars .done'].flatMap((state) =>
      [...document.querySelectorAll(state)]
        .filter((element) => {
          const group = element.closest('nav, form, .bars');
          const others = [...(group?.querySelectorAll(element.tagName) ?? [])].filter(
            (one) => !one.matches(state)
          );
          return others.some((other) => look(other) === look(element));
        })
        .map(({ outerHTML }) => outerHTML.slice(0, 300))
    );
  });
}

/** Words that a system with colours of its own paints onto its background, and that are of the same colour. */
export function unreadable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('p'));
    probe.style.color = 'Canvas';
    const canvas = getComputedStyle(probe).color;
    probe.remove();
    return [...document.querySelectorAll('main *, header *')]
      .filter(({ childNodes }) => [...childNodes].some((node) => node instanceof Text && node.data.trim()))
      .filter((element) => {
        const style = getComputedStyle(element);
        return style.color === canvas && style.getPropertyValue('forced-color-adjust') !== 'none';
      })
      .map(({ outerHTML }) => outerHTML.slice(0, 300));
  });
}

/** A change of size or colours has reached the screen: what is measured in between is neither. */
export function painted(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))
  );
}
