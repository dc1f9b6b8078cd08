// What lets strangers in at Auth is found by looking at its settings, whichever project they are of.
import { expect, test } from 'vitest';
import type { Offers } from '../auth/settings.ts';
import { authProblems } from '../settings/auth-checks.ts';
import { authUrl, authWith } from './auth-stack.ts';
import { theStack } from '../../tests/helpers/stack.ts';

test('as the project is configured there is nothing', async () => {
  const answer = await fetch(`${authUrl()}/settings`, { headers: { apikey: theStack().anon_key } });
  expect(authProblems(await answer.json())).toEqual([]);
});

const open: [keyof Offers, RegExp][] = [
  ['signup', /enable_signup = false/],
  ['anonymous', /by anonymous_users/],
  ['email', /\[auth.email\] enabled = false/],
  ['emailAutoconfirm', /\[auth.email\] enable_confirmations = true/],
  ['phoneAutoconfirm', /\[auth.sms\] enable_confirmations = true/]
];

test.each(open)('an open door is named: %s', async (door, sentence) => {
  const auth = authWith({ offers: { [door]: true } });
  const answer = await auth.fetch(new Request('http://auth/settings'));
  await auth.close();
  expect(authProblems(await answer.json())).toEqual([expect.stringMatching(sentence)]);
});

test.each([
  [{ external: { phone: true, google: true } }, /by google/],
  [{ external: { phone: false } }, /\[auth.sms\] enabled = true/],
  [{ passkeys_enabled: true }, /passkey/],
  [{ saml_enabled: true }, /SAML/]
])('so is what the stand-in does not have: %j', (part, sentence) => {
  const closed = {
    external: { phone: true },
    disable_signup: true,
    mailer_autoconfirm: false,
    phone_autoconfirm: false
  };
  expect(authProblems({ ...closed, ...part })).toEqual([expect.stringMatching(sentence)]);
});

test('an answer that is something else is no good news', () => {
  for (const answer of [undefined, {}, { message: 'no' }]) expect(authProblems(answer)).toHaveLength(1);
});
