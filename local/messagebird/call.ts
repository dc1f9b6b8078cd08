import { randomUUID } from 'node:crypto';
import type { CallAnswer, CallEvent, CallRequest, EndReason } from './call-events.ts';
import { callFlowAdvice, checkCallFlow, listens } from './call-flow.ts';
import type { CallFlow, FlowStep, KeyStep } from './call-flow.ts';

export interface CallSettings {
  callId: string;
  /** The caller's number, digits only; null when it is withheld. */
  source: string | null;
  /** The number that was dialled, digits only. */
  destination: string;
  /** Where the first call flow is fetched. */
  ivrUrl: string;
  /** Whether the first request says `variables={}` or leaves them out. */
  firstVariables: 'empty' | 'omit';
  /** Whether keys of earlier prompts are sent again with later requests. */
  variables: 'keep' | 'clear';
  /** What becomes of keys that nothing listens to: lost, or taken by the next prompt. */
  strayKeys: 'drop' | 'carry';
  /** How often a request that failed is made again before the call is given up. */
  retries: 0 | 1;
  /** How long a caller may stop within an input before it counts as complete. */
  partialInputMs: number;
  /** `reported`: prompts end when `played` says so (someone listens to speech), `timed`: after a while. */
  playback: 'timed' | 'reported';
}

export const usualCallSettings = {
  firstVariables: 'empty',
  variables: 'keep',
  strayKeys: 'drop',
  retries: 0,
  partialInputMs: 5_000,
  playback: 'timed'
} as const satisfies Partial<CallSettings>;

/** What a call waits for: an answer to its request, a moment, or nothing any more. */
export type Waiting =
  | { for: 'answer'; request: CallRequest }
  | { for: 'time'; until: number; listening: boolean; typing: boolean }
  | { for: 'nothing' };

/**
 * One phone call, run as MessageBird runs call flows. It does no input and output and knows no clock:
 * whoever owns it makes its requests, tells it the answers, the keys and the time, and listens to its events.
 */
export class Call {
  readonly settings: CallSettings;
  waiting: Waiting = { for: 'nothing' };
  variables: Record<string, string> = {};
  ended: { reason: EndReason; message: string } | undefined;

  #tell: (event: CallEvent) => void;
  #flow: CallFlow = { steps: [] };
  #index = 0;
  #turn = 0;
  #requests = 0;
  #typed = '';
  #strayKeys: string[] = [];

  constructor(settings: CallSettings, tell: (event: CallEvent) => void) {
    this.settings = settings;
    this.#tell = tell;
  }

  dial(): void {
    const { callId, source, destination, ivrUrl } = this.settings;
    this.#tell({ type: 'dialled', callId, source, destination });
    this.#request('GET', ivrUrl);
  }

  /** Tells the answer to the request the call waits for. */
  answer(answer: CallAnswer, now: number): void {
    if (this.waiting.for !== 'answer') return;
    const { request } = this.waiting;
    this.#tell({ type: 'answered', request, answer });
    const checked = readAnswer(answer);
    if (checked.flow) {
      for (const message of [...callFlowAdvice(checked.flow), ...this.#staleVariables(checked.flow)])
        this.#tell({ type: 'advice', message });
      this.#flow = checked.flow;
      this.#run(0, now);
      return;
    }
    for (const message of checked.problems) this.#tell({ type: 'problem', message });
    if (request.attempt <= this.settings.retries) this.#send({ ...request, attempt: request.attempt + 1 });
    else this.#end('failed', 'The call broke off: MessageBird could not run the answer.');
  }

  /** The caller presses one key: 0-9, * or #. */
  press(key: string, now: number): void {
    if (!/^[0-9*#]$/.test(key)) throw new Error(`A phone has no key ${JSON.stringify(key)}.`);
    if (this.ended) return;
    const step = this.#current();
    const takes = step !== undefined && listens(step);
    const stops = step?.action === 'record' && stopsRecording(step, key);
    this.#tell({ type: 'pressed', key, heard: takes || stops });
    if (takes) this.#take(key, step, now);
    else if (stops) this.#finishRecording(step, now);
    else if (this.settings.strayKeys === 'carry') this.#strayKeys.push(key);
  }

  /** Time has come to `now`: what was to end by then ends. */
  pass(now: number): void {
    if (this.waiting.for !== 'time' || now < this.waiting.until) return;
    const step = this.#current();
    if (!step) return;
    if (this.#typed !== '' && listens(step)) this.#complete(step, now);
    else if (step.action === 'record') this.#finishRecording(step, now);
    else this.#run(this.#index + 1, now);
  }

  /** The caller has heard the prompt of this turn to its end. */
  played(turn: number, now: number): void {
    const step = this.#current();
    const isPrompt = step?.action === 'say' || step?.action === 'play';
    // Reports may come late, when the caller is already typing or elsewhere.
    if (isPrompt && turn === this.#turn && this.#typed === '') this.#run(this.#index + 1, now);
  }

  hangUp(): void {
    this.#end('caller_hung_up', 'You hung up.');
  }

  /** The line breaks, whatever the call is doing; an answer under way is not heard any more. */
  drop(): void {
    this.#end('dropped', 'The line broke.');
  }

  /** Runs the flow from the step at `index` until something has to be waited for. */
  #run(index: number, now: number): void {
    this.#index = index;
    this.#typed = '';
    this.#turn += 1;
    const turn = this.#turn;
    const step = this.#flow.steps[index];
    if (!step) return this.#end('ran_off_end', 'The call flow came to its end without hangup.');
    switch (step.action) {
      case 'say': {
        const { payload, language, voice, repeat = 1 } = step.options;
        const lastsMs = repeat * speakingTime(payload);
        const said = { text: payload, language, voice, repeat, lastsMs, listening: listens(step) };
        this.#tell({ type: 'said', turn, ...said });
        return this.#listenFor(this.#playbackLimit(lastsMs), step, now);
      }
      case 'play': {
        const media = [step.options.media].flat();
        const lastsMs = media.length * assumedMediaMs;
        this.#tell({ type: 'played', turn, media, lastsMs, listening: listens(step) });
        return this.#listenFor(this.#playbackLimit(lastsMs), step, now);
      }
      case 'pause': {
        const lastsMs = step.options.length * 1000;
        this.#tell({ type: 'paused', turn, lastsMs, listening: listens(step) });
        return this.#listenFor(lastsMs, step, now);
      }
      case 'record': {
        const { maxLength = 0, timeout = assumedRecordingMs / 1000 } = step.options;
        const lastsMs = 1000 * (maxLength > 0 ? Math.min(maxLength, timeout) : timeout);
        this.#tell({ type: 'recording', turn, lastsMs });
        return this.#waitUntil(now + lastsMs, false, false);
      }
      case 'sendKeys':
        this.#tell({ type: 'sent_keys', keys: step.options.keys });
        return this.#run(index + 1, now);
      case 'fetchCallFlow':
        return this.#request('GET', step.options.url);
      case 'transfer':
        return this.#end('transferred', `The call was transferred to ${step.options.destination}.`);
      case 'hangup':
        return this.#end('hangup', 'The clinic hung up.');
    }
  }

  #listenFor(ms: number, step: KeyStep, now: number): void {
    this.#waitUntil(now + ms, listens(step), false);
    const waitingKeys = this.#strayKeys;
    if (!listens(step) || waitingKeys.length === 0) return;
    this.#strayKeys = [];
    for (const key of waitingKeys) this.press(key, now);
  }

  #take(key: string, step: KeyStep & { onKeypressGoto: string }, now: number): void {
    if (key === step.endKey) return this.#complete(step, now);
    this.#typed += key;
    // A menu that names neither a number of keys nor an end takes a single key.
    const most = step.maxNumKeys ?? (step.endKey === undefined ? 1 : Infinity);
    if (this.#typed.length >= most) this.#complete(step, now);
    else this.#waitUntil(now + this.settings.partialInputMs, true, true);
  }

  #complete(step: KeyStep & { onKeypressGoto: string }, now: number): void {
    const variable = step.onKeypressVar ?? null;
    if (variable !== null) this.variables[variable] = this.#typed;
    this.#tell({ type: 'entered', variable, keys: this.#typed });
    this.#run(
      this.#flow.steps.findIndex(({ id }) => id === step.onKeypressGoto),
      now
    );
  }

  #finishRecording(step: RecordStep, now: number): void {
    const { onFinish } = step.options;
    if (onFinish === undefined) return this.#run(this.#index + 1, now);
    const recording = { id: randomUUID(), legId: randomUUID(), status: 'done', format: 'wav', duration: 1 };
    this.#request('POST', onFinish, JSON.stringify(recording));
  }

  #request(method: CallRequest['method'], base: string, body?: string): void {
    this.#requests += 1;
    const url = callUrl(base, this.settings, this.#requests === 1 ? this.#firstVariables() : this.variables);
    if (this.settings.variables === 'clear') this.variables = {};
    this.#send({ number: this.#requests, attempt: 1, method, url, ...(body !== undefined && { body }) });
  }

  #send(request: CallRequest): void {
    this.waiting = { for: 'answer', request };
    this.#tell({ type: 'requested', request });
  }

  #firstVariables(): Record<string, string> | undefined {
    return this.settings.firstVariables === 'empty' ? {} : undefined;
  }

  /** The step that is running; undefined while an answer is awaited. */
  #current(): FlowStep | undefined {
    return this.waiting.for === 'time' ? this.#flow.steps[this.#index] : undefined;
  }

  #waitUntil(until: number, listening: boolean, typing: boolean): void {
    this.waiting = { for: 'time', until, listening, typing };
  }

  /** Speech may be slower than expected, so that a reported end is waited for generously. */
  #playbackLimit(lastsMs: number): number {
    return this.settings.playback === 'reported' ? 3 * lastsMs + 10_000 : lastsMs;
  }

  #staleVariables({ steps }: CallFlow): string[] {
    const asked = new Set(steps.map((step) => (listens(step) ? step.onKeypressVar : undefined)));
    return Object.keys(this.variables)
      .filter((name) => asked.has(name))
      .map((name) => `Variable ${name} was filled before: an old key press would answer the new prompt.`);
  }

  #end(reason: EndReason, message: string): void {
    if (this.ended) return;
    this.ended = { reason, message };
    this.waiting = { for: 'nothing' };
    this.#tell({ type: 'ended', reason, message });
  }
}

type RecordStep = Extract<FlowStep, { action: 'record' }>;

const assumedMediaMs = 4_000;
const assumedRecordingMs = 3_000;

/** How long a voice takes for a text, about: 14 characters a second. */
function speakingTime(text: string): number {
  return 500 + Math.round((text.length / 14) * 1000);
}

/** The URL of a fetch: the product's own query stays, the call's parameters follow. */
function callUrl(
  base: string,
  { callId, source, destination }: CallSettings,
  variables: Record<string, string> | undefined
): string {
  const url = new URL(base);
  url.hash = '';
  const query = [`callID=${encodeURIComponent(callId)}`];
  if (source !== null) query.push(`source=${source}`);
  query.push(`destination=${destination}`);
  if (variables) query.push(`variables=${encodeURIComponent(JSON.stringify(variables))}`);
  return `${url.href}${url.search === '' ? '?' : '&'}${query.join('&')}`;
}

function readAnswer(answer: CallAnswer): ReturnType<typeof checkCallFlow> {
  if (answer.failure !== undefined) return { problems: [answer.failure] };
  const { status, contentType, body } = answer;
  if (status !== 200) return { problems: [`The answer's status is ${status} instead of 200.`] };
  if (!/^application\/json\b/i.test(contentType))
    return { problems: [`The answer's content type is "${contentType}" instead of application/json.`] };
  return checkCallFlow(body);
}

function stopsRecording({ options }: RecordStep, key: string): boolean {
  const { finishOnKey = 'none' } = options;
  return finishOnKey === 'any' || finishOnKey === key;
}
