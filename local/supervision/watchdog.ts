import { spawn } from 'node:child_process';

/**
 * What outlives us: when our end of its standard input closes, for whatever reason, kill -9 included, it stops the
 * processes it was told to watch and removes the folder it was told to remove. It is a shell and not Node because it
 * must cost nothing.
 */
const script = `
pids= folder=
alive() { for pid in $pids; do kill -0 "$pid" 2>/dev/null && return 0; done; return 1; }
while read -r verb value; do
  case $verb in
    watch) pids="$pids $value" ;;
    forget) rest=; for pid in $pids; do [ "$pid" = "$value" ] || rest="$rest $pid"; done; pids=$rest ;;
    remove) folder=$value ;;
  esac
done
for pid in $pids; do kill -INT "$pid" 2>/dev/null; done
tries=0
while alive && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
[ -n "$folder" ] && rm -rf "$folder"
exit 0
`;

/** Guards the child processes and the temporary folder of one stack. */
export interface Watchdog {
  /** Stop process `pid` (SIGINT, then SIGKILL after five seconds) when this process is gone. */
  watch(pid: number): void;
  /** Process `pid` has ended; its number may soon be somebody else's. */
  forget(pid: number): void;
  /** Remove `folder` when this process is gone. */
  removeAtEnd(folder: string): void;
  /** Does now what it would do after our death; resolves when it has. */
  close(): Promise<void>;
}

/** Starts the watchdog of this process. Without a shell (Windows) nothing guards, and only orderly ends clean up. */
export function startWatchdog(): Watchdog {
  // A session of its own: Ctrl-C at the terminal must not reach it.
  const shell = spawn('/bin/sh', ['-c', script, 'medq-watchdog'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  shell.stdin.on('error', () => undefined);
  shell.unref();
  const tell = (line: string) => shell.stdin.write(`${line}\n`);
  return {
    watch: (pid) => tell(`watch ${pid}`),
    forget: (pid) => tell(`forget ${pid}`),
    removeAtEnd: (folder) => tell(`remove ${folder}`),
    async close() {
      shell.ref();
      shell.stdin.end();
      await ended;
    }
  };
}
