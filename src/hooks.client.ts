import { isLocale } from '#lib/paraglide/runtime.js';

// A page is in the language that the server chose for it (src/lib/server/request/language.ts). Only the page for the time
// without a network was stored in one language for everybody: here it gets the language of this browser's user.
if (location.pathname === '/offline') {
  const chosen = /(?:^|; )medq-language=([\w-]+)/.exec(document.cookie)?.[1];
  if (isLocale(chosen)) document.documentElement.lang = chosen;
}
