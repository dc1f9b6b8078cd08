import type { RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { forgetWishes, privateCookie } from './wish.ts';

const COOKIE = 'medq-code';
const PATH = '/verify';
// Long enough to say that a code has expired, rather than that there is none.
const LASTS_SECONDS = 60 * 60;
const GUESSES = 5;
/** A text takes a moment; asking again before it can have come wastes one of few. */
const PATIENCE_SECONDS = 30;

const pendingCode = z.object({
  id: z.string(),
  purpose: z.enum(['register', 'link', 'reset', 'change_phone']),
  /** The end of the number, which is all that may be shown of it. */
  phoneEnd: z.string(),
  /** Milliseconds since 1970, by the server's clock. */
  sentAt: z.number(),
  expiresAt: z.number(),
  wrongGuesses: z.number(),
  /** Which code of this errand it is. */
  count: z.number()
});

/**
 * A code that was texted and is to be typed in: what the browser keeps between the two, where no script and no
 * address shows it. All of it is its owner's business only; what counts is checked where the code is.
 */
export type PendingCode = z.output<typeof pendingCode>;

/** Remembers in the browser that a code is on its way. */
export function keepPendingCode(event: RequestEvent, pending: PendingCode): void {
  event.cookies.set(COOKIE, Buffer.from(JSON.stringify(pending)).toString('base64url'), {
    ...privateCookie(event.url),
    path: PATH,
    maxAge: LASTS_SECONDS
  });
}

export function pendingCodeOf(event: RequestEvent): PendingCode | undefined {
  const text = event.cookies.get(COOKIE);
  if (text === undefined) return undefined;
  try {
    return pendingCode.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

/** The errand is done. */
export function forgetPendingCode(event: RequestEvent): void {
  event.cookies.delete(COOKIE, { ...privateCookie(event.url), path: PATH });
  forgetWishes(event, '/verify', '/link', '/register');
}

/** Whether its code can still be right, as far as is known here. */
export function stateOf(pending: PendingCode, now = Date.now()): 'waiting' | 'expired' | 'spent' {
  if (pending.expiresAt <= now) return 'expired';
  return pending.wrongGuesses >= GUESSES ? 'spent' : 'waiting';
}

/** Seconds until it makes sense to have another texted. */
export function patienceFor(pending: PendingCode, now = Date.now()): number {
  if (stateOf(pending, now) !== 'waiting') return 0;
  return Math.max(0, Math.ceil(PATIENCE_SECONDS - (now - pending.sentAt) / 1000));
}
