// Auth limits its token endpoint by address, also for our functions, which ask for many.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TokenLimits } from '../auth/limits.ts';
import { authWith } from './auth-stack.ts';

/** Signs in as nobody; with the status and the code of the answer. */
function signInAt(limits: TokenLimits | undefined) {
  const auth = authWith(limits ? { limits } : {});
  onTestFinished(() => auth.close());
  return async (from: string, forFunctions?: string) => {
    const headers = new Headers({
      'x-forwarded-for': from,
      'x-supabase-api-version': '2024-01-01',
      ...(forFunctions !== undefined && { 'sb-forwarded-for': forFunctions })
    });
    const body = JSON.stringify({ phone: '999000000000001', password: 'a password' });
    const url = 'http://auth/token?grant_type=password';
    const answer = await auth.fetch(new Request(url, { method: 'POST', headers, body }));
    return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
  };
}

const wrong = '400 invalid_credentials';
const limited = '429 over_request_rate_limit';

async function times(count: number, ask: (index: number) => Promise<string>): Promise<string[]> {
  const answers: string[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await ask(index));
  return answers;
}

test('an address is refused after as many as it may have at once; another is not', async () => {
  const signIn = signInAt({ burst: 3, forwarding: false });
  expect(await times(5, () => signIn('10.0.0.1'))).toEqual([wrong, wrong, wrong, limited, limited]);
  expect(await signIn('10.0.0.2')).toBe(wrong);
});

test('every two seconds it has one more, also when it asks in between', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const signIn = signInAt({ burst: 1, forwarding: false });
  expect(await signIn('10.0.0.1')).toBe(wrong);
  vi.setSystemTime(Date.now() + 1000);
  expect(await signIn('10.0.0.1')).toBe(limited);
  vi.setSystemTime(Date.now() + 1000);
  expect(await signIn('10.0.0.1')).toBe(wrong);
});

describe('whom the functions ask for', () => {
  test('counts by itself where forwarding is on', async () => {
    const signIn = signInAt({ burst: 3, forwarding: true });
    expect(new Set(await times(10, (index) => signIn('10.0.0.1', `203.0.113.${index}`)))).toEqual(
      new Set([wrong])
    );
    expect(await times(4, () => signIn('10.0.0.1', '198.51.100.1'))).toEqual([wrong, wrong, wrong, limited]);
  });
  test('counts as the functions where it is off', async () => {
    const signIn = signInAt({ burst: 3, forwarding: false });
    expect(await times(4, (index) => signIn('10.0.0.1', `203.0.113.${index}`))).toEqual([
      wrong,
      wrong,
      wrong,
      limited
    ]);
  });
});

test('as the stack is started nobody is limited: everybody has the same address', async () => {
  const signIn = signInAt(undefined);
  expect(new Set(await times(40, () => signIn('127.0.0.1')))).toEqual(new Set([wrong]));
});
