import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isIn, parseBroadcast } from '../../src/lib/appointments/broadcast.ts';
import { hold } from '../../src/lib/appointments/merge.ts';
import { fetching } from '../../src/lib/live/fetching.ts';

const tab = { visibilityState: 'visible' };
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', tab);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  tab.visibilityState = 'visible';
});

/** A server whose answers take 100 ms and say what it shows when asked, and a page that follows it. */
function aPage(answers: { fails?: boolean; hangs?: boolean } = {}) {
  const server = { version: 1, asked: 0, ...answers };
  const page = { version: 1 };
  const follows = fetching<number>(
    async () => {
      server.asked++;
      const { version } = server;
      await new Promise((resolve) => server.hangs || setTimeout(resolve, 100));
      if (server.fails) throw new Error('The server answered 503.');
      page.version = version;
    },
    (version) => page.version >= version
  );
  return { server, page, follows };
}

test('what was heard of and is there is fetched once', async () => {
  const { server, page, follows } = aPage();
  server.version = 2;
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(page.version).toBe(2);
  expect(server.asked).toBe(1);
});

test('what the server does not show yet is there a second later', async () => {
  const { server, page, follows } = aPage();
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(500);
  expect(page.version).toBe(1);
  server.version = 2;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(page.version).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked).toBe(2);
});

test('other news in between does not make it forgotten', async () => {
  const { server, page, follows } = aPage();
  follows.heard(3);
  await vi.advanceTimersByTimeAsync(300);
  server.version = 2;
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(300);
  expect(page.version).toBe(2);
  server.version = 3;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(page.version).toBe(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked).toBe(3);
});

test('what never comes is asked for twice, and news heard while asking once more', async () => {
  const { server, follows } = aPage();
  follows.heard(2);
  follows.heard(3);
  follows.again();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked).toBe(3);
});

test('it outlives answers that fail', async () => {
  const { server, page, follows } = aPage({ fails: true });
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(1_000);
  Object.assign(server, { fails: false, version: 2 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(page.version).toBe(2);
});

test('it outlives an answer that never comes', async () => {
  const { server, page, follows } = aPage({ hangs: true });
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(10_000);
  Object.assign(server, { hangs: false, version: 2 });
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.version).toBe(2);
});

test('after minutes of silence it looks, if it is looked at', async () => {
  const { server, page, follows } = aPage();
  follows.again();
  await vi.advanceTimersByTimeAsync(4 * 60_000);
  server.version = 2;
  expect(server.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(2 * 60_000);
  expect(page.version).toBe(2);
  tab.visibilityState = 'hidden';
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(server.asked).toBe(2);
});

test('nothing is asked after the end', async () => {
  const { server, follows } = aPage();
  follows.heard(2);
  await vi.advanceTimersByTimeAsync(500);
  follows.stop();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(server.asked).toBe(1);
});

test('a change is there in its version or a later one, a deleted row when it is gone, and of other news nobody can tell', () => {
  const held = hold([{ id: 'a', version: 2 }]);
  const isThere = (payload: object) => isIn(held, parseBroadcast(payload));
  expect([1, 2, 3].map((version) => isThere({ id: 'a', version, operation: 'UPDATE' }))).toEqual([
    true,
    true,
    false
  ]);
  expect(isThere({ id: 'b', version: 1, operation: 'INSERT' })).toBe(false);
  expect(isThere({ id: 'a', version: 2, operation: 'DELETE' })).toBe(false);
  expect(isThere({ id: 'b', version: 1, operation: 'DELETE' })).toBe(true);
  expect(isThere({})).toBe(false);
});
