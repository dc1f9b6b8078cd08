import { afterEach, expect, test, vi } from 'vitest';
import type { Database } from '../../supabase/functions/_shared/database.ts';
import { countriesOf } from '../../supabase/functions/_shared/phone.ts';
import { isTexted } from '../../supabase/functions/_shared/sms-countries.ts';

afterEach(() => vi.unstubAllEnvs());

/** For what is to be known without it. */
const noDatabase = (() => {
  throw new Error('The database was asked.');
}) as unknown as Database;

test.each([
  ['+919876543210', ['IN']],
  ['+18765551234', ['JM']],
  ['+12125551234', ['US']],
  ['+14165551234', ['CA']],
  ['+77011234567', ['KZ']]
])('%s is of %j', (phone, countries) => expect(countriesOf(phone)).toEqual(countries));

test('a number that the tables do not know may be of any country with its code, most likely of the biggest', () => {
  expect(countriesOf('+446123456789')).toEqual(expect.arrayContaining(['GB', 'GG', 'IM', 'JE']));
  expect(countriesOf('+19995551234').slice(0, 1)).toEqual(['US']);
  expect(countriesOf('+19995551234')).toHaveLength(25);
});

test.each([
  ['IN, AE', '+919876543210', true],
  ['IN,AE', '+971501234567', true],
  ['AE', '+919876543210', false],
  ['US', '+18765551234', false],
  ['US', '+19995551234', true],
  ['JM', '+18765551234', true],
  ['GB', '+446123456789', true]
])('SMS_COUNTRIES=%s: is %s texted? %s', async (countries, phone, texted) => {
  vi.stubEnv('SMS_COUNTRIES', countries);
  expect(await isTexted(phone, noDatabase, '+12125551234')).toBe(texted);
});

test('here, and where the number is that was called, needs no look at the database', async () => {
  vi.stubEnv('DEFAULT_REGION', 'IN');
  expect(await isTexted('+919876543210', noDatabase)).toBe(true);
  expect(await isTexted('+64211234567', noDatabase, '+6448331234')).toBe(true);
  await expect(isTexted('+18765551234', noDatabase, '+12125551234')).rejects.toThrow('database was asked');
});

test.each(['UK', 'IN,XX'])(
  'SMS_COUNTRIES=%s is a mistake in the settings, not in the number',
  async (countries) => {
    vi.stubEnv('SMS_COUNTRIES', countries);
    await expect(isTexted('+919876543210', noDatabase)).rejects.toThrow(/SMS_COUNTRIES is (UK|XX)/);
  }
);
