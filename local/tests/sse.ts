export interface StreamedEvent {
  event: string;
  data: unknown;
}

export interface EventStream {
  /** The next event; rejects when the stream has ended. */
  next(): Promise<StreamedEvent>;
  close(): Promise<void>;
}

/** Reads a server-sent event stream; resolves once the server has answered. */
export async function streamOf(url: string): Promise<EventStream> {
  const stopping = new AbortController();
  const response = await fetch(url, { signal: stopping.signal });
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}.`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end === -1) {
          const { value, done } = await reader.read();
          if (done) throw new Error('The stream ended.');
          text += value;
          continue;
        }
        const event = parse(text.slice(0, end));
        text = text.slice(end + 2);
        if (event) return event;
      }
    },
    async close() {
      stopping.abort();
      await reader.cancel().catch(() => undefined);
    }
  };
}

function parse(block: string): StreamedEvent | undefined {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  const event = fields.get('event');
  const data = fields.get('data');
  return event === undefined || data === undefined ? undefined : { event, data: JSON.parse(data) };
}
