import { whyFailed } from './http.ts';
import type { Message, Messages, MessageStatus, Recipient } from './messages.ts';
import { withOffset } from './rest-message.ts';
import { signatureHeader, signRequest, wireUrl } from './sign.ts';

export interface ReportsOptions {
  messages: Messages;
  signingKey: string;
  /** How long after acceptance a message counts as delivered; false: never by itself. */
  deliveredAfterMs: number | false;
  /** The waits between attempts of a report that was not answered with 200; then it is given up. */
  retryDelaysMs: readonly number[];
}

/** What a status report says besides the status; the usual values are filled in. */
export interface ReportDetails {
  statusReason?: string | undefined;
  statusErrorCode?: number | undefined;
  /** ISO 8601; now by default. */
  statusDatetime?: string | undefined;
}

/** What came of one attempt to deliver a status report. */
export interface ReportOutcome {
  id: string;
  recipient: string;
  status: MessageStatus;
  /** The URL that was called with its query; null when the message asked for no reports. */
  url: string | null;
  /** Whether the receiver answered 200. */
  delivered: boolean;
  http_status: number | null;
  answer: string | null;
  /** Why it was not delivered, as a sentence. */
  message: string | null;
}

const reportTimeoutMs = 10_000;
const finalStatuses: ReadonlySet<MessageStatus> = new Set(['delivered', 'expired', 'delivery_failed']);

const usualDetails: Partial<Record<MessageStatus, ReportDetails>> = {
  delivered: { statusReason: 'successfully delivered' },
  expired: { statusReason: 'expired' },
  delivery_failed: { statusReason: 'unknown subscriber', statusErrorCode: 1 }
};

/** Changes the status of messages and tells their senders, as MessageBird does with signed GET requests. */
export class Reports {
  #options: ReportsOptions;
  #timers = new Set<NodeJS.Timeout>();
  #closing = new AbortController();

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Delivers the message to every recipient after the usual while, with retries of the report. */
  expectDelivery(message: Message): void {
    const { deliveredAfterMs, messages } = this.#options;
    if (deliveredAfterMs === false) return;
    this.#later(deliveredAfterMs, () => {
      for (const { number } of message.recipients) {
        const recipient = messages.get(message.id)?.recipients.find((one) => one.number === number);
        if (recipient && !finalStatuses.has(recipient.status)) void this.#insist(message, recipient);
      }
    });
  }

  /** Records a status and makes one attempt to report it. */
  async report(
    message: Message,
    recipient: Recipient,
    status: MessageStatus,
    details: ReportDetails = {}
  ): Promise<ReportOutcome> {
    const full = {
      statusDatetime: new Date().toISOString(),
      ...usualDetails[status],
      ...definedOnly(details)
    };
    if (finalStatuses.has(status) || !finalStatuses.has(recipient.status)) {
      this.#options.messages.changeStatus(message, recipient.number, {
        status,
        statusAt: new Date(full.statusDatetime).toISOString(),
        statusReason: full.statusReason ?? null,
        statusErrorCode: full.statusErrorCode ?? null
      });
    }
    return this.#send(message, recipient.number, status, full);
  }

  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #insist(message: Message, recipient: Recipient): Promise<void> {
    let outcome = await this.report(message, recipient, 'delivered');
    for (const delay of this.#options.retryDelaysMs) {
      if (outcome.delivered || outcome.url === null || this.#closing.signal.aborted) return;
      await new Promise<void>((resolve) => this.#later(delay, resolve));
      outcome = await this.report(message, recipient, 'delivered', { statusDatetime: recipient.statusAt });
    }
  }

  async #send(
    message: Message,
    recipient: string,
    status: MessageStatus,
    details: ReportDetails
  ): Promise<ReportOutcome> {
    const outcome = { id: message.id, recipient, status, delivered: false, http_status: null, answer: null };
    // MessageBird sends no reports for messages without a reference.
    if (message.reportUrl === null || message.reference === null)
      return { ...outcome, url: null, message: 'The message was sent without reference or reportUrl.' };
    const url = reportUrl(message.reportUrl, {
      id: message.id,
      reference: message.reference,
      recipient,
      status,
      statusDatetime: withOffset(details.statusDatetime ?? new Date().toISOString()),
      statusReason: details.statusReason,
      statusErrorCode: details.statusErrorCode?.toString(),
      mccmnc: '40445',
      ported: '0'
    });
    try {
      const token = await signRequest({ url, signingKey: this.#options.signingKey });
      const response = await fetch(url, {
        headers: { [signatureHeader]: token },
        redirect: 'manual',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(reportTimeoutMs)])
      });
      const answer = (await response.text()).slice(0, 1000);
      const delivered = response.status === 200;
      const why = delivered ? null : `The receiver answered ${response.status} instead of 200.`;
      return { ...outcome, url, delivered, http_status: response.status, answer, message: why };
    } catch (error) {
      return { ...outcome, url, message: `The receiver could not be reached: ${whyFailed(error)}` };
    }
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

function reportUrl(base: string, query: Record<string, string | undefined>): string {
  const url = new URL(wireUrl(base));
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.append(name, value);
  }
  return url.href;
}

function definedOnly(details: ReportDetails): ReportDetails {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
