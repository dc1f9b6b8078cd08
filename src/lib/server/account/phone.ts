import { isSupportedCountry, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';
import type { PhoneNumber } from '#lib/phone.ts';

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
