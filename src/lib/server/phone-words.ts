import examples from 'libphonenumber-js/examples.mobile.json';
import { getExampleNumber, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';

/** How numbers of a country are written at home and abroad, for the hint at a field. */
export function phoneExample(region: CountryCode): string {
  const number = getExampleNumber(region, examples);
  if (!number) return '+91 98765 43210';
  return `${number.formatNational()} or ${number.formatInternational()}`;
}

// Enough to notice a wrong number, too little to learn one.
const SHOWN_DIGITS = 4;

/** The last digits of a number, however it is written. */
export function phoneEnd(text: string): string {
  return text.replace(/\D/g, '').slice(-SHOWN_DIGITS);
}

/** A +E.164 number as people write it; anything else as it is. */
export function phoneText(e164: string): string {
  return parsePhoneNumberFromString(e164)?.formatInternational() ?? e164;
}
