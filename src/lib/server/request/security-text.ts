const LIFE_MS = 180 * 24 * 60 * 60 * 1000;

/**
 * Whom to tell of a hole in this site, as RFC 9116 wants it.
 * @param contact an address that is mailed to or visited (securityContact)
 * @param origin of the site
 */
export function securityText(contact: string, origin: string, now: Date): string {
  return [
    `Contact: ${contact}`,
    // Who finds this later than that may no longer take it for true: it is asked for anew.
    `Expires: ${new Date(now.getTime() + LIFE_MS).toISOString()}`,
    'Preferred-Languages: en, ta',
    `Canonical: ${origin}/.well-known/security.txt`,
    ''
  ].join('\n');
}
