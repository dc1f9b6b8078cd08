import { fstatSync, readFileSync } from 'node:fs';
import process from 'node:process';

const lookEveryMs = 500;

/** The parent of process `pid`, where the system tells it in a file (Linux). */
function parentOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}

/** Whether process `pid` is the shell in which npm runs a script; some shells stay, others become the script. */
function isScriptShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] === '-c';
  } catch {
    return false;
  }
}

/** Whether a program reads our standard output, rather than a person at a terminal or a file. */
function isReadByProgram(): boolean {
  try {
    const output = fstatSync(1);
    return output.isFIFO() || output.isSocket();
  } catch {
    return false;
  }
}

/**
 * The processes without which this one must not go on, nearest first: npm (and its shell, if that stays), and with
 * `caller` also who ran npm, or ran us without npm.
 */
function ancestors(caller: boolean): (number | undefined)[] {
  if (process.env.npm_lifecycle_event === undefined) return caller ? [process.ppid] : [];
  const chain: (number | undefined)[] = [process.ppid];
  if (isScriptShell(process.ppid)) chain.push(parentOf(process.ppid));
  const npm = chain.at(-1);
  if (caller) chain.push(npm === undefined ? undefined : parentOf(npm));
  return chain;
}

/**
 * Ends this process like Ctrl-C when npm is gone: a killed npm tells nobody, and then nobody can stop us.
 *
 * @param temporary also when the program that reads our output is gone: nobody would know of what it leaves behind
 */
export function stopWithParent({ temporary }: { temporary: boolean }): void {
  const caller = temporary && isReadByProgram();
  const atStart = ancestors(caller).join(' ');
  const timer = setInterval(() => {
    if (ancestors(caller).join(' ') === atStart) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  timer.unref();
}
