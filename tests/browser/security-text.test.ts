import process from 'node:process';
import { expect, test } from 'vitest';
import { startSite } from '../../local/site.ts';
import { theStack } from '../helpers/stack.ts';
import { opening } from './setting.ts';

const { site } = await opening();
const path = '/.well-known/security.txt';

test('who found a hole learns whom to tell, where the site names somebody', async () => {
  process.env.SECURITY_CONTACT = 'mailto:security@example.org';
  const { api_url, publishable_key } = theStack();
  const named = await startSite({ supabaseUrl: api_url, key: publishable_key, port: 0 });
  try {
    const answer = await fetch(`${named.url}${path}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const text = await answer.text();
    expect(text).toMatch(/^Contact: mailto:security@example\.org$/m);
    expect(text).toContain(`Canonical: ${named.url}${path}`);
    const expires = Date.parse(/^Expires: (.+)$/m.exec(text)?.[1] ?? '');
    expect(expires).toBeGreaterThan(Date.now());
    expect(expires).toBeLessThan(Date.now() + 365 * 24 * 60 * 60 * 1000);
  } finally {
    delete process.env.SECURITY_CONTACT;
    await named.close();
  }
});

test('nothing is there where it names nobody', async () => {
  expect((await fetch(`${site}${path}`)).status).toBe(404);
});
