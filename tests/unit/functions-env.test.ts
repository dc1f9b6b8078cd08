import { expect, test } from 'vitest';
import { setting, SettingError } from '../../supabase/functions/_shared/env.ts';

const from = (values: Record<string, string>) => (name: string) => values[name];

test('a missing setting is named, with what it is for and how to set it', () => {
  expect(() => setting('MESSAGEBIRD_ACCESS_KEY', from({}))).toThrow(SettingError);
  expect(() => setting('MESSAGEBIRD_ACCESS_KEY', from({}))).toThrow(
    'MESSAGEBIRD_ACCESS_KEY is not set. It is the access key that sends SMS. Set it with: supabase secrets set MESSAGEBIRD_ACCESS_KEY=...'
  );
});

test('an empty value counts as missing and lets a default stand', () => {
  expect(() => setting('MESSAGEBIRD_SIGNING_KEY', from({ MESSAGEBIRD_SIGNING_KEY: ' ' }))).toThrow(
    /is not set/
  );
  expect(setting('MESSAGEBIRD_ORIGINATOR', from({ MESSAGEBIRD_ORIGINATOR: '' }))).toBe('MedQ');
});

test('a malformed setting is named without its value', () => {
  const refuse = () => setting('FUNCTIONS_SECRET', from({ FUNCTIONS_SECRET: 'hunter2' }));
  expect(refuse).toThrow(/^FUNCTIONS_SECRET has a value that cannot be used\./);
  expect(refuse).not.toThrow(/hunter2/);
});

test('addresses lose their trailing slashes, so that paths can be appended', () => {
  const source = from({ PUBLIC_FUNCTIONS_URL: 'https://x.supabase.co/functions/v1/' });
  expect(setting('PUBLIC_FUNCTIONS_URL', source)).toBe('https://x.supabase.co/functions/v1');
});

test.each(['ftp://example.org', 'example.org', ''])('%j is no address', (value) => {
  expect(() => setting('SITE_URL', from({ SITE_URL: value }))).toThrow(SettingError);
});

test('what may be left out has its documented default', () => {
  expect(setting('MESSAGEBIRD_API_URL', from({}))).toBe('https://rest.messagebird.com');
  expect(setting('PHONE_VERIFICATION', from({}))).toBe('required');
  expect(setting('DEFAULT_REGION', from({}))).toBe('IN');
  expect(setting('SMS_DISPATCH_CONCURRENCY', from({}))).toBe(8);
  expect(setting('DATABASE_CONNECTIONS', from({}))).toBe(2);
});

test.each([
  ['PHONE_VERIFICATION', 'no'],
  ['DEFAULT_REGION', 'India'],
  ['SMS_COUNTRIES', 'India'],
  ['SMS_COUNTRIES', 'in'],
  ['SMS_DISPATCH_CONCURRENCY', '0'],
  ['SMS_DISPATCH_CONCURRENCY', 'many'],
  ['DATABASE_CONNECTIONS', '0'],
  ['DATABASE_CONNECTIONS', '51'],
  ['MESSAGEBIRD_ORIGINATOR', 'MedQ Clinics Ltd'],
  ['SUPABASE_SECRET_KEYS', 'sb_secret_x']
] as const)('%s refuses %j', (name, value) => {
  expect(() => setting(name, from({ [name]: value }))).toThrow(SettingError);
});

test('secret keys come as names and keys', () => {
  const source = from({ SUPABASE_SECRET_KEYS: '{"default":"sb_secret_x","cron":"sb_secret_y"}' });
  expect(setting('SUPABASE_SECRET_KEYS', source)).toEqual({ default: 'sb_secret_x', cron: 'sb_secret_y' });
});
