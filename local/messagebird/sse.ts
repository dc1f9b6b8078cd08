/** One event of a stream; `id` lets a browser resume after it. */
export interface StreamEvent {
  event: string;
  data: unknown;
  id?: number;
}

const keepAliveMs = 15_000;

/**
 * A server-sent event stream. `subscribe` gets a function that sends and returns a function that stops;
 * the stream ends when `signal` aborts.
 */
export function eventStream(
  signal: AbortSignal,
  subscribe: (send: (event: StreamEvent) => void) => () => void
): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text));
      // A first comment makes the headers go out at once, so that the browser knows that it is connected.
      write(': connected\n\n');
      const keepAlive = setInterval(() => write(': still here\n\n'), keepAliveMs);
      const unsubscribe = subscribe(({ event, data, id }) => {
        write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      });
      let stopped = false;
      stop = () => {
        if (stopped) return;
        stopped = true;
        clearInterval(keepAlive);
        unsubscribe();
      };
      signal.addEventListener('abort', () => {
        if (stopped) return;
        stop();
        controller.close();
      });
    },
    cancel: () => stop()
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
  });
}
