import { z } from 'zod';
import { isOfOurTime } from '../_shared/text.ts';

const date = z.iso.date().refine(isOfOurTime);
/** Of one practitioner, of everybody with a specialty, or of the whole clinic. */
const scope = {
  clinic_id: z.uuid(),
  practitioner_id: z.uuid().optional(),
  specialty: z.string().max(100).optional()
};

/** What can be asked about free times. Dates are days of the clinic. */
export const question = z.discriminatedUnion('ask', [
  /** Whether they are open. So many are on one page at most. */
  z.object({ ask: z.literal('clinics'), clinic_ids: z.array(z.uuid()).max(24) }),
  /** Who can be booked, and when first. */
  z.object({ ask: z.literal('practitioners'), clinic_id: z.uuid() }),
  /** How much is free on days, from a date on. The database tells of 31 at most. */
  z.object({ ask: z.literal('days'), ...scope, from_date: date.optional(), days: z.int32() }),
  /** What is free on a date. */
  z.object({ ask: z.literal('slots'), ...scope, on_date: date })
]);
