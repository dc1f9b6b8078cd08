/** Where a request comes from, as far as that can be believed. */
import { setting } from '../env.ts';
import { sameSecret } from '../secrets.ts';

/**
 * The client's network address, to count its requests by.
 *
 * The site's server tells its visitor's address in `x-client-address` and is believed when it sends SITE_SECRET. Of
 * `x-forwarded-for` only the last value counts, which our gateway wrote; the client may have made up those before it.
 * Where another proxy stands in front, CLIENT_ADDRESS_HEADER names the header in which it tells the client's address.
 */
export async function clientAddress({ headers }: Request): Promise<string> {
  const siteSecret = setting('SITE_SECRET');
  const given = headers.get('x-site-secret');
  const visitor = headers.get('x-client-address');
  if (siteSecret && given && visitor && (await sameSecret(given, siteSecret))) return network(visitor);
  const trusted = headers.get(setting('CLIENT_ADDRESS_HEADER')) ?? headers.get('x-forwarded-for');
  return network(trusted?.split(',').at(-1) ?? '');
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 one, because whoever has one IPv6 address has
 * 2^64 of them.
 */
export function network(address: string): string {
  const text = address.trim().toLowerCase().replace(/^\[|\]$|%.*$/g, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return mapped;
  if (!text.includes(':')) return text === '' ? 'unknown' : text.slice(0, 45);
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const missing = tail === undefined ? 0 : Math.max(8 - before.length - after.length, 0);
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '').slice(0, 4)).join(':')}::/64`;
}
