import { execFileSync } from 'node:child_process';
import process from 'node:process';
import postgres from 'postgres';
import { startStack } from '../../local/start-stack.ts';
import type { StackAddresses } from '../../local/start-stack.ts';

/** A stack of one's own, with the means to break it. */
export interface FaultyStack {
  addresses: StackAddresses;
  /** As role postgres. */
  sql: postgres.Sql;
  /** Everything the stack and its functions have logged so far. */
  output(): string;
  /** Calls an internal function; resolves with the HTTP status, also when the call breaks (0). */
  callFunction(name: string): Promise<number>;
  /** kill -9 of the process that runs the functions; the stack starts another one. */
  killFunctions(): Promise<void>;
  /** Keeps everybody from writing to a table until the returned function is called. */
  lockTable(table: string): Promise<() => Promise<void>>;
  /** Waits until `count` connections wait for a lock in a statement that contains `text`; the id of one of them. */
  backendWaitingIn(text: string, count?: number): Promise<number>;
  /** Ends a connection, as the server does in time when its client is gone. */
  terminateBackend(pid: number): Promise<void>;
  close(): Promise<void>;
}

export async function startFaultyStack(): Promise<FaultyStack> {
  const lines: string[] = [];
  const stack = await startStack({ ephemeral: true, seed: false, log: (line) => lines.push(line) });
  const { addresses } = stack;
  const sql = postgres(addresses.db_url, { onnotice: () => undefined });
  const admin = postgres(addresses.admin_db_url, { onnotice: () => undefined });

  return {
    addresses,
    sql,
    output: () => lines.join('\n'),
    async callFunction(name) {
      const url = `${addresses.api_url}/functions/v1/${name}`;
      const headers = { authorization: `Bearer ${addresses.functions_secret}` };
      try {
        const response = await fetch(url, { method: 'POST', headers });
        await response.text();
        return response.status;
      } catch {
        return 0;
      }
    },
    async killFunctions() {
      const victims = functionProcesses();
      if (victims.length === 0) throw new Error('No process runs the functions.');
      for (const pid of victims) process.kill(pid, 'SIGKILL');
    },
    async lockTable(table) {
      const connection = await admin.reserve();
      await connection`begin`;
      await connection.unsafe(`lock table ${table} in share mode`);
      return async () => {
        await connection`rollback`;
        connection.release();
      };
    },
    async backendWaitingIn(text, count = 1) {
      const deadline = Date.now() + 20_000;
      while (Date.now() < deadline) {
        const waiting = await admin<{ pid: number }[]>`
          select pid from pg_stat_activity where wait_event_type = 'Lock' and query ilike ${`%${text}%`}`;
        if (waiting[0] && waiting.length >= count) return waiting[0].pid;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`Nobody came to wait in ${text}.\n${lines.join('\n')}`);
    },
    async terminateBackend(pid) {
      await admin`select pg_terminate_backend(${pid}, 5000)`;
    },
    async close() {
      await Promise.all([sql.end({ timeout: 5 }), admin.end({ timeout: 5 })]);
      await stack.close();
    }
  };
}

/** The processes below this one that run the functions. */
function functionProcesses(): number[] {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
    .map(([, pid, parent, command = '']) => ({ pid: Number(pid), parent: Number(parent), command }));
  const below = new Set([process.pid]);
  for (let known = 0; known < below.size;) {
    known = below.size;
    for (const { pid, parent } of processes) if (below.has(parent)) below.add(pid);
  }
  return processes
    .filter(({ pid, command }) => below.has(pid) && command.includes('functions/router.ts'))
    .map(({ pid }) => pid);
}
