import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rateLimited, registrationRefused } from '../../supabase/functions/_shared/account/errors.ts';
import { parseFields, requests } from '../../supabase/functions/_shared/account/fields.ts';
import { network } from '../../supabase/functions/_shared/account/client-address.ts';
import { codeHash, newCode } from '../../supabase/functions/_shared/account/codes.ts';
import { RefusedError } from '../../supabase/functions/_shared/errors.ts';
import { subjectHash, useOf } from '../../supabase/functions/_shared/account/limits.ts';
import { english } from '../../supabase/functions/_shared/words/en-IN.ts';

const { register, link, verifyPhone, signIn } = requests('IN');
const typed = {
  name: 'Asha Rao',
  age: 34,
  phone_number: '98765 43210',
  username: 'asha.rao',
  password: 'a long secret',
  password2: 'a long secret'
};

/** The fields that were refused, with their sentences. */
function mistakes(shape: Parameters<typeof parseFields>[0], body: unknown): Record<string, string> {
  try {
    parseFields(shape, body);
    return {};
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    expect(error.refusal).toMatchObject({ code: 'validation_failed', status: 400 });
    const fields = Object.entries(error.refusal.fields ?? {});
    return Object.fromEntries(fields.map(([field, sentence]) => [field, sentence(english)]));
  }
}

describe('what is typed at registration', () => {
  test('is taken, with the phone in its one form and the password once', () => {
    const { password2: _, ...once } = typed;
    expect(parseFields(register, { ...typed, extra: 1 })).toEqual({ ...once, phone_number: '+919876543210' });
  });

  test('is refused field by field, all at once, in sentences', () => {
    const fields = mistakes(register, {
      name: ' ',
      age: 131,
      phone_number: '12',
      username: 'a',
      password: 'short',
      password2: 'other'
    });
    expect(Object.keys(fields).sort()).toEqual(Object.keys(typed).sort());
    for (const sentence of Object.values(fields)) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  test('is refused field by field when nothing is sent at all', () => {
    expect(Object.keys(mistakes(register, {})).sort()).toEqual(
      ['age', 'name', 'password', 'phone_number', 'username'].sort()
    );
  });

  test('explains phone numbers by example', () => {
    expect(mistakes(register, { ...typed, phone_number: 'call me' }).phone_number).toContain('98765 43210');
  });

  // What texts are taken is in shared-rules.ts.
  test.each([
    ['name', 7],
    ['age', -1],
    ['age', 34.5],
    ['age', 131],
    ['age', null],
    ['password2', 'a long secreT'],
    ['password2', undefined]
  ])('%s %j is refused alone', (field, value) => {
    expect(Object.keys(mistakes(register, { ...typed, [field]: value }))).toEqual([field]);
  });

  test.each([0, 130])('the age may be the number %d', (age) => {
    expect(mistakes(register, { ...typed, age })).toEqual({});
  });

  test('a link needs no username and no second password, but they must be right if given', () => {
    const { username: _1, password2: _2, ...less } = typed;
    expect(parseFields(link, less)).toEqual({ ...less, phone_number: '+919876543210' });
    expect(mistakes(link, { ...less, username: '' })).toEqual({});
    expect(Object.keys(mistakes(link, { ...typed, username: '!', password2: 'x' })).sort()).toEqual([
      'password2',
      'username'
    ]);
  });

  test('every username that is taken differs from every phone number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[+()\d .-]{3,20}$/), (text) => {
        expect(mistakes(register, { ...typed, username: text })).toHaveProperty('username');
      })
    );
  });
});

describe('what is typed to verify and to sign in', () => {
  // What texts hold a code is in shared-rules.ts.
  test('the code is taken out of what is typed', () => {
    const body = { verification_id: 'x', code: ' 123 456 ' };
    expect(parseFields(verifyPhone, body)).toMatchObject({ code: '123456' });
  });

  test.each(['12345', 123456])('%j is no code', (code) => {
    expect(Object.keys(mistakes(verifyPhone, { verification_id: 'x', code }))).toEqual(['code']);
  });

  test.each(['+431234', '+4921234567890123', '+86282452253', '12345', '98765-4321', '+'])(
    '%j is neither a username nor a phone',
    (username) => expect(Object.keys(mistakes(signIn, { username, password: 'x' }))).toEqual(['username'])
  );

  // An account is not locked out by what the numbering tables say of its phone.
  test.each(['asha.rao', '044 4000 1234', '\u202a+91 98765 43210\u202c', 'nobody\u0000'])(
    '%j may be somebody’s name to sign in with',
    (username) => expect(mistakes(signIn, { username, password: 'x' })).toEqual({})
  );

  test('a new password has the rules of every password', () => {
    const body = { verification_id: 'x', code: '123456', new_password: 'short' };
    expect(Object.keys(mistakes(verifyPhone, body))).toEqual(['new_password']);
  });

  test('any password may be tried', () => {
    expect(mistakes(signIn, { username: 'asha', password: 'x' })).toEqual({});
    expect(Object.keys(mistakes(signIn, {}))).toEqual(['username', 'password']);
  });
});

describe('a code', () => {
  test.each([6, 10] as const)('is %d digits, and every digit is as likely in every place', (length) => {
    const draws = 60_000;
    const counts = Array.from({ length }, () => Array<number>(10).fill(0));
    const codes = Array.from({ length: draws }, () => newCode(length));
    expect(codes.filter((code) => code.length !== length || /\D/.test(code))).toEqual([]);
    for (const code of codes) {
      for (const [place, digit] of [...code].entries()) {
        const places = counts[place] ?? [];
        places[Number(digit)] = (places[Number(digit)] ?? 0) + 1;
      }
    }
    // Six standard deviations: a fair source fails this once in ten million runs.
    const tolerance = 6 * Math.sqrt(draws * 0.1 * 0.9);
    for (const count of counts.flat()) expect(Math.abs(count - draws / 10)).toBeLessThan(tolerance);
  });

  test('hashes to something else for another request or with another secret', async () => {
    const hashes = await Promise.all([
      codeHash('secret', 'one', '123456'),
      codeHash('secret', 'two', '123456'),
      codeHash('other', 'one', '123456'),
      codeHash('secret', 'one', '123457')
    ]);
    expect(new Set(hashes.map((hash) => Buffer.from(hash).toString('hex'))).size).toBe(hashes.length);
  });
});

describe('a client', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', 'unknown']
  ])('at %j counts as %s', (address, counted) => {
    expect(network(address)).toBe(counted);
  });

  test('is the same one wherever in its IPv6 network it is', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }), (last) => {
        const host = last.map((group) => group.toString(16)).join(':');
        expect(network(`2001:db8:1:2:${host}`)).toBe('2001:db8:1:2::/64');
      })
    );
  });
});

describe('limits', () => {
  test('are counted under names that do not tell whom', async () => {
    const { what, subjects } = await useOf('secret', 'code', {
      phone: '+919876543210',
      client: '203.0.113.7'
    });
    expect(what).toBe('code');
    expect(subjects).toEqual({
      phone: expect.stringMatching(/^[0-9a-f]{32}$/),
      client: expect.stringMatching(/^[0-9a-f]{32}$/)
    });
    expect(subjects.phone).toBe(await subjectHash('secret', 'phone', '+919876543210'));
    expect(subjects.phone).not.toBe(await subjectHash('other', 'phone', '+919876543210'));
    expect(subjects.phone).not.toBe(await subjectHash('secret', 'account', '+919876543210'));
  });

  test('of an IPv6 network are those of its /48 as well', async () => {
    const [one, other, further] = await Promise.all(
      ['2001:db8:1:2::/64', '2001:db8:1:3::/64', '2001:db8:2:2::/64'].map((client) =>
        useOf('secret', 'guess', { client })
      )
    );
    expect(one?.subjects.client).not.toBe(other?.subjects.client);
    expect(one?.subjects.client_wide).toBe(other?.subjects.client_wide);
    expect(one?.subjects.client_wide).not.toBe(further?.subjects.client_wide);
    expect((await useOf('secret', 'guess', { client: '203.0.113.7' })).subjects).not.toHaveProperty(
      'client_wide'
    );
  });

  test.each([
    [1, 'in a minute'],
    [61, 'in 2 minutes'],
    [20_000, 'in 6 hours']
  ])('after %d seconds one may try again %s', (seconds, words) => {
    const { message, refusal } = rateLimited(seconds);
    expect(message).toContain(words);
    expect(refusal).toMatchObject({ code: 'rate_limited', status: 429, retry_after: seconds });
  });
});

test('a refusal that nobody knows is our own fault, not an answer', () => {
  expect(() => registrationRefused('surprise', '+919876543210')).toThrow(/surprise/);
});
