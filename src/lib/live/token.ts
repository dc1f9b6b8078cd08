export interface Pass {
  token: string;
  /** How long it lasts from now, in seconds: the two clocks need not agree. */
  expires_in: number;
}

// The channel asks at every heartbeat (25 s) and the server renews within its last 90 s: asking again at 75 s
// gets a new one, with two more chances should the network fail.
const RENEW_BEFORE_MS = 75_000;

/**
 * A function that answers with an access token that is good for a while, asking `fetchPass` only when the last
 * one is about to expire. Fails as `fetchPass` fails.
 */
export function tokenSource(
  fetchPass: () => Promise<Pass>,
  now: () => number = Date.now
): () => Promise<string> {
  let held: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const { token, expires_in } = await fetchPass();
    held = { token, until: now() + expires_in * 1000 };
    return token;
  }
  return () => {
    if (held && held.until - now() > RENEW_BEFORE_MS) return Promise.resolve(held.token);
    asking ??= ask().finally(() => (asking = undefined));
    return asking;
  };
}
