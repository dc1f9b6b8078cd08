import { randomUUID } from 'node:crypto';
import { deliver, usualDelivery } from './call-delivery.ts';
import type { CallRequest, LiveEvent } from './call-events.ts';
import { sendCallStatus } from './call-status.ts';
import { Call, usualCallSettings } from './call.ts';

/** What can be switched on and off on the line, also during a call. */
export interface LineSwitches {
  /** Every request is delivered a second time after its answer. */
  duplicate: boolean;
  /** The line breaks while the next request is under way. */
  dropNext: boolean;
  /** Keys of earlier prompts are not sent again. */
  clearVariables: boolean;
  /** Keys that nothing listened to answer the next prompt. */
  carryKeys: boolean;
  /** Prompts are spoken to someone, who reports their end. */
  speech: boolean;
}

export interface LiveCallOptions {
  ivrUrl: string;
  signingKey: string;
  /** Digits; null when the number is withheld. */
  source: string | null;
  destination: string;
  switches: LineSwitches;
  /** Told when the call begins and ends. */
  callStatusUrl?: string | undefined;
  /** How long an answer may take. */
  answerTimeoutMs?: number | undefined;
  /** How long the call goes on when nobody listens to it any more, as when its page was closed. */
  abandonedAfterMs?: number | undefined;
}

/** An event with its place in the call, from 1, and the time since dialling. */
export interface NumberedEvent {
  number: number;
  atMs: number;
  event: LiveEvent;
}

/** A call in real time: it makes the requests, waits the pauses and keeps every event for whoever listens. */
export class LiveCall {
  readonly id = randomUUID();
  readonly events: NumberedEvent[] = [];
  #call: Call;
  #options: LiveCallOptions;
  #switches: LineSwitches;
  #listeners = new Set<(event: NumberedEvent) => void>();
  #begun = performance.now();
  #createdAt = new Date();
  #timer: NodeJS.Timeout | undefined;
  #abandoned: NodeJS.Timeout | undefined;
  #underWay: CallRequest | undefined;

  constructor(options: LiveCallOptions) {
    this.#options = options;
    this.#switches = options.switches;
    const { ivrUrl, source, destination } = options;
    const settings = { ...usualCallSettings, callId: this.id, ivrUrl, source, destination };
    this.#call = new Call(settings, (event) => this.#happen(event));
    this.switch(options.switches);
    this.#call.dial();
    void this.#sendStatus();
    this.#watchForListeners();
    this.#goOn();
  }

  get ended(): boolean {
    return this.#call.ended !== undefined;
  }

  press(keys: string): void {
    for (const key of keys) this.#call.press(key, this.#now());
    this.#goOn();
  }

  /** The listener heard the prompt of this turn to its end. */
  played(turn: number): void {
    this.#call.played(turn, this.#now());
    this.#goOn();
  }

  hangUp(): void {
    this.#call.hangUp();
    this.#goOn();
  }

  switch(switches: LineSwitches): void {
    this.#switches = switches;
    const { settings } = this.#call;
    settings.variables = switches.clearVariables ? 'clear' : 'keep';
    settings.strayKeys = switches.carryKeys ? 'carry' : 'drop';
    settings.playback = switches.speech ? 'reported' : 'timed';
  }

  /** Calls the listener with every event after the given number, past ones first, until the returned function is called. */
  subscribe(after: number, listener: (event: NumberedEvent) => void): () => void {
    for (const event of this.events.slice(after)) listener(event);
    this.#listeners.add(listener);
    clearTimeout(this.#abandoned);
    return () => {
      this.#listeners.delete(listener);
      this.#watchForListeners();
    };
  }

  /** Forgets everything that is still to come; for when the stand-in stops. */
  close(): void {
    this.#call.drop();
    clearTimeout(this.#timer);
    clearTimeout(this.#abandoned);
  }

  /** Does what the call waits for: makes its request or waits for its moment. */
  #goOn(): void {
    clearTimeout(this.#timer);
    const { waiting } = this.#call;
    if (waiting.for === 'time') {
      this.#timer = setTimeout(
        () => {
          this.#call.pass(waiting.until);
          this.#goOn();
        },
        Math.max(0, waiting.until - this.#now())
      );
    } else if (waiting.for === 'answer' && waiting.request !== this.#underWay) {
      this.#underWay = waiting.request;
      void this.#request(waiting.request);
    } else if (waiting.for === 'nothing') {
      clearTimeout(this.#abandoned);
    }
  }

  async #request(request: CallRequest): Promise<void> {
    const { signingKey, answerTimeoutMs = usualDelivery.timeoutMs } = this.#options;
    const duplicate = this.#switches.duplicate ? 'after' : 'no';
    const delivering = deliver(request, {
      ...usualDelivery,
      signingKey,
      timeoutMs: answerTimeoutMs,
      duplicate
    });
    if (this.#switches.dropNext) this.#call.drop();
    const deliveries = await delivering;
    for (const delivered of deliveries) this.#happen({ type: 'delivered', ...delivered });
    const last = deliveries.at(-1);
    if (last) this.#call.answer(last.answer, this.#now());
    this.#goOn();
  }

  #happen(event: LiveEvent): void {
    const numbered = { number: this.events.length + 1, atMs: Math.round(this.#now()), event };
    this.events.push(numbered);
    for (const listener of this.#listeners) listener(numbered);
    if (event.type === 'ended') void this.#sendStatus();
  }

  async #sendStatus(): Promise<void> {
    const { callStatusUrl, signingKey, source, destination } = this.#options;
    if (callStatusUrl === undefined) return;
    const status = { callId: this.id, source, destination, createdAt: this.#createdAt };
    await sendCallStatus(callStatusUrl, signingKey, this.ended ? { ...status, endedAt: new Date() } : status);
  }

  #watchForListeners(): void {
    if (this.#listeners.size > 0 || this.ended) return;
    this.#abandoned = setTimeout(() => this.hangUp(), this.#options.abandonedAfterMs ?? 10_000);
  }

  #now(): number {
    return performance.now() - this.#begun;
  }
}
