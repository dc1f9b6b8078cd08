import { isSupportedCountry, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';
import type { PhoneNumber } from '#lib/phone.ts';

/**
 * A number as people write it (`+91 99999-99999`, `09999999999`, `919999999999`) as +E.164, which is all that
 * Auth and the database know. `region` is the country of numbers without a country code. Undefined: not a phone.
 */
export function toE164(text: string, region: CountryCode): string | undefined {
  // The parser does not know brackets around the country code, which are common on paper.
  const plain = text.trim().replace(/^\((\+\d{1,3})\)/, '$1');
  const number = parsePhoneNumberFromString(plain, { defaultCountry: region, extract: false });
  // Possible, not valid: the library's numbering plan is older than the newest numbers.
  return number?.isPossible() && !number.ext ? number.number : undefined;
}

/** A +E.164 number as people write it; anything else as it is. */
export function phoneText(e164: string): string {
  return parsePhoneNumberFromString(e164)?.formatInternational() ?? e164;
}

/** How a page shows a +E.164 number and links to it. */
export function phoneNumber(e164: string): PhoneNumber {
  return { text: phoneText(e164), href: `tel:${e164}` };
}

/** The setting DEFAULT_REGION. Throws a sentence for whoever starts the server. */
export function region(value: string | undefined): CountryCode {
  const wanted = value || 'IN';
  if (isSupportedCountry(wanted)) return wanted;
  throw new Error(
    `DEFAULT_REGION is ${wanted}, which is no country with phone numbers. Use two letters such as IN.`
  );
}
