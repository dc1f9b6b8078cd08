import type { Cookies } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';

const NOTES = { booked: m.note_booked, moved: m.note_moved, cancelled: m.note_cancelled };

/** What was just done, told once by the page that comes next. */
export type Note = keyof typeof NOTES;

const COOKIE = 'medq-note';

export function leaveNote(cookies: Cookies, note: Note): void {
  cookies.set(COOKIE, note, { path: '/appointments', httpOnly: true, sameSite: 'lax', maxAge: 60 });
}

/** The note that was left, in words. It is then gone. */
export function takeNote(cookies: Cookies): string | null {
  const left = cookies.get(COOKIE);
  if (left === undefined) return null;
  cookies.delete(COOKIE, { path: '/appointments' });
  return Object.entries(NOTES).find(([note]) => note === left)?.[1]() ?? null;
}
