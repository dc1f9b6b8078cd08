import { RealtimeClient, type RealtimeChannel } from '@supabase/supabase-js';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface ChannelOptions {
  /** The Supabase project's address and public key. */
  url: string;
  key: string;
  /** A private channel that the token's holder may read. */
  topic: string;
  /** A token that is still good; called often. */
  token: () => Promise<string>;
  /** Every (re)connection: what was said before it is lost, so fetch. */
  onlive: () => void;
  onchange: (payload: unknown) => void;
  onconnection: (connection: Connection) => void;
}

// Pauses before joining again after the server closed the channel, which the client does not do by itself.
const REJOIN_AFTER_MS = [1_000, 2_000, 5_000, 10_000];

export interface Following {
  /** Somebody is looking: do not wait for the next attempt, if one is waiting. */
  nudge: () => void;
  close: () => void;
}

/** Listens to what the database says on a private channel, for as long as it takes, across any interruption. */
export function follow(options: ChannelOptions): Following {
  const { topic, token, onlive, onchange, onconnection } = options;
  const client = new RealtimeClient(`${options.url}/realtime/v1`, {
    params: { apikey: options.key },
    accessToken: token
  });
  let channel: RealtimeChannel | undefined;
  let rejoin: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  let closed = false;

  async function join(): Promise<void> {
    rejoin = undefined;
    // The client would join without a token if it got none; without one there is nothing to hear.
    await token();
    await client.setAuth();
    if (closed) return;
    const joined = client.channel(topic, { config: { private: true } });
    channel = joined;
    joined.on('broadcast', { event: '*' }, ({ payload }) => onchange(payload));
    joined.subscribe((status) => {
      if (closed || channel !== joined) return;
      if (status === 'SUBSCRIBED') {
        attempts = 0;
        onconnection('live');
        onlive();
        return;
      }
      onconnection(navigator.onLine ? 'reconnecting' : 'offline');
      if (status === 'CLOSED') again();
      // The client itself tries again after the rest, with whatever token it has by then.
      else void client.setAuth();
    });
  }

  function again(): void {
    channel = undefined;
    rejoin ??= setTimeout(start, REJOIN_AFTER_MS[attempts++] ?? REJOIN_AFTER_MS.at(-1));
  }

  function start(): void {
    join().catch(() => {
      if (!closed) again();
    });
  }

  onconnection('connecting');
  start();
  return {
    nudge() {
      if (closed) return;
      void client.setAuth();
      if (rejoin !== undefined) {
        clearTimeout(rejoin);
        start();
      } else if (!client.isConnected() && !client.isConnecting()) {
        client.connect();
      }
    },
    close() {
      closed = true;
      clearTimeout(rejoin);
      void client.removeAllChannels();
      client.disconnect();
    }
  };
}
