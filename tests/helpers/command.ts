import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../local/settings/ports.ts';
import type { StackAddresses } from '../../local/start-stack.ts';

const running = new Map<number, Promise<number | null>>();

/** Stops what a failed test left running; for `afterEach`. */
export async function stopCommands(): Promise<void> {
  for (const pid of running.keys()) process.kill(pid, 'SIGTERM');
  await Promise.all(running.values());
}

const projectDirectory = fileURLToPath(new URL('../../', import.meta.url));

/** A command of this project that is running, or has run. */
export interface RunningCommand {
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code (null after a signal) when the process has ended. */
  exited: Promise<number | null>;
  /** Resolves when the output holds `text`; fails when the command ends without it. */
  until(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Runs `local/commands/<script>` with Node, as the npm script would.
 *
 * @param onStderr gets what the command writes to standard error, as it comes
 */
export function runCommand(
  script: string,
  args: string[],
  env: NodeJS.Dict<string> = {},
  onStderr?: (chunk: string) => void
): RunningCommand {
  const child = spawn(process.execPath, [path.join('local/commands', script), ...args], {
    cwd: projectDirectory,
    env: { ...process.env, MEDQ_BCRYPT_COST: '4', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const note = () => watchers.forEach((watcher) => watcher());
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    note();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr?.(chunk.toString());
    note();
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const pid = child.pid ?? 0;
  running.set(
    pid,
    exited.finally(() => running.delete(pid))
  );
  return {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    until(text) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!(stdout + stderr).includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void exited.then(() => reject(new Error(`It ended without "${text}". It said:\n${stdout}${stderr}`)));
      });
    },
    signal: (signal) => void child.kill(signal)
  };
}

/** A stack in a process of its own, ready. */
export interface StackCommand extends RunningCommand {
  addresses: StackAddresses;
}

/** Runs `npm run stack -- --json ...` and waits until it is ready. */
export async function runStack(
  args: string[],
  env: NodeJS.Dict<string> = {},
  onStderr?: (chunk: string) => void
): Promise<StackCommand> {
  const command = runCommand('stack.ts', ['--json', ...args], env, onStderr);
  await command.until('"functions_secret"');
  return { ...command, addresses: JSON.parse(command.stdout()) as StackAddresses };
}

/** The environment of a stack with data of its own, at ports of its own. */
export async function ownStackEnvironment(): Promise<Record<string, string>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'medq-test-'));
  // Under root, Postgres runs as somebody else, who must get through.
  await chmod(directory, 0o711);
  return {
    MEDQ_DATA: directory,
    MEDQ_API_PORT: String(await freePort()),
    MEDQ_DATABASE_PORT: String(await freePort()),
    MEDQ_MESSAGEBIRD_PORT: String(await freePort()),
    MEDQ_SITE_PORT: String(await freePort())
  };
}

/** The processes whose parent is `pid`, with their command lines. Linux only, as are the tests that need it. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map((child) => ({ pid: Number(child), command: commandOf(Number(child)) ?? '' }));
}

/** The command line of a process; undefined when it has ended. */
export function commandOf(pid: number): string | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    // What has ended and was not yet collected has no command line.
    return command === '' ? undefined : command;
  } catch {
    return undefined;
  }
}
