import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSite, type Site } from '../../local/site.ts';
import { buildSite } from '../../local/site/build.ts';
import { freePort } from '../../local/settings/ports.ts';
import { theStack } from '../helpers/stack.ts';

const { api_url, publishable_key: key } = theStack();
const open: (Site | Server)[] = [];
beforeAll(() => buildSite(() => undefined), 180_000);
afterAll(() => Promise.all(open.map((one) => one.close())));

async function aSite(supabaseUrl: string) {
  const lines: string[] = [];
  const site = await startSite({ supabaseUrl, key, port: 0, log: (line) => lines.push(line) });
  open.push(site);
  return { lines, ask: (path: string, init?: RequestInit) => fetch(`${site.url}${path}`, init) };
}

/** A Supabase of which one part fails, or is silent, and how often it is asked. */
async function aBrokenSupabase(broken: string, how: 'fails' | 'is silent' = 'fails') {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const isBroken = request.url?.startsWith(broken);
    if (isBroken && how === 'is silent') return;
    response.writeHead(request.headers.apikey !== key ? 401 : isBroken ? 500 : 200).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test('with Supabase the site is alive and ready, and no cache keeps that', async () => {
  const { ask, lines } = await aSite(api_url);
  const alive = await ask('/healthz');
  expect([alive.status, await alive.text()]).toEqual([200, 'ok\n']);
  const ready = await ask('/readyz');
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, auth: 'ok', data_api: 'ok' }]);
  for (const { headers } of [alive, ready]) {
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('set-cookie')).toBeNull();
  }
  expect(lines).toEqual([]);
});

test('without it the site is alive, not ready, and asks nobody about a session', async () => {
  const { ask, lines } = await aSite(`http://127.0.0.1:${await freePort()}`);
  const cookie = { headers: { cookie: 'medq-session=base64-e30' } };
  expect((await ask('/healthz', cookie)).status).toBe(200);
  const ready = await ask('/readyz', cookie);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { ready: false, auth: 'unreachable', data_api: 'unreachable' }
  ]);
  // Whoever watches asks every few seconds.
  expect(lines).toEqual([]);
});

test('the part that fails is named, and a flood of questions is one question', async () => {
  const supabase = await aBrokenSupabase('/rest/');
  const { ask } = await aSite(supabase.url);
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/readyz')));
  for (const answer of answers) {
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { ready: false, auth: 'ok', data_api: 'answered 500' }
    ]);
  }
  // Two parts, and the second in which they were asked may have ended once.
  expect(supabase.asked.length).toBeLessThanOrEqual(4);
});

test('a part that does not answer in time is told from one that cannot be reached', async () => {
  const { ask } = await aSite((await aBrokenSupabase('/rest/', 'is silent')).url);
  expect(await (await ask('/readyz')).json()).toEqual({
    ready: false,
    auth: 'ok',
    data_api: 'no answer in 3 seconds'
  });
});

const cookieOf = (value: unknown) => `base64-${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
const dead = {
  access_token: 'a.b.c',
  refresh_token: 'zzzzzzzzzzzz',
  token_type: 'bearer',
  expires_in: 3600,
  expires_at: 1,
  user: { id: crypto.randomUUID() }
};

test('a session cookie that holds no session ends no server', async () => {
  const { ask, lines } = await aSite(api_url);
  for (const value of [cookieOf({}), cookieOf(null), cookieOf([]), cookieOf(dead), 'base64-', 'nonsense']) {
    const statuses = [];
    for (const path of ['/healthz', '/login', '/', '/appointments', '/api/login/', '/healthz']) {
      const headers = { cookie: `medq-session=${value}` };
      statuses.push((await ask(path, { headers, redirect: 'manual' })).status);
    }
    expect(statuses, value).toEqual([200, 200, 200, 303, 405, 200]);
  }
  expect(lines.filter((line) => /ended by itself|SvelteKit error/.test(line))).toEqual([]);
});
