/**
 * Phone numbers: which text is one, in the form MedQ stores (`+E.164`), and whether its owner can be texted. This is the
 * one rule for all who call, register, sign in or change their number (docs/accounts.md).
 */
import {
  type CountryCode,
  isSupportedCountry,
  Metadata,
  parsePhoneNumberFromString,
  type PhoneNumber,
  type PhoneNumberType
} from 'libphonenumber-js/max';
import { asciiDigits, withoutInvisible } from './text.ts';

/** What a text is as a phone number. */
export type PhoneVerdict =
  /** +E.164 that can be texted, as far as numbering tables know: what they do not know may be newer than they are. */
  | { phone: string; problem?: undefined }
  /** +E.164 that no SMS reaches; a landline only where that is certain. */
  | { phone: string; problem: 'landline' | 'no_sms' }
  /** Nobody's number. Hidden: what networks show in place of one. */
  | { phone?: undefined; problem: 'hidden' | 'not_a_number' };

const notANumber: PhoneVerdict = { problem: 'not_a_number' };
const hidden: PhoneVerdict = { problem: 'hidden' };

/**
 * A number as a person types or pastes it: `+91 99999-99999`, `(+91) 0 99999 99999`, `09999999999`, `919999999999`.
 * @param region country of numbers without a country code, such as `IN`
 */
export function judgePhone(typed: string, region: string): PhoneVerdict {
  const text = plain(typed);
  return text.length > 40 ? notANumber : judge(text, parse(text, knownCountry(region, 'DEFAULT_REGION')));
}

/** A number as the voice provider gives it: country code first, no plus (`919876543210`), nothing when it is withheld. */
export function judgeCaller(source: string | null): PhoneVerdict {
  const text = plain(source ?? '');
  if (!/\d/.test(text)) return hidden;
  return judge(text, parse(text.replace(/^\+?/, '+')));
}

/** Kinds of numbers that no SMS reaches. */
const withoutSms: readonly PhoneNumberType[] = [
  'FIXED_LINE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'SHARED_COST',
  'UAN',
  'VOICEMAIL',
  'PAGER',
  'PERSONAL_NUMBER'
];

function judge(text: string, number: PhoneNumber | undefined): PhoneVerdict {
  const kind = number?.getType();
  if (kind === undefined && isFiller(text, number)) return hidden;
  if (!number || number.ext || !hasShape(number)) return notANumber;
  const { number: phone, country } = number;
  // Satellites and services of no country.
  if (number.isNonGeographic()) return { phone, problem: 'no_sms' };
  if (kind === undefined) return hasLengthOfMobile(number) ? { phone } : notANumber;
  if (!withoutSms.includes(kind)) return { phone };
  // Argentina's mobile numbers have a 9 in front, which networks leave out when they show who calls.
  return { phone, problem: kind === 'FIXED_LINE' && country !== 'AR' ? 'landline' : 'no_sms' };
}

/** A text without what comes along when it is pasted, digits of every script as 0 to 9. */
function plain(text: string): string {
  const digits = asciiDigits(withoutInvisible(text.normalize('NFKC')));
  return digits.replace(/[\s()[\]]/g, '').replace(/^tel:/i, '');
}

function parse(text: string, defaultCountry?: CountryCode): PhoneNumber | undefined {
  const options = { ...(defaultCountry && { defaultCountry }), extract: false };
  const number = parsePhoneNumberFromString(text, options);
  // Mexico's mobile numbers had a 1 in front until 2019. Some networks still show it.
  const mexican = /^\+521(\d{10})$/.exec(number?.number ?? '')?.[1];
  return mexican === undefined ? number : parsePhoneNumberFromString(`+52${mexican}`, options);
}

/** What networks show for a caller without a number: a word, spelt on the keys of a phone. */
const spelt = new Set(
  ['anonymous', 'blocked', 'private', 'restricted', 'unavailable', 'unknown', 'withheld'].map((word) =>
    word.replace(/[a-z]/g, (letter) => '22233344455566677778889999'.charAt(letter.charCodeAt(0) - 97))
  )
);

/** Such a word, or one digit over and over. For numbers that numbering tables do not know: some such are somebody's. */
function isFiller(text: string, number: PhoneNumber | undefined): boolean {
  const digits = text.replace(/^\+/, '');
  return spelt.has(digits) || /^(\d)\1*$/.test(number?.nationalNumber ?? digits);
}

/** The countries whose numbers may begin with a 0 after the country code; private.check_phone has the same. */
export const zeroBelongs = ['225', '226', '229', '241', '242', '250', '378', '39', '992'];

/** The shape that private.check_phone demands: 7 to 15 digits, and no 0 left over from dialling within a country. */
function hasShape({ number, nationalNumber, countryCallingCode }: PhoneNumber): boolean {
  const hasTrunkZero = nationalNumber.startsWith('0') && !zeroBelongs.includes(countryCallingCode);
  return /^\+\d{7,15}$/.test(number) && !hasTrunkZero;
}

/** The part of the library's numbering plans that its types leave out. */
interface NumberingPlan {
  possibleLengths(): number[];
  type(kind: PhoneNumberType): { possibleLengths(): number[] | undefined } | undefined;
}

/** Whether a mobile number of its country can be as long: one with a digit missing must be told to whoever typed it. */
function hasLengthOfMobile(number: PhoneNumber): boolean {
  const countries = number.country ? [number.country] : number.getPossibleCountries();
  return countries.some((country) => {
    const metadata = new Metadata();
    metadata.selectNumberingPlan(country);
    const plan = metadata.numberingPlan as unknown as NumberingPlan;
    const lengths = plan.type('MOBILE')?.possibleLengths() ?? plan.possibleLengths();
    return lengths.includes(number.nationalNumber.length);
  });
}

/**
 * The countries (ISO) that a number can be of: one, or where numbering tables do not know the number all that share its
 * country code, the biggest first. A +1 is one of 25 countries.
 * @param phone +E.164
 */
export function countriesOf(phone: string): CountryCode[] {
  const number = parsePhoneNumberFromString(phone);
  return number?.country ? [number.country] : number?.getPossibleCountries() ?? [];
}

/** `+E.164` as Supabase Auth and MessageBird write it: without the plus. */
export function authPhone(phone: string): string {
  return phone.replace(/^\+/, '');
}

/** A phone number that may appear in a log: `+91********99`, as private.mask_phone writes it. */
export function maskPhone(phone: string): string {
  return phone.slice(0, 3) + '*'.repeat(Math.max(phone.length - 5, 0)) + phone.slice(-2);
}

/**
 * Masks whatever looks like a phone number inside a text, such as an error message of a service.
 * Digits inside a longer word (a uuid, a hash) are left alone.
 */
export function maskPhonesIn(text: string): string {
  return text.replace(/(?<![\w.-])(?:\+|%2B)?\d{10,15}(?![\w-])|\+\d{8,15}/gi, (found) => maskPhone(found));
}

/** @throws Error for whoever made the settings, when `name` is not a country */
export function knownCountry(country: string, name: string): CountryCode {
  if (isSupportedCountry(country)) return country;
  throw new Error(`${name} is ${country}, which is not a country with phone numbers.`);
}
