import type { RequestEvent } from '@sveltejs/kit';
import { pathAfterSignIn } from '#lib/server/request/addresses.ts';
import { forgetCookie, keepCookie, readCookie } from '#lib/server/request/cookies.ts';

// Where somebody was going who has to sign in first. It is kept beside the address, as the way in may lead over several
// pages: registering, linking, a code, a forgotten password.

/** Where everybody else is led. */
const USUALLY = '/appointments';

/** Where they were going, as far as is known; /appointments otherwise. */
export function afterwards(event: RequestEvent): string {
  return pathAfterSignIn(event.url.searchParams.get('next') ?? readCookie(event, 'next'), USUALLY);
}

/** Keeps what the address of this page says of it, in the browser. */
export function keepAfterwards(event: RequestEvent): void {
  if (event.url.searchParams.has('next')) keepCookie(event, 'next', afterwards(event));
}

/** Where they are led now that they are signed in: there once. */
export function takeAfterwards(event: RequestEvent): string {
  const path = afterwards(event);
  forgetCookie(event, 'next');
  return path;
}

/** Where a texted password is replaced first; from there they are led on. */
export function passwordFirst(event: RequestEvent): string {
  const path = takeAfterwards(event);
  return path === USUALLY ? '/password' : `/password?next=${encodeURIComponent(path)}`;
}
