/** The phone line: MessageBird asks what to say next, and always gets a valid call flow. */
import { z } from 'zod';
import { database } from '../_shared/database.ts';
import { setting } from '../_shared/env.ts';
import { endpoint } from '../_shared/http.ts';
import { describeError } from '../_shared/log.ts';
import { phoneOfCaller } from '../_shared/phone.ts';
import { checkMessageBirdRequest } from '../_shared/signature.ts';
import { type CallFlow, callFlow, keysVariable } from './call-flow.ts';
import { ask, reply, type Turn } from './dialogue.ts';
import { type Ask, type Facts, factsSchema } from './facts.ts';
import { decodePosition, start } from './position.ts';
import { languageOf } from './prompts/languages.ts';

/** Bodies come only with recordings, which we do not make; a bigger one is not MessageBird's. */
const maxBodyBytes = 65_536;

/** The provider's parameters of a call. Everything but the position is untrusted text, also when signed. */
const callParameters = z.object({
  callID: z.string().min(1).max(100),
  source: z.string().max(50).nullable(),
  destination: z.string().max(50).nullable()
});

type CallParameters = z.output<typeof callParameters>;

export const handle = endpoint({
  name: 'ivr',
  methods: ['GET', 'POST'],
  async handle(request, { log }) {
    const body = new Uint8Array(await request.arrayBuffer());
    const signature = await checkMessageBirdRequest(request, body);
    if (!signature.ok || body.length > maxBodyBytes) {
      log.warn('unsigned_request', { reason: signature.ok ? 'the body is too large' : signature.reason });
      return new Response(null, { status: 401 });
    }
    // From here on it is MessageBird: whatever happens, the caller hears a sentence.
    try {
      return answer(await nextFlow(new URL(request.url).searchParams));
    } catch (error) {
      log.error('call_failed', { error: describeError(error) });
      return answer(apology());
    }
  }
});

async function nextFlow(query: URLSearchParams): Promise<CallFlow> {
  const call = callParameters.parse({
    callID: query.get('callID'),
    source: query.get('source'),
    destination: query.get('destination')
  });
  const position = decodePosition(query.get('position')) ?? start;
  const turn: Turn = {
    position,
    keys: keysOf(query.get('variables'), keysVariable(position.turn)),
    callerKnown: phoneOfCaller(call.source) !== undefined
  };
  const facts = await factsOf(call, turn, ask(turn));
  const language = languageOf(facts.clinic?.locale);
  return callFlow(reply(turn, facts, language.at(new Date())), language.code, ownUrl());
}

/** The one round trip to the database that a step makes. */
async function factsOf(
  call: CallParameters,
  { position, keys }: Turn,
  asked: Ask | undefined
): Promise<Facts> {
  const sql = database();
  const turn = {
    call_id: call.callID,
    caller: phoneOfCaller(call.source) ?? null,
    dialled: phoneOfCaller(call.destination) ?? null,
    turn: position.turn,
    step: position.asked.step,
    keys
  };
  const [row] = await sql`
    select private.ivr_turn(${sql.json(turn)}, ${asked ? sql.json({ ...asked }) : null}) as facts
  `;
  return factsSchema.parse(row?.facts);
}

/** The keys pressed: `variables` is JSON inside the query, and absent, empty or broken it means silence. */
function keysOf(variables: string | null, name: string): string {
  if (!variables || variables.length > 2000) return '';
  try {
    const keys = z.record(z.string(), z.unknown()).parse(JSON.parse(variables))[name];
    return typeof keys === 'string' && /^[0-9*#]{1,20}$/.test(keys) ? keys : keys === undefined ? '' : '?';
  } catch {
    return '';
  }
}

function apology(): CallFlow {
  const language = languageOf(undefined);
  return callFlow({ say: [language.at(new Date()).apology()], then: 'hangup' }, language.code, ownUrl());
}

function ownUrl(): string {
  return `${setting('PUBLIC_FUNCTIONS_URL')}/ivr`;
}

function answer(flow: CallFlow): Response {
  return Response.json(flow, { headers: { 'cache-control': 'no-store' } });
}
