import { expect, test } from 'vitest';
import { tokenSource, type LiveToken } from '../../src/lib/live/token.ts';

function aServer() {
  const asked: ((token: LiveToken) => void)[] = [];
  let broken = false;
  let clock = 0;
  const token = tokenSource(
    () =>
      broken
        ? Promise.reject(new Error('no network'))
        : new Promise<LiveToken>((answer) => {
            asked.push(answer);
          }),
    () => clock
  );
  return {
    token,
    asked,
    pass: (seconds: number) => (clock += seconds * 1000),
    breakDown: (now: boolean) => (broken = now)
  };
}

test('a token is kept until it is about to expire, then asked for anew', async () => {
  const { token, asked, pass } = aServer();
  const first = token();
  asked[0]?.({ token: 'one', expires_in: 3600 });
  expect(await first).toBe('one');

  pass(3600 - 80);
  expect(await token()).toBe('one');
  expect(asked).toHaveLength(1);

  pass(10);
  const second = token();
  asked[1]?.({ token: 'two', expires_in: 3600 });
  expect(await second).toBe('two');
});

test('many who ask at once ask the server once', async () => {
  const { token, asked } = aServer();
  const all = [token(), token(), token()];
  asked[0]?.({ token: 'one', expires_in: 3600 });
  expect(await Promise.all(all)).toEqual(['one', 'one', 'one']);
  expect(asked).toHaveLength(1);
});

test('a failure is passed on, and the next one to ask tries again', async () => {
  const { token, asked, breakDown } = aServer();
  breakDown(true);
  await expect(token()).rejects.toThrow('no network');
  breakDown(false);
  const again = token();
  asked[0]?.({ token: 'one', expires_in: 3600 });
  expect(await again).toBe('one');
});
