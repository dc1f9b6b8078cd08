/**
 * Rules that stand in more than one place on purpose: the functions decide, the site tells at once, and the database
 * has the last word about usernames. Here is what each of them must say to the same input.
 */

export interface RuleCase {
  input: string;
  taken: boolean;
  /** Where the site is less strict: why that does no harm. */
  siteTakesIt?: string;
}

const taken = (...inputs: string[]): RuleCase[] => inputs.map((input) => ({ input, taken: true }));
const refused = (...inputs: string[]): RuleCase[] => inputs.map((input) => ({ input, taken: false }));
const refusedButBySite = (siteTakesIt: string, ...inputs: string[]): RuleCase[] =>
  inputs.map((input) => ({ input, taken: false, siteTakesIt }));

export const names: RuleCase[] = [
  ...taken('Asha Rao', 'A', 'லட்சுமி', 'José', "D'Souza-Nair", 'Asha 2', 'x'.repeat(100), '😀a'),
  ...refused('...', '12', '😀', '-', 'x'.repeat(101), 'é'.repeat(101)),
  ...refusedButBySite('a browser sends no such character from a text field', 'Asha\u0000Rao', 'Asha\u202eoaR')
];

export const ages: RuleCase[] = [
  ...taken('0', '1', '34', '034', '130'),
  ...refused('', '131', '999', '1000', '-1', '34.5', '1e1', '0x1', 'old', '٣٤')
];

export const usernames: RuleCase[] = [
  ...taken('abc', 'A.b-c_9', 'a_1', '9876a', '...a', 'x'.repeat(32)),
  ...refused('ab', 'x'.repeat(33), '9876543210', '98765-43210', '...', '___', 'asha rao', 'asha\trao'),
  ...refused('ash@', 'ashä', 'ñandu', 'ஆஷா', 'asha\nrao', 'аѕһа')
];

export const passwords: RuleCase[] = [
  ...taken('eight888', ' spaces ', 'é'.repeat(36), 'x'.repeat(72), '😀'.repeat(8), 'பாஸ்வேர்'),
  ...refused('', 'seven77', '😀'.repeat(7), 'x'.repeat(73), 'é'.repeat(37), '😀'.repeat(19)),
  ...refusedButBySite('a browser sends no such character from a password field', 'nul\0nul\0nul')
];

/** In India. */
export const phones: { input: string; e164: string | null; site?: string; why?: string }[] = [
  ...[
    '+919999999999',
    '+91 99999-99999',
    '09999999999',
    '919999999999',
    '9999999999',
    '99999 99999',
    '0091 99999 99999',
    ' +919999999999 ',
    ' (+91) 99999 99999 ',
    '+91-(0)99999-99999',
    '+91.99999.99999',
    '９９９９９９９９９９'
  ].map((input) => ({ input, e164: '+919999999999' })),
  { input: '+91 12345 67890', e164: '+911234567890' },
  { input: '+44 7911 123456', e164: '+447911123456' },
  { input: '+1 202 555 0123', e164: '+12025550123' },
  ...[
    '',
    '   ',
    'asha',
    'asha99',
    'anonymous',
    '12',
    '12345',
    '+91 99999 99999 ext 5',
    'call +91 99999 99999',
    '9999999999, 8888888888',
    '99999999999999999',
    '+999999999999999',
    '9'.repeat(41)
  ].map((input) => ({ input, e164: null })),
  ...['999999999', '+91 99999 9999'].map((input) => ({
    input,
    e164: null,
    site: '+91999999999',
    why: 'the site only shows the end of a number; whether it can be somebody’s, the functions decide'
  }))
];
