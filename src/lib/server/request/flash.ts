import type { RequestEvent } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { forgetCookie, keepCookie, readCookie } from './cookies.ts';

// What was just done, said by the page that comes next.
const MESSAGES = {
  '/appointments': {
    booked: m.flash_booked,
    moved: m.flash_moved,
    cancelled: m.flash_cancelled,
    confirmed: m.flash_confirmed
  },
  '/account': {
    export_without: m.account_password_missing,
    export_wrong: m.account_wrong_password,
    export_often: m.export_later,
    export_not_now: m.form_not_now
  },
  '/login': {
    account_deleted: m.flash_account_deleted,
    signed_out_everywhere: m.flash_signed_out_everywhere
  }
};

type Page = keyof typeof MESSAGES;
type Event = Pick<RequestEvent, 'cookies' | 'url'>;

/** Has `page` say it when it is shown within the next minute. */
export function leaveFlash<P extends Page>(
  event: Event,
  page: P,
  flash: keyof (typeof MESSAGES)[P] & string,
  /** The id of what it was done to, where the words name it. */
  subject = ''
): void {
  keepCookie(event, 'flash', `${flash}.${subject}`, page);
}

/** Names what something was done to, by its id; null: it is not known. */
type Naming = (subject: string) => string | null;

/**
 * What was left for `page`, in words; null if nothing was, or what it was done to has no name. It can be read again: pages of
 * forms are fetched twice (enhance-forms.ts).
 */
export function readFlash(event: Event, page: Page, nameOf: Naming = () => ''): string | null {
  const [left, subject = ''] = readCookie(event, 'flash')?.split('.') ?? [];
  const message = Object.entries(MESSAGES[page]).find(([flash]) => flash === left)?.[1];
  const what = nameOf(subject);
  return message && what !== null ? message({ what }) : null;
}

/** The same, which then is gone. */
export function takeFlash(event: Event, page: Page, nameOf?: Naming): string | null {
  const said = readFlash(event, page, nameOf);
  if (said !== null) forgetCookie(event, 'flash', page);
  return said;
}
