import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { findBinaries, type Binaries } from './binaries.ts';
import { unprivilegedUser, type RunAs } from './user.ts';

/** The role that initialises a cluster, a superuser; its name is that of hosted projects. */
export const superuser = 'supabase_admin';

export interface ClusterOptions {
  /** Of the superuser. */
  password: string;
  /** For data nobody will miss: a copy of a cluster that is made once on this machine, for a third of the work. */
  copyOf?: Original;
  /** Called as soon as a process exists. */
  onProcess?: (pid: number) => void;
}

/** What clusters are copied from. */
export interface Original {
  /** Other contents have another name. */
  name: string;
  /** Fills the new cluster in `dataDirectory`, which no server runs on; `password` is that of its superuser. */
  fill?: (dataDirectory: string, password: string, onProcess: ClusterOptions['onProcess']) => Promise<void>;
}

/** A cluster as it was created. */
export const empty: Original = { name: 'empty' };

/** Whether `dataDirectory` holds a cluster. */
export function isInitialised(dataDirectory: string): boolean {
  return existsSync(path.join(dataDirectory, 'PG_VERSION'));
}

/**
 * Creates a cluster in `dataDirectory` (which must not exist or be empty) with the one role `supabase_admin`, encoding
 * UTF-8, locale C.UTF-8.
 */
export async function initialiseCluster(
  dataDirectory: string,
  { password, copyOf, onProcess }: ClusterOptions
): Promise<void> {
  const runAs = unprivilegedUser();
  const binaries = await findBinaries(runAs);
  const work = { binaries, runAs, ...(onProcess && { onProcess }) };
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  handOver(dataDirectory, runAs);
  if (!copyOf) return initdb(dataDirectory, password, work);
  await run('/bin/cp', ['-R', `${await find(copyOf, work)}/.`, dataDirectory], work);
  await setPassword(dataDirectory, password, work);
}

/** What a program is run with. */
interface Work {
  binaries: Binaries;
  runAs: RunAs;
  onProcess?: (pid: number) => void;
}

/** The cluster that is copied, which nobody knows the password of; made if it is not there yet. */
async function find({ name, fill }: Original, work: Work): Promise<string> {
  const owner = work.runAs.uid ?? process.getuid?.();
  const { mtimeMs, size } = statSync(work.binaries.postgres);
  const home = path.join(tmpdir(), `medq-cluster-${owner}-${size}-${Math.round(mtimeMs)}-${name}`);
  if (existsSync(home)) {
    if (statSync(home).uid === owner) return home;
    throw new Error(`${home} belongs to somebody else. Delete it and start again.`);
  }
  const building = mkdtempSync(`${home}.`);
  handOver(building, work.runAs);
  const password = randomBytes(24).toString('hex');
  try {
    await initdb(building, password, work);
    await fill?.(building, password, work.onProcess);
    // Somebody may have been faster; theirs is as good.
    await rename(building, home).catch(() => undefined);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  await forgetOthers(home, owner);
  return home;
}

/** Deletes what clusters were copied from before the programs or the migrations changed, unless it is of today. */
async function forgetOthers(home: string, owner: number | undefined): Promise<void> {
  const yesterday = Date.now() - 86_400_000;
  for (const name of await readdir(tmpdir())) {
    const other = path.join(tmpdir(), name);
    if (!name.startsWith(`medq-cluster-${owner}-`) || other === home) continue;
    const { mtimeMs } = await stat(other).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < yesterday) await rm(other, { recursive: true, force: true });
  }
}

async function initdb(dataDirectory: string, password: string, work: Work): Promise<void> {
  const passwordFile = `${dataDirectory}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  handOver(passwordFile, work.runAs);
  try {
    await run(
      work.binaries.initdb,
      [
        `--pgdata=${dataDirectory}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=libc',
        '--locale=C.UTF-8',
        '--no-instructions',
        // The server flushes what it writes; a crash in this second means starting over.
        '--no-sync',
        '--set=scram_iterations=1'
      ],
      work
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Gives the superuser of a cluster that no server runs on its password. */
async function setPassword(dataDirectory: string, password: string, work: Work): Promise<void> {
  const settings = ['-c', 'fsync=off', '-c', 'scram_iterations=1', '-c', 'log_min_messages=fatal'];
  const statement = `alter role ${superuser} password '${password.replaceAll("'", "''")}'\n`;
  await run(
    work.binaries.postgres,
    ['--single', '-D', dataDirectory, ...settings, 'postgres'],
    work,
    statement
  );
}

/** Runs a program to its end; fails with what it said. */
async function run(program: string, args: string[], work: Work, input = ''): Promise<void> {
  const child = spawn(program, args, {
    ...work.runAs,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe']
  });
  if (child.pid !== undefined) work.onProcess?.(child.pid);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk));
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${path.basename(program)} failed (${code}): ${said.trim()}`);
}

/** Gives `file` to the user who runs Postgres; needed (and possible) only under root. */
function handOver(file: string, { uid, gid }: RunAs): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}
