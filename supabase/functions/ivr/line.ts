/** Who calls, as far as the number tells. */
import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';
import { phoneOfCaller } from '../_shared/phone.ts';

/** The kind of phone that calls: only a mobile one gets the SMS that a booking is confirmed with. */
export type Line = 'mobile' | 'landline' | 'withheld';

/** Numbers that no SMS reaches. One of unknown kind may be a mobile that is newer than the tables we ship. */
const withoutSms: readonly ReturnType<PhoneNumber['getType']>[] = [
  'FIXED_LINE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'SHARED_COST',
  'UAN',
  'VOICEMAIL',
  'PAGER'
];

/**
 * @param source as the voice provider gives it: digits with the country code, or nothing when it is withheld
 * @returns the calling number as +E.164, and what can be done for it
 */
export function lineOf(source: string | null): { caller: string | null; line: Line } {
  const caller = phoneOfCaller(source);
  if (caller === undefined) return { caller: null, line: 'withheld' };
  const type = parsePhoneNumberFromString(caller)?.getType();
  return { caller, line: withoutSms.includes(type) ? 'landline' : 'mobile' };
}

/** The number that was dialled, which is one of ours, as +E.164; null when it is none at all. */
export function dialledNumber(destination: string | null): string | null {
  const digits = /^\+?([1-9]\d{6,14})$/.exec(destination?.trim() ?? '')?.[1];
  return digits === undefined ? null : `+${digits}`;
}
