import { expect, test } from 'vitest';
import { proposedUsernames } from '../../src/lib/server/account/username.ts';
import { requests } from '../../supabase/functions/_shared/account/fields.ts';

test.each([
  ['Asha Rao', 'asha.rao'],
  ['  Dr. José  Núñez-Peña ', 'dr.jose.nunezpena'],
  ['மீனா குமார்', 'mina.kumar'],
  ['மீனாட்சி சுந்தரம்', 'minatsi.suntaram'],
  ['अनीता शर्मा', 'anita.sarma'],
  ['राजेश कुमार', 'rajes.kumar'],
  ['Дмитрий Иванов', 'dmitriy.ivanov'],
  ['Venkatanarasimharajuvaripeta Subramanian', 'venkatanarasimharajuvaripe']
])('%s is proposed to be %s', (name, username) => {
  expect(proposedUsernames(name)[0]).toBe(username);
});

test.each(['Asha Rao', 'மீனா', 'Li', '李', '明', '🙂', '', 'Ω', 'B'.repeat(100), 'ஃ'])(
  'what is proposed for %j is a username, and further ones are others',
  (name) => {
    const shape = requests('IN').register.safeParse;
    const proposed = proposedUsernames(name);
    expect(new Set(proposed).size).toBe(proposed.length);
    expect(proposed.length).toBeGreaterThanOrEqual(3);
    for (const username of proposed) {
      const typed = {
        name: 'A',
        age: 1,
        phone_number: '9876543210',
        username,
        password: 'x y z x y z',
        password2: 'x y z x y z'
      };
      expect(shape(typed).success, username).toBe(true);
    }
  }
);
