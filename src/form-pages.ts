/** Form pages run no scripts of the framework (`csr` of src/routes/(forms)/+layout.ts), so none has to know how to load them. */
import { existsSync, readFileSync } from 'node:fs';

/** For Vite's `build.modulePreload`: what a script fetches beside the part that it loads. Of form pages nothing. */
export function resolveDependencies(filename: string, dependencies: string[]): string[] {
  const [, node] = /\/nodes\/(\d+)\./.exec(filename) ?? [];
  const source = `.svelte-kit/generated/build/client-optimized/nodes/${node}.js`;
  const isFormPage = existsSync(source) && readFileSync(source, 'utf8').includes('/src/routes/(forms)/');
  return isFormPage ? [] : dependencies;
}
