import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { codeIn } from '#lib/code.ts';
import { anyMistake, invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';
import { canBePhone, clinicPhone } from './phone.ts';
import { deskRefusal } from './refusal.ts';

// Somebody who came with another's phone gets a record and a phone of their own. Both phones are texted a code.

/** The codes that are on their way. */
export interface Started {
  reassignment: string;
  /** The last digits of the new phone, and of the one that was used so far; null: there is none. */
  phoneEnd: string;
  holderEnd: string | null;
}

const started = z
  .object({ reassignment_id: z.uuid(), phone_end: z.string(), holder_phone_end: z.string().nullable() })
  .transform((row): Started => ({
    reassignment: row.reassignment_id,
    phoneEnd: row.phone_end,
    holderEnd: row.holder_phone_end
  }));

/** Texts both codes. Throws the Data API's error unless it is a refusal. */
export async function startReassignment(
  supabase: Supabase,
  desk: Desk,
  { member, phone }: { member: string; phone: string }
): Promise<Result<{ started: Started }>> {
  if (!canBePhone(phone, await clinicPhone(supabase, desk))) {
    return refused(invalid({ phone: m.desk_record_no_phone() }));
  }
  const { data, error } = await supabase.rpc('reassign_dependent', {
    dependent_id: member,
    phone: asciiDigits(phone)
  });
  if (!error) return { ok: true, started: started.parse(data) };
  const refusal = deskRefusal(error);
  return refused({ ...refusal, fields: { phone: refusal.message } });
}

const guessed = z.object({
  patient_id: z.uuid().nullable(),
  wrong: z.array(z.enum(['phone', 'holder'])),
  guesses_left: z.number()
});

interface Codes {
  phone: string;
  /** '' where there was no second one. */
  holder: string;
}

/**
 * Takes the codes. With the right ones they are the patient with that id, and have their appointments. Throws the Data
 * API's error unless it is a refusal.
 */
export async function proveReassignment(
  supabase: Supabase,
  reassignment: string,
  codes: Codes,
  hasHolder: boolean
): Promise<Result<{ patient: string }>> {
  const [phone, holder] = [codeIn(codes.phone), codeIn(codes.holder)];
  const missing = {
    phone_code: phone === undefined ? m.verify_code_problem() : undefined,
    holder_code: hasHolder && holder === undefined ? m.verify_code_problem() : undefined
  };
  if (phone === undefined || anyMistake(invalid(missing).fields)) return refused(invalid(missing));
  const { data, error } = await supabase.rpc('prove_reassignment', {
    reassignment_id: reassignment,
    phone_code: phone,
    ...(holder !== undefined && { holder_code: holder })
  });
  if (error) return refused(deskRefusal(error));
  const { patient_id, wrong, guesses_left } = guessed.parse(data);
  if (patient_id !== null) return { ok: true, patient: patient_id };
  if (guesses_left === 0) {
    return refused({ code: 'code_invalid', message: m.desk_own_spent(), status: 401 });
  }
  return refused(
    invalid({
      phone_code: wrong.includes('phone') ? m.desk_code_wrong() : undefined,
      holder_code: wrong.includes('holder') ? m.desk_code_wrong() : undefined
    })
  );
}
