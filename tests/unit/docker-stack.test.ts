import { expect, test } from 'vitest';
import { readStackAddresses } from '../../local/settings/addresses.ts';
import { setting, settingNames } from '../../supabase/functions/_shared/env.ts';
import { dockerStack } from '../../tools/docker-stack.ts';

const stack = dockerStack(
  {
    API_URL: 'http://127.0.0.1:54321',
    DB_URL: 'postgresql://postgres:word@127.0.0.1:54322/postgres',
    ANON_KEY: 'anon',
    SERVICE_ROLE_KEY: 'service',
    PUBLISHABLE_KEY: 'sb_publishable_1',
    SECRET_KEY: 'sb_secret_1',
    JWT_SECRET: 'a secret of thirty-two characters'
  },
  {
    api_url: 'http://127.0.0.1:54324/rest',
    inbox_url: 'http://127.0.0.1:54324/inbox',
    access_key: 'access',
    signing_key: 'signing'
  },
  'another secret of thirty-two characters',
  'http://127.0.0.1:5173'
);

test('the tests find it where it is for this machine', () => {
  expect(readStackAddresses(JSON.stringify(stack.addresses), 'IT')).toEqual(stack.addresses);
  expect(stack.addresses).toMatchObject({
    admin_db_url: 'postgresql://supabase_admin:word@127.0.0.1:54322/postgres',
    ivr_url: 'http://127.0.0.1:54321/functions/v1/ivr',
    inbox_url: 'http://127.0.0.1:54324/inbox'
  });
});

test('the functions have every setting they need, and reach this machine from their container', () => {
  const here = (name: string) => (name.startsWith('SUPABASE_') ? 'http://kong:8000' : stack.settings[name]);
  const ours = settingNames().filter((name) => !name.startsWith('SUPABASE_'));
  for (const name of ours) setting(name, here);
  expect(stack.settings.MESSAGEBIRD_API_URL).toBe('http://host.docker.internal:54324/rest');
  // What the stand-in calls, and signs.
  expect(`${stack.settings.PUBLIC_FUNCTIONS_URL}/ivr`).toBe(stack.addresses.ivr_url);
});

test('the database reaches the functions from its container, with the secret they know', () => {
  expect(stack.vault).toEqual({
    functions_url: 'http://kong:8000/functions/v1',
    functions_secret: stack.settings.FUNCTIONS_SECRET
  });
});

test('a line that is none says what is wrong with it, and not what stands in it', () => {
  expect(() => readStackAddresses('{', 'MEDQ_TEST_STACK')).toThrow('it is not JSON');
  const line = JSON.stringify({ ...stack.addresses, api_url: 'hush', jwt_secret: undefined });
  expect(() => readStackAddresses(line, 'MEDQ_TEST_STACK')).toThrow(/wrong: api_url, jwt_secret\.$/);
});
