/**
 * The same form may be open twice, to two people or in two tabs, and whoever saves all of it last would undo what was saved
 * before. So a form says what it was filled from, and is not taken once that has changed. It then keeps what was typed and is
 * told what there is now: sent again, it replaces that, knowingly.
 */
import { createHash } from 'node:crypto';
import { m } from '#lib/paraglide/messages.js';
import { refused, type Refusal, type Result } from './refusal.ts';

const CHANGED = 'changed_meanwhile';

/** What a form is filled from, as a short text for its field `seen`. */
export const seenAs = (shown: unknown): string =>
  createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 16);

/** Refuses a form that was filled from something else than there is `now`. One that does not say from what is taken. */
export const refuseChanged = (
  seen: string,
  now: string | undefined,
  message = m.desk_changed_meanwhile()
): Extract<Result, { ok: false }> | undefined =>
  seen === '' || seen === now ? undefined : refused({ code: CHANGED, message, status: 409 });

/** What a refused form goes on with in its field `seen`; undefined: with what there is now. */
export const seenAfter = ({ code }: Refusal, seen: string): string | undefined =>
  code === CHANGED ? undefined : seen;
