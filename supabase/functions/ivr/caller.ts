/** Who calls, as far as the number tells. */
import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';
import { phoneOfCaller } from '../_shared/phone.ts';
import type { Caller } from './moves.ts';

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
 * @returns the number as +E.164, and what can be done for it
 */
export function callerOf(source: string | null): { phone: string | null; caller: Caller } {
  const phone = phoneOfCaller(source);
  if (phone === undefined) return { phone: null, caller: 'withheld' };
  const type = parsePhoneNumberFromString(phone)?.getType();
  return { phone, caller: withoutSms.includes(type) ? 'landline' : 'mobile' };
}

/** The number that was dialled, which is one of ours, as +E.164; null when it is none at all. */
export function dialledNumber(destination: string | null): string | null {
  const digits = /^\+?([1-9]\d{6,14})$/.exec(destination?.trim() ?? '')?.[1];
  return digits === undefined ? null : `+${digits}`;
}
