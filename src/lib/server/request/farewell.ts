import type { RequestEvent } from '@sveltejs/kit';
import { privateCookie } from '../account/wish.ts';

const FAREWELLS = ['account_deleted', 'signed_out_everywhere'] as const;

/** Why somebody was signed out; /login, where they are taken, says so. */
export type Farewell = (typeof FAREWELLS)[number];

const COOKIE = 'medq-farewell';

export function bidFarewell(event: RequestEvent, farewell: Farewell): void {
  event.cookies.set(COOKIE, farewell, { ...privateCookie(event.url), path: '/login', maxAge: 60 });
}

export function farewellOf({ cookies }: Pick<RequestEvent, 'cookies'>): Farewell | undefined {
  return FAREWELLS.find((known) => known === cookies.get(COOKIE));
}
