import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer as it came; what is changed in it is passed on. */
export interface PassingAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface AlteringProxy {
  url: string;
  close(): Promise<void>;
}

/**
 * A proxy before a real server, as there may be one in a deployment that does what it should not.
 *
 * @param target the server's origin
 * @param alter gets the path with its query, and may change the answer
 * @param told headers that the server is sent besides, or instead of the client's
 */
export async function alteringProxy(
  target: string,
  alter: (path: string, answer: PassingAnswer) => void,
  told: Record<string, string> = {}
): Promise<AlteringProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const { method, url: path = '/', headers } = incoming;
    const upstream = httpRequest(
      { hostname, port, path, method, headers: { ...headers, ...told } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const whole = Buffer.concat(chunks);
          const passing = {
            status: answer.statusCode ?? 0,
            headers: { ...answer.headers },
            body: whole.toString('latin1')
          };
          alter(path, passing);
          const body = Buffer.from(passing.body, 'latin1');
          delete passing.headers['transfer-encoding'];
          outgoing.writeHead(passing.status, { ...passing.headers, 'content-length': body.length });
          outgoing.end(body);
        });
      }
    );
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
  };
}
