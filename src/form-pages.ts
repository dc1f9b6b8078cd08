/**
 * The start page and the pages of forms run no scripts of the framework (`csr` of src/routes/+page.ts and
 * src/routes/(forms)/+layout.ts). SvelteKit builds them for browsers all the same, and its router would show them itself.
 * Here browsers get their styles only, and a link to one is an ordinary link.
 */
import type { Plugin } from 'vite';

/** Their lines in the list of routes that SvelteKit writes: `"/(forms)/verify": [~32,[2]],` */
const ROUTES = /^\s*"\/(?:\(forms\)\/.*)?": (\[.*\]).*\n/gm;
/** How it loads a page or layout, by its number in that list. */
const NODE = /\(\) => import\('\.\/nodes\/(\d+)'\)/g;
/** Their component, in the file that it writes for each. */
const COMPONENT = /from ("[^"]*\/src\/routes\/(?:\(forms\)\/[^"]*|\+page)\.svelte")/;

/** Styles of a component, which Vite would leave out with its code: here they stay. */
const STYLE = /\?svelte&type=style/;
/** A script of its own, which is a file as well, although nothing that is left names it. */
const SCRIPT = /\?worker&url$/;
const WRITTEN = /\/generated\/(?:build\/client-optimized|dev\/client)\/(?:app|nodes\/\d+)\.js$/;

/** Leaves all but the styles of form pages out of what browsers load. */
export function withoutFormPages(): Plugin {
  return {
    name: 'medq-without-form-pages',
    applyToEnvironment: ({ config }) => config.consumer === 'client',
    transform: {
      filter: { id: [STYLE, SCRIPT, WRITTEN] },
      handler(code, id) {
        if (STYLE.test(id)) return { meta: { vite: {} } };
        if (SCRIPT.test(id)) return { moduleSideEffects: 'no-treeshake' };
        if (id.endsWith('/app.js')) return withoutRoutes(code);
        const [, component] = COMPONENT.exec(code) ?? [];
        return component && `import ${component};`;
      }
    }
  };
}

function withoutRoutes(app: string): string {
  const nodes = new Set([...app.matchAll(ROUTES)].flatMap(([, list]) => list?.match(/\d+/g) ?? []));
  return app.replace(ROUTES, '').replace(NODE, (load, node: string) => (nodes.has(node) ? 'null' : load));
}
