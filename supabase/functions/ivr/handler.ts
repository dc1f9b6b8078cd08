/** The phone line: MessageBird asks what to say next, and always gets a valid call flow. */
import { z } from 'zod';
import { inBackground } from '../_shared/queue/background.ts';
import { setting } from '../_shared/env.ts';
import { endpoint, type RequestContext } from '../_shared/http.ts';
import { describeError } from '../_shared/log.ts';
import { checkMessageBirdRequest } from '../_shared/messagebird/signature.ts';
import { type CallFlow, callFlow, keysVariable } from './call-flow.ts';
import { withCode } from './code.ts';
import {
  type Call,
  canBeTexted,
  noteCallFromAbroad,
  recordEnd,
  recordFailure,
  takeTurn
} from './database.ts';
import { decodePosition, start } from './dialogue/position.ts';
import { read, type Reading } from './dialogue/reading.ts';
import { reply } from './dialogue/reply.ts';
import { dialledNumber, lineOf } from './line.ts';
import { catalogueAt, languages } from './prompts/languages.ts';
import { endedCalls } from './status.ts';

/** Bodies come only with reports and recordings; a bigger one is not MessageBird's. */
const maxBodyBytes = 65_536;

/** The provider's parameters of a call. Everything but the position is untrusted text, also when signed. */
const callParameters = z.object({
  callID: z.string().min(1).max(100),
  destination: z.string().max(50).nullable()
});

const givenVariables = z.record(z.string(), z.unknown());

export const handle = endpoint({
  name: 'ivr',
  methods: ['GET', 'POST'],
  async handle(request, context) {
    const signature = await checkMessageBirdRequest(request, maxBodyBytes);
    if (!signature.ok) {
      context.log.warn('unsigned_request', { reason: signature.reason });
      return new Response(null, { status: 401 });
    }
    const { body } = signature;
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.endsWith('/ivr/status')) return await takeReport(body, context);
    return Response.json(await nextFlow(searchParams, context), { headers: { 'cache-control': 'no-store' } });
  }
});

/** The next call flow. From here on it is MessageBird that asks: whatever happens, the caller hears a sentence. */
async function nextFlow(query: URLSearchParams, { log }: RequestContext): Promise<CallFlow> {
  const now = new Date();
  let call: Call | undefined;
  try {
    const dialled = dialledNumber(query.get('destination'));
    const { caller, line } = await lineOf(query.get('source'), (phone) => canBeTexted(phone, dialled));
    const position = decodePosition(query.get('position')) ?? start;
    if (line === 'abroad' && caller && position.turn === start.turn) {
      inBackground(noteCallFromAbroad(caller), (error) => log.warn('call_not_counted', { error }));
    }
    const keys = keysOf(query.get('variables'), keysVariable(position.turn));
    const reading = read({ position, keys, line });
    call = callOf(query, caller, reading);
    const facts = await takeTurn(call, await withCode(reading.task, call));
    return callFlow(reply(reading, facts, catalogueAt(now)), ownUrl());
  } catch (error) {
    log.error('call_failed', { error: describeError(error) });
    if (call) {
      inBackground(recordFailure(call), (second) => log.warn('failure_not_recorded', { error: second }));
    }
    const { code: language, prompts } = catalogueAt(now).of(call?.language);
    return callFlow({ say: [{ language, text: prompts.apology() }], then: 'hangup' }, ownUrl());
  }
}

function callOf(query: URLSearchParams, caller: string | null, { turn, language, clinic }: Reading): Call {
  const { callID, destination } = callParameters.parse(Object.fromEntries(query));
  const { position, keys, line } = turn;
  return {
    call_id: callID,
    caller,
    dialled: dialledNumber(destination),
    turn: position.turn,
    step: position.question.name,
    keys,
    language,
    spoken: languages.map(({ code }) => code),
    clinic,
    site_url: line === 'mobile' ? siteUrl() : null
  };
}

/** The keys pressed: `variables` is JSON inside the query, and absent, empty or broken it means silence. */
function keysOf(variables: string | null, name: string): string {
  if (!variables || variables.length > 4000) return '';
  try {
    const keys = givenVariables.parse(JSON.parse(variables))[name];
    if (keys === undefined || keys === '') return '';
    if (typeof keys !== 'string' || !/^[0-9*#]{1,20}$/.test(keys)) return '?';
    // Whether the key that ends an input is part of it is not documented.
    return keys.length > 1 ? keys.replace(/#$/, '') : keys;
  } catch {
    return '';
  }
}

/** Takes a report that calls have ended. It comes again if we fail, and does no harm when it comes twice. */
async function takeReport(body: Uint8Array, { log }: RequestContext): Promise<Response> {
  for (const { callId, endedAt } of endedCalls(body)) {
    await recordEnd(callId, endedAt).catch((error) => {
      log.warn('call_not_closed', { error: describeError(error) });
      throw error;
    });
  }
  return new Response('OK');
}

function ownUrl(): string {
  return `${setting('PUBLIC_FUNCTIONS_URL')}/ivr`;
}

/** A call must not break because nobody told us where the site is. */
function siteUrl(): string | null {
  try {
    return setting('SITE_URL');
  } catch {
    return null;
  }
}
