/** The queue of SMS in the database (table sms_messages), behind its functions. */
import type { Database } from '../_shared/database.ts';
import type { SendOutcome } from '../_shared/messagebird/client.ts';
import { inRounds, oneByOne } from '../_shared/queue/rounds.ts';

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

/** What came of an attempt, in the words of the database. */
type Attempt = {
  id: string;
  attempt: number;
  outcome: SendOutcome['outcome'];
  provider_id: string | null;
  reason: string | null;
};

export function smsQueue(database: Database): SmsQueue {
  /** Settles what is free, many at once; undefined for a row that somebody else has locked. */
  const settleFree = inRounds(async (attempts: Attempt[]) => {
    const rows = await database<{ id: string; settled: boolean }[]>`
      select id, settled from private.settle_free_sms(${database.json(attempts)})`;
    const settled = new Map(rows.map((row) => [row.id, row.settled]));
    return attempts.map(({ id }) => settled.get(id));
  });

  /** Waits for a locked row, such as in an edit by hand, and settles it; over one connection, holding no other row. */
  const settleLocked = oneByOne(async ({ id, attempt, outcome, provider_id, reason }: Attempt) => {
    const [row] = await database<{ settled: boolean }[]>`
      select private.settle_sms(${id}, ${attempt}, ${outcome}, ${provider_id}, ${reason}) as settled`;
    return row?.settled ?? false;
  });

  return {
    async claim(limit) {
      return await database<DueSms[]>`
        select id, attempts, to_phone, body, expires_at, report_token, outcome_unknown
        from private.claim_sms(${limit})`;
    },
    async settle(sms, result) {
      const attempt: Attempt = {
        id: sms.id,
        attempt: sms.attempts,
        outcome: result.outcome,
        provider_id: result.outcome === 'sent' ? result.providerId : null,
        reason: result.outcome === 'sent' ? null : result.reason
      };
      return (await settleFree(attempt)) ?? (await settleLocked(attempt));
    }
  };
}
