import type { Cookies } from '@sveltejs/kit';

const NOTES = ['booked', 'moved', 'cancelled'] as const;

/** What was just done, told once by the page that comes next. */
export type Note = (typeof NOTES)[number];

const COOKIE = 'medq-note';

export function leaveNote(cookies: Cookies, note: Note): void {
  cookies.set(COOKIE, note, { path: '/appointments', httpOnly: true, sameSite: 'lax', maxAge: 60 });
}

/** The note that was left, which is then gone. */
export function takeNote(cookies: Cookies): Note | null {
  const note = NOTES.find((known) => known === cookies.get(COOKIE)) ?? null;
  if (note) cookies.delete(COOKIE, { path: '/appointments' });
  return note;
}
