/**
 * To which countries SMS go: those where patients are. Strangers who have codes sent to costly numbers of their own are
 * paid for each, and have such numbers elsewhere.
 */
import type { Database } from './database.ts';
import { setting } from './env.ts';
import { countriesOf, knownCountry } from './phone.ts';

/**
 * Whether SMS are sent to the country of a phone: one of SMS_COUNTRIES, or where that is not set, DEFAULT_REGION and the
 * countries of the clinics.
 * @param phone +E.164
 * @param dialled the number of a clinic (+E.164), if its call is what this is about
 */
export async function isTexted(phone: string, database: Database, dialled?: string | null): Promise<boolean> {
  const countries = countriesOf(phone);
  const isOneOf = (wanted: readonly string[]) => countries.some((country) => wanted.includes(country));
  const listed = setting('SMS_COUNTRIES');
  if (listed) return isOneOf(listed.map((country) => knownCountry(country, 'SMS_COUNTRIES')));
  if (isOneOf([setting('DEFAULT_REGION')]) || (dialled && isOneOf(homesOf([dialled])))) return true;
  return isOneOf(await countriesOfClinics(database));
}

/** How long the clinics' countries are remembered, in milliseconds: many who call from abroad at once cost one query. */
const memory = 10_000;
let remembered: { until: number; countries: Promise<string[]> } | undefined;

function countriesOfClinics(database: Database): Promise<string[]> {
  if (remembered && Date.now() < remembered.until) return remembered.countries;
  const countries = readCountries(database);
  const reading = { until: Date.now() + memory, countries };
  remembered = reading;
  countries.catch(() => {
    if (remembered === reading) remembered = undefined;
  });
  return countries;
}

async function readCountries(database: Database): Promise<string[]> {
  const rows = await database<{ phone: string }[]>`
    select c.phone from public.clinics c
    union
    select c.reception_phone from public.clinics c where c.reception_phone is not null`;
  return homesOf(rows.map(({ phone }) => phone));
}

/** A number that numbering tables do not know makes no more than one country ours. */
function homesOf(phones: readonly string[]): string[] {
  return [...new Set(phones.flatMap((phone) => countriesOf(phone).slice(0, 1)))];
}
