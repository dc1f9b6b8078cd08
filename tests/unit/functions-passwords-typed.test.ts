import { describe, expect, test } from 'vitest';
import type { Auth } from '../../supabase/functions/_shared/account/auth.ts';
import { type PasswordAccount, signInAsTyped } from '../../supabase/functions/_shared/account/passwords.ts';
import { textedPasswordIn } from '../../supabase/functions/_shared/account/texted-password.ts';
import { composed, decomposed } from './shared-rules.ts';

const phone = '+919876543210';

/** What Auth is asked, in order, while it knows no such password. */
async function asked(typed: string, account: PasswordAccount | undefined) {
  const requests: { known: boolean; password: string }[] = [];
  const auth = {
    signIn: (of: string, password: string) => {
      requests.push({ known: of === phone, password });
      return Promise.resolve(undefined);
    }
  } as Pick<Auth, 'signIn'> as Auth;
  expect(await signInAsTyped(auth, account, typed)).toBeUndefined();
  return requests;
}

const chosen = { phone, temporary: false };
const texted = { phone, temporary: true };

describe('what Auth is asked', () => {
  test.each([
    ['a long secret', ['a long secret']],
    [composed, [composed]],
    [decomposed, [composed, decomposed]],
    // Chosen passwords are exact.
    ['abcd2345', ['abcd2345']],
    [' ABCD2345\n', [' ABCD2345\n']]
  ])('about a chosen password %j', async (typed, passwords) => {
    expect(await asked(typed, chosen)).toEqual(passwords.map((password) => ({ known: true, password })));
  });

  test.each([
    ['abcd2345', ['ABCD2345']],
    ['a long secret', ['a long secret']],
    [decomposed, [composed, decomposed]]
  ])('about a texted password %j', async (typed, passwords) => {
    expect(await asked(typed, texted)).toEqual(passwords.map((password) => ({ known: true, password })));
  });

  test.each(['x'.repeat(73), 'அ'.repeat(25), 'secret12\0secret12'])(
    'is about nobody where bcrypt would take %j for a shorter one',
    async (password) => {
      expect(await asked(password, chosen)).toEqual([{ known: false, password }]);
    }
  );

  test('is as much for nobody, for a chosen and for a texted password', async () => {
    for (const typed of ['abcd2345', ' ABCD2345', decomposed, 'x'.repeat(73), 'ABCD2345\u2000']) {
      const works = await Promise.all([undefined, chosen, texted].map((account) => asked(typed, account)));
      const [times] = works.map(({ length }) => length);
      expect(works.map(({ length }) => length)).toEqual([times, times, times]);
      expect(works[0]?.every(({ known }) => !known)).toBe(true);
    }
  });
});

describe('a texted password', () => {
  test.each([
    'ABCD2345',
    'abcd2345',
    'Abcd2345',
    ' ABCD2345',
    'ABCD2345 ',
    'ABCD2345\r\n',
    'ABCD 2345',
    '\u00a0ABCD2345\u00a0',
    '\u202aABCD2345\u202c',
    'ABCD2345\u200b',
    'abcd௨௩௪௫'
  ])('is read from %j', (typed) => {
    expect(textedPasswordIn(typed)).toBe('ABCD2345');
  });

  test.each(['', 'ABCD234', 'ABCD23456', 'ABCD2340', 'ABCI2345', 'ABCD-2345', 'ÄBCD2345', 'a long secret'])(
    'is not read from %j',
    (typed) => {
      expect(textedPasswordIn(typed)).toBeUndefined();
    }
  );
});
