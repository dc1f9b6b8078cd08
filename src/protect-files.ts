import type { Plugin } from 'vite';
import { ALWAYS } from './lib/server/request/headers.ts';

// The one line of adapter-node through which every request goes, before any hook.
const ENTRY = 'export const handler = (req, res, next) => serve(req, res,';

/**
 * Has the built server say what protects an answer with every answer. Hooks never see files, which are served before
 * them, nor redirects that a hook throws; where a hook is asked, it has the last word.
 */
export function protectFiles(): Plugin {
  return {
    name: 'medq-protect-files',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/adapter-node/src/handler.js')) return undefined;
      if (!code.includes(ENTRY)) throw new Error('adapter-node serves requests by another way than it did.');
      return `${code.replace(ENTRY, ENTRY.replace('serve(req, res,', 'serve(req, protect(req, res),'))}
function protect(req, res) {
  for (const [name, value] of Object.entries(${JSON.stringify(ALWAYS)})) {
    // The policy of a service worker's file would govern what it fetches.
    if (name !== 'content-security-policy' || req.headers['service-worker'] !== 'script') res.setHeader(name, value);
  }
  return res;
}
`;
    }
  };
}
