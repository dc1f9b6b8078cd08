/** Work that goes on when nobody waits for the answer any more. */

/**
 * Keeps the worker alive until `work` settles, where the platform can do that; elsewhere the process stays anyway.
 * @param onFailure receives a rejection, which would otherwise end the process
 */
export function inBackground(work: Promise<unknown>, onFailure: (error: unknown) => void): void {
  const settled = work.catch(onFailure);
  const { EdgeRuntime: runtime } = globalThis as {
    EdgeRuntime?: { waitUntil?(promise: Promise<unknown>): unknown };
  };
  runtime?.waitUntil?.(settled);
}
