export interface LiveToken {
  token: string;
  /** How long it lasts from now, in seconds: the two clocks need not agree. */
  expires_in: number;
}

// The channel asks at every heartbeat (25 s) and the server renews within its last 90 s: asking again at 75 s
// gets a new one, with two more chances should the network fail.
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
