import { afterAll, describe, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { composed, decomposed } from '../unit/shared-rules.ts';
import {
  anAddress,
  aWish,
  nextCode,
  onBehalfOf,
  registered,
  send,
  throughGateway,
  type Answer
} from './account-api.ts';

const { api_url, publishable_key, inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const signIn = (username: string, password: string) => throughGateway()('sign-in', { username, password });
const refusalOf = ({ status, body }: Answer) => `${status} ${String(body.error)}`;

/** A patient with an account of that password; `texted`: it was texted after a call. */
async function anAccount(password: string, { texted = false } = {}) {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  if (texted) {
    await sql`
      insert into private.temporary_passwords (user_id, expires_at)
      values (${patient.account.userId}, now() + interval '1 hour')`;
  }
  return patient;
}

/** Asks for another phone, which asks for the password once more. */
async function changePhone(signedIn: Answer, password: string): Promise<Answer> {
  const body = { phone_number: aPhone(), password };
  return send(`${api_url}/functions/v1/change-phone`, body, {
    apikey: publishable_key,
    ...onBehalfOf(anAddress()),
    authorization: `Bearer ${String(signedIn.body.token)}`
  });
}

describe('a texted password', () => {
  test.each(['abcd2345', 'Abcd2345', ' ABCD2345 ', 'ABCD2345\r\n', '\u202aABCD 2345\u202c'])(
    'signs in as %j',
    async (typed) => {
      const { phone } = await anAccount('ABCD2345', { texted: true });
      const answer = await signIn(phone, typed);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ must_change_password: true });
    }
  );

  test('does not sign in as another', async () => {
    const { phone } = await anAccount('ABCD2345', { texted: true });
    for (const typed of ['abcd2346', 'ABCD234', 'ABCD23455', 'ABCD-2345']) {
      expect(refusalOf(await signIn(phone, typed))).toBe('401 invalid_credentials');
    }
  });

  test('that its owner chose again is exact like every chosen one', async () => {
    const { phone } = await anAccount('ABCD2345');
    for (const typed of ['abcd2345', ' ABCD2345', 'ABCD2345\n']) {
      expect(refusalOf(await signIn(phone, typed))).toBe('401 invalid_credentials');
    }
    expect((await signIn(phone, 'ABCD2345')).status).toBe(200);
  });
});

describe('a password with an accent', () => {
  test.each([
    ['one character', composed, decomposed],
    ['two characters', decomposed, composed]
  ])('chosen as %s signs in either way, and gives leave to change the phone', async (_, chosen, other) => {
    const wish = aWish(aPhone(), { password: chosen, password2: other });
    await registered(throughGateway(), wish);
    for (const typed of [chosen, other]) {
      const signedIn = await signIn(wish.phone_number, typed);
      expect(signedIn.status).toBe(200);
      expect((await changePhone(signedIn, typed)).status).toBe(202);
    }
    expect(refusalOf(await signIn(wish.phone_number, 'cafe-horse-99'))).toBe('401 invalid_credentials');
  });

  test.each([
    ['one character', composed, decomposed],
    ['two characters', decomposed, composed]
  ])('chosen by a code as %s signs in either way', async (_, chosen, other) => {
    const { phone } = await anAccount('a long secret');
    const { body } = await throughGateway()('forgot-password', { phone_number: phone });
    const { verification_id } = body;
    const reset = { verification_id, code: await nextCode(phone), new_password: chosen };
    expect((await throughGateway()('verify-phone', reset)).status).toBe(200);
    for (const typed of [chosen, other]) expect((await signIn(phone, typed)).status).toBe(200);
  });

  test('that was kept as two characters signs in as before', async () => {
    const { phone } = await anAccount(decomposed);
    const signedIn = await signIn(phone, decomposed);
    expect(signedIn.status).toBe(200);
    expect((await changePhone(signedIn, decomposed)).status).toBe(202);
  });
});

describe('more than a password', () => {
  test.each([
    ['goes on after its 72 bytes', 'அ'.repeat(24), 'அ'.repeat(25)],
    ['repeats it after a NUL', 'a long secret', 'a long secret\0a long secret']
  ])('that %s does not sign in, nor gives leave to change the phone', async (_, password, more) => {
    const { phone } = await anAccount(password);
    const refused = await signIn(phone, more);
    expect(refusalOf(refused)).toBe('401 invalid_credentials');
    expect(refused.body).toEqual((await signIn(phone, 'another one')).body);
    const signedIn = await signIn(phone, password);
    expect(signedIn.status).toBe(200);
    expect(refusalOf(await changePhone(signedIn, more))).toBe('401 invalid_credentials');
    expect((await changePhone(signedIn, password)).status).toBe(202);
  });
});

describe('a code', () => {
  /** Registers a phone, and answers with the whole SMS that brings the code, and a way to prove it. */
  async function texted(locale: 'en-IN' | 'ta-IN') {
    const wish = aWish(aPhone(), { locale });
    const { body } = await throughGateway()('register-patient', wish);
    const { verification_id } = body;
    const sms = await smsTo(inbox_url, wish.phone_number, ({ body }) => /^\d{6,10} /.test(body));
    const guesses = async () => {
      const [row] = await sql`
        select guesses from private.phone_verifications where id = ${String(verification_id).split('.')[0] ?? ''}`;
      return Number(row?.guesses);
    };
    const prove = (code: string) => throughGateway()('verify-phone', { verification_id, code });
    return { sms: sms.body, code: sms.body.slice(0, 6), guesses, prove };
  }

  test.each(['en-IN', 'ta-IN'] as const)('is found in its whole SMS, in %s', async (locale) => {
    const { sms, prove } = await texted(locale);
    expect((await prove(sms)).status).toBe(200);
  });

  test.each([
    ['in two groups', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['with a dash and a full stop', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}.`],
    ['between marks', (code: string) => `\u202a${code}\u202c`],
    [
      'in Tamil digits',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x0be6 + Number(digit)))
    ]
  ])('may be written %s', async (_, write) => {
    const { code, prove } = await texted('en-IN');
    expect((await prove(write(code))).status).toBe(200);
  });

  test('is not guessed at by a text that holds none, or two', async () => {
    const { sms, code, guesses, prove } = await texted('en-IN');
    for (const typed of [sms.slice(7), code.slice(1), `${code}0`, `${code} 000000`]) {
      expect(refusalOf(await prove(typed))).toBe('400 validation_failed');
    }
    expect(await guesses()).toBe(0);
    expect((await prove(code)).status).toBe(200);
  });
});
