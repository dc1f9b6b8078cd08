// NUL and its like in every text that can be sent, to every function, form and address: refused or passed over, never
// a failure of ours.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { siteSecret } from '../../local/settings/keys.ts';
import { startSite, type Site } from '../../local/site.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner } from '../helpers/world.ts';
import { aCaller, aLink, anAddress, aWish, onBehalfOf, paths, send, throughGateway } from './account-api.ts';

const { api_url, publishable_key, functions_secret } = theStack();
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

const odd = ['\0', '\u0007', '\u2028', '\u202E', '\uFFFF', '\uD800'];

const password = 'the right one';
const requests: Record<string, () => Promise<Record<string, unknown>>> = {
  'register-patient': () => Promise.resolve({ ...aWish(aPhone()), locale: 'en-IN' }),
  'link-ivr-account': async () => aLink((await aCaller(sql)).phone, { username: 'somebody' }),
  'forgot-password': () => Promise.resolve({ phone_number: aPhone() }),
  'sign-in-code': () => Promise.resolve({ phone_number: aPhone() }),
  'verify-phone': () =>
    Promise.resolve({
      verification_id: `${crypto.randomUUID()}.${'A'.repeat(43)}`,
      code: '123456',
      new_password: 'a new secret'
    }),
  'sign-in': async () => ({
    username: (await aPatient(sql, { account: true, password })).phone,
    password
  })
};

describe.each(Object.entries(requests))('%s', (name, aRequest) => {
  test('fails at no text', async () => {
    const whole = await aRequest();
    for (const field of Object.keys(whole)) {
      for (const character of odd) {
        const text = `${String(whole[field])}${character}x`;
        const { status, body } = await throughGateway(anAddress())(name as keyof typeof paths, {
          ...whole,
          [field]: text
        });
        expect(status, `${field} ${JSON.stringify(text)}: ${JSON.stringify(body)}`).toBeLessThan(500);
      }
    }
  });
});

test('a name with NUL is refused with a sentence, at registration and at linking', async () => {
  for (const [name, body] of [
    ['register-patient', aWish(aPhone())],
    ['link-ivr-account', aLink((await aCaller(sql)).phone)]
  ] as const) {
    const answer = await throughGateway()(name, { ...body, name: 'Asha\0Rao' });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: 'validation_failed',
        fields: { name: expect.stringMatching(/^Please type your name/) as string }
      }
    });
  }
});

test('a status report is not believed, and fails at no text', async () => {
  const report = {
    token: 'x',
    id: 'y',
    reference: crypto.randomUUID(),
    status: 'delivery_failed',
    statusDatetime: '2091-06-09T10:00:00+00:00',
    statusReason: 'why',
    statusErrorCode: '1'
  };
  for (const field of Object.keys(report)) {
    const query = new URLSearchParams({ ...report, [field]: `${report[field as keyof typeof report]}\0` });
    const response = await fetch(`${api_url}/functions/v1/sms-status?${query}`);
    expect(response.status, field).toBe(400);
  }
  for (const statusDatetime of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00']) {
    const query = new URLSearchParams({ ...report, statusDatetime });
    expect((await fetch(`${api_url}/functions/v1/sms-status?${query}`)).status, statusDatetime).toBe(400);
  }
});

/** A browser without scripts that has signed in. */
async function aBrowser() {
  const { phone } = await aPatient(sql, { account: true, password });
  const cookies = new Map<string, string>();
  const ask = async (path: string, form?: Record<string, string>) => {
    const response = await fetch(`${site.url}${path}`, {
      redirect: 'manual',
      headers: {
        origin: site.url,
        accept: 'text/html',
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      },
      ...(form && { method: 'POST', body: new URLSearchParams(form) })
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return { status: response.status, text: await response.text() };
  };
  expect((await ask('/login', { username: phone, password })).status).toBe(303);
  return ask;
}

const forms: [path: string, form: Record<string, string>][] = [
  ['/register', { ...(aWish(aPhone()) as Record<string, string>), age: '34' }],
  ['/login', { username: 'somebody', password }],
  ['/forgot', { phone_number: aPhone() }],
  ['/link', { username: 'somebody' }],
  ['/language', { locale: 'en-IN', to: '/' }],
  ['/account?/profile', { name: 'Asha', age: '34', username: 'somebody', locale: 'en-IN' }],
  ['/account?/password', { current: password, password: 'a new secret', password2: 'a new secret' }],
  ['/account?/phone', { current: password, phone_number: aPhone() }],
  ['/account?/delete', { current: password, word: 'DELETE' }]
];

test('no form of the site fails at a text', async () => {
  const ask = await aBrowser();
  for (const [path, form] of forms) {
    for (const field of Object.keys(form)) {
      const typed = {
        ...form,
        [field]: `${form[field]}\0`,
        ...(field === 'password' && { password2: `${form.password}\0` })
      };
      const { status } = await ask(path, typed);
      expect(status, `${path} ${field}`).toBeLessThan(500);
    }
  }
});

test('the profile refuses what registration refuses, beside the field', async () => {
  const ask = await aBrowser();
  for (const name of ['Asha\0Rao', 'Asha\nRao', 'Asha\u202EoaR', '\u3164', 'x'.repeat(101)]) {
    const { status, text } = await ask('/account?/profile', {
      name,
      age: '34',
      username: '',
      locale: 'en-IN'
    });
    expect(status, JSON.stringify(name)).toBe(400);
    expect(text, JSON.stringify(name)).toMatch(/Please (type|enter) your name/);
  }
  expect(
    (
      await ask('/account?/profile', {
        name: '\u200BAsha Rao\u200B',
        age: '34',
        username: '',
        locale: 'en-IN'
      })
    ).status
  ).toBe(200);
});

test('no address of the site fails at a text', async () => {
  const ask = await aBrowser();
  const { id } = await aPractitioner(sql, await aClinic(sql));
  const at = encodeURIComponent(new Date(Date.now() + 86_400_000).toISOString());
  for (const path of [
    '/book?clinic=%00',
    '/book/time?doctor=%00',
    `/book/time?doctor=${id}&day=%00&from=%00`,
    `/book/time?doctor=${id}&day=2091-02-31&from=2091-02-31`,
    `/book/time?doctor=${id}&day=0000-01-01&from=0000-01-01`,
    `/book/time?doctor=${id}&from=9999-12-31`,
    `/book/confirm?doctor=${id}&at=${at}%00`,
    `/book/confirm?doctor=${id}&at=0000-01-01T00:00:00Z`,
    `/book/confirm?doctor=${id}&at=9999-12-31T23:59:59-14:00`,
    `/book/confirm?doctor=${id}&at=1`,
    `/book/confirm?doctor=${id}%00&at=${at}`,
    '/book/confirm?move=%00',
    '/appointments/%00/cancel',
    '/appointments/%00/calendar.ics',
    '/login?next=%00',
    '/verify?%00'
  ]) {
    expect((await ask(path)).status, path).toBeLessThan(500);
  }
});

test('a specialty whose only doctor has no slots says so where it is chosen', async () => {
  const clinic = await aClinic(sql);
  await aPractitioner(sql, clinic, { specialty: 'Paediatrics', hours: [] });
  const { text } = await (await aBrowser())(`/book?clinic=${clinic.id}`);
  expect(text).toMatch(/Paediatrics[^]*No free time/);
});

test('a page that is sent with NUL by a program is refused or passed over', async () => {
  for (const path of Object.values(paths)) {
    const { status } = await send(`${site.url}${path}`, { name: '\0', '\0': '\0' }, onBehalfOf(anAddress()));
    expect(status, path).toBeLessThan(500);
  }
});
