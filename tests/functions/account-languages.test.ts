import { afterAll, describe, expect, test } from 'vitest';
import { subjectHash } from '../../supabase/functions/_shared/account/limits.ts';
import { network } from '../../supabase/functions/_shared/account/client-address.ts';
import { english } from '../../supabase/functions/_shared/words/en-IN.ts';
import { tamil } from '../../supabase/functions/_shared/words/ta-IN.ts';
import type { Words } from '../../supabase/functions/_shared/words/words.ts';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import {
  aCaller,
  aLink,
  anAddress,
  aWish,
  nobodysRequest,
  onBehalfOf,
  registered,
  send,
  throughGateway,
  type Answer,
  type Post
} from './account-api.ts';

const { api_url, publishable_key, functions_secret, inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** Whoever reads this language, as a client of their own. */
const reading = (language: string, address = anAddress()): Post =>
  throughGateway(address, { 'accept-language': language });

const inTamil = { code: /^(\d{6,10}) என்பது உங்கள் MedQ குறியீடு/, locale: 'ta-IN' };
const inEnglish = { code: /^(\d{6,10}) is your MedQ code/, locale: 'en-IN' };

/** The code in the only text to a phone, which must be in this language. */
async function codeIn({ code }: { code: RegExp }, phone: string): Promise<string> {
  const { body } = await smsTo(inbox_url, phone, ({ body }) => /^\d{6,10} /.test(body));
  expect(body).toMatch(code);
  return body.slice(0, 6);
}

const localeOf = async (phone: string) => {
  const [row] = await sql<{ locale: string | null }[]>`select locale from patients where phone = ${phone}`;
  return row?.locale;
};

async function aSession(more: { temporary?: boolean } = {}) {
  const password = 'a long secret';
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const { body } = await throughGateway()('sign-in', { username: patient.phone, password });
  if (more.temporary) {
    await sql`
      insert into private.temporary_passwords (user_id, expires_at)
      values (${patient.account.userId}, now() + interval '1 hour')`;
  }
  return { ...patient, password, token: String(body.token) };
}

interface Headers {
  'accept-language': string;
}

function changePhone(token: string | undefined, body: unknown, headers?: Headers): Promise<Answer> {
  return send(`${api_url}/functions/v1/change-phone`, body, {
    apikey: publishable_key,
    ...onBehalfOf(anAddress()),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...headers
  });
}

interface Refusal {
  refused: string;
  /** Prepares what is needed, and gives what can be asked again and again. */
  scene: () => Promise<(headers: Headers) => Promise<Answer>>;
  message: (words: Words) => string;
  fields?: (words: Words) => Record<string, string>;
}

/** Asks one of the functions, always as the same client. */
const asking =
  (name: Parameters<Post>[0], body: unknown, address = anAddress()) =>
  (headers: Headers) =>
    throughGateway(address, { ...headers })(name, body);

const refusals: Refusal[] = [
  {
    refused: '400 validation_failed, of a registration',
    scene: async () =>
      asking('register-patient', {
        name: '',
        age: 200,
        phone_number: '123',
        username: '12',
        password: 'short',
        password2: 'other'
      }),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({
      name: fields.name,
      age: fields.age,
      phone_number: fields.phoneInIndia,
      username: fields.username,
      password: fields.passwordTooShort,
      password2: fields.passwordNotRepeated
    })
  },
  {
    refused: '400 validation_failed, of a link',
    scene: async () =>
      asking('link-ivr-account', aLink(aPhone(), { username: '!', password: 'x'.repeat(73) })),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ username: fields.username, password: fields.passwordTooLong })
  },
  {
    refused: '400 validation_failed, of a code',
    scene: async () => asking('verify-phone', { verification_id: 1, code: '12', new_password: 'nul\0nul\0' }),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({
      verification_id: fields.verificationId,
      code: fields.code,
      new_password: fields.passwordUntypable
    })
  },
  {
    refused: '400 validation_failed, of a new password that is not there',
    scene: async () => {
      const { body } = await throughGateway()('forgot-password', { phone_number: aPhone() });
      return asking('verify-phone', { verification_id: body.verification_id, code: '123456' });
    },
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ new_password: fields.newPassword })
  },
  {
    refused: '400 validation_failed, of nothing to sign in with',
    scene: async () => asking('sign-in', {}),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ username: fields.signInName, password: fields.signInPassword })
  },
  {
    refused: '400 validation_failed, of the phone there is',
    scene: async () => {
      const { token, phone, password } = await aSession();
      return (headers) => changePhone(token, { phone_number: phone, password }, headers);
    },
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ phone_number: fields.presentPhone })
  },
  {
    refused: '400 validation_failed, of a phone that gets no SMS',
    scene: async () => asking('forgot-password', { phone_number: '044 4000 1234' }),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ phone_number: fields.phoneWithoutSms })
  },
  {
    refused: '400 validation_failed, of a phone of a country to which no SMS are sent',
    scene: async () => asking('register-patient', aWish(`+1876210${aPhone().slice(-4)}`)),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ phone_number: fields.phoneAbroad })
  },
  {
    refused: '400 validation_failed, of no phone to sign in with',
    scene: async () => asking('sign-in', { username: '+431234', password: 'x' }),
    message: (words) => words.checkFields,
    fields: ({ fields }) => ({ username: fields.phoneInIndia })
  },
  {
    refused: '400 validation_failed, of a list',
    scene: async () => asking('register-patient', '[]'),
    message: (words) => words.notAnObject,
    fields: () => ({})
  },
  {
    refused: '400 validation_failed, of too much',
    scene: async () => asking('register-patient', { name: 'x'.repeat(11_000) }),
    message: (words) => words.tooLong,
    fields: () => ({})
  },
  {
    refused: '400 validation_failed, of a form',
    scene: async () => (headers) =>
      send(`${api_url}/functions/v1/sign-in`, 'username=asha', { ...headers, 'content-type': 'text/plain' }),
    message: (words) => words.notJson,
    fields: () => ({})
  },
  {
    refused: '401 code_invalid',
    scene: async () => asking('verify-phone', { verification_id: 'x', code: '123456' }),
    message: (words) => words.codeInvalid
  },
  {
    refused: '401 invalid_credentials',
    scene: async () => asking('sign-in', { username: 'nobody.at.all', password: 'x' }),
    message: (words) => words.invalidCredentials
  },
  {
    refused: '401 not_signed_in',
    scene: async () => (headers) => changePhone(undefined, {}, headers),
    message: (words) => words.notSignedIn
  },
  {
    refused: '403 password_change_required',
    scene: async () => {
      const { token, password } = await aSession({ temporary: true });
      return (headers) => changePhone(token, { phone_number: aPhone(), password }, headers);
    },
    message: (words) => words.passwordChangeRequired
  },
  {
    refused: '404 no_ivr_bookings',
    scene: async () => asking('link-ivr-account', aLink(aPhone())),
    message: (words) => words.noIvrBookings
  },
  {
    refused: '409 ivr_account_exists',
    scene: async () => asking('register-patient', aWish((await aCaller(sql)).phone)),
    message: (words) => words.ivrAccountExists
  },
  {
    refused: '409 phone_already_registered',
    scene: async () => {
      const { phone } = await aPatient(sql, { phone: aPhone(), account: true });
      return asking('register-patient', aWish(phone));
    },
    message: (words) => words.phoneAlreadyRegistered
  },
  {
    refused: '409 username_taken',
    scene: async () => {
      const wish = aWish();
      await registered(throughGateway(), wish);
      return asking('register-patient', aWish(aPhone(), { username: wish.username }));
    },
    message: (words) => words.usernameTaken,
    fields: (words) => ({ username: words.usernameTaken })
  },
  {
    refused: '405 method_not_allowed',
    scene: async () => async (headers: Headers) => {
      const response = await fetch(`${api_url}/functions/v1/sign-in`, { headers: { ...headers } });
      const body = (await response.json()) as Record<string, unknown>;
      return { status: response.status, body, headers: response.headers };
    },
    message: (words) => words.methodNotAllowed({ allowed: 'POST' })
  }
];

describe('a refusal is told in the language that is asked for', () => {
  test.each(refusals)('$refused', async ({ refused, scene, message, fields }) => {
    const ask = await scene();
    const answers = [
      [await ask({ 'accept-language': 'ta-IN,ta;q=0.9,en;q=0.8' }), tamil, 'ta-IN'],
      [await ask({ 'accept-language': 'en-GB,ta;q=0.9' }), english, 'en-IN']
    ] as const;
    for (const [{ status, body, headers }, words, locale] of answers) {
      expect(`${status} ${String(body.error)}`).toBe(refused.split(',')[0]);
      expect(body.message).toBe(message(words));
      expect(body.fields).toEqual(fields?.(words));
      expect(headers.get('content-language')).toBe(locale);
      expect(headers.get('vary')).toMatch(/accept-language/i);
    }
    expect(Object.keys(answers[0][0].body)).toEqual(Object.keys(answers[1][0].body));
  });

  test('429 rate_limited, with the time to wait', async () => {
    const address = anAddress();
    const bucket = `guess:client:${await subjectHash(functions_secret, 'client', network(address))}`;
    const body = { verification_id: nobodysRequest, code: '123456' };
    expect((await reading('ta', address)('verify-phone', body)).status).toBe(401);
    await sql`update private.rate_limits set hits = 100000 where bucket like ${`${bucket}/%`}`;
    for (const [language, words] of [
      ['ta', tamil],
      ['en', english]
    ] as const) {
      const answer = await reading(language, address)('verify-phone', body);
      expect(answer).toMatchObject({ status: 429, body: { error: 'rate_limited' } });
      const seconds = Number(answer.body.retry_after);
      expect(answer.body.message).toBe(words.rateLimited({ seconds }));
      expect(answer.headers.get('retry-after')).toBe(String(seconds));
    }
  });

  test.each(['fr-FR,de;q=0.5', 'ta;q=0', 'ta_IN', 'ta;q=7', ';;,', 'x'.repeat(5000), '*'])(
    'and in English for %j',
    async (language) => {
      const { status, body, headers } = await reading(language)('sign-in', {});
      expect(status).toBe(400);
      expect(body).toEqual({
        error: 'validation_failed',
        message: 'Please check what you entered.',
        fields: {
          username: 'Please enter your username or phone number.',
          password: 'Please enter your password.'
        }
      });
      expect(headers.get('content-language')).toBe('en-IN');
    }
  );
});

describe('the code of a new visitor', () => {
  const visitors = [
    { reads: 'ta-IN,en;q=0.5', locale: undefined, told: inTamil },
    { reads: 'en', locale: 'ta-IN', told: inTamil },
    { reads: 'ta', locale: 'en-IN', told: inEnglish },
    { reads: 'ta', locale: 'fr-FR', told: inTamil },
    { reads: 'ta', locale: { not: 'a language' }, told: inTamil },
    { reads: 'fr', locale: 'tamil', told: inEnglish }
  ];
  test.each(visitors)('who reads $reads and chose $locale', async ({ reads, locale, told }) => {
    const post = reading(reads);
    const wish = aWish(aPhone(), { locale });
    const asked = await post('register-patient', wish);
    expect(asked.status).toBe(201);
    expect(asked.headers.get('vary')).toMatch(/accept-language/i);
    const { verification_id } = asked.body;
    const code = await codeIn(told, wish.phone_number);
    expect((await post('verify-phone', { verification_id, code })).status).toBe(200);
    // Only a choice is kept: a header is that of a browser, which somebody may have lent.
    expect(await localeOf(wish.phone_number)).toBe(locale === told.locale ? locale : null);
  });
});

describe('the language of a patient', () => {
  test('that a caller chose stays, and is that of their texts', async () => {
    const { phone, id } = await aCaller(sql);
    await sql`update patients set locale = 'ta-IN' where id = ${id}`;
    const post = reading('en');
    const asked = await post('link-ivr-account', aLink(phone, { locale: 'en-IN' }));
    const { verification_id } = asked.body;
    const proven = await post('verify-phone', { verification_id, code: await codeIn(inTamil, phone) });
    expect(proven.status).toBe(200);
    expect(await localeOf(phone)).toBe('ta-IN');
    const { body } = await smsTo(
      inbox_url,
      phone,
      ({ body }) => !/^\d{6,10} /.test(body) && body.includes('இணையக்')
    );
    expect(body).toContain('உங்கள் முன்பதிவுகளுடன் இணைக்கப்பட்டது');
  });

  test('that a caller never chose is the one chosen when linking', async () => {
    const { phone } = await aCaller(sql);
    const post = reading('en');
    const asked = await post('link-ivr-account', aLink(phone, { locale: 'ta-IN' }));
    const { verification_id } = asked.body;
    await post('verify-phone', { verification_id, code: await codeIn(inTamil, phone) });
    expect(await localeOf(phone)).toBe('ta-IN');
    await smsTo(inbox_url, phone, 'உங்கள் முன்பதிவுகளுடன் இணைக்கப்பட்டது');
  });

  test.each([
    { has: 'ta-IN', reads: 'en', told: inTamil },
    { has: 'en-IN', reads: 'ta', told: inEnglish },
    { has: null, reads: 'ta', told: inTamil },
    { has: null, reads: 'fr', told: inEnglish }
  ])('is that of their codes: $has, read in $reads', async ({ has, reads, told }) => {
    const { phone, token, id, password } = await aSession();
    await sql`update patients set locale = ${has} where id = ${id}`;
    await reading(reads)('forgot-password', { phone_number: phone });
    await codeIn(told, phone);
    // The number of a patient to be tells nothing of their language: theirs is known.
    const another = aPhone();
    const asked = await changePhone(token, { phone_number: another, password }, { 'accept-language': reads });
    expect(asked.status).toBe(202);
    await codeIn(told, another);
  });

  test('is that of the news that their phone was changed', async () => {
    const { phone, token, id, password } = await aSession();
    await sql`update patients set locale = 'ta-IN' where id = ${id}`;
    const another = aPhone();
    const asked = await changePhone(token, { phone_number: another, password });
    const { verification_id } = asked.body;
    await reading('en')('verify-phone', { verification_id, code: await codeIn(inTamil, another) });
    await smsTo(inbox_url, phone, 'உங்கள் MedQ கணக்கின் தொலைபேசி எண்');
  });
});
