import { describe, expect, test } from 'vitest';
import { problemsOf } from '../../src/lib/server/account/password.ts';
import { problemsOfProfile } from '../../src/lib/server/account/profile.ts';
import { parseFields, requests } from '../../supabase/functions/_shared/account/fields.ts';
import { RefusedError } from '../../supabase/functions/_shared/errors.ts';
import { judgePhone } from '../../supabase/functions/_shared/phone.ts';
import { ages, names, passwords, phones, usernames, type RuleCase } from './shared-rules.ts';

const registration = {
  name: 'Asha Rao',
  age: '34',
  username: 'asha.rao',
  phone_number: '9876543210',
  password: 'a long secret',
  password2: 'a long secret'
};

/** Whether registering through the API takes this field, with everything else in order. */
function functionsTake(field: keyof typeof registration, input: string): boolean {
  const repeated = field === 'password' && { password2: input };
  try {
    parseFields(requests('IN').register, { ...registration, [field]: input, ...repeated });
    return true;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    expect(Object.keys(error.refusal.fields ?? {})).toEqual([field]);
    return false;
  }
}

/** Whether the site's page of the profile takes this field, with everything else in order. */
function profileTakes(field: 'name' | 'age' | 'username', input: string): boolean {
  const { name, age, username } = registration;
  return problemsOfProfile({ name, age, username, [field]: input }, { name, age })?.[field] === undefined;
}

// The functions and the site agree.
const rules: [keyof typeof registration, RuleCase[], (input: string) => boolean][] = [
  ['name', names, (input) => profileTakes('name', input)],
  ['age', ages, (input) => profileTakes('age', input)],
  ['username', usernames, (input) => profileTakes('username', input)],
  ['password', passwords, (input) => problemsOf(input, input)?.password === undefined]
];

describe.each(rules)('%s', (field, cases, siteTakes) => {
  test.each(cases.map((one) => [one.input, one] as const))('%j', (input, { taken, siteTakesIt }) => {
    expect(functionsTake(field, input)).toBe(taken);
    expect(siteTakes(input)).toBe(siteTakesIt === undefined ? taken : true);
  });
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
