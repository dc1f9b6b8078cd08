import process from 'node:process';
import { inject } from 'vitest';

/** Asks the process that runs all tests for what this worker has to itself: see `global-setup.ts`. */
export async function own<T>(what: 'stack' | 'site'): Promise<T> {
  const response = await fetch(`${inject('workersUrl')}/${process.env.VITEST_POOL_ID}/${what}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}
