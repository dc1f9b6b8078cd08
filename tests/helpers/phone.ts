import { randomUUID } from 'node:crypto';
import { deliver, usualDelivery } from '../../local/messagebird/call-delivery.ts';
import type { Delivered, DeliveryOptions } from '../../local/messagebird/call-delivery.ts';
import type { CallEvent } from '../../local/messagebird/call-events.ts';
import { checkCallFlow } from '../../local/messagebird/call-flow.ts';
import type { CallFlow } from '../../local/messagebird/call-flow.ts';
import { sendCallStatus } from '../../local/messagebird/call-status.ts';
import { Call, usualCallSettings } from '../../local/messagebird/call.ts';
import type { CallSettings } from '../../local/messagebird/call.ts';
import { internationalDigits } from '../../local/messagebird/phone-number.ts';
import { signatureHeader, signRequest, wireUrl } from '../../local/messagebird/sign.ts';

export interface CallerOptions extends Partial<Omit<CallSettings, 'source' | 'destination' | 'playback'>> {
  ivrUrl: string;
  signingKey: string;
  /** The caller's number, with or without +; null when it is withheld. */
  from: string | null;
  /** The number that is dialled. */
  to: string;
  /** How requests are delivered: once by default. */
  delivery?: Partial<Omit<DeliveryOptions, 'signingKey'>>;
  /** The line breaks while this request (1 for the first) is under way. */
  dropDuringRequest?: number;
  /** Told when the call begins and ends. */
  statusUrl?: string;
  /** Lets a call fail without an error, for tests of failures. */
  mayFail?: boolean;
}

/**
 * A caller who hears prompts and presses keys without waiting for real pauses. Throws when an answer is no
 * call flow MessageBird would run, or one with undocumented effects.
 */
export function aCall(options: CallerOptions): TestCall {
  return new TestCall(options);
}

export class TestCall {
  /** Everything that happened, in order. */
  readonly events: CallEvent[] = [];
  /** Every request with its answer, duplicates included. */
  readonly requests: Delivered[] = [];
  readonly callId: string;

  #call: Call;
  #options: CallerOptions;
  #now = 0;
  #heardBefore = 0;
  #begun = new Date();

  constructor(options: CallerOptions) {
    this.#options = options;
    this.callId = options.callId ?? randomUUID();
    const { from, to } = options;
    this.#call = new Call(
      {
        ...usualCallSettings,
        ...options,
        callId: this.callId,
        source: from === null ? null : digits(from),
        destination: digits(to)
      },
      (event) => this.events.push(event)
    );
  }

  /** Every prompt of the call so far. */
  get heard(): string[] {
    return this.events.flatMap((event) => {
      if (event.type === 'said') return [event.text];
      return event.type === 'played' ? event.media : [];
    });
  }

  /** How the call ended; undefined while it lasts. */
  get ended(): Call['ended'] {
    return this.#call.ended;
  }

  /** The last call flow that was answered. */
  get flow(): CallFlow | undefined {
    const answer = this.requests.at(-1)?.answer;
    return answer === undefined || answer.failure !== undefined ? undefined : checkCallFlow(answer.body).flow;
  }

  /** What was said since the caller last did something. */
  said(): string {
    return this.heard.slice(this.#heardBefore).join(' ');
  }

  /** Dials, and listens until keys are wanted or the call ends. Returns what was said; so do `press` and `silence`. */
  async dial(): Promise<string> {
    this.#begun = new Date();
    this.#call.dial();
    await this.#sendStatus();
    return this.#listen();
  }

  /** Presses keys, one argument a prompt: `press('1', '2', '1234#')`. */
  async press(...inputs: string[]): Promise<string> {
    for (const input of inputs) {
      this.#expectAttention(`press ${input}`);
      this.#heardBefore = this.heard.length;
      for (const key of input) this.#call.press(key, this.#now);
      await this.#listen();
    }
    return this.said();
  }

  /** Says and presses nothing until the prompt and its pause are over. */
  async silence(): Promise<string> {
    this.#expectAttention('stay silent');
    this.#heardBefore = this.heard.length;
    while (this.#call.waiting.for === 'time') this.#passTime();
    return this.#listen();
  }

  async hangUp(): Promise<void> {
    this.#call.hangUp();
    await this.#sendStatus();
  }

  /** The whole call as text, for messages of failed tests. */
  transcript(): string {
    return this.events
      .map(describe)
      .filter((line) => line !== '')
      .join('\n');
  }

  async #listen(): Promise<string> {
    for (;;) {
      const { waiting } = this.#call;
      if (waiting.for === 'answer') {
        const delivery = {
          ...usualDelivery,
          ...this.#options.delivery,
          signingKey: this.#options.signingKey
        };
        const dropped = this.#options.dropDuringRequest === waiting.request.number;
        if (dropped) this.#call.drop();
        const delivered = await deliver(waiting.request, delivery);
        this.requests.push(...delivered);
        const last = delivered.at(-1);
        if (last) this.#call.answer(last.answer, this.#now);
      } else if (waiting.for === 'time' && (!waiting.listening || waiting.typing)) {
        this.#passTime();
      } else {
        break;
      }
    }
    if (this.ended) await this.#sendStatus();
    this.#expectValid();
    return this.said();
  }

  #passTime(): void {
    if (this.#call.waiting.for !== 'time') return;
    this.#now = this.#call.waiting.until;
    this.#call.pass(this.#now);
  }

  #expectAttention(what: string): void {
    if (this.#call.waiting.for === 'time') return;
    throw new Error(`The caller cannot ${what}: the call is not listening.\n${this.transcript()}`);
  }

  #expectValid(): void {
    if (this.#options.mayFail) return;
    const bad = this.events.filter((event) => event.type === 'problem' || event.type === 'advice');
    if (bad.length === 0) return;
    const body = this.requests.at(-1)?.answer;
    const sentences = bad.map(({ message }) => message).join('\n');
    throw new Error(`${sentences}\nThe answer: ${JSON.stringify(body)}\n${this.transcript()}`);
  }

  async #sendStatus(): Promise<void> {
    const { statusUrl, signingKey } = this.#options;
    if (statusUrl === undefined) return;
    const { callId, source, destination } = this.#call.settings;
    const status = { callId, source, destination, createdAt: this.#begun };
    await sendCallStatus(statusUrl, signingKey, this.ended ? { ...status, endedAt: new Date() } : status);
  }
}

export interface SignedRequestOptions {
  signingKey: string;
  /** When the signature is made; now by default. */
  now?: Date;
  /** A ready token, for example one that was used before. */
  token?: string;
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

/** A raw signed webhook request, GET unless said otherwise. */
export async function signedGet(url: string, options: SignedRequestOptions): Promise<Response> {
  const { signingKey, now, method = 'GET', body, headers } = options;
  const wire = wireUrl(url);
  const token = options.token ?? (await signRequest({ url: wire, body, signingKey, now }));
  return fetch(wire, {
    method,
    headers: { [signatureHeader]: token, ...headers },
    redirect: 'manual',
    ...(body !== undefined && { body: new TextEncoder().encode(body) })
  });
}

function digits(number: string): string {
  const known = internationalDigits(number);
  if (known === undefined) throw new Error(`${number} is not a phone number with country code.`);
  return known;
}

function describe(event: CallEvent): string {
  switch (event.type) {
    case 'said':
      return `  says: ${event.text}`;
    case 'played':
      return `  plays: ${event.media.join(', ')}`;
    case 'pressed':
      return `> ${event.key}${event.heard ? '' : ' (not heard)'}`;
    case 'requested':
      return `  ${event.request.method} ${event.request.url}`;
    case 'answered':
      return `  answer: ${event.answer.failure ?? event.answer.status}`;
    case 'problem':
    case 'advice':
    case 'ended':
      return `  ${event.type}: ${event.message}`;
    default:
      return '';
  }
}
