import { inject } from 'vitest';

/** Where the built site is that all browser tests of this run share. */
export function theSite(): string {
  return inject('siteUrl');
}
