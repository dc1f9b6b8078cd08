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

/** Names as they are typed, and as they are kept; null: refused. */
export const names: { input: string; kept: string | null }[] = [
  ...[
    'Asha Rao',
    'A',
    'லட்சுமி',
    'José',
    "D'Souza-Nair",
    'O’Brien',
    'Asha 2',
    'x'.repeat(100),
    '😀a',
    '𑄌'.repeat(100),
    'Asha\u00A0Rao',
    // Joiners and marks inside words, and after the virama that they belong to.
    'क्\u200Dष',
    'نمی\u200Cخواهم',
    'അവന്\u200D',
    'אשה\u200F (2)'
  ].map((input) => ({ input, kept: input })),
  // One and the same, however pasted.
  ...[
    ' Asha Rao ',
    '\u200BAsha Rao\u200B',
    '\uFEFFAsha Rao\n',
    '\u202AAsha Rao\u202C',
    '\u2068Asha Rao\u2069',
    '\u3164Asha Rao\u3164',
    '\u00A0\u3000Asha Rao\t\r\n',
    'Asha Rao\u200D\u200C\u00AD\uFE0F'
  ].map((input) => ({ input, kept: 'Asha Rao' })),
  { input: 'Jose\u0301', kept: 'José' },
  { input: `${'e\u0301'.repeat(100)}`, kept: 'é'.repeat(100) },
  ...[
    '',
    '   ',
    '...',
    '12',
    '௧௨',
    '😀',
    '-',
    '\u3164',
    '\u200B\u200B',
    '\u115F\u1160\uFFA0',
    '\u00A0\u2003\u3000',
    '\u0301',
    'x'.repeat(101),
    'é'.repeat(101),
    'x'.repeat(2000),
    'Asha\nRao',
    'Asha\r\nRao',
    'Asha\tRao',
    'Asha\u000BRao',
    'Asha\u0007Rao',
    'Asha Rao\u0007',
    'Asha\u0085Rao',
    'Asha\u2028Rao',
    'Asha\u2029Rao',
    'Asha\u202EoaR',
    '\u202EoaR ahsA',
    'Asha \u2066Rao\u2069 (2)'
  ].map((input) => ({ input, kept: null })),
  // The database cannot be told of it at all.
  ...['\u0000', 'Asha\u0000Rao', 'Asha Rao\u0000'].map((input) => ({ input, kept: null }))
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
  // 24 of these letters are 72 bytes.
  ...taken('அ'.repeat(24)),
  ...refused('அ'.repeat(25)),
  // Counted as it is kept: with one character for a letter and its accent.
  ...taken('é'.repeat(36).normalize('NFD')),
  ...refused('é'.repeat(37).normalize('NFD'), 'é'.repeat(7).normalize('NFD')),
  ...refusedButBySite('a browser sends no such character from a password field', 'nul\0nul\0nul')
];

/** Two ways to type one password, of which some keyboards send the second. */
export const composed = 'café-horse-99'.normalize('NFC');
export const decomposed = composed.normalize('NFD');

const sms = {
  english: '482193 is your MedQ code. It works for 10 minutes. Never tell it to anyone, not even to us.',
  tamil:
    '482193 என்பது உங்கள் MedQ குறியீடு. இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும். இதை யாரிடமும், எங்களிடமும் கூட, சொல்லாதீர்கள்.'
};

/** What is typed or pasted where a code is asked for, and the code in it. */
export const codes: { input: string; code: string | null }[] = [
  ...[
    '482193',
    ' 482193\n',
    '482 193',
    '482-193.',
    '482–193',
    '48 21 93',
    '4 8 2 1 9 3',
    '482\u00a0193',
    '\u202a482193\u202c',
    '482\u200b193',
    '(482193)',
    'Code: 482193',
    'code 482 193',
    'G-482193',
    '482193 482193',
    '४८२१९३',
    '௪௮௨௧௯௩',
    '৪৮২১৯৩',
    '౪౮౨౧౯౩',
    '٤٨٢١٩٣',
    '４８２１９３',
    sms.english,
    sms.tamil,
    sms.english.replace('482193', '482 193'),
    `${sms.english}\n${sms.english}`,
    '482193 10 minutes',
    'MedQ\n10 minutes\n482193'
  ].map((input) => ({ input, code: '482193' })),
  ...[
    '4821937560',
    '482 193 7560',
    '482-19-37560.',
    '௪௮௨௧௯௩௭௫௬௦',
    sms.english.replace('482193', '4821937560'),
    sms.tamil.replace('482193', '4821937560')
  ].map((input) => ({ input, code: '4821937560' })),
  // A number that is called, beside the code.
  { input: `${sms.english} Questions? 4440001000`, code: '482193' },
  ...[
    '',
    'abcdef',
    '48219',
    '4821934',
    '482 1934',
    '482193482193',
    '+91 98765 43210',
    '482193 or 482194',
    '4821937560 or 4821937561',
    '482193756',
    '48219375601',
    `${sms.english} ${sms.tamil.replace('482193', '600001')}`,
    '482 193 or 482 194',
    '482.abc.193'
  ].map((input) => ({ input, code: null }))
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
