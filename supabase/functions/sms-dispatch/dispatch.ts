/**
 * Sends what is due, each SMS exactly once as far as that can be had from a service without idempotency keys: a
 * message whose outcome is unknown is looked up before it is sent again. Such a row is due again only after its lease
 * or back-off ran out, by which time MessageBird lists what it had accepted.
 */
import { drain } from '../_shared/queue/drain.ts';
import { describeError, type Log } from '../_shared/log.ts';
import type { MessageBird, SendOutcome } from '../_shared/messagebird/client.ts';
import type { DueSms, SmsQueue } from './queue.ts';

export interface DispatchOptions {
  queue: SmsQueue;
  provider: Pick<MessageBird, 'send' | 'find'>;
  originator: string;
  /** Public address of sms-status. */
  reportUrl: string;
  concurrency: number;
  /** Milliseconds after which nothing new is begun. */
  budget: number;
  /** Milliseconds after its claim within which a message may be handed to the provider: well inside its lease. */
  sendWithin?: number;
  log: Log;
}

/** How many attempts came to which end; `lost` are those whose end could not be written down. */
export type DispatchSummary = Record<SendOutcome['outcome'] | 'lost', number>;

/** @throws when the database cannot be asked what is due */
export async function dispatch(options: DispatchOptions): Promise<DispatchSummary> {
  const { queue, concurrency, budget, log } = options;
  const summary: DispatchSummary = { sent: 0, rejected: 0, retry: 0, hold: 0, unknown: 0, lost: 0 };
  await drain({
    concurrency,
    budget,
    claim: (limit) => queue.claim(limit),
    work: async (sms) => {
      try {
        const result = await deliver(sms, options);
        const settled = await queue.settle(sms, result);
        summary[result.outcome] += 1;
        logAttempt(log, sms, result, settled);
      } catch (error) {
        // The lease runs out and the row comes back as one of unknown outcome.
        summary.lost += 1;
        log.error('sms_not_settled', { sms_id: sms.id, attempt: sms.attempts, error: describeError(error) });
      }
    }
  });
  return summary;
}

async function deliver(sms: DueSms, options: DispatchOptions): Promise<SendOutcome> {
  const { provider, originator, reportUrl, sendWithin = 30_000 } = options;
  if (sms.outcome_unknown) {
    const begun = performance.now();
    const lookup = await provider.find(sms.to_phone, sms.id);
    if (lookup.found === true) return { outcome: 'sent', providerId: lookup.providerId };
    if (lookup.found === 'unclear') return { outcome: 'unknown', reason: lookup.reason };
    // When the lease is over another worker looks too, finds nothing yet, and sends as well.
    if (performance.now() - begun > sendWithin) {
      return { outcome: 'unknown', reason: 'Asking MessageBird whether it has this message took too long.' };
    }
  }
  return await provider.send({
    originator,
    to: sms.to_phone,
    body: sms.body,
    id: sms.id,
    reportUrl: `${reportUrl}?token=${encodeURIComponent(sms.report_token)}`,
    expiresAt: sms.expires_at
  });
}

function logAttempt(log: Log, sms: DueSms, result: SendOutcome, settled: boolean): void {
  const fields = {
    sms_id: sms.id,
    attempt: sms.attempts,
    outcome: result.outcome,
    settled,
    ...(result.outcome === 'sent' ? { provider_id: result.providerId } : { reason: result.reason })
  };
  if (result.outcome === 'sent' || result.outcome === 'retry') log.info('sms_attempt', fields);
  else if (result.outcome === 'hold') log.error('sms_on_hold', fields);
  else log.warn('sms_attempt', fields);
}
