/** Serves `build/` on 127.0.0.1; run by local/site.ts with the wanted port as its argument. */
import { createServer, type RequestListener } from 'node:http';
import process from 'node:process';
import { reportToParent } from './child.ts';

// The adapter takes every request for https unless a proxy says otherwise, and then refuses forms sent over http.
process.env.PROTOCOL_HEADER = 'x-forwarded-proto';

await reportToParent(async () => {
  const entry = new URL('../../build/handler.js', import.meta.url).href;
  const { handler } = (await import(entry)) as { handler: RequestListener };
  const server = createServer((req, res) => {
    req.headers['x-forwarded-proto'] = 'http';
    handler(req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(process.argv[2]), '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The site has no port.');
  return address.port;
});
