import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Who runs Postgres; empty means the user who runs this process. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

/**
 * Postgres refuses to run as root, so under root it runs as the system's `postgres` user or, where there is none, as
 * `nobody`. No user is created.
 */
export function unprivilegedUser(): RunAs {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([candidate]) => candidate === name) ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'Postgres does not run as root, and this system has neither a user "postgres" nor "nobody". ' +
      'Start MedQ as an ordinary user.'
  );
}

/** Whether `runAs` may walk down to `file`: every folder above it must be open to others. */
export function isReachable(file: string, runAs: RunAs): boolean {
  if (runAs.uid === undefined) return true;
  for (let folder = path.dirname(path.resolve(file)); ; folder = path.dirname(folder)) {
    const { mode, uid } = statSync(folder);
    if (!(mode & 0o001) && uid !== runAs.uid) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
