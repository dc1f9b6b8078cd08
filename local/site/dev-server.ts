/** Serves the site from its sources with hot reload; run by local/site.ts with the wanted port as its argument. */
import process from 'node:process';
import { createServer } from 'vite';
import { freePort } from '../settings/ports.ts';
import { reportToParent } from './child.ts';

await reportToParent(async () => {
  const port = Number(process.argv[2]) || (await freePort());
  const server = await createServer({ server: { port, strictPort: true, host: '127.0.0.1' } });
  await server.listen();
  return port;
});
