import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { PhoneNumber } from '#lib/phone.ts';

// Numbers without a country code are Indian; Auth and the database know numbers as +E.164 only.
const REGION = 'IN';

/** `+91 99999-99999`, `09999999999` and `919999999999` are one phone: `+919999999999`. Undefined: not a phone. */
export function toE164(text: string): string | undefined {
  const number = parsePhoneNumberFromString(text.trim(), { defaultCountry: REGION, extract: false });
  // Possible, not valid: the number plan in the library is older than the newest numbers.
  return number?.isPossible() ? number.number : undefined;
}

/** How a page shows a +E.164 number and links to it. */
export function phoneNumber(e164: string): PhoneNumber {
  return { text: parsePhoneNumberFromString(e164)?.formatInternational() ?? e164, href: `tel:${e164}` };
}
