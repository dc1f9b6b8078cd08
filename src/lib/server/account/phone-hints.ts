import examples from 'libphonenumber-js/examples.mobile.json';
import { getExampleNumber, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';
import { m } from '#lib/paraglide/messages.js';
import { asciiDigits } from '#lib/text.ts';

/** How a number of a country may be typed, without and with its country code, for the hint at a field. */
export function phoneExample(region: CountryCode): string {
  // The sentences of the account API show this number too.
  const number =
    region === 'IN' ? parsePhoneNumberFromString('+919876543210') : getExampleNumber(region, examples);
  const abroad = number?.formatInternational() ?? '+91 98765 43210';
  const unbroken = (text: string) => text.replaceAll(' ', '\u00a0');
  if (!number) return unbroken(abroad);
  const home = abroad.slice(number.countryCallingCode.length + 2);
  return m.phone_examples({ home: unbroken(home), abroad: unbroken(abroad) });
}

// Enough for its owner to notice a mistake, too few to tell others the number.
const SHOWN_DIGITS = 4;

/** The last digits of a number, however it is written. */
export function phoneEnd(text: string): string {
  return asciiDigits(text).replace(/\D/g, '').slice(-SHOWN_DIGITS);
}
