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
} satisfies Record<string, Record<string, (facts: Facts) => string>>;

/** What a message may tell. */
interface Facts {
  /** Of who is signed in. */
  username: string;
  /** What it was done to, in words. */
  what: string;
}

const nothing: Facts = { username: '', what: '' };

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

/** What the messages may tell of what something was done to, by its id; null: it is not known. */
type Telling = (subject: string) => Facts | null;

/**
 * What was left for `page`, in words; null if nothing was, or what it was done to is not known. It can be read again: pages of
 * forms are fetched twice (enhance-forms.ts).
 */
export function readFlash(event: Event, page: Page, factsOf: Telling = () => nothing): string | null {
  const [left, subject = ''] = readCookie(event, 'flash')?.split('.') ?? [];
  const message = Object.entries(MESSAGES[page]).find(([flash]) => flash === left)?.[1];
  const facts = factsOf(subject);
  return message && facts ? message(facts) : null;
}

/** A form's script looks where it was led (enhance-forms.ts), and only then goes there. */
const isGlance = ({ request, isDataRequest }: Pick<RequestEvent, 'request' | 'isDataRequest'>) =>
  !isDataRequest && request.headers.get('sec-fetch-dest') === 'empty';

/** The same, which then is gone. */
export function takeFlash(
  event: Event & Pick<RequestEvent, 'request' | 'isDataRequest'>,
  page: Page,
  factsOf?: Telling
): string | null {
  const said = readFlash(event, page, factsOf);
  if (said !== null && !isGlance(event)) forgetCookie(event, 'flash', page);
  return said;
}
