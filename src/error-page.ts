/**
 * Before SvelteKit does anything in a browser it waits for the error page, which a page does not name: over a slow network half a
 * second in which nothing answers. Here the error page comes with SvelteKit's own scripts, which each page names.
 */
import type { Plugin } from 'vite';

/** The list of pages that SvelteKit writes. The second is always the error page of the root. */
const PAGES = /\/generated\/build\/client-optimized\/app\.js$/;
const LOADED_LATER = "() => import('./nodes/1')";

export function errorPageAtOnce(): Plugin {
  return {
    name: 'medq-error-page-at-once',
    apply: 'build',
    applyToEnvironment: ({ config }) => config.consumer === 'client',
    transform: {
      filter: { id: PAGES },
      handler: (code) =>
        `import * as errorPage from './nodes/1';\n${code.replace(LOADED_LATER, '() => Promise.resolve(errorPage)')}`
    }
  };
}
