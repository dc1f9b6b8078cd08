export interface LiveToken {
  token: string;
  /** How long it lasts from now, in seconds: the two clocks need not agree. */
  expires_in: number;
}

// The server answers with a token for ten minutes, or renews the session's in its last 90 s. The channel calls at every
// heartbeat (25 s): at 75 s there is a new one, and two more tries are left if the network fails.
const RENEW_BEFORE_MS = 75_000;

/**
 * A function that answers with an access token that is good for a while. It calls `fetchToken` only when the last
 * one is about to expire, and fails as `fetchToken` fails.
 */
export function tokenSource(
  fetchToken: () => Promise<LiveToken>,
  now: () => number = Date.now
): () => Promise<string> {
  let held: { token: string; until: number } | undefined;
  let renewal: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const { token, expires_in } = await fetchToken();
    held = { token, until: now() + expires_in * 1000 };
    return token;
  }
  return () => {
    if (held && held.until - now() > RENEW_BEFORE_MS) return Promise.resolve(held.token);
    renewal ??= renew().finally(() => (renewal = undefined));
    return renewal;
  };
}
