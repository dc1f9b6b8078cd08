import type { FaultMode } from '../../local/messagebird/faults.ts';
import type { InboxMessage } from '../../local/messagebird/inbox.ts';
import type { MessageStatus } from '../../local/messagebird/messages.ts';
import type { ReportOutcome } from '../../local/messagebird/reports.ts';

export type { InboxMessage };

/** The texts a phone has received, newest first; without a phone, all texts. */
export async function textsOf(inboxUrl: string, phone?: string): Promise<InboxMessage[]> {
  const filter = phone === undefined ? '' : `?recipient=${encodeURIComponent(phone)}`;
  const response = await fetch(`${inboxUrl}/messages${filter}`);
  if (!response.ok) throw new Error(`The inbox answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as InboxMessage[];
}

/**
 * Waits for a text to the phone that is the one looked for (a part of its body, or a function), and returns it.
 * Rejects after a generous while with what the phone did receive.
 */
export async function smsTo(
  inboxUrl: string,
  phone: string,
  wanted: string | ((message: InboxMessage) => boolean) = () => true,
  limitMs = 20_000
): Promise<InboxMessage> {
  const isWanted = typeof wanted === 'string' ? ({ body }: InboxMessage) => body.includes(wanted) : wanted;
  const deadline = Date.now() + limitMs;
  for (;;) {
    const received = await textsOf(inboxUrl, phone);
    const found = received.find(isWanted);
    if (found) return found;
    if (Date.now() > deadline) {
      const bodies = received.map(({ body }) => `- ${body}`).join('\n');
      throw new Error(`The text did not come to ${phone}. It received ${received.length}:\n${bodies}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Makes the next sends to this phone (null: to any phone) fail; mode ok forgets about it. */
export async function failSends(
  inboxUrl: string,
  mode: FaultMode | 'ok',
  phone: string | null,
  count = 1
): Promise<void> {
  await post(`${inboxUrl}/faults`, { mode, count, ...(phone !== null && { recipient: phone }) });
}

/** Holds back the answer to every send, after the message was accepted. */
export async function slowSends(inboxUrl: string, ms: number): Promise<void> {
  await post(`${inboxUrl}/latency`, { ms });
}

/** Delivers a status report for a message and tells what came of it. */
export async function reportStatus(
  inboxUrl: string,
  id: string,
  status: MessageStatus,
  details: Record<string, unknown> = {}
): Promise<ReportOutcome> {
  return (await post(`${inboxUrl}/reports`, { id, status, ...details })) as ReportOutcome;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
