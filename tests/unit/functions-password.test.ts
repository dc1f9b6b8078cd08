import { expect, test } from 'vitest';
import { temporaryPassword } from '../../supabase/functions/provision-accounts/password.ts';

const secret = 'a secret of the functions, 32 characters or more';

test('every run of a job comes to the same password', async () => {
  expect(await temporaryPassword(secret, 'job', 'seed')).toBe(await temporaryPassword(secret, 'job', 'seed'));
});

test('another job, seed or secret gives another password', async () => {
  const passwords = await Promise.all([
    temporaryPassword(secret, 'job', 'seed'),
    temporaryPassword(secret, 'job2', 'seed'),
    temporaryPassword(secret, 'job', 'seed2'),
    temporaryPassword(`${secret}!`, 'job', 'seed')
  ]);
  expect(new Set(passwords).size).toBe(4);
});

test('eight characters, each one of 32 equally likely ones that do not look alike: 40 bits', async () => {
  const passwords = await Promise.all(
    Array.from({ length: 4000 }, (_, index) => temporaryPassword(secret, `job ${index}`, 'seed'))
  );
  expect(passwords.every((password) => /^[A-HJ-NP-Z2-9]{8}$/.test(password))).toBe(true);
  const counts = new Map<string, number>();
  for (const character of passwords.join('')) counts.set(character, (counts.get(character) ?? 0) + 1);
  expect(counts.size).toBe(32);
  // 1000 of each expected, with a standard deviation of 31.
  expect(Math.min(...counts.values())).toBeGreaterThan(800);
  expect(Math.max(...counts.values())).toBeLessThan(1200);
  expect(new Set(passwords).size).toBe(4000);
});
