import { createInterface, type Interface } from 'node:readline/promises';
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
  let open: Interface | undefined;
  /**
   * @param before what stands above the line that is typed into
   * @param prompt how that begins
   */
  async function read(before: string, prompt: string, secret = false): Promise<string> {
    const echo = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (!secret) output.write(chunk);
        done();
      }
    });
    output.write(`\n${before}${secret ? prompt : ''}`);
    // Only for as long as it asks: it takes Ctrl-C for itself, which otherwise ends the program.
    const lines = (open = createInterface({ input, output: echo, terminal: true }));
    // Ctrl-C and Ctrl-D.
    const left = new AbortController();
    lines.once('close', () => left.abort());
    try {
      // It draws its line anew at every key, so it has to know how that begins.
      return await lines.question(secret ? '' : prompt, { signal: left.signal });
    } catch {
      throw new Error('Stopped. Nothing was changed. Run this again to go on from here.');
    } finally {
      lines.close();
      if (secret) output.write('\n');
    }
  }
  return {
    ask({ name, about, suggest, secret, optional }, problem) {
      const either = suggest ? ` [${suggest}]` : optional ? ' [none]' : '';
      return read(`${problem ?? about}\n`, `${name}${either}: `, secret);
    },
    agrees: async (question) => /^\s*y(es)?\s*$/i.test(await read('', `${question} [y/N] `)),
    close: () => open?.close()
  };
}
