/**
 * Runs the `deno` of node_modules with the settings every command about the functions needs: their own config file
 * (Deno looks it up from the working directory, not from the file it is given) and a cache inside node_modules.
 */
import { spawnSync } from 'node:child_process';
import { denoEnvironment, functionsDirectory } from '../local/functions/deno.ts';

const result = spawnSync('deno', process.argv.slice(2), {
  cwd: functionsDirectory,
  env: { ...process.env, ...denoEnvironment },
  stdio: 'inherit'
});
process.exit(result.status ?? 1);
