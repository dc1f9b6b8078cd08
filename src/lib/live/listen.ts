import { openSocket, type Connection, type Listener, type Socket } from './channel.ts';
import { fetchJson, NotAllowed } from './fetch-json.ts';
import { tokenSource, type LiveToken } from './token.ts';

/** Which Supabase project speaks. */
export interface LiveSource {
  url: string;
  key: string;
}

export interface PageEvents {
  /** How the channel that was followed first is doing. */
  onconnection?: (connection: Connection) => void;
  /** The page is looked at again: what it shows may be old. */
  onlook?: () => void;
  /** The session is over; the page is about to go to where a new one begins. */
  onsignedout?: () => void;
}

export interface Listening {
  /** Follows one more channel; the answer ends that. */
  follow: (topic: string, listener: Listener) => () => void;
  /** Fetches from our own server, and leaves the page if the session does not allow it any more. */
  fetchJson: (path: string) => Promise<unknown>;
  stop: () => void;
}

// Browsers run the timers of hidden pages once a minute. A longer gap means that the device slept.
const SLEPT_MS = 90_000;

// Whoever signed out before these scripts ran is on the way to the next page. That is not to be cut short.
const LEAVE_AFTER_MS = 1000;

/** Keeps a page live: opens the connection, and opens it again after sleep, lost networks and restored pages. */
export function listen(source: LiveSource, events: PageEvents = {}): Listening {
  const wanted = new Map<string, { listener: Listener; end?: () => void }>();
  const heard = new AbortController();
  const { onconnection, onlook, onsignedout } = events;
  let socket: Socket | undefined;
  let stopped = false;
  let leaving = false;

  async function fetchOrLeave(path: string): Promise<unknown> {
    try {
      return await fetchJson(path);
    } catch (error) {
      // While signing out, the session ends before the next page is loaded: do not lead elsewhere then.
      if (error instanceof NotAllowed && !stopped && !leaving) {
        stop();
        onsignedout?.();
        const here = location.pathname + encodeURIComponent(location.search);
        const next = error.status === 401 ? `/login?next=${here}` : '/password';
        setTimeout(() => location.assign(next), LEAVE_AFTER_MS);
      }
      throw error;
    }
  }
  const token = tokenSource(() => fetchOrLeave('/live-token') as Promise<LiveToken>);

  function join(topic: string): void {
    const entry = wanted.get(topic);
    if (!entry || !socket) return;
    const main = topic === wanted.keys().next().value;
    entry.end = socket.follow(topic, {
      ...entry.listener,
      ...(main && onconnection ? { onconnection } : {})
    });
  }

  function begin(): void {
    socket?.close();
    socket = openSocket({ ...source, token });
    for (const topic of wanted.keys()) join(topic);
  }

  function look(): void {
    if (document.visibilityState !== 'visible') return;
    socket?.nudge();
    onlook?.();
  }

  function stop(): void {
    stopped = true;
    heard.abort();
    clearInterval(pulse);
    socket?.close();
  }

  const on = (target: EventTarget, type: string, handle: (event: Event) => void) =>
    target.addEventListener(type, handle, { signal: heard.signal });
  on(document, 'visibilitychange', look);
  on(window, 'focus', look);
  on(window, 'offline', () => onconnection?.('offline'));
  // A connection from before the outage may be dead without showing it.
  on(window, 'online', begin);
  on(window, 'beforeunload', () => (leaving = true));
  on(window, 'pageshow', (event) => {
    // Only if the page was gone back to. It is shown first when all of it is there, which may be after somebody left it.
    if (!(event as PageTransitionEvent).persisted) return;
    leaving = false;
    look();
  });

  // Timers stop while a device sleeps. After that the connection may be dead without showing it.
  let beat = Date.now();
  const pulse = setInterval(() => {
    const slept = Date.now() - beat > SLEPT_MS;
    beat = Date.now();
    if (slept) begin();
  }, 10_000);

  onconnection?.(navigator.onLine ? 'connecting' : 'offline');
  begin();
  return {
    follow(topic, listener) {
      wanted.set(topic, { listener });
      join(topic);
      return () => {
        wanted.get(topic)?.end?.();
        wanted.delete(topic);
      };
    },
    fetchJson: fetchOrLeave,
    stop
  };
}
