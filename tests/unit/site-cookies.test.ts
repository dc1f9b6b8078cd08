import type { Cookies } from '@sveltejs/kit';
import { expect, test } from 'vitest';
import { COOKIES, flagsOf, forgetCookie, keepCookie } from '../../src/lib/server/request/cookies.ts';
import { leaveFlash, readFlash, takeFlash } from '../../src/lib/server/request/flash.ts';

/** A request to `address`, whose cookies are those of one path. */
function aRequest(address = 'https://medq.example/', { dest = 'document', isDataRequest = false } = {}) {
  const kept = new Map<string, string>();
  const options: Record<string, unknown>[] = [];
  const cookies = {
    get: (name: string) => kept.get(name),
    set: (name: string, value: string, flags: object) => {
      kept.set(name, value);
      options.push({ name, ...flags });
    },
    delete: (name: string, flags: object) => {
      kept.delete(name);
      options.push({ name, ...flags });
    }
  } as unknown as Cookies;
  const request = new Request(address, { headers: { 'sec-fetch-dest': dest } });
  return { event: { cookies, url: new URL(address), request, isDataRequest }, kept, options };
}

test('every cookie keeps to https and to our own pages; scripts read one', () => {
  const names = Object.keys(COOKIES) as (keyof typeof COOKIES)[];
  for (const name of names) {
    expect(flagsOf(name, { hostname: 'medq.example' })).toMatchObject({ secure: true, sameSite: 'lax' });
    expect(flagsOf(name, { hostname: '127.0.0.1' }).secure).toBe(false);
  }
  const readable = names.filter((name) => !flagsOf(name, { hostname: 'medq.example' }).httpOnly);
  expect(readable).toEqual(['language']);
});

test('a cookie is forgotten where it was kept', () => {
  const { event, options } = aRequest();
  keepCookie(event, 'form', 'sealed', '/link');
  forgetCookie(event, 'form', '/link');
  const flags = { name: 'medq-form', path: '/link', httpOnly: true, secure: true, sameSite: 'lax' };
  expect(options).toEqual([
    { ...flags, maxAge: 1800 },
    { ...flags, maxAge: 0 }
  ]);
});

test('what was done is said by the page it was left for, once or for a minute', () => {
  const { event, kept } = aRequest();
  leaveFlash(event, '/login', 'account_deleted');
  expect(readFlash(event, '/login')).toMatch(/^Your account is deleted/);
  expect(readFlash(event, '/login')).toMatch(/^Your account is deleted/);
  leaveFlash(event, '/appointments', 'booked');
  expect(readFlash(event, '/login')).toBeNull();
  expect(takeFlash(event, '/appointments')).toMatch(/^Booked\./);
  expect([takeFlash(event, '/appointments'), kept.size]).toEqual([null, 0]);
});

test('a form that only looks where it was led leaves it to the page, and a page that fetches takes it', () => {
  const glance = aRequest(undefined, { dest: 'empty' });
  leaveFlash(glance.event, '/appointments', 'registered');
  const said = 'Welcome! Your username is asha.rao. To sign in, your phone number does as well.';
  for (let times = 0; times < 2; times++) {
    expect(takeFlash(glance.event, '/appointments', () => ({ username: 'asha.rao', what: '' }))).toBe(said);
  }
  const fetched = aRequest(undefined, { dest: 'empty', isDataRequest: true });
  leaveFlash(fetched.event, '/appointments', 'booked');
  takeFlash(fetched.event, '/appointments');
  expect([glance.kept.size, fetched.kept.size]).toEqual([1, 0]);
});

test('a message that is none of ours is not shown', () => {
  const { event, kept } = aRequest();
  kept.set('medq-flash', 'toString');
  expect(takeFlash(event, '/appointments')).toBeNull();
});
