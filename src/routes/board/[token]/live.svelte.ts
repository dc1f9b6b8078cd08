/* eslint-disable svelte/prefer-svelte-reactivity -- dates are moments */
import { version } from '$app/env';
import { isFresh, lastCall, type BoardSnapshot } from '#lib/board/model.ts';
import { openSocket, type Connection, type Socket } from '#lib/live/channel.ts';
import { ANSWERS_BY_MS, fetching } from '#lib/live/fetching.ts';
import type { LiveSource } from '#lib/live/listen.ts';

const TICK_MS = 5_000;
/** Boards look by themselves, too: at new hours, the next day, a new version of the site, and whatever was missed. */
const LOOK_MS = 30_000;
/** A board that was switched off stays so. */
const LOOK_WHEN_GONE_MS = 10 * 60_000;
/** Without an answer for so long, what is shown may be old. */
const BEHIND_MS = 75_000;
/** A connection that was not live for so long is made anew from nothing. */
const GIVES_UP_MS = 2 * 60_000;
/** While a new version is put up, old and new may answer in turns. */
const RELOADS_MS = 60_000;

/**
 * A board that hangs on a wall for weeks: it begins with what the server rendered, and fetches when it hears that there is
 * news, every half a minute, and after whatever kept it from that. It has one timer, and keeps the last answer only.
 */
export class LiveBoard {
  /** Null until there was an answer. */
  shown: BoardSnapshot | null = $state.raw(null);
  /** There is no such board, or not any more. */
  gone = $state(false);
  /** By the server's clock: those of televisions are often wrong, and set anew while they run. */
  now: Date = $state.raw(new Date());
  /** Since when nothing was heard from the server, if that is too long. */
  behindSince: Date | null = $state.raw(null);
  connection: Connection | null = $state(null);

  #token: string;
  #source: LiveSource;
  #oncall: () => void;
  // While there is a board, its own timer looks long before.
  #fetching = fetching(
    () => this.#fetch(),
    () => false,
    LOOK_WHEN_GONE_MS
  );
  #socket: Socket | undefined;
  #channel: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  // In milliseconds since the page was opened, whatever the clock says.
  #startedAt = 0;
  #askedAt = 0;
  #answeredAt = 0;
  #liveAt = 0;
  /** What the server's clock showed when it answered. */
  #answered = 0;
  /** The last call that is known, by the server's clock. */
  #calledAt = 0;

  /** @param oncall is called when somebody was called a moment ago */
  constructor(
    loaded: BoardSnapshot | null,
    { token, source, oncall }: { token: string; source: LiveSource; oncall: () => void }
  ) {
    this.#token = token;
    this.#source = source;
    this.#oncall = oncall;
    this.shown = loaded;
    if (loaded) this.now = new Date(loaded.now);
    this.#answered = this.now.getTime();
    this.#calledAt = loaded ? lastCall(loaded.doctors) : 0;
  }

  /** Stays live until the function it returns is called. */
  start(): () => void {
    this.#startedAt = this.#liveAt = this.#answeredAt = performance.now();
    if (this.shown) this.#listen(this.shown.channel);
    this.#fetching.again();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    const look = () => this.#tick();
    document.addEventListener('visibilitychange', look);
    window.addEventListener('online', look);
    return () => {
      clearInterval(this.#timer);
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('online', look);
      this.#fetching.stop();
      this.#socket?.close();
    };
  }

  #tick(): void {
    const at = performance.now();
    this.now = new Date(this.#answered + at - this.#answeredAt);
    if (at - this.#answeredAt > BEHIND_MS) this.behindSince ??= new Date(this.#answered);
    if (at - this.#askedAt >= (this.gone ? LOOK_WHEN_GONE_MS : LOOK_MS)) this.#fetching.again();
    if (this.connection === 'live') this.#liveAt = at;
    else if (this.#channel && at - this.#liveAt > GIVES_UP_MS) this.#listen(this.#channel);
  }

  #listen(channel: string): void {
    this.#socket?.close();
    this.#channel = channel;
    this.#liveAt = performance.now();
    // The key of the project is all the channel asks for: it says nothing but that there is news.
    this.#socket = openSocket({ ...this.#source, token: () => Promise.resolve(this.#source.key) });
    this.#socket.follow(channel, {
      onlive: () => this.#fetching.again(),
      onchange: () => this.#fetching.heard(),
      onconnection: (connection) => (this.connection = connection)
    });
  }

  async #fetch(): Promise<void> {
    this.#askedAt = performance.now();
    const response = await fetch(`/board/${encodeURIComponent(this.#token)}/snapshot`, {
      headers: { accept: 'application/json' },
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWERS_BY_MS)
    });
    if (response.status === 404) this.#end();
    else if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    else this.#take((await response.json()) as BoardSnapshot);
  }

  #take(answer: BoardSnapshot): void {
    const at = performance.now();
    if (answer.version !== version && at - this.#startedAt > RELOADS_MS) return location.reload();
    this.now = new Date(answer.now);
    this.#answered = this.now.getTime();
    this.#answeredAt = at;
    this.behindSince = null;
    this.gone = false;
    this.shown = answer;
    if (this.#channel !== answer.channel) this.#listen(answer.channel);
    const calledAt = lastCall(answer.doctors);
    // Not for somebody who was called before the others were put back, nor for what was missed long ago.
    if (calledAt > this.#calledAt && isFresh(calledAt, this.now)) this.#oncall();
    this.#calledAt = Math.max(this.#calledAt, calledAt);
  }

  #end(): void {
    this.#answeredAt = performance.now();
    this.behindSince = null;
    this.gone = true;
    this.shown = null;
    this.#socket?.close();
    this.#socket = undefined;
    this.#channel = undefined;
    this.connection = null;
  }
}
