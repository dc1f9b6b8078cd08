import { z } from 'zod';
import { faultRequest } from './faults.ts';
import type { Faults } from './faults.ts';
import { readJson, Refusal, refuseForeignPages } from './http.ts';
import { messageStatuses } from './messages.ts';
import type { Message, Messages, MessageStatus } from './messages.ts';
import { parseBody } from './parse-body.ts';
import { internationalDigits } from './phone-number.ts';
import type { Reports } from './reports.ts';
import { eventStream } from './sse.ts';

/** A text message as one phone has it. */
export interface InboxMessage {
  id: string;
  /** Digits with country code, no `+`. */
  recipient: string;
  originator: string;
  body: string;
  reference: string | null;
  status: MessageStatus;
  /** When it was accepted; ISO 8601, UTC. */
  at: string;
}

export interface InboxOptions {
  messages: Messages;
  faults: Faults;
  reports: Reports;
  latency: { ms: number };
}

const latencyRequest = z.strictObject({
  ms: z.number('ms must be a number of milliseconds').min(0, 'ms must not be negative').max(600_000)
});

const reportRequest = z.strictObject({
  id: z.string('id must be the id of a message'),
  status: z.enum(messageStatuses, { error: `status must be one of ${messageStatuses.join(', ')}` }),
  /** Which recipient of the message; all of them by default. */
  recipient: z.string().optional(),
  statusReason: z.string().optional(),
  statusErrorCode: z.int().optional(),
  statusDatetime: z.iso.datetime({ offset: true }).optional()
});

/** Answers a request to the inbox, the side door through which people and tests look at and disturb the stand-in. */
export async function handleInbox(request: Request, path: string, options: InboxOptions): Promise<Response> {
  refuseForeignPages(request);
  switch (`${request.method} ${path}`) {
    case 'GET /messages':
      return Response.json(listInbox(options.messages, recipientFilter(request)));
    case 'GET /events':
      return streamInbox(request, options.messages);
    case 'GET /faults':
      return Response.json({ faults: options.faults.list() });
    case 'POST /faults':
      return setFault(request, options.faults);
    case 'POST /latency':
      options.latency.ms = parseBody(latencyRequest, await readJson(request)).ms;
      return Response.json(options.latency);
    case 'POST /reports':
      return deliverReport(request, options);
    default:
      throw new Refusal(404, `The inbox does not know ${request.method} ${path}.`);
  }
}

/** What reached the phones, newest first. */
function listInbox(messages: Messages, recipient: string | undefined): InboxMessage[] {
  return messages.all().flatMap((message) => forPhones(message, recipient));
}

function forPhones(message: Message, recipient: string | undefined): InboxMessage[] {
  const { id, originator, body, reference, at } = message;
  return message.recipients
    .filter(({ number }) => recipient === undefined || number === recipient)
    .map(({ number, status }) => ({ id, recipient: number, originator, body, reference, status, at }));
}

/** Digits to compare with; a `+` in a query may have become a space. */
function recipientFilter(request: Request): string | undefined {
  const wanted = new URL(request.url).searchParams.get('recipient');
  return wanted === null ? undefined : (internationalDigits(wanted) ?? wanted);
}

/** Events `message` (a new one), `status` (a changed one), both an InboxMessage, and `deleted` `{id}`. */
function streamInbox(request: Request, messages: Messages): Response {
  const wanted = recipientFilter(request);
  return eventStream(request.signal, (send) =>
    messages.subscribe((event) => {
      const recipient = event.type === 'changed' ? event.recipient : undefined;
      const names = { accepted: 'message', changed: 'status', deleted: 'deleted' };
      for (const data of forPhones(event.message, wanted)) {
        if (recipient === undefined || recipient === data.recipient) send({ event: names[event.type], data });
      }
    })
  );
}

async function setFault(request: Request, faults: Faults): Promise<Response> {
  const { mode, count, recipient } = parseBody(faultRequest, await readJson(request));
  const number = recipient === undefined ? null : internationalDigits(recipient);
  if (number === undefined) throw new Refusal(400, 'recipient must be a phone number with country code.');
  if (mode === 'ok') faults.clear(number);
  else faults.set(mode, count, number);
  return Response.json({ faults: faults.list() });
}

async function deliverReport(request: Request, { messages, reports }: InboxOptions): Promise<Response> {
  const { id, status, recipient, ...details } = parseBody(reportRequest, await readJson(request));
  const message = messages.get(id);
  if (!message) throw new Refusal(404, 'There is no message with this id.');
  const number = recipient === undefined ? undefined : internationalDigits(recipient);
  const wanted = message.recipients.filter((one) => recipient === undefined || one.number === number);
  const outcomes = await Promise.all(wanted.map((one) => reports.report(message, one, status, details)));
  const [first] = outcomes;
  if (!first) throw new Refusal(404, 'The message did not go to this recipient.');
  return Response.json(outcomes.length === 1 ? first : { ...first, reports: outcomes });
}
