import type { InboxMessage } from '../inbox.ts';
import { appendAndFollow, byId, make, toast } from './dom.ts';
import { stretches } from './rich-text.ts';

export interface MessagesOptions {
  /** Types a code on the keypad; false when no call is under way. */
  type(digits: string): boolean;
  /** Told of every text that arrives while the page is open. */
  arrived(): void;
}

/** The texts of one number, live. */
export class Messages {
  #options: MessagesOptions;
  #list = byId('messages', HTMLDivElement);
  #live = byId('inbox-live', HTMLSpanElement);
  #stream: EventSource | undefined;
  #number = '';
  #timeZone: string | undefined;

  constructor(options: MessagesOptions) {
    this.#options = options;
    // A stream over a network that is gone may look alive for minutes.
    window.addEventListener('offline', () => this.#setLive(false));
    window.addEventListener('online', () => {
      const number = this.#number;
      this.show('');
      this.show(number);
    });
  }

  /** Shows all times as the clocks of this time zone do; the browser may be in another. */
  showTimesIn(timeZone: string | undefined): void {
    this.#timeZone = timeZone;
    for (const time of this.#list.querySelectorAll('time')) time.textContent = this.#clock(time.dateTime);
  }

  /** Shows the texts of this number (digits) from now on. */
  show(number: string): void {
    if (number === this.#number) return;
    this.#number = number;
    this.#stream?.close();
    this.#list.replaceChildren();
    byId('inbox-owner', HTMLSpanElement).textContent = number === '' ? '' : `+${number}`;
    this.#setLive(false);
    if (number === '') return;
    const stream = new EventSource(`/inbox/events?recipient=${number}`);
    this.#stream = stream;
    // Texts that came while the stream was away are fetched whenever it is there again.
    stream.addEventListener('open', () => void this.#load(number));
    stream.addEventListener('error', () => this.#setLive(false));
    stream.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.#put(JSON.parse(data) as InboxMessage, true);
      this.#options.arrived();
    });
    stream.addEventListener('status', ({ data }: MessageEvent<string>) =>
      this.#put(JSON.parse(data) as InboxMessage)
    );
    stream.addEventListener('deleted', ({ data }: MessageEvent<string>) => {
      this.#list.querySelector(`[data-id="${(JSON.parse(data) as InboxMessage).id}"]`)?.remove();
    });
  }

  /** A list that was hidden has no place to scroll to; this makes up for it. */
  showNewest(): void {
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  async #load(number: string): Promise<void> {
    const response = await fetch(`/inbox/messages?recipient=${number}`).catch(() => undefined);
    const newestFirst = (await response?.json().catch(() => undefined)) as InboxMessage[] | undefined;
    if (number !== this.#number) return;
    if (!newestFirst) return this.#setLive(false);
    this.#setLive(true);
    for (const message of newestFirst.reverse()) this.#put(message);
    if (this.#list.childElementCount === 0)
      this.#list.append(
        make('p', 'hint', 'No texts yet. What MedQ sends to this number appears here at once.')
      );
    this.showNewest();
  }

  #put(message: InboxMessage, isNew = false): void {
    const old = this.#list.querySelector(`[data-id="${message.id}"]`);
    if (old) {
      const status = old.querySelector('.text-status');
      if (status) status.textContent = statusWords[message.status];
      return;
    }
    this.#list.querySelector('.hint')?.remove();
    const item = make('div', isNew ? 'text new' : 'text');
    item.dataset.id = message.id;
    const body = make('div', 'text-body', ...stretches(message.body).map((one) => this.#stretch(one)));
    const time = make('time', '', this.#clock(message.at));
    time.dateTime = message.at;
    const status = make('span', 'text-status', statusWords[message.status]);
    item.append(make('div', 'text-head', make('strong', '', message.originator), time), body, status);
    appendAndFollow(this.#list, item);
  }

  #stretch({ kind, text }: ReturnType<typeof stretches>[number]): Node | string {
    if (kind === 'plain') return text;
    if (kind === 'link') {
      const link = make('a', '', text);
      link.href = text;
      link.target = '_blank';
      link.rel = 'noopener';
      return link;
    }
    const button = make('button', 'code', text);
    button.type = 'button';
    button.title = 'Copies it; during a call, a code is typed on the keypad';
    button.addEventListener('click', () => void this.#use(text));
    return button;
  }

  async #use(text: string): Promise<void> {
    if (/^\d+$/.test(text) && this.#options.type(text)) return toast(`Typed ${text}`);
    try {
      await navigator.clipboard.writeText(text);
      toast(`Copied ${text}`);
    } catch {
      toast('This browser does not let pages copy; mark the text instead.');
    }
  }

  #clock(instant: string): string {
    return new Date(instant).toLocaleTimeString([], {
      hour: '2-digit',
      minute: '2-digit',
      ...(this.#timeZone !== undefined && { timeZone: this.#timeZone })
    });
  }

  #setLive(live: boolean): void {
    this.#live.dataset.live = String(live);
    const waiting = navigator.onLine ? 'connecting' : 'offline';
    this.#live.textContent = live ? 'live' : this.#number === '' ? '' : waiting;
  }
}

const statusWords: Record<InboxMessage['status'], string> = {
  scheduled: 'scheduled',
  sent: 'sent',
  buffered: 'waiting for the phone',
  delivered: 'delivered',
  expired: 'expired',
  delivery_failed: 'not delivered'
};
