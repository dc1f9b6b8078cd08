// What the desk offers to be called in other languages.
import { expect, test } from 'vitest';
import { distinctNames } from '../../src/lib/server/desk/translations.ts';

test('a name is asked for once, however its capitals are', () => {
  const names = ['Lakeside Clinic', 'Dr. Rao', 'DR. RAO', 'General medicine', 'General Medicine', 'Dr. Sen'];
  expect(distinctNames(names)).toEqual(['Lakeside Clinic', 'Dr. Rao', 'General medicine', 'Dr. Sen']);
});
