/** MessageBird's REST API, as much of it as sending SMS needs. */
import { z } from 'zod';
import { authPhone } from '../phone.ts';
import { type OnceRequest, requestOnce } from './request-once.ts';

export interface Sms {
  originator: string;
  /** +E.164 */
  to: string;
  body: string;
  /** Our own, MessageBird's `reference`: by it a message is found whose send was cut off, and status reports come. */
  id: string;
  reportUrl: string;
  /** Until when a delivery makes sense. */
  expiresAt: Date | null;
}

/** What came back from a request: an answer of any kind, or none. */
export type Reply =
  | { kind: 'answer'; status: number; body: unknown }
  /** The request never left: nobody was there to receive it. */
  | { kind: 'unreachable' }
  /** The request was sent or may have been, and no whole answer came. */
  | { kind: 'lost'; reason: 'timeout' | 'broken connection' };

/**
 * What became of a message:
 * `sent` accepted; `rejected` refused for good; `retry` certainly not sent, try again; `hold` not sent because of our
 * account or settings, which no quick retry cures; `unknown` may have been sent.
 */
export type SendOutcome =
  | { outcome: 'sent'; providerId: string }
  | { outcome: 'rejected' | 'retry' | 'hold' | 'unknown'; reason: string };

/** Where a message is that may have been sent. */
export type Lookup =
  | { found: true; providerId: string }
  | { found: false }
  | { found: 'unclear'; reason: string };

/** What is left to pay SMS with, or why MessageBird did not tell. */
export type Balance =
  /** `amount` in `type`: credits, euros or another currency; of accounts that pay later (postpaid) it is 0. */
  | { told: true; payment: string; type: string; amount: number }
  | { told: false; reason: string };

export interface MessageBird {
  /** Sends one SMS. Never throws. */
  send(sms: Sms): Promise<SendOutcome>;
  /**
   * Looks for a message by our id among those sent to a number. One that MessageBird has given up is not counted: it
   * reached nobody, and may be from before it was queued again. Never throws.
   */
  find(to: string, id: string): Promise<Lookup>;
  /** Asks what is left in the account. Never throws. */
  balance(): Promise<Balance>;
}

export interface MessageBirdOptions {
  apiUrl: string;
  accessKey: string;
  /** For one request, in milliseconds. */
  timeout?: number;
}

/** Three days in seconds: what is valid for longer might be refused. */
const longestValidity = 259_200;

const pageSize = 100;
const mostPages = 10;

export function createMessageBird({ apiUrl, accessKey, timeout = 10_000 }: MessageBirdOptions): MessageBird {
  const call = async (path: string, what: Pick<OnceRequest, 'method' | 'body'>): Promise<Reply> => {
    const headers = {
      authorization: `AccessKey ${accessKey}`,
      accept: 'application/json',
      'content-type': 'application/json'
    };
    try {
      const { status, body } = await requestOnce({ ...what, url: `${apiUrl}${path}`, headers, timeout });
      return { kind: 'answer', status, body: parseJson(body) };
    } catch (error) {
      return classifyFailure(error);
    }
  };

  return {
    async send(sms) {
      const body = JSON.stringify(messageOf(sms, new Date()));
      return classifySend(await call('/messages', { method: 'POST', body }));
    },
    async find(to, id) {
      // Read to the end: in which order the list comes is not promised.
      for (let page = 0; page < mostPages; page += 1) {
        const query = new URLSearchParams({
          recipient: authPhone(to),
          limit: String(pageSize),
          offset: String(page * pageSize)
        });
        const lookup = findInPage(await call(`/messages?${query}`, { method: 'GET' }), id);
        if (lookup.found !== false || lookup.last) return lookup;
      }
      return { found: 'unclear', reason: 'This number has too many messages to search.' };
    },
    async balance() {
      const reply = await call('/balance', { method: 'GET' });
      if (reply.kind !== 'answer') return { told: false, reason: 'MessageBird could not be reached.' };
      const balance = balanceSchema.safeParse(reply.body);
      return reply.status === 200 && balance.success
        ? { told: true, ...balance.data }
        : { told: false, reason: describe(reply.status, errorsIn(reply.body)) };
    }
  };
}

/** The request body for one SMS. */
export function messageOf(sms: Sms, now: Date): Record<string, unknown> {
  const validity = sms.expiresAt && Math.ceil((sms.expiresAt.getTime() - now.getTime()) / 1000);
  return {
    originator: sms.originator,
    recipients: authPhone(sms.to),
    body: sms.body,
    // Texts in Hindi or Tamil would be damaged by the default.
    datacoding: 'auto',
    reference: sms.id,
    reportUrl: sms.reportUrl,
    ...(validity === null ? {} : { validity: Math.min(Math.max(validity, 60), longestValidity) })
  };
}

const acceptedSchema = z.object({ id: z.string().min(1) });
const errorsSchema = z.object({
  errors: z
    .array(
      z.object({
        code: z.number(),
        description: z.string().catch(''),
        parameter: z.string().nullish().catch(null)
      })
    )
    .min(1)
});
type ProviderError = z.output<typeof errorsSchema>['errors'][number];

/** Codes of MessageBird's errors that this decision needs. */
const accessDenied = 2;
const missingParameter = 9;
const invalidParameter = 10;
const noBalance = 25;

/** What became of a message, given the reply to the request that sent it. */
export function classifySend(reply: Reply): SendOutcome {
  if (reply.kind === 'unreachable') return { outcome: 'retry', reason: 'MessageBird could not be reached.' };
  if (reply.kind === 'lost') {
    return { outcome: 'unknown', reason: `No answer from MessageBird: ${reply.reason}.` };
  }

  const { status, body } = reply;
  const errors = errorsIn(body);
  const reason = describe(status, errors);
  const anyOf = (...codes: number[]) => errors.some((error) => codes.includes(error.code));

  if (status >= 200 && status < 300) {
    const accepted = acceptedSchema.safeParse(body);
    return accepted.success && errors.length === 0
      ? { outcome: 'sent', providerId: accepted.data.id }
      : { outcome: 'unknown', reason };
  }
  if (status === 429) return { outcome: 'retry', reason };
  if (status === 408 || status >= 500 || status < 400) return { outcome: 'unknown', reason };
  // Our key, our balance, our address of the API: no fault of this message, and the next one would fare no better.
  if ([401, 402, 403, 404, 405].includes(status) || anyOf(accessDenied, noBalance)) {
    return { outcome: 'hold', reason };
  }
  if (errors.length > 0 && errors.every(isAboutOriginator)) return { outcome: 'hold', reason };
  return { outcome: 'rejected', reason };
}

/** The sender's name is a setting of ours: wrong for every message alike. */
function isAboutOriginator(error: ProviderError): boolean {
  return [missingParameter, invalidParameter].includes(error.code) && error.parameter === 'originator';
}

/** Refused, no such host, no route: the connection did not come about, so nothing went through it. */
const neverConnected = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** What a failed request tells about whether it was sent. */
function classifyFailure(error: unknown): Reply {
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (neverConnected.includes(String(code))) return { kind: 'unreachable' };
  const timeout = name === 'TimeoutError' || name === 'AbortError';
  return { kind: 'lost', reason: timeout ? 'timeout' : 'broken connection' };
}

const balanceSchema = z.object({ payment: z.string(), type: z.string(), amount: z.number() });

const recipientsSchema = z.object({ items: z.array(z.object({ status: z.string() })) });

const listSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      reference: z.string().nullish().catch(null),
      recipients: recipientsSchema.nullish().catch(null)
    })
  ),
  offset: z.number().catch(0),
  totalCount: z.number()
});

function findInPage(reply: Reply, id: string): Lookup & { last?: boolean } {
  if (reply.kind !== 'answer') {
    return { found: 'unclear', reason: 'MessageBird could not be asked whether it has this message.' };
  }
  const list = listSchema.safeParse(reply.body);
  if (reply.status !== 200 || !list.success) {
    const reason = `Asked whether MessageBird has this message: ${
      describe(reply.status, errorsIn(reply.body))
    }`;
    return { found: 'unclear', reason };
  }
  const { items, offset, totalCount } = list.data;
  const message = items.find((item) => item.reference === id && !isGivenUp(item.recipients));
  if (message) return { found: true, providerId: message.id };
  return { found: false, last: items.length === 0 || offset + items.length >= totalCount };
}

/** Whether every recipient is known not to have received the message. */
function isGivenUp(recipients: z.output<typeof recipientsSchema> | null | undefined): boolean {
  const statuses = recipients?.items.map(({ status }) => status) ?? [];
  return statuses.length > 0 &&
    statuses.every((status) => status === 'delivery_failed' || status === 'expired');
}

function errorsIn(body: unknown): ProviderError[] {
  const parsed = errorsSchema.safeParse(body);
  return parsed.success ? parsed.data.errors : [];
}

/** Status and codes in words. Descriptions are MessageBird's own and name parameters, not their values. */
function describe(status: number, errors: ProviderError[]): string {
  const list = errors.map(({ code, description }) => `${description || 'no description'} (code ${code})`);
  return `MessageBird answered ${status}${list.length > 0 ? `: ${list.join('; ')}` : ''}.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
