import { expect, test } from 'vitest';
import { inOrder, matches, type State, type Visit } from '../../src/lib/desk/model.ts';
import { describeVisit, familyWords } from '../../src/lib/desk/words.ts';
import { overwriteGetLocale, type Locale } from '../../src/lib/paraglide/runtime.js';
import { deskRefusal } from '../../src/lib/server/desk/refusal.ts';

const speak = (locale: Locale) => overwriteGetLocale(() => locale);

const visit = (change: Partial<Visit> = {}): Visit => ({
  id: 'a',
  version: 1,
  practitioner_id: 'rao',
  patient_id: 'asha',
  starts_at: '2026-11-24T05:00:00+00:00',
  waits_from: '2026-11-24T05:00:00+00:00',
  token_number: 4,
  name: 'Asha Menon',
  holder: null,
  birth_year: null,
  phone_end: '4521',
  way: 'ivr',
  confirmed: false,
  state: 'booked',
  since: null,
  note: null,
  ...change
});

const refusal = (message: string, details: string | null, hint: string) =>
  deskRefusal({ code: 'PT409', message, details, hint });

test('what happened meanwhile is told in the words of the page, with who and when', () => {
  const meanwhile = (what: string) =>
    refusal('changed_meanwhile', 'changed_meanwhile', `This appointment has changed meanwhile: ${what}.`)
      .message;
  expect(meanwhile('called (Priya Nair, 10:02)')).toBe(
    'Meanwhile, at 10:02, by Priya Nair: With the doctor. Nothing was overwritten.'
  );
  expect(meanwhile('not there (10:02)')).toBe('Meanwhile, at 10:02: No-show. Nothing was overwritten.');
  expect(meanwhile('something else')).toBe(
    'This appointment has changed meanwhile. Nothing was overwritten.'
  );
  speak('ta-IN');
  expect(meanwhile('arrived (Priya Nair, 10:02)')).toBe(
    'இதற்கிடையில், 10:02 மணிக்கு, Priya Nair: காத்திருக்கிறார். எதுவும் மேலெழுதப்படவில்லை.'
  );
});

test('the desk has words of its own, and else those for patients', () => {
  const hint = 'Please wait 7 minutes, then ask for another code.';
  expect(refusal('rate_limited', 'too_many_codes', hint).message).toBe(
    'You can have another code in 7 minutes.'
  );
  expect(refusal('slot_unavailable', 'outside_hours', '').message).toBe('This doctor sees nobody then.');
  expect(refusal('slot_taken', null, '').message).toBe('That time was just taken. Please choose another.');
});

test('the day is in the order of calls, who is done last', () => {
  const at = (minute: number) => `2026-11-24T05:${minute}:00Z`;
  const day = [
    visit({ id: 'seen', state: 'seen', waits_from: at(10), starts_at: at(10) }),
    visit({ id: 'later', waits_from: at(30), starts_at: at(30) }),
    visit({ id: 'waits', state: 'arrived', waits_from: at(31), starts_at: at(15) }),
    visit({ id: 'first', state: 'called', waits_from: at(20), starts_at: at(20) })
  ];
  expect(inOrder(day).map(({ id }) => id)).toEqual(['first', 'later', 'waits', 'seen']);
});

test.each([
  ['', true],
  ['menon', true],
  ['4', true],
  ['521', true],
  ['52', false],
  ['Ravi', false]
])('typing "%s" finds Asha Menon with token 4 and …4521: %s', (words, found) => {
  expect(matches(visit(), words)).toBe(found);
});

test('who comes with somebody else’s phone is found by either name, and told with both', () => {
  const child = visit({ name: 'Meera', holder: { name: 'Asha Menon' }, birth_year: 2016 });
  expect([matches(child, 'meera'), matches(child, 'menon'), matches(child, 'ravi')]).toEqual([
    true,
    true,
    false
  ]);
  expect(familyWords(child)).toBe('family of Asha Menon, born 2016');
  expect(familyWords({ holder: { name: null }, birth_year: null })).toBe('family');
  expect(familyWords(visit())).toBe('');
});

test('what others change is told by token and name', () => {
  const tell = (before: Visit | null, after: Visit | null) =>
    describeVisit({ before, after }, 'Asia/Kolkata');
  const to = (state: State) => tell(visit(), visit({ state }));
  expect(to('arrived')).toBe('Token 4, Asha Menon: Waiting.');
  expect(tell(null, visit())).toBe('New: Token 4, Asha Menon, 10:30\u00a0am.');
  expect(tell(visit(), visit({ starts_at: '2026-11-24T06:00:00Z' }))).toBe(
    'Token 4, Asha Menon: now at 11:30\u00a0am.'
  );
  expect(tell(visit({ name: null }), null)).toBe('Token 4, No name: no longer on this day.');
  expect(tell(visit(), visit({ note: 'Old reports' }))).toBeNull();
});
