/** The queue of SMS in the database (table sms_messages), behind its functions. */
import type { Database } from '../_shared/database.ts';
import type { SendOutcome } from '../_shared/messagebird.ts';

/** A row that this call may send now; nobody else gets it for 60 seconds. */
export interface DueSms {
  id: string;
  /** Fences the settlement: the row has moved on when its own count is another. */
  attempts: number;
  to_phone: string;
  body: string;
  expires_at: Date | null;
  /** Goes into the address of status reports and proves that a report is about this row. */
  report_token: string;
  /** An earlier attempt may have been accepted without our learning of it. */
  outcome_unknown: boolean;
}

export interface SmsQueue {
  claim(limit: number): Promise<DueSms[]>;
  /** @returns false when the row moved on meanwhile, such as by a status report */
  settle(sms: DueSms, outcome: SendOutcome): Promise<boolean>;
}

export function smsQueue(database: Database): SmsQueue {
  return {
    async claim(limit) {
      return await database<DueSms[]>`
        select id, attempts, to_phone, body, expires_at, report_token, outcome_unknown
        from private.claim_sms(${limit})`;
    },
    async settle(sms, result) {
      const providerId = result.outcome === 'sent' ? result.providerId : null;
      const reason = result.outcome === 'sent' ? null : result.reason;
      const [row] = await database<{ settled: boolean }[]>`
        select private.settle_sms(${sms.id}, ${sms.attempts}, ${result.outcome}, ${providerId}, ${reason}) as settled`;
      return row?.settled ?? false;
    }
  };
}
