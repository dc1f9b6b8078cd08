import type { Dependencies } from './endpoint.ts';
import { validationFailed } from './errors.ts';
import { noteSecurityEvent } from './security-events.ts';
import { isTexted } from '../sms-countries.ts';

type Asking = Pick<Dependencies, 'database' | 'secret' | 'client'>;

/** Whether SMS are sent to the country of a phone (+E.164); where not, it is counted that somebody asked for one. */
export async function goesToOurCountries(
  { database, secret, client }: Asking,
  phone: string
): Promise<boolean> {
  if (await isTexted(phone, database)) return true;
  await noteSecurityEvent(database, secret, 'sms_refused', { phone, client });
  return false;
}

/** @throws RefusedError 400 when no SMS are sent to the country of a phone */
export async function requireOurCountry(asking: Asking, phone: string): Promise<void> {
  if (await goesToOurCountries(asking, phone)) return;
  throw validationFailed({ phone_number: (words) => words.fields.phoneAbroad });
}
