import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { freePort } from '../settings/ports.ts';
import { applyBootstrap } from './bootstrap.ts';
import { empty, initialiseCluster, superuser } from './cluster.ts';
import { startPostgres, type PostgresOptions } from './server.ts';

interface NewCluster extends Pick<PostgresOptions, 'dataDirectory' | 'durable' | 'onProcess'> {
  /** Of the superuser, and then of `postgres` as well. */
  password: string;
}

/**
 * Gives a new cluster what a hosted project has before its first migration, and runs `work` on it, with a server that is
 * stopped again.
 *
 * @param work gets a connection as `postgres`, the role of migrations
 */
export async function withNewDatabase<T>(
  { password, ...cluster }: NewCluster,
  work: (sql: postgres.Sql) => Promise<T>
): Promise<T> {
  const logFile = `${cluster.dataDirectory}.log`;
  const server = await startPostgres({ ...cluster, port: await freePort(), logFile });
  const connect = (role: string) =>
    postgres(`postgres://${role}:${password}@127.0.0.1:${server.port}/postgres`, {
      max: 1,
      onnotice: () => undefined
    });
  const admin = connect(superuser);
  const sql = connect('postgres');
  try {
    await applyBootstrap(admin);
    await admin.unsafe(`alter role postgres password '${password}'`);
    return await work(sql);
  } finally {
    await Promise.all([sql.end({ timeout: 1 }), admin.end({ timeout: 1 })]);
    await server.stop();
    await rm(logFile);
  }
}

/** The same on a database that is thrown away. */
export async function withScratchDatabase<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'medq-scratch-'));
  // Under root the server runs as somebody else, who has to get through.
  await chmod(directory, 0o711);
  const dataDirectory = path.join(directory, 'data');
  const password = 'password';
  try {
    await initialiseCluster(dataDirectory, { password, copyOf: empty });
    return await withNewDatabase({ dataDirectory, password, durable: false }, work);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
