import { fileURLToPath } from 'node:url';

/** Where the Edge Functions live; Deno reads `deno.json` from here when it is the working directory. */
export const functionsDirectory = fileURLToPath(new URL('../../supabase/functions/', import.meta.url));

/** Deno's cache goes with node_modules, so that a fresh install is a fresh cache; no update checks. */
export const denoEnvironment = {
  DENO_DIR: fileURLToPath(new URL('../../node_modules/.deno-cache/', import.meta.url)),
  DENO_NO_UPDATE_CHECK: '1'
};
