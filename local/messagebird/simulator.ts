import { z } from 'zod';
import { log } from '../output.ts';
import { readJson, Refusal, refuseForeignPages, whyFailed } from './http.ts';
import { LiveCall } from './live-call.ts';
import { servePage } from './page-files.ts';
import { callerDigits, internationalDigits } from './phone-number.ts';
import { eventStream } from './sse.ts';
import { parseBody } from './parse-body.ts';

/** A clinic one can call. */
export interface CallableClinic {
  name: string;
  phone: string;
  /** IANA name of the time zone in which the page shows times. */
  timeZone: string;
}

export interface SimulatorOptions {
  ivrUrl: string;
  signingKey: string;
  /** Told when a call begins and ends. */
  callStatusUrl?: string | undefined;
  /** The clinics offered to call. */
  clinics?: (() => Promise<CallableClinic[]>) | undefined;
  /** Where the site is, for a link. */
  siteUrl?: string | undefined;
  /** How long a call goes on after its page was closed. */
  abandonedAfterMs?: number | undefined;
}

/** What the page learns when it opens. */
export interface SimulatorConfig {
  clinics: CallableClinic[];
  siteUrl: string | null;
  ivrUrl: string;
}

const switches = z.strictObject({
  duplicate: z.boolean().default(false),
  dropNext: z.boolean().default(false),
  clearVariables: z.boolean().default(false),
  carryKeys: z.boolean().default(false),
  speech: z.boolean().default(false)
});

const numberProblem = (name: string) =>
  `${name} must be a phone number with country code, such as +91 99999 99999`;

/** Numbers come out as digits with country code. */
const callRequest = z
  .strictObject({
    from: z.string(numberProblem('Your number')),
    to: z.string(numberProblem('The number to call')),
    withheld: z.boolean().default(false),
    switches: switches.default(switches.parse({}))
  })
  .transform((call, context) => {
    const to = internationalDigits(call.to);
    const from = callerDigits(call.from, to ?? '');
    if (from === undefined) context.addIssue({ code: 'custom', message: numberProblem('Your number') });
    if (to === undefined) context.addIssue({ code: 'custom', message: numberProblem('The number to call') });
    return from === undefined || to === undefined ? z.NEVER : { ...call, from, to };
  });

const keysRequest = z.strictObject({
  keys: z.string('keys must be text').regex(/^[0-9*#]{1,40}$/, 'keys must be made of 0-9, * and #')
});
const playedRequest = z.strictObject({ turn: z.int('turn must be the number of a turn').min(1) });

/** How many calls are remembered; the oldest are forgotten. */
const rememberedCalls = 50;

/** The page with the phone and the calls it makes, which run here so that no signing key is in a browser. */
export class Simulator {
  #options: SimulatorOptions;
  #calls = new Map<string, LiveCall>();

  constructor(options: SimulatorOptions) {
    this.#options = options;
  }

  async handle(request: Request, path: string): Promise<Response> {
    refuseForeignPages(request);
    const [, collection, id, part] = path.split('/');
    if (request.method === 'GET' && path === '/config') return Response.json(await this.#config());
    if (request.method === 'POST' && path === '/calls') return this.#dial(request);
    if (collection === 'calls' && id !== undefined) return this.#use(request, this.#find(id), part);
    if (request.method === 'GET' || request.method === 'HEAD') return servePage(path);
    throw new Refusal(404, 'There is no such page.');
  }

  close(): void {
    for (const call of this.#calls.values()) call.close();
  }

  async #config(): Promise<SimulatorConfig> {
    const { clinics, siteUrl, ivrUrl } = this.#options;
    const found = await Promise.resolve(clinics?.() ?? []).catch((error: unknown) => {
      log(`MessageBird stand-in: the clinics to call could not be read: ${whyFailed(error)}`);
      return [];
    });
    return { clinics: found, siteUrl: siteUrl ?? null, ivrUrl };
  }

  async #dial(request: Request): Promise<Response> {
    const { from, to, withheld, switches: chosen } = parseBody(callRequest, await readJson(request));
    const { ivrUrl, signingKey, callStatusUrl, abandonedAfterMs } = this.#options;
    const line = { ivrUrl, signingKey, callStatusUrl, abandonedAfterMs };
    const call = new LiveCall({ ...line, source: withheld ? null : from, destination: to, switches: chosen });
    this.#calls.set(call.id, call);
    for (const [id, old] of this.#calls) {
      if (this.#calls.size <= rememberedCalls) break;
      old.close();
      this.#calls.delete(id);
    }
    // Where the number was completed, the page is to show whose it is.
    return Response.json({ id: call.id, from: `+${from}` }, { status: 201 });
  }

  async #use(request: Request, call: LiveCall, part: string | undefined): Promise<Response> {
    switch (`${request.method} ${part}`) {
      case 'GET events':
        return streamCall(request, call);
      case 'POST keys':
        call.press(parseBody(keysRequest, await readJson(request)).keys);
        break;
      case 'POST played':
        call.played(parseBody(playedRequest, await readJson(request)).turn);
        break;
      case 'POST switches':
        call.switch(parseBody(switches, await readJson(request)));
        break;
      case 'POST hang-up':
        call.hangUp();
        break;
      default:
        throw new Refusal(404, `A call does not know ${request.method} ${part ?? ''}.`);
    }
    return new Response(null, { status: 204 });
  }

  #find(id: string): LiveCall {
    const call = this.#calls.get(id);
    if (!call) throw new Refusal(404, 'There is no such call.');
    return call;
  }
}

/** Every event of the call from its beginning, or after the one the browser had last. */
function streamCall(request: Request, call: LiveCall): Response {
  const last = Number(request.headers.get('last-event-id') ?? 0);
  return eventStream(request.signal, (send) =>
    call.subscribe(Number.isInteger(last) ? last : 0, (numbered) =>
      send({ event: 'call', id: numbered.number, data: numbered })
    )
  );
}
