// As much of Supabase Realtime's protocol (Phoenix channels, version 1.0.0: JSON in both directions) as it takes to
// listen. Its own client does far more, and would be a quarter of all scripts of a page.

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface SocketOptions {
  /** The Supabase project's address and public key. */
  url: string;
  key: string;
  /** A token that is still good; called often. */
  token: () => Promise<string>;
}

export interface Listener {
  /** From now on nothing is missed. Changes before that are lost, so fetch. Called again after every interruption. */
  onlive: () => void;
  onchange: (payload: unknown) => void;
  onconnection?: (connection: Connection) => void;
}

/** One connection over which any number of private channels are followed. */
export interface Socket {
  /** Follows a channel that the token's holder may read, across any interruption; the answer ends that. */
  follow: (topic: string, listener: Listener) => () => void;
  /** Makes an attempt that is waiting at once: somebody looks at the page. */
  nudge: () => void;
  close: () => void;
}

interface Channel {
  topic: string;
  listener: Listener;
  /** Number of the latest request to join; none while it waits before the next. */
  ref?: string | undefined;
  /** The token that was sent with it. */
  token?: string;
  timer?: ReturnType<typeof setTimeout>;
  /** How many requests to join failed in a row. */
  failures: number;
}

interface Message {
  topic: string;
  event: string;
  payload: Record<string, unknown>;
  ref: string | null;
}

// The server closes a connection that was silent for a minute.
const HEARTBEAT_MS = 25_000;
const ANSWERS_BY_MS = 10_000;
// Pauses before connecting or joining again.
const AGAIN_AFTER_MS = [1_000, 2_000, 5_000];

// After a channel is joined, nothing is heard until the server follows the database, which it then says. Servers that do
// not say it follow the database by this time.
const HEARS_BY_MS = 5_000;

/** Connects when the first channel is followed. */
export function openSocket({ url, key, token }: SocketOptions): Socket {
  const address = `${url.replace(/^http/, 'ws')}/realtime/v1/websocket?apikey=${encodeURIComponent(key)}&vsn=1.0.0`;
  const channels = new Map<string, Channel>();
  let socket: WebSocket | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let pulse: ReturnType<typeof setInterval> | undefined;
  let unanswered = false;
  let failures = 0;
  let refs = 0;

  const isOpen = () => socket?.readyState === WebSocket.OPEN;
  const pause = (failed: number) => AGAIN_AFTER_MS[failed] ?? 10_000;
  const interrupted = ({ listener }: Channel) =>
    listener.onconnection?.(navigator.onLine ? 'reconnecting' : 'offline');

  function send(topic: string, event: string, payload: object, joinRef?: string): string {
    const ref = String(++refs);
    const join_ref = event === 'phx_join' ? ref : joinRef;
    if (isOpen()) socket?.send(JSON.stringify({ topic, event, payload, ref, join_ref }));
    return ref;
  }

  function connect(): void {
    clearTimeout(retry);
    const opened = new WebSocket(address);
    socket = opened;
    // It travels while the connection opens. Whoever joins asks for it again, and hears of failures.
    token().catch(() => undefined);
    opened.onopen = () => {
      failures = 0;
      unanswered = false;
      pulse = setInterval(beat, HEARTBEAT_MS);
      for (const channel of channels.values()) void join(channel);
    };
    opened.onmessage = ({ data }) => hear(JSON.parse(data as string) as Message);
    opened.onclose = () => {
      if (socket === opened) lose();
    };
  }

  /** The connection is lost, or does not answer: connects again after a pause. */
  function lose(): void {
    drop();
    retry = setTimeout(connect, pause(failures++));
    for (const channel of channels.values()) {
      leave(channel);
      interrupted(channel);
    }
  }

  function drop(): void {
    clearInterval(pulse);
    clearTimeout(retry);
    const dropped = socket;
    socket = undefined;
    dropped?.close();
  }

  function beat(): void {
    if (unanswered) return lose();
    unanswered = true;
    send('phoenix', 'heartbeat', {});
    renew();
  }

  /** Sends the server the token if it is a new one. */
  function renew(): void {
    token().then(
      (access_token) => {
        for (const channel of channels.values()) {
          if (!channel.ref || channel.token === access_token) continue;
          channel.token = access_token;
          send(`realtime:${channel.topic}`, 'access_token', { access_token }, channel.ref);
        }
      },
      // The old one may last until the next heartbeat.
      () => undefined
    );
  }

  async function join(channel: Channel): Promise<void> {
    leave(channel);
    const within = socket;
    // Without a token no channel can be joined.
    const access_token = await token().catch(() => undefined);
    if (channels.get(channel.topic) !== channel || socket !== within || channel.ref || !isOpen()) return;
    if (access_token === undefined) return joinAgain(channel);
    channel.token = access_token;
    channel.ref = send(`realtime:${channel.topic}`, 'phx_join', {
      config: { private: true, broadcast: { replication_ready: true } },
      access_token
    });
    channel.timer = setTimeout(() => joinAgain(channel), ANSWERS_BY_MS);
  }

  function joinAgain(channel: Channel): void {
    leave(channel);
    interrupted(channel);
    channel.timer = setTimeout(() => void join(channel), pause(channel.failures++));
  }

  function leave(channel: Channel): void {
    clearTimeout(channel.timer);
    channel.ref = undefined;
  }

  function hear({ topic, event, payload, ref }: Message): void {
    if (topic === 'phoenix') unanswered = false;
    const channel = channels.get(topic.replace(/^realtime:/, ''));
    if (!channel?.ref) return;
    const hears = () => {
      clearTimeout(channel.timer);
      channel.failures = 0;
      channel.listener.onconnection?.('live');
      channel.listener.onlive();
    };
    // The answer may belong to an earlier request for the same channel.
    const itsOwn = ref === channel.ref;
    if (event === 'broadcast') channel.listener.onchange(payload.payload);
    else if (event === 'system' && payload.extension === 'system' && payload.status === 'ok') hears();
    else if (event === 'phx_reply' && itsOwn && payload.status === 'ok') {
      clearTimeout(channel.timer);
      channel.timer = setTimeout(hears, HEARS_BY_MS);
    } else if (itsOwn && /^phx_(?:reply|error|close)$/.test(event)) {
      joinAgain(channel);
    }
  }

  return {
    follow(topic, listener) {
      const channel: Channel = { topic, listener, failures: 0 };
      channels.set(topic, channel);
      listener.onconnection?.('connecting');
      if (!socket) connect();
      else if (isOpen()) void join(channel);
      return () => {
        if (channels.get(topic) !== channel) return;
        channels.delete(topic);
        if (channel.ref) send(`realtime:${topic}`, 'phx_leave', {}, channel.ref);
        leave(channel);
      };
    },
    nudge() {
      if (!socket && channels.size > 0) connect();
      renew();
      for (const channel of channels.values()) if (isOpen() && !channel.ref) void join(channel);
    },
    close() {
      for (const channel of channels.values()) leave(channel);
      channels.clear();
      drop();
    }
  };
}
