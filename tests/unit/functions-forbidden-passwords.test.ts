import { expect, test } from 'vitest';
import { isForbiddenPassword } from '../../supabase/functions/_shared/account/forbidden-passwords.ts';

const owner = { phone: '+919876543210', name: 'Asha Lakshmi Rao', username: 'asha.rao85' };

test.each([
  // Everybody's.
  'password',
  'Password1',
  'PASSWORD',
  'P@ssw0rd',
  'Passw0rd!',
  'password2026',
  'ｐａｓｓｗｏｒｄ',
  '12345678',
  '௧௨௩௪௫௬௭௮',
  '87654321',
  '00000000',
  '12121212',
  'qwertyui',
  'qwerty123',
  'asdfghjk',
  'abcdefgh',
  'iloveyou',
  'passwordpassword',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  // The clinic's.
  'medqmedq',
  'medq1234',
  'MedQ2026',
  'medq-2026',
  'medq@123',
  'medqpassword',
  // Its owner's.
  '9876543210',
  '09876543210',
  '919876543210',
  '+919876543210',
  '+91 98765 43210',
  '00919876543210',
  '98765-43210',
  '௯௮௭௬௫௪௩௨௧௦',
  'ashalakshmirao',
  'Asha Lakshmi Rao',
  'Lakshmi1',
  'lakshmi123',
  'asha.rao85',
  'ASHA.RAO85',
  'asharao85',
  'Lakshmi@123'
])('%j is forbidden', (password) => {
  expect(isForbiddenPassword(password, owner)).toBe(true);
});

test.each([
  'a long secret',
  'the right one',
  'another right one',
  'my very own words',
  'correct horse',
  'my password is not this one',
  'the medq of my neighbour',
  'Asha walks to the lake',
  'சிவப்பு மாம்பழம்',
  'securepass123',
  'testpass123',
  'pw 3f9a1b2c',
  'Tr0ub4dor&3x',
  '!@%^&*()-+=?',
  '40718263954',
  '9876543211 is not mine',
  'x'.repeat(8) + ' marks the spot',
  `${'a'.repeat(9)} b${'c'.repeat(60)}`.slice(0, 20) + ' and a tree'
])('%j may be somebody’s', (password) => {
  expect(isForbiddenPassword(password, owner)).toBe(false);
});

test('what is nothing to others may be its owner’s, and the other way round', () => {
  expect(isForbiddenPassword('venkataraman1', { phone: '+919876543210' })).toBe(false);
  expect(isForbiddenPassword('venkataraman1', { phone: '+919876543210', name: 'Venkataraman' })).toBe(true);
  expect(isForbiddenPassword('9876543210', { phone: '+447700900123' })).toBe(true);
  expect(isForbiddenPassword('7700900123', { phone: '+447700900123' })).toBe(true);
  expect(isForbiddenPassword('7700900123', { phone: '+919876543210' })).toBe(false);
});

test('finding out takes a second at the very most, of the two that a function has', () => {
  const begin = performance.now();
  isForbiddenPassword('@4$sw0rd'.repeat(9), owner);
  expect(performance.now() - begin).toBeLessThan(1000);
});
