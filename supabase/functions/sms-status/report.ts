/** A status report as MessageBird writes it into a query string. */
import { z } from 'zod';
import { isOfOurTime } from '../_shared/text.ts';

/** MessageBird's code of a failure whose cause is that the recipient answered STOP. */
const recipientStopped = '103';

const statuses = ['scheduled', 'sent', 'buffered', 'delivered', 'expired', 'delivery_failed'] as const;

const reportSchema = z.object({
  token: z.string().min(1).max(200),
  id: z.string().min(1).max(100).optional().catch(undefined),
  reference: z.uuid(),
  status: z.string().min(1).max(40),
  // The plus of `+00:00` arrives as a space when the sender left it bare.
  statusDatetime: z
    .string()
    .transform((text) => text.replace(' ', '+'))
    .pipe(z.iso.datetime({ offset: true }))
    .refine(isOfOurTime),
  statusReason: z.string().max(200).optional(),
  statusErrorCode: z.string().max(20).optional()
});

export interface StatusReport {
  /** The row of sms_messages. */
  smsId: string;
  token: string;
  /** MessageBird's own id of the message. */
  providerId: string | null;
  /** Undefined for a status that MessageBird may add one day. */
  status: (typeof statuses)[number] | undefined;
  /** When that happened. */
  at: Date;
  /** Why a delivery failed, null otherwise. */
  reason: string | null;
  /** Whether the recipient answered STOP. */
  stop: boolean;
}

/** @returns undefined for anything that is not a report about one of our messages */
export function parseReport(query: URLSearchParams): StatusReport | undefined {
  // No text of MessageBird's has a NUL, and the database takes none.
  if ([...query.values()].some((text) => text.includes('\0'))) return undefined;
  const parsed = reportSchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) return undefined;
  const { reference, token, id, status, statusDatetime, statusReason, statusErrorCode } = parsed.data;
  const known = statuses.find((name) => name === status);
  const failed = known === 'expired' || known === 'delivery_failed';
  const code = statusErrorCode ? ` (code ${statusErrorCode})` : '';
  return {
    smsId: reference.toLowerCase(),
    token,
    providerId: id ?? null,
    status: known,
    at: new Date(statusDatetime),
    reason: failed ? `${statusReason || known}${code}` : null,
    stop: statusErrorCode === recipientStopped
  };
}
