import type { Call, Handler } from './call.ts';
import { AuthError } from './errors.ts';

/** How Auth limits its token endpoint by client address. Read at each request. */
export interface TokenLimits {
  /** Requests at once; every two seconds one more may follow. */
  burst: number;
  /** Whether `sb-forwarded-for` names the client, instead of the address that the request came from. */
  forwarding: boolean;
}

const refillMs = 2000;

/** How many requests each address has left, as of when. */
const buckets = new WeakMap<TokenLimits, Map<string, { left: number; at: number }>>();

function addressOf({ request: { headers } }: Call, { forwarding }: TokenLimits): string {
  const forwarded = forwarding ? headers.get('sb-forwarded-for') : null;
  return forwarded ?? headers.get('x-forwarded-for') ?? '';
}

/** Takes one request of the address; false when it has none left. */
function take(limits: TokenLimits, address: string, now: number): boolean {
  const all = buckets.get(limits) ?? new Map<string, { left: number; at: number }>();
  buckets.set(limits, all);
  const { left, at } = all.get(address) ?? { left: limits.burst, at: now };
  const available = Math.min(limits.burst, left + (now - at) / refillMs);
  const isTaken = available >= 1;
  all.set(address, { left: isTaken ? available - 1 : available, at: now });
  return isTaken;
}

/** An endpoint with the limits of the settings, if there are any: here all clients have one address. */
export function limited(handler: Handler): Handler {
  return async (call) => {
    const { limits } = call.settings;
    if (limits && !take(limits, addressOf(call, limits), Date.now())) {
      throw new AuthError(429, 'over_request_rate_limit', 'Request rate limit reached');
    }
    return handler(call);
  };
}
