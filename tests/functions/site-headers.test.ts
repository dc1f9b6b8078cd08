import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSite, type Site } from '../../local/site.ts';
import { theStack } from '../helpers/stack.ts';

let site: Site;
beforeAll(async () => {
  const { api_url, publishable_key } = theStack();
  site = await startSite({ supabaseUrl: api_url, key: publishable_key, port: 0 });
}, 180_000);
afterAll(() => site?.close());

const built = (folder: string, ending: string) => {
  const file = readdirSync(`build/client/_app/immutable/${folder}`).find((name) => name.endsWith(ending));
  return `/_app/immutable/${folder}/${file}`;
};

const protectedAgainst = {
  guessing: ['x-content-type-options', 'nosniff'],
  framing: ['x-frame-options', 'DENY'],
  'telling others where one was': ['referrer-policy', 'same-origin'],
  'being read by other sites': ['cross-origin-resource-policy', 'same-origin']
} as const;

async function expectProtected(answer: Response): Promise<void> {
  const { headers } = answer;
  for (const [against, [name, value]] of Object.entries(protectedAgainst)) {
    expect(headers.get(name), `${answer.url}: against ${against}`).toBe(value);
  }
  await answer.body?.cancel();
}

describe('without a proxy, what no hook sees is protected as pages are', () => {
  test.each([
    ['a page that asks to sign in first', '/appointments', 303],
    ['the same asked for by our scripts', '/appointments/__data.json', 200],
    ['a form that is sent after the session has ended', '/account?/profile', 303, { method: 'POST' }],
    ['an address with a slash too many', '/login/', 308],
    ['a page', '/login', 200],
    ['what there is not', '/nowhere', 404],
    ['a picture', '/favicon.svg', 200],
    ['a text', '/robots.txt', 200],
    ['a file that is asked for by a wrong method', '/favicon.svg', 405, { method: 'POST' }]
  ] as const)('%s: %s', async (_, path, status, init: RequestInit = {}) => {
    const headers = { origin: site.url, accept: 'text/html', ...init.headers };
    const body = init.method === 'POST' ? new URLSearchParams({ name: 'Asha' }) : undefined;
    const answer = await fetch(`${site.url}${path}`, {
      ...init,
      headers,
      redirect: 'manual',
      ...(body && { body })
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    await expectProtected(answer);
  });

  test('a redirect of the guard lets nothing at all be loaded', async () => {
    const answer = await fetch(`${site.url}/appointments`, { redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('/login?next=%2Fappointments');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('scripts and styles are protected, and kept for a year as before', async () => {
    for (const path of [built('entry', '.js'), built('assets', '.css')]) {
      const answer = await fetch(`${site.url}${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('public,max-age=31536000,immutable');
      await expectProtected(answer);
    }
  });

  test('the service worker may fetch', async () => {
    const answer = await fetch(`${site.url}/service-worker.js`, { headers: { 'service-worker': 'script' } });
    expect(answer.headers.get('content-security-policy')).toBeNull();
    await expectProtected(answer);
  });
});
