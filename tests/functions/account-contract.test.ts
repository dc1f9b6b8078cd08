import { readConfig } from '../../local/settings/config.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { siteSecret } from '../../local/settings/keys.ts';
import { startSite, type Site } from '../../local/site.ts';
import { subjectHash } from '../../supabase/functions/_shared/account/limits.ts';
import { network } from '../../supabase/functions/_shared/account/client-address.ts';
import { tamil } from '../../supabase/functions/_shared/words/ta-IN.ts';
import { textsOf } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import {
  aCaller,
  aLink,
  anAddress,
  aWish,
  nextCode,
  nobodysRequest,
  notThe,
  paths,
  registered,
  send,
  throughGateway,
  throughSite,
  untilLimited,
  type AccountFunction,
  type Answer,
  type Post
} from './account-api.ts';

const { api_url, publishable_key, functions_secret, inbox_url } = theStack();
const sql = databaseAsPostgres();
let site: Site;
beforeAll(async () => {
  site = await startSite({
    supabaseUrl: api_url,
    key: publishable_key,
    secret: siteSecret(functions_secret),
    port: 0
  });
}, 180_000);
afterAll(async () => {
  await site?.close();
  await closeDatabases();
});

/** Where the functions of the stack believe the site to be. */
const siteUrl = readConfig().auth.site_url;

const gatewayClient = anAddress();
const ways: Record<string, { post: Post; client: string }> = {
  'the gateway': { post: throughGateway(gatewayClient), client: gatewayClient },
  'the site': { post: (name, body) => throughSite(site.url)(name, body), client: '127.0.0.1' }
};

const inTamil: Record<string, (name: AccountFunction) => Promise<Answer>> = {
  'the gateway': (name) => throughGateway(anAddress(), { 'accept-language': 'ta-IN,en;q=0.5' })(name, {}),
  'the site': (name) => throughSite(site.url, { 'accept-language': 'ta-IN,en;q=0.5' })(name, {})
};

const codeUnderWay = {
  token: null,
  refresh_token: null,
  verification_required: true,
  verification_id: expect.stringMatching(/^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/),
  expires_in: expect.any(Number)
};
const tokens = { token: expect.stringMatching(/^ey/), refresh_token: expect.any(String) };
const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);

function expectRefusal({ status, body, headers }: Answer, expected: { status: number; error: string }) {
  expect({ status, error: body.error }).toEqual(expected);
  expect(body.message).toMatch(/^[A-Z].*[.?]$/);
  expect(headers.get('cache-control')).toBe('no-store');
}

/** Uses up a limit by client, as many requests do. */
async function exhaust(what: 'guess' | 'password', client: string): Promise<() => Promise<unknown>> {
  const bucket = `${what}:client:${await subjectHash(functions_secret, 'client', network(client))}`;
  await sql`update private.rate_limits set hits = hits + 100000 where bucket like ${`${bucket}/%`}`;
  return () =>
    sql`update private.rate_limits set hits = hits - 100000 where bucket like ${`${bucket}/%`} and hits > 100000`;
}

test.each(Object.entries(inTamil))('through %s every function answers in Tamil', async (_, ask) => {
  for (const name of Object.keys(paths) as AccountFunction[]) {
    const { status, body, headers } = await ask(name);
    expect({ status, ...body }).toMatchObject({ status: 400, message: tamil.checkFields });
    expect(headers.get('content-language')).toBe('ta-IN');
    expect(headers.get('vary')).toMatch(/accept-language/i);
  }
});

describe.each(Object.entries(ways))('through %s', (_, { post, client }) => {
  describe('success', () => {
    test('register, verify, sign in with every way to write the name', async () => {
      const phone = aPhone();
      const wish = aWish(phone, { phone_number: `0${phone.slice(3)}` });
      const asked = await post('register-patient', wish);
      const { name, age, username } = wish;
      const user = { username, name, age, phone_number: phone, role: 'patient' };
      expect(asked.status).toBe(201);
      expect(asked.body).toEqual({ ...codeUnderWay, user: { id: null, ...user } });
      expect(asked.body.expires_in).toBeGreaterThan(590);
      expect(asked.body.expires_in).toBeLessThanOrEqual(600);

      const code = await nextCode(phone);
      const { verification_id } = asked.body;
      const proven = await post('verify-phone', { verification_id, code });
      expect(proven.status).toBe(200);
      expect(proven.body).toEqual({ ...tokens, user: { id: uuid, ...user } });

      const local = phone.slice(3);
      const names = [
        username,
        username.toUpperCase(),
        phone,
        phone.slice(1),
        local,
        `0${local}`,
        `+91 ${local.slice(0, 5)}-${local.slice(5)}`
      ];
      for (const name of names) {
        const signedIn = await post('sign-in', { username: ` ${name} `, password: wish.password });
        expect(signedIn.status).toBe(200);
        expect(signedIn.body).toEqual({ ...tokens, user: proven.body.user, must_change_password: false });
      }
    });

    test('link', async () => {
      const caller = await aCaller(sql);
      const link = aLink(caller.phone);
      const asked = await post('link-ivr-account', link);
      const user = {
        username: null,
        name: link.name,
        age: link.age,
        phone_number: caller.phone,
        role: 'patient'
      };
      expect(asked.status).toBe(201);
      expect(asked.body).toEqual({ ...codeUnderWay, user: { id: null, ...user } });
      const code = await nextCode(caller.phone);
      const { verification_id } = asked.body;
      const proven = await post('verify-phone', { verification_id, code });
      expect(proven.status).toBe(200);
      expect(proven.body).toEqual({ ...tokens, user: { id: uuid, ...user } });
    });

    test('a code to sign in, for a phone that is known and one that is not', async () => {
      const wish = aWish();
      const { body: before } = await registered(post, wish);
      const unknown = await post('sign-in-code', { phone_number: aPhone() });
      const known = await post('sign-in-code', { phone_number: wish.phone_number });
      for (const answer of [unknown, known]) {
        expect(answer.status).toBe(202);
        expect(answer.body).toEqual({ ...codeUnderWay, user: null });
      }
      const { verification_id } = known.body;
      const proven = await post('verify-phone', { verification_id, code: await nextCode(wish.phone_number) });
      expect(proven.status).toBe(200);
      expect(proven.body).toEqual({ ...tokens, user: before.user, must_change_password: false });
    });

    test('forgot password, for a phone that is known and one that is not', async () => {
      const wish = aWish();
      await registered(post, wish);
      const unknown = await post('forgot-password', { phone_number: aPhone() });
      const known = await post('forgot-password', { phone_number: wish.phone_number });
      for (const answer of [unknown, known]) {
        expect(answer.status).toBe(202);
        expect(answer.body).toEqual({ ...codeUnderWay, user: null });
      }
      const new_password = 'quite another one';
      const { verification_id } = known.body;
      const code = await nextCode(wish.phone_number);
      const proven = await post('verify-phone', { verification_id, code, new_password });
      expect(proven.status).toBe(200);
      expect(proven.body).toMatchObject({ ...tokens, user: { phone_number: wish.phone_number } });
      const signIn = (password: string) => post('sign-in', { username: wish.username, password });
      expect((await signIn(new_password)).status).toBe(200);
      expect((await signIn(wish.password)).status).toBe(401);
    });
  });

  describe('refusals of registering', () => {
    test('409 ivr_account_exists, with the number', async () => {
      const { phone } = await aCaller(sql);
      const answer = await post('register-patient', aWish(phone, { phone_number: phone.slice(1) }));
      expectRefusal(answer, { status: 409, error: 'ivr_account_exists' });
      expect(answer.body.phone_number).toBe(phone);
      expect(answer.body.message).toContain('Would you like to link your existing bookings?');
    });

    test('409 phone_already_registered', async () => {
      const { phone } = await aPatient(sql, { phone: aPhone(), account: true });
      const answer = await post('register-patient', aWish(phone));
      expectRefusal(answer, { status: 409, error: 'phone_already_registered' });
    });

    test('409 username_taken, whatever its case', async () => {
      const wish = aWish();
      await registered(post, wish);
      const answer = await post(
        'register-patient',
        aWish(aPhone(), { username: wish.username.toUpperCase() })
      );
      expectRefusal(answer, { status: 409, error: 'username_taken' });
    });

    test('400 validation_failed, every field at once', async () => {
      const answer = await post('register-patient', {
        name: '',
        age: 200,
        phone_number: '123',
        username: '12',
        password: 'short',
        password2: 'other'
      });
      expectRefusal(answer, { status: 400, error: 'validation_failed' });
      expect(Object.keys(answer.body.fields as object).sort()).toEqual(Object.keys(aWish()).sort());
    });

    test('a patient without any booking registers as anybody does', async () => {
      const patient = await aPatient(sql, { phone: aPhone() });
      const proven = await registered(post, aWish(patient.phone));
      const rows = await sql`select id, user_id, name from patients where phone = ${patient.phone}`;
      const { id } = proven.body.user as { id: string };
      expect([...rows]).toEqual([{ id: patient.id, user_id: id, name: 'Asha Rao' }]);
    });
  });

  test.each(['+431234', '+4921234567890123', '044 4000 1234', '+44 909 8790000', '+979 123456789'])(
    '400 validation_failed for the phone %s, wherever it is asked for',
    async (phone) => {
      for (const [name, body] of [
        ['register-patient', aWish(phone)],
        ['link-ivr-account', aLink(phone)],
        ['forgot-password', { phone_number: phone }],
        ['sign-in-code', { phone_number: phone }]
      ] as const) {
        const answer = await post(name, body);
        expectRefusal(answer, { status: 400, error: 'validation_failed' });
        expect(answer.body.fields).toEqual({ phone_number: expect.stringMatching(/^[A-Z].*\.$/) });
      }
    }
  );

  test.each(['+431234', '+4921234567890123'])(
    '400 validation_failed for signing in as %s',
    async (username) => {
      const answer = await post('sign-in', { username, password: 'x' });
      expectRefusal(answer, { status: 400, error: 'validation_failed' });
      expect(Object.keys(answer.body.fields as object)).toEqual(['username']);
    }
  );

  test.each([
    ['pasted from a chat', (digits: string) => `\u202a+91 ${digits}\u202c`],
    ['in brackets, with the 0 of home', (digits: string) => `(+91) 0 ${digits}`],
    [
      'in Tamil digits',
      (digits: string) => digits.replace(/\d/g, (digit) => '௦௧௨௩௪௫௬௭௮௯'.charAt(Number(digit)))
    ]
  ])('a phone %s registers and signs in as the same person', async (_, write) => {
    const phone = aPhone();
    const written = write(phone.slice(3));
    const wish = aWish(phone);
    const asked = await post('register-patient', { ...wish, phone_number: written, age: '௩௪' });
    expect(asked.body.user).toMatchObject({ phone_number: phone, age: 34 });
    const { verification_id } = asked.body;
    await post('verify-phone', { verification_id, code: await nextCode(phone) });
    const signedIn = await post('sign-in', { username: written, password: wish.password });
    expect(signedIn.body.user).toMatchObject({ phone_number: phone });
  });

  describe('refusals of linking', () => {
    test('404 no_ivr_bookings', async () => {
      for (const phone of [aPhone(), (await aPatient(sql, { phone: aPhone() })).phone]) {
        expectRefusal(await post('link-ivr-account', aLink(phone)), {
          status: 404,
          error: 'no_ivr_bookings'
        });
      }
    });

    test('409 phone_already_registered', async () => {
      const { phone } = await aPatient(sql, { phone: aPhone(), account: true });
      expectRefusal(await post('link-ivr-account', aLink(phone)), {
        status: 409,
        error: 'phone_already_registered'
      });
    });

    test('409 username_taken', async () => {
      const wish = aWish();
      await registered(post, wish);
      const { phone } = await aCaller(sql);
      const answer = await post('link-ivr-account', aLink(phone, { username: wish.username }));
      expectRefusal(answer, { status: 409, error: 'username_taken' });
    });

    test('400 validation_failed', async () => {
      const answer = await post('link-ivr-account', {});
      expectRefusal(answer, { status: 400, error: 'validation_failed' });
      expect(Object.keys(answer.body.fields as object).sort()).toEqual([
        'age',
        'name',
        'password',
        'phone_number'
      ]);
    });
  });

  describe('refusals of verifying', () => {
    const prove = (asked: Answer, code: string, more: object = {}) =>
      post('verify-phone', { verification_id: asked.body.verification_id, code, ...more });
    const codeInvalid = { status: 401, error: 'code_invalid' };

    test('401 code_invalid, the same for a code that is wrong, expired, used up, unknown or none', async () => {
      const phone = aPhone();
      const asked = await post('register-patient', aWish(phone));
      const code = await nextCode(phone);
      const [id = ''] = String(asked.body.verification_id).split('.');
      const answers = [await prove(asked, notThe(code))];

      await sql`update private.phone_verifications set expires_at = now() where id = ${id}`;
      answers.push(await prove(asked, code));
      await sql`update private.phone_verifications set expires_at = now() + interval '1 minute' where id = ${id}`;
      expect((await prove(asked, code)).status).toBe(200);
      answers.push(await prove(asked, code));

      const unknown = { body: { verification_id: `${crypto.randomUUID()}.${'A'.repeat(43)}` } };
      answers.push(await prove({ ...asked, ...unknown }, code));
      answers.push(await prove({ ...asked, body: { verification_id: id } }, code));
      answers.push(await prove({ ...asked, body: { verification_id: 'x' } }, code));

      const spent = await post('register-patient', aWish(aPhone()));
      const [spentId = ''] = String(spent.body.verification_id).split('.');
      await sql`update private.phone_verifications set guesses = 5 where id = ${spentId}`;
      answers.push(await prove(spent, '123456'));
      for (const answer of answers) expectRefusal(answer, codeInvalid);
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    });

    test('400 validation_failed costs no guess and no code', async () => {
      const wish = aWish();
      await registered(post, wish);
      const asked = await post('forgot-password', { phone_number: wish.phone_number });
      const code = await nextCode(wish.phone_number);
      const answers = [
        [await prove(asked, 'abc'), 'code'],
        [await prove(asked, code), 'new_password'],
        [await prove(asked, code, { new_password: 'short' }), 'new_password'],
        [await post('verify-phone', { code }), 'verification_id']
      ] as const;
      for (const [answer, field] of answers) {
        expectRefusal(answer, { status: 400, error: 'validation_failed' });
        expect(Object.keys(answer.body.fields as object)).toEqual([field]);
      }
      expect((await prove(asked, code, { new_password: 'long enough now' })).status).toBe(200);
    });

    test('404 and 409 when the world has changed meanwhile', async () => {
      const wish = aWish();
      const taken = await registered(post, wish);
      const changes: [string, number, (phone: string) => Promise<Answer>][] = [
        [
          'ivr_account_exists',
          409,
          async (phone) => {
            const asked = await post('register-patient', aWish(phone));
            await aCaller(sql, phone);
            return asked;
          }
        ],
        [
          'phone_already_registered',
          409,
          async (phone) => {
            const asked = await post('register-patient', aWish(phone));
            await aPatient(sql, { account: true, phone });
            return asked;
          }
        ],
        [
          'username_taken',
          409,
          async (phone) => {
            const username = `${wish.username}2`;
            const asked = await post('register-patient', aWish(phone, { username }));
            const { id } = taken.body.user as { id: string };
            await sql`update patients set username = ${username} where user_id = ${id}`;
            return asked;
          }
        ],
        [
          'no_ivr_bookings',
          404,
          async (phone) => {
            const caller = await aCaller(sql, phone);
            const asked = await post('link-ivr-account', aLink(phone));
            await sql`delete from appointments where patient_id = ${caller.id}`;
            return asked;
          }
        ]
      ];
      for (const [error, status, change] of changes) {
        const phone = aPhone();
        const asked = await change(phone);
        const code = await nextCode(phone);
        const refused = await prove(asked, code);
        expectRefusal(refused, { status, error });
        if (error === 'ivr_account_exists') expect(refused.body.phone_number).toBe(phone);
        // The code has done what it could.
        expectRefusal(await prove(asked, code), codeInvalid);
      }
    });

    test('429 rate_limited', async () => {
      const body = { verification_id: nobodysRequest, code: '123456' };
      expect((await post('verify-phone', body)).status).toBe(401);
      const undo = await exhaust('guess', client);
      expectLimited(await post('verify-phone', body));
      await undo();
      expect((await post('verify-phone', body)).status).toBe(401);
    });
  });

  describe('refusals of signing in', () => {
    test('401 invalid_credentials, the same for an unknown name, a wrong password and an expired one', async () => {
      const known = await aPatient(sql, { phone: aPhone(), account: true, password: 'the right one' });
      const late = await aPatient(sql, { phone: aPhone(), account: true, password: 'texted long ago' });
      await sql`
        insert into private.temporary_passwords (user_id, expires_at) values (${late.account.userId}, now())`;
      const answers = [
        await post('sign-in', { username: 'nobody.at.all', password: 'the right one' }),
        await post('sign-in', { username: aPhone(), password: 'the right one' }),
        await post('sign-in', { username: 'no name, no phone\u0000', password: 'the right one' }),
        await post('sign-in', { username: known.phone, password: 'the wrong one' }),
        await post('sign-in', { username: late.phone, password: 'texted long ago' })
      ];
      for (const answer of answers) expectRefusal(answer, { status: 401, error: 'invalid_credentials' });
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    });

    test('a temporary password signs in, and says that it must be changed', async () => {
      const { account, phone } = await aPatient(sql, {
        phone: aPhone(),
        account: true,
        password: 'ABCD2345'
      });
      await sql`
        insert into private.temporary_passwords (user_id, expires_at)
        values (${account.userId}, now() + interval '1 hour')`;
      const answer = await post('sign-in', { username: phone, password: 'ABCD2345' });
      expect(answer.body).toMatchObject({ ...tokens, must_change_password: true });
    });

    test.each(['known', 'unknown'])('429 rate_limited after ten tries of a name that is %s', async (kind) => {
      const phone =
        kind === 'known' ? (await aPatient(sql, { phone: aPhone(), account: true })).phone : aPhone();
      const attempt = () => post('sign-in', { username: phone, password: 'guess' });
      expectLimited(await untilLimited(10, 401, attempt));
    });
  });

  test.each(['register-patient', 'link-ivr-account', 'forgot-password', 'sign-in-code'] as const)(
    '429 rate_limited after five codes by %s',
    async (name) => {
      const phone = name === 'link-ivr-account' ? (await aCaller(sql)).phone : aPhone();
      const body = name === 'register-patient' ? aWish(phone) : aLink(phone);
      const tellsNothing = name === 'forgot-password' || name === 'sign-in-code';
      expectLimited(await untilLimited(5, tellsNothing ? 202 : 201, () => post(name, body)));
      if (tellsNothing) expect(await textsOf(inbox_url, phone)).toEqual([]);
    }
  );
});

function expectLimited(answer: Answer) {
  expectRefusal(answer, { status: 429, error: 'rate_limited' });
  const seconds = Number(answer.body.retry_after);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(24 * 3600);
  expect(answer.headers.get('retry-after')).toBe(String(seconds));
}

describe.each(Object.keys(paths) as AccountFunction[])('%s', (name) => {
  const gatewayUrl = `${api_url}/functions/v1/${name}`;
  const addresses = () => [
    gatewayUrl,
    `${gatewayUrl}/`,
    `${site.url}${paths[name]}`,
    `${site.url}${paths[name].slice(0, -1)}`
  ];

  test('answers with and without a slash at the end, never with a redirect', async () => {
    for (const url of addresses()) {
      expectRefusal(await send(url, {}), { status: 400, error: 'validation_failed' });
    }
  });

  test.each([
    ['no JSON', '{"phone_number": ', 'application/json'],
    ['a list', '[]', 'application/json'],
    ['null', 'null', 'application/json'],
    ['nothing', '', 'application/json'],
    ['a form', 'phone_number=9876543210', 'application/x-www-form-urlencoded'],
    ['plain text', '{}', 'text/plain'],
    ['more than 10 KB', JSON.stringify({ name: 'x'.repeat(11_000) }), 'application/json']
  ])('refuses %s with 400 validation_failed', async (_, body, type) => {
    for (const url of addresses()) {
      const answer = await send(url, body, { 'content-type': type, origin: new URL(url).origin });
      expectRefusal(answer, { status: 400, error: 'validation_failed' });
      expect(answer.body.fields).toEqual({});
    }
  });

  test('takes nothing but POST', async () => {
    for (const url of addresses()) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(url, { method, headers });
        expect(response.status).toBe(405);
        expect(await response.json()).toMatchObject({ error: 'method_not_allowed' });
      }
    }
  });

  test('lets pages of the site ask the function, no page of another origin, and whoever is no page', async () => {
    const preflight = (url: string, origin: string) =>
      fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'apikey, content-type'
        }
      });
    const allowed = await preflight(gatewayUrl, siteUrl);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(siteUrl);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('content-type');
    const answer = await send(gatewayUrl, {}, { origin: siteUrl });
    expect(answer.headers.get('access-control-allow-origin')).toBe(siteUrl);
    expect(answer.headers.get('access-control-expose-headers')).toContain('retry-after');

    for (const origin of [
      'https://app.example.org',
      `${siteUrl}.example.org`,
      'null',
      siteUrl.replace('http', 'https')
    ]) {
      for (const { headers } of [
        await preflight(gatewayUrl, origin),
        await send(gatewayUrl, {}, { origin })
      ]) {
        expect([...headers.keys()].filter((header) => header.startsWith('access-control'))).toEqual([]);
        expect(headers.get('vary')).toMatch(/origin/);
      }
    }
    expect((await send(gatewayUrl, {})).status).toBe(answer.status);
    const refused = await preflight(`${site.url}${paths[name]}`, siteUrl);
    expect(refused.status).toBe(405);
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('takes no more text than it needs', async () => {
    for (const url of addresses()) {
      const answer = await send(url, { name: 'x'.repeat(400_000) });
      expect(answer).toMatchObject({ status: 400, body: { message: 'That is too much text.' } });
    }
  });
});

describe('what asks for the password of whoever is signed in, through the site', () => {
  const ways = [
    ['/api/password/change/', { new_password: 'another long secret' }, 200],
    ['/api/password/change', { new_password: 'another long secret' }, 200],
    ['/api/account/delete/', {}, 204],
    ['/api/account/delete', {}, 204]
  ] as const;

  test.each(ways)('%s passes the token on', async (path, more, done) => {
    const password = 'a long secret';
    const { phone } = await aPatient(sql, { phone: aPhone(), account: true, password });
    const { body } = await throughGateway()('sign-in', { username: phone, password });
    const ask = (typed: string, headers: Record<string, string> = {}) =>
      send(`${site.url}${path}`, { password: typed, ...more }, headers);
    const bearer = { authorization: `Bearer ${String(body.token)}` };
    expectRefusal(await ask(password), { status: 401, error: 'not_signed_in' });
    expectRefusal(await ask('a guess at it', bearer), { status: 401, error: 'invalid_credentials' });
    expectRefusal(await ask('', bearer), { status: 400, error: 'validation_failed' });
    const answer = await ask(password, bearer);
    expect(answer.status).toBe(done);
    expect(answer.body).toEqual(
      done === 200 ? { ...tokens, user: expect.objectContaining({ phone_number: phone }) } : {}
    );
  });
});
