import process from 'node:process';

/** The first pause after something that may go on happening was logged; it doubles up to the longest. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** What nobody reads is kept up to this many bytes; after that, lines are lost. */
const mostUnreadBytes = 1_000_000;

const guarded = new WeakSet<NodeJS.WriteStream>();

/**
 * Writes to one of our own streams, whatever has become of its reader. A terminal that was closed or a program that
 * was killed makes writing fail, and a failure nobody listens for would be thrown, logged, and fail again.
 */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (!guarded.has(stream)) {
    guarded.add(stream);
    stream.on('error', () => undefined);
  }
  if (stream.writableLength < mostUnreadBytes) stream.write(text);
}

/** Writes one line to standard error. Everything the stack logs goes through here. */
export function log(line: string): void {
  write(process.stderr, `${line}\n`);
}

/** Writes what a command answers to standard output. */
export function print(text: string): void {
  write(process.stdout, `${text}\n`);
}

/**
 * A log for what may go on happening: the first line is written at once, then at most one in 1, 2, 4 ... 60 seconds,
 * with how many were left out. Silence for as long as the longest pause starts over.
 *
 * @param now the time in milliseconds
 */
export function logWithBackOff(
  write: (line: string) => void,
  now: () => number = () => performance.now()
): (line: string) => void {
  let pauseMs = 0;
  let nextAt = -Infinity;
  let leftOut = 0;
  return (line) => {
    const at = now();
    if (at < nextAt) {
      leftOut += 1;
      return;
    }
    const startsOver = at - nextAt > longestPauseMs;
    pauseMs = startsOver ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
    nextAt = at + pauseMs;
    write(leftOut === 0 ? line : `${line} (${leftOut} such lines were left out)`);
    leftOut = 0;
  };
}
