import type { TestProject } from 'vitest/node';
import { startSite, type Site } from '../../local/site.ts';
import { startStack, type StackAddresses } from '../../local/start-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
    /** Where the built site is; only in the browser tests. */
    siteUrl: string;
  }
}

// Both projects that need a stack name this file; they share one.
let shared: ReturnType<typeof startStack> | undefined;

/** Starts the one stack all tests of a run share, without demo data: each test makes what it needs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared ??= startStack({ ephemeral: true, seed: false });
  const stack = await shared;
  project.provide('stack', stack.addresses);
  let site: Site | undefined;
  if (project.name === 'browser') {
    const { api_url, publishable_key } = stack.addresses;
    site = await startSite({ supabaseUrl: api_url, key: publishable_key, port: 0 });
    project.provide('siteUrl', site.url);
  }
  return async () => {
    await site?.close();
    await stack.close();
  };
}
