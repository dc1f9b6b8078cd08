import type { RequestEvent } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { forgetCookie, keepCookie, readCookie } from './cookies.ts';

// What was just done, said by the page that comes next.
const MESSAGES = {
  '/appointments': {
    booked: m.flash_booked,
    moved: m.flash_moved,
    cancelled: m.flash_cancelled,
    confirmed: m.flash_confirmed,
    registered: m.flash_registered
  },
  '/login': {
    account_deleted: m.flash_account_deleted,
    signed_out_everywhere: m.flash_signed_out_everywhere
  }
} satisfies Record<string, Record<string, (facts: Facts) => string>>;

/** What a message may tell. */
interface Facts {
  /** Of who is signed in. */
  username: string;
}

const nobody: Facts = { username: '' };

type Page = keyof typeof MESSAGES;
type Event = Pick<RequestEvent, 'cookies' | 'url'>;

/** Has `page` say it when it is shown within the next minute. */
export function leaveFlash<P extends Page>(
  event: Event,
  page: P,
  flash: keyof (typeof MESSAGES)[P] & string
): void {
  keepCookie(event, 'flash', flash, page);
}

/** What was left for `page`, in words; null if nothing was. It can be read again: pages of forms are fetched twice (enhance-forms.ts). */
export function readFlash(event: Event, page: Page, facts = nobody): string | null {
  const left = readCookie(event, 'flash');
  return Object.entries(MESSAGES[page]).find(([flash]) => flash === left)?.[1](facts) ?? null;
}

/** A form's script looks where it was led (enhance-forms.ts), and only then goes there. */
const isGlance = ({ request, isDataRequest }: Pick<RequestEvent, 'request' | 'isDataRequest'>) =>
  !isDataRequest && request.headers.get('sec-fetch-dest') === 'empty';

/** The same, which then is gone. */
export function takeFlash(
  event: Event & Pick<RequestEvent, 'request' | 'isDataRequest'>,
  page: Page,
  facts = nobody
): string | null {
  const said = readFlash(event, page, facts);
  if (said !== null && !isGlance(event)) forgetCookie(event, 'flash', page);
  return said;
}
