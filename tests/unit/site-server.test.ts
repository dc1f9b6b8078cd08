import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isLoopback, ownPath, pathAfterSignIn } from '../../src/lib/server/request/addresses.ts';
import { isPersonal, judge } from '../../src/lib/server/request/guard.ts';
import { protect } from '../../src/lib/server/request/headers.ts';
import { problemsOf } from '../../src/lib/server/account/password.ts';
import { phoneEnd } from '../../src/lib/server/account/phone-hints.ts';
import { phoneNumber, region } from '../../src/lib/server/account/phone.ts';
import type { Session } from '../../src/lib/server/request/session.ts';
import { projectUrl, publicKey, securityContact } from '../../src/lib/settings.ts';
import { securityText } from '../../src/lib/server/request/security-text.ts';

describe('where to go after signing in', () => {
  test.each(['/appointments', '/book?clinic=1', '/'])('is a page of ours: %s', (path) => {
    expect(pathAfterSignIn(path, '/fallback')).toBe(path);
  });

  test.each([
    null,
    '',
    'appointments',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%2e%2e//evil.example',
    '/..//evil.example',
    'javascript:alert(1)',
    ' /appointments',
    '/login?next=/login',
    '/logout',
    'http:///x'
  ])('is never anywhere else: %j', (path) => {
    expect(pathAfterSignIn(path, '/fallback')).toBe('/fallback');
  });
});

test('a page to come back to may be any of ours, and none of others', () => {
  expect(ownPath('/login?next=/book', '/')).toBe('/login?next=/book');
  expect(ownPath('//evil.example/login', '/')).toBe('/');
});

describe('phone numbers', () => {
  test.each(['+91 98765-43210', '9876543210', '\u202a98765 43210\u202c', '௯௮௭௬௫௪௩௨௧௦'])(
    'the end of %j is what its owner knows it by',
    (text) => expect(phoneEnd(text)).toBe('3210')
  );
  test('are shown in groups and linked in full', () =>
    expect(phoneNumber('+919999999999')).toEqual({ text: '+91 99999 99999', href: 'tel:+919999999999' }));
});

describe('personal routes', () => {
  const account = {
    userId: 'u',
    patientId: 'p',
    username: 'asha',
    mustChangePassword: false,
    worksAtDesk: false
  };
  const own: Session = { state: 'signed-in', account };
  const texted: Session = { state: 'signed-in', account: { ...account, mustChangePassword: true } };
  const at = (session: Session, path: string, method = 'GET') =>
    judge(session, new URL(path, 'http://site'), method);

  test('are those in the group', () => {
    expect(['/(personal)/book', '/(forms)/(personal)/account'].map(isPersonal)).toEqual([true, true]);
    expect([isPersonal('/(forms)/login'), isPersonal(null)]).toEqual([false, false]);
  });

  test('send the signed-out to sign in, and back afterwards', () => {
    expect(at({ state: 'signed-out' }, '/appointments?x=1&y=2')).toEqual({
      pass: false,
      refusal: { code: 'signed_out', message: 'Please sign in first.', status: 401 },
      to: '/login?next=%2Fappointments%3Fx%3D1%26y%3D2'
    });
  });

  test.each([
    ['/password?/x', '/password'],
    ['/account?/profile', '/account'],
    [
      '/book/confirm?doctor=1&any&at=2026-12-01T05:30:00.000Z',
      '/book/confirm?doctor=1&any&at=2026-12-01T05:30:00.000Z'
    ],
    ['/book/confirm?/x&doctor=1', '/book/confirm?doctor=1'],
    ['/book/confirm?doctor=1&/x', '/book/confirm?doctor=1']
  ])('lead a form of %s back to what was chosen there, and say that it was not sent', (path, next) => {
    expect(at({ state: 'signed-out' }, path, 'POST')).toMatchObject({
      to: `/login?next=${encodeURIComponent(next)}&unsent`
    });
  });

  test('are closed behind a texted password, but for choosing another', () => {
    expect(at(texted, '/appointments')).toMatchObject({ pass: false, to: '/password' });
    expect(at(texted, '/live-token')).toMatchObject({
      refusal: { code: 'password_change_required', status: 403 }
    });
    expect(at(texted, '/password')).toEqual({ pass: true });
  });

  test('are open to a password of one’s own, and answer for themselves while Auth is silent', () => {
    expect(at(own, '/appointments')).toEqual({ pass: true });
    expect(at({ state: 'unknown' }, '/appointments')).toEqual({ pass: true });
  });
});

describe('a new password', () => {
  test('is long enough, and not too long', () => {
    expect(problemsOf('seven77').password).toMatch(/at least 8/);
    expect(problemsOf('é'.repeat(40)).password).toMatch(/shorter.*72/);
    expect(problemsOf('long enough')).toEqual({});
  });
});

describe('protecting headers', () => {
  const headersFor = (address: string, given: Record<string, string> = {}, personal = false) => {
    const headers = new Headers(given);
    protect(headers, { url: new URL(address), supabaseUrl: 'https://abc.supabase.co', personal });
    return headers;
  };

  test('let a page connect to the project of the running server and nowhere else', () => {
    const policy = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";
    expect(
      headersFor('https://medq.example/', { 'content-security-policy': policy }).get(
        'content-security-policy'
      )
    ).toBe(
      "default-src 'none'; connect-src 'self' https://abc.supabase.co wss://abc.supabase.co; frame-ancestors 'none'"
    );
  });

  test('are there without a page, too', () => {
    const headers = headersFor('https://medq.example/live-token');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('keep personal pages out of every cache', () => {
    expect(headersFor('https://medq.example/', {}, true).get('cache-control')).toContain('no-store');
    expect(headersFor('https://medq.example/').get('cache-control')).toBe('private, no-cache');
  });

  test('insist on https, except on this machine', () => {
    expect(headersFor('https://medq.example/').has('strict-transport-security')).toBe(true);
    expect(headersFor('http://127.0.0.1:3000/').has('strict-transport-security')).toBe(false);
    expect(headersFor('https://localhost:3000/').has('strict-transport-security')).toBe(false);
  });

  test('know this machine by its names only', () => {
    expect(['localhost', '127.0.0.1', '[::1]', 'a.localhost'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      true
    ]);
    expect(['127.example.com', 'localhost.evil.example', 'medq.example'].map(isLoopback)).toEqual([
      false,
      false,
      false
    ]);
  });
});

describe('settings', () => {
  const jwt = (role: string) => `x.${btoa(JSON.stringify({ role })).replaceAll('=', '')}.y`;

  test('are missed with a sentence', () => {
    expect(() => projectUrl(undefined)).toThrow(/Set PUBLIC_SUPABASE_URL to/);
    expect(() => projectUrl('abc.supabase.co')).toThrow(/web address/);
    expect(() => publicKey('')).toThrow(/Set PUBLIC_SUPABASE_ANON_KEY to/);
  });

  test('refuse a key that opens everything', () => {
    expect(() => publicKey('sb_secret_abc')).toThrow(/secret key/);
    expect(() => publicKey(jwt('service_role'))).toThrow(/secret key/);
    expect(publicKey('sb_publishable_abc')).toBe('sb_publishable_abc');
    expect(publicKey(jwt('anon'))).toBe(jwt('anon'));
  });

  test('know the countries', () => {
    expect([region(undefined), region(''), region('GB')]).toEqual(['IN', 'IN', 'GB']);
    expect(() => region('India')).toThrow(/two letters/);
  });

  test('name somebody who can be told of a hole, or nobody', () => {
    expect(securityContact(undefined)).toBeUndefined();
    for (const contact of ['mailto:security@example.org', 'https://example.org/report']) {
      expect(securityContact(contact)).toBe(contact);
    }
    for (const wrong of [
      'security@example.org',
      'http://example.org',
      'mailto:nobody',
      'https://a b',
      'https://x\nContact: y'
    ]) {
      expect(() => securityContact(wrong)).toThrow(/SECURITY_CONTACT must be an address such as/);
    }
  });

  test('take an address with or without a slash', () => {
    expect(projectUrl('https://abc.supabase.co/')).toBe('https://abc.supabase.co');
  });
});

test('security.txt has what RFC 9116 asks for, and is good for less than a year', () => {
  const text = securityText('mailto:a@example.org', 'https://medq.example', new Date('2026-11-25T12:00:00Z'));
  expect(text).toBe(
    `Contact: mailto:a@example.org
Expires: 2027-05-24T12:00:00.000Z
Preferred-Languages: en, ta
Canonical: https://medq.example/.well-known/security.txt
`
  );
});

test('no route calls Supabase itself: that is for src/lib/server', () => {
  const routes = globSync('src/routes/**/*.ts');
  expect(routes.length).toBeGreaterThan(20);
  const calls = /\bsupabase\s*\.\s*(?:auth|rpc|from|channel|storage|functions)\b/;
  expect(routes.filter((file) => calls.test(readFileSync(file, 'utf8')))).toEqual([]);
});
