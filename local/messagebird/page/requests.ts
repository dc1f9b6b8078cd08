import type { CallAnswer, LiveEvent } from '../call-events.ts';
import { byId, make } from './dom.ts';

/** Every request of the call and its answer, as they went over the wire. */
export class Requests {
  #list = byId('requests', HTMLOListElement);
  #callId = byId('call-id', HTMLSpanElement);

  constructor() {
    this.#hint();
  }

  clear(callId: string): void {
    this.#callId.textContent = callId === '' ? '' : `call ${callId.slice(0, 8)}`;
    this.#callId.title = callId;
    this.#list.replaceChildren();
    if (callId === '') this.#hint();
  }

  add(event: LiveEvent): void {
    if (event.type === 'delivered') this.#list.prepend(entry(event));
    if (event.type === 'problem' || event.type === 'advice')
      this.#list.prepend(make('li', `finding ${event.type}`, event.message));
  }

  #hint(): void {
    const text = 'The signed requests of a call and the call flows that answer them appear here.';
    this.#list.append(make('li', 'hint', text));
  }
}

type Delivered = Extract<LiveEvent, { type: 'delivered' }>;

function entry({ request, token, answer, tookMs }: Delivered): HTMLLIElement {
  const url = new URL(request.url);
  const own = [...url.searchParams].filter(([name]) => !callParameters.has(name));
  const short = `${url.pathname.split('/').at(-1)}${own.length > 0 ? `?${new URLSearchParams(own)}` : ''}`;
  const isGood = answer.failure === undefined && answer.status === 200;
  const outcome = make(
    'span',
    `outcome ${isGood ? 'good' : 'bad'}`,
    answer.failure ? 'none' : String(statusOf(answer))
  );
  const summary = make(
    'summary',
    '',
    make('span', 'method', request.method),
    make('span', 'path', short),
    outcome,
    make('span', 'took', `${tookMs} ms`)
  );
  const details = make(
    'details',
    '',
    summary,
    part('URL', request.url),
    part('Parameters', pretty(Object.fromEntries(url.searchParams), { parseValues: true })),
    ...(request.body === undefined ? [] : [part('Body', request.body)]),
    part('Signature', pretty(claimsOf(token))),
    part('Answer', answer.failure ?? prettyText(answer.body))
  );
  return make('li', 'request', details);
}

const callParameters = new Set(['callID', 'source', 'destination', 'variables']);

function statusOf(answer: CallAnswer): number | undefined {
  return answer.failure === undefined ? answer.status : undefined;
}

function part(title: string, text: string): HTMLElement {
  const block = make('pre', '', text);
  block.tabIndex = 0;
  block.setAttribute('aria-label', title);
  return make('div', 'part', make('h3', '', title), block);
}

function pretty(value: Record<string, unknown>, { parseValues = false } = {}): string {
  if (!parseValues) return JSON.stringify(value, null, 2);
  return Object.entries(value)
    .map(([name, text]) => `${name} = ${String(text)}`)
    .join('\n');
}

function prettyText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The claims of a signature; it was made by the stand-in, so it is not checked here. */
function claimsOf(token: string): Record<string, unknown> {
  const [, claims = ''] = token.split('.');
  return JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
}
