/** Proving that the calling number is not forged: we text a code to it, and the caller keys it in. */
import type { Facts } from '../facts.ts';
import type { Draft, Reply } from './draft.ts';
import { askMenu } from './menu.ts';
import type { CodeLength, Wanted } from './position.ts';
import { connect } from './reception.ts';

/**
 * Says what the number has to be proven for, and asks for the code.
 * @param wanted the slot to book then; none: the caller's appointments are told then
 */
export function askProof(draft: Draft, proof: NonNullable<Facts['proof']>, wanted?: Wanted): Reply {
  const { prompts, clinic, facts: { code_length: length = 6 } } = draft;
  if (proof === 'refused') {
    draft.first(prompts.notProven());
    return clinic.reception ? connect(draft) : askMenu(draft);
  }
  if (proof === 'wrong') draft.first(prompts.wrongCode());
  else if (!wanted) draft.first(prompts.proveForAppointments());
  else {
    const starts_at = new Date(wanted.starts_at);
    draft.first(prompts.proveForBooking({ starts_at, timeZone: clinic.time_zone }));
  }
  return askCode(draft, length, wanted);
}

export function askCode(draft: Draft, length: CodeLength, wanted: Wanted | undefined): Reply {
  const { prompts, clinic, brief } = draft;
  const reception = clinic.reception !== null;
  return draft.listen({ name: 'code', wanted, length }, draft.utter(prompts.askCode({ reception, brief })));
}
