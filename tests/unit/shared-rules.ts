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
  ...taken('0', '1', '34', '034', '130', ' 34 '),
  // Tamil, Devanagari, Bengali, Telugu, Arabic, Persian; with marks of direction.
  ...taken('௩௪', '३४', '৩৪', '౩౪', '٣٤', '۳۴', '\u202a34\u202c'),
  ...refused('', '131', '999', '1000', '-1', '34.5', '1e1', '0x1', '3 4', 'old', '௧௩௧', '½', 'Ⅷ')
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

/**
 * What each text is as a phone number in India: +E.164 that can be texted, or why not. The functions are the only ones that
 * decide it; the database must take every number they take.
 */
export const phones: { input: string; verdict: `+${string}` | 'cannot get an SMS' | 'not a number' }[] = [
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
    '(+91)9999999999',
    '+(91) 99999-99999',
    '（＋91）99999 99999',
    '(0)99999 99999',
    '+91-(0)99999-99999',
    '+91 0 99999 99999',
    '+9109999999999',
    '91 0 99999 99999',
    '0091 0 99999 99999',
    '+91.99999.99999',
    '+ 91 99999 99999',
    'tel:+91-99999-99999',
    // Copied from a page, a contact or a chat.
    '\u202a+91 99999 99999\u202c',
    '\u200e+91\u00a099999\u202f99999\u200f',
    '\ufeff99999\u200b99999\u2060',
    '+91 99999\u201199999',
    '+91 99999–99999',
    // Tamil, Devanagari, Bengali, Telugu, Arabic, Persian, full-width.
    '௯௯௯௯௯ ௯௯௯௯௯',
    '+९१ ९९९९९ ९९९९९',
    '০৯৯৯৯৯৯৯৯৯৯',
    '౯౯౯౯౯౯౯౯౯౯',
    '٩٩٩٩٩٩٩٩٩٩',
    '۹۹۹۹۹۹۹۹۹۹',
    '９９９９９９９９９９'
  ].map((input) => ({ input, verdict: '+919999999999' as const })),
  // Unknown to the numbering tables: newer, perhaps.
  { input: '50123 45678', verdict: '+915012345678' },
  { input: '+44 6123 456789', verdict: '+446123456789' },
  { input: '+1 555 123 4567', verdict: '+15551234567' },
  { input: '+44 7911 123456', verdict: '+447911123456' },
  { input: '+1 202 555 0123', verdict: '+12025550123' },
  // The same digit over and over, and yet somebody's.
  { input: '77777 77777', verdict: '+917777777777' },
  { input: '+33 6 66 66 66 66', verdict: '+33666666666' },
  // Mexico's 1 of former times, and Argentina's 9, dialled at home as 15.
  { input: '+52 1 55 1234 5678', verdict: '+525512345678' },
  { input: '+54 11 15 1234 5678', verdict: '+5491112345678' },
  // A 0 that belongs there.
  { input: '+225 07 12 34 56 78', verdict: '+2250712345678' },
  ...[
    '044 4000 1234',
    '+91 12345 67890',
    '1800 123 4567',
    '+44 909 8790000',
    '+44 70 1234 5678',
    '+54 11 1234 5678',
    '+39 06 1234 5678',
    '+979 123456789',
    '+800 1234 5678',
    '+870 776 123 456',
    '+883 5100 123456'
  ].map((input) => ({ input, verdict: 'cannot get an SMS' as const })),
  ...[
    '',
    '   ',
    '\u202a\u202c',
    'asha',
    'asha99',
    'anonymous',
    '12',
    '12345',
    '999999999',
    '+91 99999 9999',
    '+91 98765 4321',
    '+91 98765 43210 9',
    '+91 99999 99999 ext 5',
    '9876543210x',
    'call +91 99999 99999',
    '9999999999, 8888888888',
    '99999999999999999',
    '+999999999999999',
    '9'.repeat(41),
    '+431234',
    '+4921234567890123',
    '+86282452253',
    '+10000000000',
    '+11111111111',
    '+15555555555',
    '+910000000000',
    '+911111111111'
  ].map((input) => ({ input, verdict: 'not a number' as const }))
];

/** What may stand in a column that holds a phone number, by private.check_phone. */
export const storedPhones: RuleCase[] = [
  ...phones.flatMap(({ verdict }) => (verdict.startsWith('+') ? taken(verdict) : [])),
  // Clinics have landlines and service numbers.
  ...taken('+914440001000', '+390612345678', '+3780549888888', '+91180012345678', '+6834002'),
  ...refused(
    '',
    '919876543210',
    '98765 43210',
    '+91 98765 43210',
    '+0123456789',
    '+431234',
    '+4921234567890123'
  ),
  ...refused(
    '+9109876543210',
    '+4407911123456',
    '+10000000000',
    '+35301234567',
    '+௯௧௯௮௭௬௫௪௩௨௧௦',
    '+919876543210\n'
  )
];
