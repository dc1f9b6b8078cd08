import { startSite, type Site, type SiteOptions } from '../../local/site.ts';
import { own } from './own.ts';

let url: string | undefined;

/** Finds out where the site of this worker is; for `setupFiles`. */
export async function haveSite(): Promise<void> {
  url = await own<string>('site');
}

/** Where the built site is that all files of this worker share. */
export function theSite(): string {
  if (url === undefined) throw new Error('Only the projects browser and looks have a site.');
  return url;
}

/** One more site, for a test that needs another than that. The caller closes it. */
export async function anotherSite(options: SiteOptions): Promise<Site> {
  // Only one process may build it.
  await own('built-site');
  return startSite(options);
}
