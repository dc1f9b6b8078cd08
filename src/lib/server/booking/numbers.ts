import type { PhoneNumber } from '#lib/phone.ts';
import { logFailure } from '#lib/server/request/log.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { listClinics } from './clinics.ts';

// Every page ends with them, and they hardly ever change.
const KEPT_MS = 60_000;

let known: { numbers: PhoneNumber[]; until: number } = { numbers: [], until: 0 };

/** The numbers of all clinics, each once; as they were a minute ago at most. None while they cannot be read. */
export async function numbersToCall(supabase: Supabase, requestId: string): Promise<PhoneNumber[]> {
  if (Date.now() < known.until) return known.numbers;
  try {
    const clinics = await listClinics(supabase);
    const numbers = [...new Map(clinics.map(({ phone }) => [phone.href, phone])).values()];
    known = { numbers, until: Date.now() + KEPT_MS };
  } catch (cause) {
    // The page is of use without them.
    logFailure('clinics_unavailable', requestId, cause);
  }
  return known.numbers;
}
