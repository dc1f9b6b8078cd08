import type { RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { forgetCookie, keepCookie, readCookie } from '#lib/server/request/cookies.ts';
import { forgetForms } from './sent-form.ts';

const MOST_GUESSES = 5;
// A text takes a moment, and only a few can be asked for.
const RESEND_AFTER_SECONDS = 30;

const pendingCode = z.object({
  id: z.string(),
  purpose: z.enum(['register', 'link', 'reset', 'sign_in', 'change_phone']),
  /** The end of the number, which is all that may be shown of it. */
  phoneEnd: z.string(),
  /** Of the account to be. */
  username: z.string().optional(),
  /** Milliseconds since 1970, by the server's clock. */
  sentAt: z.number(),
  expiresAt: z.number(),
  /** How many digits the code has. */
  length: z.number(),
  wrongGuesses: z.number(),
  /** 1 for the first code that a form asked for, 2 for the next. */
  count: z.number()
});

/**
 * What the browser keeps of a code between its text and the moment it is typed in. It is for showing only: the functions
 * know for themselves when a code expires and how often it was guessed at.
 */
export type PendingCode = z.output<typeof pendingCode>;

/** Remembers in the browser that a code is on its way. */
export function keepPendingCode(event: RequestEvent, pending: PendingCode): void {
  keepCookie(event, 'code', Buffer.from(JSON.stringify(pending)).toString('base64url'));
}

export function pendingCodeOf(event: RequestEvent): PendingCode | undefined {
  const text = readCookie(event, 'code');
  if (text === undefined) return undefined;
  try {
    return pendingCode.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

/** Forgets the code, and the forms that were kept for its sake. */
export function forgetPendingCode(event: RequestEvent): void {
  forgetCookie(event, 'code');
  forgetForms(event, '/verify', '/link', '/register');
}

/** Whether its code can still be right, as far as is known here. */
export function stateOf(pending: PendingCode, now = Date.now()): 'waiting' | 'expired' | 'spent' {
  if (pending.expiresAt <= now) return 'expired';
  return pending.wrongGuesses >= MOST_GUESSES ? 'spent' : 'waiting';
}

/** Seconds until another may be asked for. */
export function secondsUntilResend(pending: PendingCode, now = Date.now()): number {
  if (stateOf(pending, now) !== 'waiting') return 0;
  return Math.max(0, Math.ceil(RESEND_AFTER_SECONDS - (now - pending.sentAt) / 1000));
}
