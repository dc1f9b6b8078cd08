// What the functions of the embedded stack are told, whatever is set for a deployment.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { functionsEnvironment } from '../../local/functions/environment.ts';
import { loadKeys } from '../../local/settings/keys.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'medq-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));
const keys = await loadKeys(path.join(directory, 'keys.json'));
const addresses = {
  apiUrl: 'http://127.0.0.1:54321',
  databaseUrl: 'postgresql://postgres@127.0.0.1:54322/postgres',
  messagebirdApiUrl: 'http://127.0.0.1:54324/rest',
  siteUrl: 'http://127.0.0.1:5173'
};
const file = path.join(directory, '.env');

/** As `supabase/functions/.env.example` has it, filled in for a deployment. */
function fill(settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
}

test('a file filled in for a deployment changes nothing the stack lives by', () => {
  const bare = functionsEnvironment(keys, addresses, {}, path.join(directory, 'none'));
  const { DEFAULT_REGION: _given, ...own } = bare;
  fill({
    ...Object.fromEntries(Object.keys(own).map((name) => [name, 'of-a-deployment'])),
    DEFAULT_REGION: 'AE'
  });
  const filled = functionsEnvironment(keys, addresses, {}, file);
  expect(filled).toEqual({ ...bare, DEFAULT_REGION: 'AE' });
  expect(filled).toMatchObject({
    PUBLIC_FUNCTIONS_URL: 'http://127.0.0.1:54321/functions/v1',
    FUNCTIONS_SECRET: keys.functions_secret,
    MESSAGEBIRD_SIGNING_KEY: keys.messagebird_signing_key,
    LIVE_TOKEN_KEY_ID: ''
  });
});

test('what cannot be used is named before anything answers 500 for it', () => {
  fill({ PHONE_VERIFICATION: 'on' });
  expect(() => functionsEnvironment(keys, addresses, {}, file)).toThrow(
    /^PHONE_VERIFICATION cannot be "on"\. It is .* Correct it in the shell, or in supabase\/functions\/\.env\.$/
  );
  expect(() => functionsEnvironment(keys, addresses, { PHONE_VERIFICATION: 'off' }, file)).not.toThrow();
});

test('what the example has may be copied as it is', () => {
  const example = 'supabase/functions/.env.example';
  const { CLIENT_ADDRESS_HEADER } = functionsEnvironment(keys, addresses, {}, example);
  // Of our gateway's headers any client could make this one up.
  expect(CLIENT_ADDRESS_HEADER).toBe('');
});

test('what it says beyond that holds, and what a test asks for wins', () => {
  fill({ PHONE_VERIFICATION: 'off', SMS_COUNTRIES: 'AE' });
  const { PHONE_VERIFICATION, SMS_COUNTRIES } = functionsEnvironment(
    keys,
    addresses,
    { PHONE_VERIFICATION: 'required' },
    file
  );
  expect({ PHONE_VERIFICATION, SMS_COUNTRIES }).toEqual({
    PHONE_VERIFICATION: 'required',
    SMS_COUNTRIES: 'AE'
  });
});
