import type { TestProject } from 'vitest/node';
import { startStack, type StackAddresses } from '../../local/start-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
  }
}

// Both projects that need a stack name this file; they share one.
let shared: ReturnType<typeof startStack> | undefined;

/** Starts the one stack all tests of a run share, without demo data: each test makes what it needs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared ??= startStack({ ephemeral: true, seed: false });
  const stack = await shared;
  project.provide('stack', stack.addresses);
  return () => stack.close();
}
