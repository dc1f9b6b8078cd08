import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isReachable, unprivilegedUser } from '../postgres/user.ts';

/** Where the data of the one stack lives: `.medq` beside package.json, or $MEDQ_DATA. */
export function usualDataDirectory(): string {
  return path.resolve(process.env.MEDQ_DATA || fileURLToPath(new URL('../../.medq', import.meta.url)));
}

/** The files of one data directory. */
export interface DataFiles {
  root: string;
  /** The Postgres cluster. */
  cluster: string;
  databaseLog: string;
  keys: string;
  /** Which bootstrap made the cluster. */
  bootstrap: string;
  /** Who runs on it. */
  lock: string;
  /** What the MessageBird stand-in keeps. */
  messagebird: string;
}

/**
 * The cluster lives in the data directory, unless only root can get there (/root is closed to the user who runs
 * Postgres): then in a folder of /var/tmp that belongs to that data directory.
 */
function clusterDirectory(root: string): string {
  const inside = path.join(root, 'postgres');
  if (isReachable(inside, unprivilegedUser())) return inside;
  const outside = `/var/tmp/medq-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  mkdirSync(outside, { recursive: true, mode: 0o711 });
  if (statSync(outside).uid !== process.getuid?.())
    throw new Error(`${outside} belongs to somebody else. Delete it.`);
  return path.join(outside, 'postgres');
}

/** Creates the data directory if need be and says what lies where. */
export function dataFiles(root: string): DataFiles {
  mkdirSync(root, { recursive: true });
  return {
    root,
    cluster: clusterDirectory(root),
    databaseLog: path.join(root, 'postgres.log'),
    keys: path.join(root, 'keys.json'),
    bootstrap: path.join(root, 'bootstrap.sha256'),
    lock: path.join(root, 'stack.json'),
    messagebird: path.join(root, 'messagebird.json')
  };
}

/** A new empty data directory in the system's temporary folder, for a stack that leaves nothing behind. */
export function temporaryDataDirectory(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'medq-'));
  // The user who runs Postgres must get through; the files in it are closed one by one.
  chmodSync(root, 0o711);
  return root;
}
