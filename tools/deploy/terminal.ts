import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Asker } from './answers.ts';

/** Whoever sits at a terminal. */
export interface Terminal extends Asker {
  /** Whether the answer to a question is yes. */
  agrees(question: string): Promise<boolean>;
  close(): void;
}

/** Asks at a terminal. What is secret is not shown while it is typed. */
export function openTerminal(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Terminal {
  let hidden = false;
  const echo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!hidden) output.write(chunk);
      done();
    }
  });
  const lines = createInterface({ input, output: echo, terminal: true });
  // Ctrl-C and Ctrl-D.
  const left = new AbortController();
  lines.once('close', () => left.abort());
  async function read(prompt: string, secret = false): Promise<string> {
    output.write(prompt);
    hidden = secret;
    try {
      return await lines.question('', { signal: left.signal });
    } catch {
      throw new Error('Stopped. Nothing was changed.');
    } finally {
      hidden = false;
      if (secret) output.write('\n');
    }
  }
  return {
    ask({ name, about, suggest, secret, optional }, problem) {
      const either = suggest ? ` [${suggest}]` : optional ? ' [none]' : '';
      return read(`\n${problem ? `${problem}\n` : `${about}\n`}${name}${either}: `, secret);
    },
    agrees: async (question) => /^\s*y(es)?\s*$/i.test(await read(`\n${question} [y/N] `)),
    close: () => lines.close()
  };
}
