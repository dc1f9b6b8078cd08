import { getLocale } from '#lib/paraglide/runtime.js';

/** What is told of somebody who can be booked, in the language of the page. */
export interface Practitioner {
  id: string;
  name: string;
  specialty: string;
  /** The specialty as the database has it, in whatever language the page is. */
  bookedFor: string;
  /** https, or a file of this site; null: none. */
  photo: string | null;
  /** "MBBS, MD" */
  qualification: string | null;
  /** "English, Tamil"; null: not known. */
  languages: string | null;
  /** "₹450"; null: not told. */
  fee: string | null;
}

/** What `practitionerOf` needs of a row. */
export const PRACTITIONER_COLUMNS =
  'id, name, specialty, photo_url, qualification, languages, fee_amount, fee_currency';

export function practitionerOf(row: {
  id: string;
  name: string;
  specialty: string;
  photo_url: string | null;
  qualification: string | null;
  languages: string[];
  fee_amount: number | null;
  fee_currency: string;
}): Practitioner {
  const { id, name, specialty, photo_url: photo, qualification, languages, fee_amount, fee_currency } = row;
  return {
    id,
    name,
    specialty,
    bookedFor: specialty,
    photo,
    qualification,
    languages: languages.length > 0 ? languageNames(languages).join(', ') : null,
    // The embedded stack tells such numbers as texts.
    fee: fee_amount === null ? null : price(Number(fee_amount), fee_currency)
  };
}

/** Languages by their names, of their codes; a code that nobody knows stays one. */
export function languageNames(codes: readonly string[]): string[] {
  const names = new Intl.DisplayNames(getLocale(), { type: 'language', fallback: 'code' });
  return codes.map((code) => names.of(code) ?? code);
}

function price(amount: number, currency: string): string {
  const whole = Number.isInteger(amount);
  return new Intl.NumberFormat(getLocale(), {
    style: 'currency',
    currency,
    numberingSystem: 'latn',
    ...(whole && { maximumFractionDigits: 0 })
  }).format(amount);
}
