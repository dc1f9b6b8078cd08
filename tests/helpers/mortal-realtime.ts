import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { startRealtime } from './realtime.ts';
import { theStack } from './stack.ts';

/** The stack of this run seen through an address of its own, with a Realtime that can die. */
export interface MortalRealtime {
  url: string;
  /** Ends the Realtime as a crash does: sockets break off in mid-sentence, and nobody takes new ones. */
  kill(): Promise<void>;
  /** Another one, in its place. */
  revive(): Promise<void>;
  /** From now on the sockets that are open say nothing more and hear nothing, and nobody is told. */
  fallSilent(): void;
  close(): Promise<void>;
}

export async function startMortalRealtime(): Promise<MortalRealtime> {
  const stack = new URL(theStack().api_url);
  const sockets = new Set<Duplex>();
  const begin = () => startRealtime(theStack().admin_db_url);
  let realtime: Awaited<ReturnType<typeof begin>> | undefined = await begin();

  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const onward = request(
      { host: stack.hostname, port: stack.port, method, path: url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }
    );
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });

  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    if (!realtime) return socket.destroy();
    const { port } = new URL(realtime.url);
    const onward = connect(Number(port), '127.0.0.1', () => {
      const headers = Object.entries(incoming.headers).map(
        ([name, value]) => `${name}: ${String(value)}\r\n`
      );
      onward.write(`GET ${incoming.url ?? '/'} HTTP/1.1\r\n${headers.join('')}\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    sockets.add(socket).add(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  async function kill(): Promise<void> {
    const dying = realtime;
    realtime = undefined;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await dying?.close();
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kill,
    async revive() {
      realtime = await begin();
    },
    fallSilent() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async close() {
      await kill();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };
}
