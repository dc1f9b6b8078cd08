/** Phone numbers in the one form MedQ stores, whatever the notation they came in: `+E.164`. */
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';

/**
 * A number as a person types it (`+91 99999-99999`, `09999999999`, `919999999999`) as `+E.164`.
 * @param region country of numbers without a country code, such as `IN`
 * @returns undefined for anything that is not exactly one valid phone number
 */
export function normalisePhone(input: string, region: string): string | undefined {
  if (input.length > 40) return undefined;
  // `(+91) 99999 99999` is common on paper; the parser knows brackets only around later groups.
  const text = input.trim().replace(/^\((\+\d{1,3})\)/, '$1');
  const number = parsePhoneNumberFromString(text, { defaultCountry: countryOf(region), extract: false });
  if (!number?.isValid() || number.ext) return undefined;
  return number.number;
}

/**
 * A number as MessageBird gives it, country code first and no plus (`919876543210`), as `+E.164`.
 * Lenient about ranges newer than the numbering tables we ship: the network knows its subscribers.
 * @returns undefined for a withheld number, in all the ways one can be written
 */
export function phoneOfCaller(source: string | null | undefined): string | undefined {
  const digits = /^\s*\+?([1-9]\d{7,14})\s*$/.exec(source ?? '')?.[1];
  if (digits === undefined) return undefined;
  const number = parsePhoneNumberFromString(`+${digits}`, { extract: false });
  return number?.isPossible() ? number.number : undefined;
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

function countryOf(region: string): CountryCode {
  if (isSupportedCountry(region)) return region;
  throw new Error(`DEFAULT_REGION is ${region}, which is not a country with phone numbers.`);
}
