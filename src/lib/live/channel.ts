import { RealtimeClient, type RealtimeChannel } from '@supabase/supabase-js';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface SocketOptions {
  /** The Supabase project's address and public key. */
  url: string;
  key: string;
  /** A token that is still good; called often. */
  token: () => Promise<string>;
}

export interface Listener {
  /** From now on nothing is missed. What was said before is lost, so fetch; again after every interruption. */
  onlive: () => void;
  onchange: (payload: unknown) => void;
  onconnection?: (connection: Connection) => void;
}

// Pauses before joining again after the server closed the channel, which the client does not do by itself.
const REJOIN_AFTER_MS = [1_000, 2_000, 5_000, 10_000];

// A joined channel is deaf until the server follows the database, and then says so. Servers that say nothing
// have long begun by this time.
const HEARS_BY_MS = 5_000;

export interface Following {
  /** Somebody is looking: do not wait for the next attempt, if one is waiting. */
  nudge: () => void;
  close: () => void;
}

/** One connection over which any number of private channels are followed. */
export interface Socket {
  /** Listens to what the database says on a channel the token's holder may read, across any interruption. */
  follow: (topic: string, listener: Listener) => Following;
  nudge: () => void;
  close: () => void;
}

/** Connects when the first channel is followed. */
export function openSocket({ url, key, token }: SocketOptions): Socket {
  const client = new RealtimeClient(`${url}/realtime/v1`, { params: { apikey: key }, accessToken: token });
  const followed = new Set<Following>();
  return {
    follow(topic, listener) {
      const following = followOn(client, topic, token, listener);
      const own: Following = {
        nudge: following.nudge,
        close() {
          followed.delete(own);
          following.close();
        }
      };
      followed.add(own);
      return own;
    },
    nudge() {
      void client.setAuth();
      if (!client.isConnected() && !client.isConnecting()) client.connect();
      for (const following of followed) following.nudge();
    },
    close() {
      for (const following of [...followed]) following.close();
      client.disconnect();
    }
  };
}

function followOn(
  client: RealtimeClient,
  topic: string,
  token: () => Promise<string>,
  { onlive, onchange, onconnection = () => undefined }: Listener
): Following {
  let channel: RealtimeChannel | undefined;
  let rejoin: ReturnType<typeof setTimeout> | undefined;
  let deaf: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  let closed = false;

  async function join(): Promise<void> {
    rejoin = undefined;
    // The client would join without a token if it got none; without one there is nothing to hear.
    await token();
    await client.setAuth();
    if (closed) return;
    const joined = client.channel(topic, {
      config: { private: true, broadcast: { replication_ready: true } }
    });
    channel = joined;
    const hears = () => {
      clearTimeout(deaf);
      if (closed || channel !== joined) return;
      attempts = 0;
      onconnection('live');
      onlive();
    };
    joined.on('broadcast', { event: '*' }, ({ payload }) => onchange(payload));
    joined.on('system', {}, ({ extension, status }) => {
      if (extension === 'system' && status === 'ok') hears();
    });
    joined.subscribe((status) => {
      if (closed || channel !== joined) return;
      clearTimeout(deaf);
      if (status === 'SUBSCRIBED') {
        deaf = setTimeout(hears, HEARS_BY_MS);
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
      if (closed || rejoin === undefined) return;
      clearTimeout(rejoin);
      start();
    },
    close() {
      closed = true;
      clearTimeout(rejoin);
      clearTimeout(deaf);
      if (channel) void client.removeChannel(channel);
    }
  };
}
