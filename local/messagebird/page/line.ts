import type { LineSwitches, NumberedEvent } from '../live-call.ts';

export interface Dialling {
  from: string;
  to: string;
  withheld: boolean;
  switches: LineSwitches;
}

/** How long answers that are still under way are waited for after a call has ended. */
const lingerMs = 6_000;

/** A call from the page's side: the stand-in runs it, the page hears its events and presses keys. */
export class Line {
  #id: string;
  /** Who calls, with country code. */
  readonly from: string;
  #stream: EventSource;
  /** Actions arrive in the order in which they were made. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    { id, from }: { id: string; from: string },
    listen: (event: NumberedEvent) => void,
    lost: () => void
  ) {
    this.#id = id;
    this.from = from;
    this.#stream = new EventSource(`/calls/${id}/events`);
    this.#stream.addEventListener('call', ({ data }: MessageEvent<string>) => {
      const numbered = JSON.parse(data) as NumberedEvent;
      if (numbered.event.type === 'ended') setTimeout(() => this.#stream.close(), lingerMs);
      listen(numbered);
    });
    this.#stream.addEventListener('error', () => {
      if (this.#stream.readyState === EventSource.CLOSED) lost();
    });
  }

  /** Dials; rejects with a sentence when that cannot be done. */
  static async dial(
    dialling: Dialling,
    listen: (event: NumberedEvent) => void,
    lost: () => void
  ): Promise<Line> {
    const answer = (await post('/calls', dialling)) as { id: string; from: string };
    return new Line(answer, listen, lost);
  }

  get id(): string {
    return this.#id;
  }

  press(keys: string): void {
    this.#do('keys', { keys });
  }

  played(turn: number): void {
    this.#do('played', { turn });
  }

  switch(switches: LineSwitches): void {
    this.#do('switches', switches);
  }

  hangUp(): void {
    this.#do('hang-up', {});
  }

  #do(what: string, body: object): void {
    this.#last = this.#last.then(() => post(`/calls/${this.#id}/${what}`, body)).catch(console.error);
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  }).catch(() => {
    throw new Error('The stand-in cannot be reached. Is it still running, and this device online?');
  });
  if (response.status === 204) return undefined;
  const answer = (await response.json()) as { message?: string };
  if (!response.ok) throw new Error(answer.message ?? `The stand-in answered ${response.status}.`);
  return answer;
}
