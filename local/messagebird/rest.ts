import { setTimeout as wait } from 'node:timers/promises';
import type { FaultMode, Faults } from './faults.ts';
import { cutConnection } from './http.ts';
import type { Message, Messages } from './messages.ts';
import type { Reports } from './reports.ts';
import {
  accessKeyIsWrong,
  apiNotFound,
  errorAnswer,
  invalid,
  messageNotFound,
  noRecipients,
  notEnoughBalance
} from './rest-errors.ts';
import { filterMessages } from './rest-list.ts';
import { messageAnswer } from './rest-message.ts';
import { readSubmission } from './submission.ts';
import type { Submission } from './submission.ts';

export interface RestOptions {
  accessKey: string;
  /** Under which the API is reached, for `href` fields. */
  apiUrl: string;
  messages: Messages;
  faults: Faults;
  reports: Reports;
  /** How long an answer is held back after a message was accepted; 0 for not at all. */
  latencyMs: () => number;
}

/** Answers a request to the REST API; `path` arrives without the base (`/messages`, `/messages/<id>`). */
export async function handleRest(request: Request, path: string, options: RestOptions): Promise<Response> {
  if (!isAuthorised(request, options.accessKey)) return errorAnswer(401, accessKeyIsWrong);
  const [collection, id, ...rest] = path.split('/').filter((part) => part !== '');
  if (collection === 'balance' && id === undefined) return balance(request, options.faults);
  if (collection !== 'messages' || rest.length > 0) return errorAnswer(404, apiNotFound);
  if (id === undefined) {
    if (request.method === 'POST') return send(request, options);
    if (request.method === 'GET') return list(request, options);
    return errorAnswer(405, apiNotFound);
  }
  const message = options.messages.get(id);
  if (!message) return errorAnswer(404, messageNotFound);
  if (request.method === 'GET') return Response.json(messageAnswer(message, options.apiUrl));
  if (request.method !== 'DELETE') return errorAnswer(405, apiNotFound);
  options.messages.delete(message);
  return new Response(null, { status: 204 });
}

function isAuthorised(request: Request, accessKey: string): boolean {
  return request.headers.get('authorization') === `AccessKey ${accessKey}`;
}

/** What is left in the account: plenty, or nothing while sends fail for want of it. */
function balance(request: Request, faults: Faults): Response {
  if (request.method !== 'GET') return errorAnswer(405, apiNotFound);
  const empty = faults.list().some(({ mode, recipient }) => mode === 'no_balance' && recipient === null);
  return Response.json({ payment: 'prepaid', type: 'credits', amount: empty ? 0 : 1000 });
}

async function send(request: Request, options: RestOptions): Promise<Response> {
  const fields = await readFields(request);
  if (fields === undefined) return errorAnswer(422, invalid('body', 'of the request could not be read'));
  const submission = readSubmission(fields);
  if (Array.isArray(submission)) return errorAnswer(422, ...submission);
  const fault = options.faults.take(submission.recipients);
  if (fault !== undefined) return fail(fault, submission, request, options);
  const message = accept(submission, options);
  // Accepted first and answered late: whoever hangs up meanwhile does not know what became of the message.
  if (options.latencyMs() > 0) await wait(options.latencyMs(), undefined, { signal: request.signal });
  return Response.json(messageAnswer(message, options.apiUrl), { status: 201 });
}

function accept(submission: Submission, { messages, reports }: RestOptions): Message {
  const message = messages.accept(submission, new Date());
  reports.expectDelivery(message);
  return message;
}

async function fail(
  fault: FaultMode,
  submission: Submission,
  request: Request,
  options: RestOptions
): Promise<Response> {
  switch (fault) {
    case 'error_500_after_accept':
      accept(submission, options);
      return brokenAnswer();
    case 'error_500':
      return brokenAnswer();
    case 'error_429':
      // Its body is not documented, so nobody may count on one.
      return new Response(null, { status: 429 });
    case 'timeout':
      accept(submission, options);
      return neverAnswer(request.signal);
    case 'timeout_before_accept':
      return neverAnswer(request.signal);
    case 'reset':
      accept(submission, options);
      return cutConnection;
    case 'reject_recipient':
      return errorAnswer(422, noRecipients);
    case 'no_balance':
      return errorAnswer(402, notEnoughBalance);
  }
}

function brokenAnswer(): Response {
  return new Response('<html><body><h1>500 Internal Server Error</h1></body></html>', {
    status: 500,
    headers: { 'content-type': 'text/html' }
  });
}

function neverAnswer(signal: AbortSignal): Promise<Response> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(cutConnection);
    signal.addEventListener('abort', () => resolve(cutConnection));
  });
}

function list(request: Request, { messages, apiUrl }: RestOptions): Response {
  const page = filterMessages(messages.all(), new URL(request.url).searchParams, apiUrl);
  return Array.isArray(page) ? errorAnswer(422, ...page) : Response.json(page);
}

/** The fields of a JSON or form body; undefined when it is neither. */
async function readFields(request: Request): Promise<Record<string, unknown> | undefined> {
  const text = await request.text();
  if (request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded'))
    return readForm(new URLSearchParams(text));
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
      ? (fields as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function readForm(form: URLSearchParams): Record<string, unknown> {
  const several = form.getAll('recipients[]');
  return { ...Object.fromEntries(form), ...(several.length > 0 && { recipients: several }) };
}
