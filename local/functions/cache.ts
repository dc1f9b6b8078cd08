import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { log as logToStandardError } from '../output.ts';
import { denoBinary, denoEnvironment, functionsDirectory, functionNames } from './deno.ts';

/** A file whose presence says that everything in deno.lock has been fetched. */
function stamp(): string {
  const lock = path.join(functionsDirectory, 'deno.lock');
  const content = existsSync(lock) ? readFileSync(lock) : '';
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return path.join(denoEnvironment.DENO_DIR, `fetched-${hash}`);
}

/** Fetches the packages of the functions unless they are there already; afterwards no network is needed. */
export async function cacheFunctions(log: (line: string) => void): Promise<void> {
  const names = functionNames();
  if (names.length === 0 || existsSync(stamp())) return;
  log('Fetching the packages of the functions (once) ...');
  const files = names.map((name) => `${name}/handler.ts`);
  try {
    await promisify(execFile)(denoBinary(), ['cache', '--quiet', ...files], {
      cwd: functionsDirectory,
      env: { ...process.env, ...denoEnvironment }
    });
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new Error(
      `The packages of the functions could not be fetched. Is the npm registry reachable?\n${stderr ?? ''}`.trim(),
      { cause }
    );
  }
  writeFileSync(stamp(), '');
}

if (import.meta.main) await cacheFunctions(logToStandardError);
