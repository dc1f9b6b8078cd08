import { createWriteStream, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { TestProject } from 'vitest/node';
import { buildSite, isStale } from '../../local/site/build.ts';
import { readStackAddresses, type StackAddresses } from '../../local/settings/addresses.ts';
import { startSite, type Site } from '../../local/site.ts';
import * as words from '../../src/words/compile.ts';
import { runStack, type StackCommand } from './command.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a worker asks for the stack and the site of its own; see `own.ts`. */
    workersUrl: string;
  }
}

const log = (line: string) => process.stderr.write(`${line}\n`);

/** A Supabase that runs already, whatever it is made of, with the stand-in for MessageBird beside it. */
function givenStack(): StackAddresses | undefined {
  const line = process.env.MEDQ_TEST_STACK;
  return line ? readStackAddresses(line, 'MEDQ_TEST_STACK') : undefined;
}

/** What the test files that run in one worker, one after the other, have to themselves; started when it is first asked for. */
class Worker {
  #number: string;
  #given: StackAddresses | undefined;
  #stack: Promise<StackCommand> | undefined;
  #site: Promise<Site> | undefined;

  constructor(number: string, given: StackAddresses | undefined) {
    this.#number = number;
    this.#given = given;
  }

  async stack(): Promise<StackAddresses> {
    return this.#given ?? (await (this.#stack ??= this.#startStack())).addresses;
  }

  async site() {
    return (await (this.#site ??= this.#startSite())).url;
  }

  async close(): Promise<void> {
    const [site, stack] = await Promise.allSettled([this.#site, this.#stack]);
    if (site.status === 'fulfilled') await site.value?.close();
    if (stack.status === 'fulfilled') {
      stack.value?.signal('SIGTERM');
      await stack.value?.exited;
    }
  }

  /** Without demo data: each test makes what it needs. */
  #startStack(): Promise<StackCommand> {
    mkdirSync('test-results', { recursive: true });
    const file = createWriteStream(`test-results/stack-${this.#number}.log`);
    return runStack(['--ephemeral', '--no-seed'], {}, (chunk) => file.write(chunk));
  }

  async #startSite(): Promise<Site> {
    const [{ api_url, publishable_key }] = await Promise.all([this.stack(), buildSite(log)]);
    return startSite({ supabaseUrl: api_url, key: publishable_key, port: 0, log });
  }
}

/**
 * Vitest starts another process for every test file, and up to `maxWorkers` of them at once. Here, in the process that
 * lasts, each of those places gets a stack of its own, so that files never meet in one database at the same time.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Here rather than by Vite's plugin, which has it all compiled each time before anything else.
  if (isStale(words.compiled, words.sources)) await words.compileWords();
  const given = givenStack();
  const workers = new Map<string, Worker>();
  const server = createServer((request, response) => {
    const [, number = '', what] = (request.url ?? '').split('/');
    const worker = workers.get(number) ?? new Worker(number, given);
    workers.set(number, worker);
    // Seldom asked: a connection that is kept would end just when it is used again.
    response.setHeader('connection', 'close');
    const answers: Record<string, () => Promise<unknown>> = {
      stack: () => worker.stack(),
      site: () => worker.site()
    };
    void Promise.resolve(answers[what ?? '']?.()).then(
      (answer) => response.end(JSON.stringify(answer ?? null)),
      (error: Error) => response.writeHead(500).end(error.message)
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('workersUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    await Promise.all([...workers.values()].map((worker) => worker.close()));
  };
}
