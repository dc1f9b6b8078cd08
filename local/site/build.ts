import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { takeLock, type Lock } from '../supervision/lock.ts';

/** The folder of package.json. */
export const projectDirectory = fileURLToPath(new URL('../../', import.meta.url));

const sources = ['src', 'static', 'vite.config.ts', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** When something at or below `file` was last changed, files removed from a folder included. */
function lastChange(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(file).reduce(
    (last, name) => Math.max(last, lastChange(path.join(file, name))),
    stat.mtimeMs
  );
}

/** Whether a file is missing or older than what it is made of; names of files and folders of the project. */
export function isStale(made: string, sources: string[]): boolean {
  const madeAt = lastChange(path.join(projectDirectory, made));
  return sources.some((source) => lastChange(path.join(projectDirectory, source)) > madeAt);
}

/** Whether `build/` is missing or older than what it is made of. */
export const isSiteStale = () => isStale('build/index.js', sources);

/** The environment without what a test runner set: the site is built as for everybody. */
export function plainEnvironment(): NodeJS.Dict<string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|TEST$|DEV$|PROD$|MODE$)/.test(name)
  );
  return Object.fromEntries(kept);
}

/** Builds the site into `build/` unless it is newer than everything it is made of. Who comes meanwhile waits for it. */
export async function buildSite(log: (line: string) => void): Promise<void> {
  const lock = await buildLock();
  try {
    if (!isSiteStale()) return;
    log('Building the site ...');
    await build();
  } finally {
    lock.release();
  }
}

/** Two builds at once would take each other's files away. */
async function buildLock(): Promise<Lock> {
  const directory = path.join(projectDirectory, '.svelte-kit');
  mkdirSync(directory, { recursive: true });
  for (;;) {
    const lock = takeLock(path.join(directory, 'build.lock'));
    if (lock) return lock;
    await sleep(100);
  }
}

/** @throws with what the build said when it fails */
async function build(): Promise<void> {
  const vite = path.join(projectDirectory, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: projectDirectory,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`The site could not be built:\n${said.trim()}`);
}
