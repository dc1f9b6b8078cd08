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
