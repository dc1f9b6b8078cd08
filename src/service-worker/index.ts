// Answers without a network: with one page, the same for everybody, that shows what this device last knew
// (src/lib/appointments/last-known.ts). Nothing personal is stored here.
import { version } from '$app/env';
import { self } from '$app/service-worker';

const CACHE = `offline-${version}`;
const OFFLINE = '/offline';

/**
 * What the framework loads with every page, and no page names: that for errors, its first node. The offline page has files of
 * its own (src/words/by-language.ts), so they are not there from other pages.
 */
async function filesForErrors(named: Set<string>): Promise<string[]> {
  const app = [...named].find((file) => file.includes('/entry/app.'));
  const code = app === undefined ? '' : await (await fetch(app)).text();
  const files = code.match(/\b(?:nodes|assets)\/1\.[\w-]+\.(?:js|css)/g) ?? [];
  return files.map((file) => `/_app/immutable/${file}`);
}

/** Stores the offline page, fetched without cookies, and the files that it needs. */
async function keep(): Promise<void> {
  const page = await fetch(OFFLINE, { credentials: 'omit', cache: 'reload' });
  if (!page.ok) throw new Error(`The offline page answered ${page.status}.`);
  const files = new Set((await page.clone().text()).match(/\/_app\/[\w./-]+\.(?:js|css)/g));
  const cache = await caches.open(CACHE);
  await cache.addAll([...new Set([...files, ...(await filesForErrors(files)), '/favicon.svg'])]);
  await cache.put(OFFLINE, page);
}

async function forgetOlder(): Promise<void> {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

async function page(event: FetchEvent, url: URL): Promise<Response> {
  try {
    return ((await event.preloadResponse) as Response | undefined) ?? (await fetch(event.request));
  } catch (error) {
    const offline = await caches.match(OFFLINE);
    if (!offline) throw error;
    if (url.pathname === OFFLINE) return offline;
    return Response.redirect(`${OFFLINE}?from=${encodeURIComponent(url.pathname + url.search)}`, 302);
  }
}

self.addEventListener('install', (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(forgetOlder()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin || event.request.method !== 'GET') return;
  // A board comes back by itself where the browser's own error page does, which tries again.
  if (url.pathname.startsWith('/board/')) return;
  if (event.request.mode === 'navigate') event.respondWith(page(event, url));
  // Their names change with their content, so a stored one is never out of date.
  else if (url.pathname.startsWith('/_app/immutable/')) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});
