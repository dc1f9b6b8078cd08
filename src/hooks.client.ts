import { assertIsLocale, isLocale, overwriteGetLocale } from '#lib/paraglide/runtime.js';

// The server has decided in which language a page is (src/lib/server/request/language.ts). Only the page without a network
// was kept before anybody chose.
if (location.pathname === '/offline') {
  const chosen = /(?:^|; )medq-language=([\w-]+)/.exec(document.cookie)?.[1];
  if (isLocale(chosen)) document.documentElement.lang = chosen;
}

overwriteGetLocale(() => assertIsLocale(document.documentElement.lang));
