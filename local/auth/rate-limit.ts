import { AuthError } from './errors.ts';
import type { RateLimits } from './settings.ts';

/** Buckets are thrown away when there are more than this many and they are full again. */
const manyKeys = 10_000;

/** A token bucket for each key: so many per five minutes, so many at once. */
export class RateLimiter {
  #perMillisecond: number;
  #burst: number;
  #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(perFiveMinutes: number, burst: number) {
    this.#perMillisecond = perFiveMinutes / 300_000;
    this.#burst = burst;
  }

  /** Whether `key` may go on at `now` (milliseconds); counts it if so. */
  take(key: string, now: number): boolean {
    const tokens = this.#tokens(key, now);
    if (tokens < 1) return false;
    this.#buckets.set(key, { tokens: tokens - 1, at: now });
    if (this.#buckets.size > manyKeys) this.#forgetFull(now);
    return true;
  }

  #tokens(key: string, now: number): number {
    const bucket = this.#buckets.get(key);
    if (!bucket) return this.#burst;
    return Math.min(this.#burst, bucket.tokens + (now - bucket.at) * this.#perMillisecond);
  }

  #forgetFull(now: number): void {
    for (const key of this.#buckets.keys()) {
      if (this.#tokens(key, now) >= this.#burst) this.#buckets.delete(key);
    }
  }
}

const limited = ['token', 'verify', 'signup', 'otp', 'resend', 'recover', 'magiclink', 'user'] as const;
export type Limited = (typeof limited)[number];

/** One limiter for each endpoint that has one. */
export type Limiters = Record<Limited, RateLimiter>;

export function createLimiters(limits: RateLimits): Limiters {
  const perFiveMinutes = (endpoint: Limited) => {
    if (endpoint === 'token') return limits.tokenRefresh;
    return endpoint === 'verify' ? limits.tokenVerifications : limits.signInSignUps;
  };
  const entries = limited.map((endpoint) => [
    endpoint,
    new RateLimiter(perFiveMinutes(endpoint), limits.burst)
  ]);
  return Object.fromEntries(entries) as Limiters;
}

/**
 * Counts a request against the limit of its client address: the first value of `header`. Without a header configured
 * or sent there is no limit.
 *
 * @throws {AuthError} 429 `over_request_rate_limit`.
 */
export function limitRequest(limiter: RateLimiter, request: Request, header: string | undefined): void {
  const address = header && request.headers.get(header)?.split(',')[0]?.trim();
  if (address && !limiter.take(address, Date.now())) {
    throw new AuthError(429, 'over_request_rate_limit', 'Request rate limit reached');
  }
}
