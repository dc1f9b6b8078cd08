import { readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the Edge Functions live; Deno reads `deno.json` from here when it is the working directory. */
export const functionsDirectory = fileURLToPath(new URL('../../supabase/functions/', import.meta.url));

/** Deno's cache goes with node_modules, so that a fresh install is a fresh cache; no update checks. */
export const denoEnvironment = {
  DENO_DIR: fileURLToPath(new URL('../../node_modules/.deno-cache/', import.meta.url)),
  DENO_NO_UPDATE_CHECK: '1'
};

/** The Deno program that npm installed; `bin.cjs` runs it where the install script could not put it in place. */
export function denoBinary(): string {
  return fileURLToPath(new URL('../../node_modules/.bin/deno', import.meta.url));
}

/** The functions there are: every folder with a `handler.ts`. */
export function functionNames(directory = functionsDirectory): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => existsSync(path.join(directory, name, 'handler.ts')));
}
