import { describe, expect, test } from 'vitest';
import { codeIn as codeOnSite } from '../../src/lib/code.ts';
import { overwriteGetLocale } from '../../src/lib/paraglide/runtime.js';
import { problemsOf } from '../../src/lib/server/account/password.ts';
import { readName as readNameOnSite } from '../../src/lib/server/account/names.ts';
import { problemsOfProfile } from '../../src/lib/server/account/profile.ts';
import { codeIn as codeInFunctions } from '../../supabase/functions/_shared/account/codes.ts';
import { parseFields, requests } from '../../supabase/functions/_shared/account/fields.ts';
import { RefusedError } from '../../supabase/functions/_shared/errors.ts';
import { readName } from '../../supabase/functions/_shared/names.ts';
import { judgePhone } from '../../supabase/functions/_shared/phone.ts';
import { locales, wordsIn, type Locale } from '../../supabase/functions/_shared/words/languages.ts';
import type { Sentence } from '../../supabase/functions/_shared/words/words.ts';
import {
  ages,
  codes,
  composed,
  decomposed,
  names,
  passwords,
  phones,
  usernames,
  type RuleCase
} from './shared-rules.ts';

const registration = {
  name: 'Asha Rao',
  age: '34',
  username: 'asha.rao',
  phone_number: '9876543210',
  password: 'a long secret',
  password2: 'a long secret'
};

/** What is told beside this field by registering through the API, with everything else in order. */
function problemAt(field: keyof typeof registration, input: string): Sentence | undefined {
  const repeated = field === 'password' && { password2: input };
  try {
    parseFields(requests('IN').register, { ...registration, [field]: input, ...repeated });
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { fields = {} } = error.refusal;
    expect(Object.keys(fields)).toEqual([field]);
    return fields[field];
  }
}

const functionsTake = (field: keyof typeof registration, input: string) =>
  problemAt(field, input) === undefined;

/** Whether the site's page of the profile takes this field, with everything else in order. */
function profileTakes(field: 'name' | 'age' | 'username', input: string): boolean {
  const { name, age, username } = registration;
  return problemsOfProfile({ name, age, username, [field]: input }, { name, age })?.[field] === undefined;
}

// The functions and the site agree.
const rules: [keyof typeof registration, RuleCase[], (input: string) => boolean][] = [
  ['age', ages, (input) => profileTakes('age', input)],
  ['username', usernames, (input) => profileTakes('username', input)],
  ['password', passwords, (input) => problemsOf(input).password === undefined]
];

describe.each(rules)('%s', (field, cases, siteTakes) => {
  test.each(cases.map((one) => [one.input, one] as const))('%j', (input, { taken, siteTakesIt }) => {
    expect(functionsTake(field, input)).toBe(taken);
    expect(siteTakes(input)).toBe(siteTakesIt === undefined ? taken : true);
  });
});

// So does the database: tests/database/names.test.ts.
test.each(names.map((one) => [one.input, one.kept] as const))('name %j', (input, kept) => {
  for (const read of [readName(input), readNameOnSite(input)]) {
    expect('name' in read ? read.name : null).toBe(kept);
  }
  expect(functionsTake('name', input)).toBe(kept !== null);
  expect(profileTakes('name', input)).toBe(kept !== null);
});

describe.each(locales)('in %s', (locale) => {
  const refused = passwords.filter(({ taken, siteTakesIt }) => !taken && siteTakesIt === undefined);
  test.each(refused.map(({ input }) => input))('%j is no password for the same reason', (input) => {
    overwriteGetLocale(() => locale);
    expect(problemsOf(input).password).toBe(problemAt('password', input)?.(wordsIn[locale]));
  });

  test('too long is told as what to do, also to whoever used few letters of many bytes', () => {
    const sentence = problemAt('password', 'அ'.repeat(25))?.(wordsIn[locale]) ?? '';
    expect(sentence).not.toMatch(/72 characters|72 எழுத்துகள்|72 अक्षर/);
    const told: Record<Locale, RegExp> = {
      'en-IN': /shorter.*English letters.*other scripts.*more room/,
      'ta-IN': /சுருக்க.*ஆங்கில.*தமிழ்.*அதிக இடம்/,
      'hi-IN': /छोटा.*अंग्रेज़ी.*हिंदी.*ज़्यादा जगह/
    };
    expect(sentence).toMatch(told[locale]);
  });
});

test('a password is the same however its accents are typed', () => {
  const { register, verifyPhone } = requests('IN');
  const typed = { ...registration, password: decomposed, password2: composed };
  expect(parseFields(register, typed).password).toBe(composed);
  const reset = { verification_id: 'x', code: '482193', new_password: decomposed };
  expect(parseFields(verifyPhone, reset).new_password).toBe(composed);
  expect(problemsOf(decomposed)).toEqual({});
});

test.each(codes.map(({ input, code }) => [input, code] as const))('code %j', (input, code) => {
  expect(codeInFunctions(input) ?? null).toBe(code);
  expect(codeOnSite(input) ?? null).toBe(code);
});

describe('phone', () => {
  test.each(phones.map(({ input, verdict }) => [input, verdict] as const))('%j is %s', (input, verdict) => {
    const { phone, problem } = judgePhone(input, 'IN');
    const cannotBeTexted = problem === 'landline' || problem === 'no_sms';
    expect(problem === undefined ? phone : cannotBeTexted ? 'cannot get an SMS' : 'not a number').toBe(
      verdict
    );
    expect(functionsTake('phone_number', input)).toBe(problem === undefined);
  });
});
