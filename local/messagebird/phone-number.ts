import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** What the caller or a developer typed, as digits with country code and without `+`; undefined if it is no number. */
export function internationalDigits(typed: string): string | undefined {
  const compact = typed.replace(/[\s().-]/g, '').replace(/^(\+|00)/, '');
  return /^[1-9]\d{7,14}$/.test(compact) ? compact : undefined;
}

/** Who calls `called` (digits): a number as for internationalDigits, or as it is dialled within the country of `called`. */
export function callerDigits(typed: string, called: string): string | undefined {
  const abroad = internationalDigits(typed);
  if (/^\s*(\+|00)/.test(typed)) return abroad;
  const defaultCountry = parsePhoneNumberFromString(`+${called}`)?.country;
  const options = { ...(defaultCountry && { defaultCountry }), extract: false };
  const home = parsePhoneNumberFromString(typed, options);
  if (home?.isValid()) return home.number.slice(1);
  // With so few digits a country code is not meant: the number is mistyped.
  return abroad !== undefined && abroad.length > 10 ? abroad : undefined;
}
