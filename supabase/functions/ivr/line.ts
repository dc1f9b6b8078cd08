/** Who calls, as far as the number tells. */
import { judgeCaller, type PhoneVerdict } from '../_shared/phone.ts';

/** The kind of phone that calls: only a mobile one of our countries gets the SMS that a booking is confirmed with. */
export type Line = 'mobile' | 'landline' | 'without_sms' | 'abroad' | 'withheld';

const lines: Record<NonNullable<PhoneVerdict['problem']>, Line> = {
  landline: 'landline',
  no_sms: 'without_sms',
  not_a_number: 'without_sms',
  hidden: 'withheld'
};

/**
 * @param source as the voice provider gives it: digits with the country code, or nothing when it is withheld
 * @param isTexted whether SMS are sent to the country of a number (+E.164)
 * @returns the calling number as +E.164, and what can be done for it
 */
export async function lineOf(
  source: string | null,
  isTexted: (phone: string) => Promise<boolean>
): Promise<{ caller: string | null; line: Line }> {
  const { phone, problem } = judgeCaller(source);
  if (problem !== undefined) return { caller: phone ?? null, line: lines[problem] };
  return { caller: phone, line: (await isTexted(phone)) ? 'mobile' : 'abroad' };
}

/** The number that was dialled, which is one of ours, as +E.164; null when it is none at all. */
export function dialledNumber(destination: string | null): string | null {
  const digits = /^\+?([1-9]\d{6,14})$/.exec(destination?.trim() ?? '')?.[1];
  return digits === undefined ? null : `+${digits}`;
}
