import type { Message, MessageStatus } from './messages.ts';
import { messageStatuses } from './messages.ts';
import { internationalDigits } from './phone-number.ts';
import { invalid } from './rest-errors.ts';
import type { RestError } from './rest-errors.ts';
import { messageAnswer } from './rest-message.ts';

const defaultLimit = 20;
const maxLimit = 200;

/** A page of `GET /messages`, newest first, or the errors in its query. */
export function filterMessages(newestFirst: Message[], query: URLSearchParams, apiUrl: string) {
  const errors: RestError[] = [];
  const number = (name: string, fallback: number, from: number, to: number): number => {
    const value = Number(query.get(name) ?? fallback);
    if (!Number.isInteger(value) || value < from || value > to) errors.push(invalid(name));
    return value;
  };
  const time = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    // An unescaped `+` of a time zone arrives as a space.
    const value = Date.parse(text.replace(' ', '+'));
    if (Number.isNaN(value)) errors.push(invalid(name));
    return value;
  };
  const limit = number('limit', defaultLimit, 1, maxLimit);
  const offset = number('offset', 0, 0, Number.MAX_SAFE_INTEGER);
  const from = time('from');
  const until = time('until');
  const status = query.get('status');
  if (status !== null && !messageStatuses.includes(status as MessageStatus)) errors.push(invalid('status'));
  if (errors.length > 0) return errors;

  const recipient = query.get('recipient');
  const wanted = recipient === null ? undefined : (internationalDigits(recipient) ?? recipient);
  const text = query.get('searchterm')?.toLowerCase();
  const isWanted = (message: Message): boolean =>
    matches(query.get('originator'), message.originator) &&
    matches(query.get('direction'), 'mt') &&
    matches(query.get('type'), message.mclass === 0 ? 'flash' : 'sms') &&
    (wanted === undefined || message.recipients.some((one) => one.number === wanted)) &&
    (status === null || message.recipients.some((one) => one.status === status)) &&
    (text === undefined || message.body.toLowerCase().includes(text)) &&
    (from === undefined || Date.parse(message.at) >= from) &&
    (until === undefined || Date.parse(message.at) <= until);

  const found = newestFirst.filter(isWanted);
  const items = found.slice(offset, offset + limit);
  return {
    offset,
    limit,
    count: items.length,
    totalCount: found.length,
    links: links(query, apiUrl, { offset, limit, total: found.length }),
    items: items.map((message) => messageAnswer(message, apiUrl))
  };
}

function matches(wanted: string | null, actual: string): boolean {
  return wanted === null || wanted === actual;
}

function links(
  query: URLSearchParams,
  apiUrl: string,
  page: { offset: number; limit: number; total: number }
) {
  const { offset, limit, total } = page;
  const at = (start: number): string => {
    const target = new URLSearchParams(query);
    target.set('offset', String(start));
    return `${apiUrl}/messages/?${target}`;
  };
  const last = Math.max(0, Math.ceil(total / limit) - 1) * limit;
  return {
    first: at(0),
    previous: offset > 0 ? at(Math.max(0, offset - limit)) : null,
    next: offset + limit < total ? at(offset + limit) : null,
    last: at(last)
  };
}
