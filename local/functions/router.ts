/**
 * Runs inside Deno and leads `/<name>/...` to `supabase/functions/<name>/handler.ts`, as the runtime of Supabase leads
 * it to a worker of its own. Here all functions share one process.
 *
 * Arguments: port, folder of the functions (a file URL), names of functions that are switched off (comma separated),
 * and what /_health answers, so that the caller knows it is us.
 */
type Handle = (request: Request) => Response | Promise<Response>;

declare const Deno: {
  args: string[];
  ppid: number;
  exit(code: number): never;
  readDirSync(folder: URL): Iterable<{ name: string; isDirectory: boolean }>;
  statSync(file: URL): unknown;
  serve(options: { port: number; hostname: string; onListen(): void }, handler: Handle): unknown;
};

const [port, folder, off, instance] = Deno.args;
const switchedOff = new Set((off ?? '').split(','));
const loading = new Map<string, Promise<Handle>>();

function log(level: string, message: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level, message, error: detail }));
}

// Work that goes on after the answer; the process outlives it anyway, but its failures must be seen.
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil<T>(promise: Promise<T>): Promise<T> {
      promise.catch((error) => log('error', 'Background work of a function failed', error));
      return promise;
    }
  }
});
// The stack ended, and its watchdog with it: nobody else would stop us.
const parent = Deno.ppid;
setInterval(() => Deno.ppid !== parent && Deno.exit(1), 500);
// A forgotten promise of one function must not end all of them.
globalThis.addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  log(
    'error',
    'A promise of a function was rejected and nobody cared',
    (event as PromiseRejectionEvent).reason
  );
});

function handlerOf(name: string): URL {
  return new URL(`${name}/handler.ts`, folder);
}

/** Whether there is such a function; it may have been written a moment ago. */
function isFunction(name: string): boolean {
  if (!/^[A-Za-z0-9][\w-]*$/.test(name) || switchedOff.has(name)) return false;
  try {
    Deno.statSync(handlerOf(name));
    return true;
  } catch {
    return false;
  }
}

// The driver of the database throws outside of any request when a connection is lost.
globalThis.addEventListener('error', (event) => {
  event.preventDefault();
  log('error', 'Something failed outside of any request', (event as ErrorEvent).error);
});

async function load(name: string): Promise<Handle> {
  const { handle } = (await import(handlerOf(name).href)) as { handle: Handle };
  return handle;
}

function refuse(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status });
}

async function serve(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.split('/')[1] ?? '';
  if (name === '_health') return Response.json({ instance });
  if (!isFunction(name)) return refuse(404, 'NOT_FOUND', 'Requested function was not found');
  let handle: Handle;
  try {
    const promise = loading.get(name) ?? load(name);
    loading.set(name, promise);
    handle = await promise;
  } catch (error) {
    loading.delete(name);
    log('error', `Function ${name} does not load`, error);
    return refuse(503, 'BOOT_ERROR', 'Function failed to start (please check logs)');
  }
  try {
    return await handle(request);
  } catch (error) {
    log('error', `Function ${name} failed`, error);
    return refuse(500, 'WORKER_ERROR', 'Function exited due to an error (please check logs)');
  }
}

// Silent: the stack asks /_health.
Deno.serve({ port: Number(port), hostname: '127.0.0.1', onListen: () => undefined }, serve);
// The first call should not wait for the packages.
for (const { name, isDirectory } of Deno.readDirSync(new URL(folder ?? ''))) {
  if (!isDirectory || !isFunction(name)) continue;
  const promise = load(name);
  loading.set(name, promise);
  promise.catch(() => loading.delete(name));
}
