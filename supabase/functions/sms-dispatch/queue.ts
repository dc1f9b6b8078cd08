/** The queue of SMS in the database (table sms_messages), behind its functions. */
import type { Database } from '../_shared/database.ts';
import type { SendOutcome } from '../_shared/messagebird/client.ts';

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
interface Settlement {
  id: string;
  attempt: number;
  outcome: SendOutcome['outcome'];
  provider_id: string | null;
  reason: string | null;
}

export function smsQueue(database: Database): SmsQueue {
  const settle = together(async (settlements: Settlement[]) => {
    // In the order of ids, so that statements that lock several rows never wait for each other in a circle.
    const rows = await database<{ id: string; settled: boolean }[]>`
      select s.id, private.settle_sms(s.id, s.attempt, s.outcome, s.provider_id, s.reason) as settled
      from (
        select * from jsonb_to_recordset(${database.json(settlements as unknown as never)})
          as r (id uuid, attempt int, outcome text, provider_id text, reason text)
        order by id
      ) s`;
    const settled = new Map(rows.map((row) => [row.id, row.settled]));
    return settlements.map(({ id }) => settled.get(id) ?? false);
  });

  return {
    async claim(limit) {
      return await database<DueSms[]>`
        select id, attempts, to_phone, body, expires_at, report_token, outcome_unknown
        from private.claim_sms(${limit})`;
    },
    settle: (sms, result) =>
      settle({
        id: sms.id,
        attempt: sms.attempts,
        outcome: result.outcome,
        provider_id: result.outcome === 'sent' ? result.providerId : null,
        reason: result.outcome === 'sent' ? null : result.reason
      })
  };
}

/**
 * Does one by one what comes slowly and many at once what comes fast: while `work` is busy, what arrives waits and is
 * its next round. A round that fails fails for all of it.
 */
export function together<Item, Result>(
  work: (items: Item[]) => Promise<Result[]>
): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let busy = false;

  async function run(): Promise<void> {
    busy = true;
    // What comes in the same moment is one round.
    await null;
    while (waiting.length > 0) {
      const round = waiting;
      waiting = [];
      try {
        const results = await work(round.map(({ item }) => item));
        round.forEach(({ resolve }, place) => resolve(results[place] as Result));
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
    }
    busy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!busy) void run();
    });
}
