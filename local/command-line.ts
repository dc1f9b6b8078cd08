import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { log, print } from './output.ts';

/** The comment with which a file begins, as text. */
function headOf(file: string): string {
  const [, comment = ''] = /\/\*\*([^]*?)\*\//.exec(readFileSync(file, 'utf8')) ?? [];
  return comment.replace(/^ *\* ?/gm, '').trim();
}

/**
 * What a command is told. `--help` shows the comment with which its file begins, so that help is written once; what the
 * command does not know ends it with that comment too, and with code 2.
 *
 * @param file of the command: `import.meta.filename`
 */
export function commandLine<const T extends ParseArgsConfig>(
  file: string,
  config: T
): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).includes('--help')) {
    print(headOf(file));
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    const [what] = (error as Error).message.split('. ');
    log(`${what}.\n\n${headOf(file)}`);
    process.exit(2);
  }
}
