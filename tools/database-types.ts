/** `npm run db:types`: writes src/lib/database.types.ts from what the migrations make of a fresh database. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { commandLine } from '../local/command-line.ts';
import { startStack } from '../local/start-stack.ts';

const run = promisify(execFile);
const target = fileURLToPath(new URL('../src/lib/database.types.ts', import.meta.url));
const cli = fileURLToPath(new URL('../node_modules/.bin/supabase', import.meta.url));

commandLine(import.meta.filename, {});
const stack = await startStack({ ephemeral: true, seed: false });
try {
  // Without sslmode the CLI prints a notice into the types.
  const database = `${stack.addresses.db_url}?sslmode=disable`;
  const { stdout } = await run(cli, ['gen', 'types', `--remote=${database}`, '--schema', 'public'], {
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' }
  });
  const options = await resolveConfig(target);
  await writeFile(target, await format(stdout, { ...options, filepath: target }));
  console.error(`Wrote ${target}.`);
} finally {
  await stack.close();
}
