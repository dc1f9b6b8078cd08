import { createWriteStream, mkdirSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startSite, type Site } from '../../local/site.ts';
import type { StackAddresses } from '../../local/start-stack.ts';
import { runStack, type StackCommand } from './command.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
    /** Where the built site is; only in the browser tests. */
    siteUrl: string;
  }
}

/** Every project has its own copy of this module; they share one stack all the same. */
const shared = globalThis as { medqTestStack?: Promise<StackCommand> };

const logDirectory = 'test-results';

/** Starts the one stack all tests of a run share, without demo data: each test makes what it needs. */
async function startSharedStack(): Promise<StackCommand> {
  mkdirSync(logDirectory, { recursive: true });
  const log = createWriteStream(`${logDirectory}/stack.log`);
  return runStack(['--ephemeral', '--no-seed'], {}, (chunk) => log.write(chunk));
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.medqTestStack ??= startSharedStack();
  const stack = await shared.medqTestStack;
  project.provide('stack', stack.addresses);
  let site: Site | undefined;
  if (project.name === 'browser') {
    const { api_url, publishable_key } = stack.addresses;
    site = await startSite({ supabaseUrl: api_url, key: publishable_key, port: 0 });
    project.provide('siteUrl', site.url);
  }
  return async () => {
    await site?.close();
    stack.signal('SIGTERM');
    await stack.exited;
  };
}
