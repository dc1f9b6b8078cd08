import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFunctions } from '../../local/functions/process.ts';
import { freePort } from '../../local/settings/ports.ts';
import { signedGet } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPhone, type Clinic } from '../helpers/world.ts';
import { anOpenClinic } from './ivr-calls.ts';

const { api_url, db_url, functions_secret, messagebird_signing_key: signingKey } = theStack();
const sql = databaseAsPostgres();

/** A way to the database on which connections are counted. */
async function aCountedWay() {
  const open = new Set<Socket>();
  let most = 0;
  const { hostname, port } = new URL(db_url);
  const server = createServer((socket) => {
    open.add(socket);
    most = Math.max(most, open.size);
    const onward = connectTo(Number(port), hostname);
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) {
      end.on('error', () => undefined);
      end.on('close', () => {
        open.delete(socket);
        socket.destroy();
        onward.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(db_url);
  url.port = String((server.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';
  return {
    url: url.href,
    most: () => most,
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    }
  };
}

let way: Awaited<ReturnType<typeof aCountedWay>>;
let functions: Awaited<ReturnType<typeof startFunctions>>;
let clinic: Clinic;
let origin: string;
beforeAll(async () => {
  way = await aCountedWay();
  clinic = (await anOpenClinic(sql)).clinic;
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  functions = await startFunctions({
    port,
    switchedOff: [],
    log: () => undefined,
    environment: {
      SUPABASE_URL: api_url,
      // Nobody listens there: the pooler's address wins over the direct one.
      SUPABASE_DB_URL: 'postgresql://postgres:word@127.0.0.1:9/postgres',
      DATABASE_URL: way.url,
      PUBLIC_FUNCTIONS_URL: origin,
      FUNCTIONS_SECRET: functions_secret,
      MESSAGEBIRD_SIGNING_KEY: signingKey,
      SITE_URL: 'http://127.0.0.1:9'
    }
  });
});
afterAll(async () => {
  await functions?.stop();
  way?.close();
  await closeDatabases();
});

test('a hundred calls at once are answered over the two connections that a worker opens', async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const query = new URLSearchParams({
        callID: crypto.randomUUID(),
        source: aPhone().slice(1),
        destination: clinic.phone.slice(1),
        variables: '{}'
      });
      const answer = await signedGet(`${origin}/ivr?${query}`, { signingKey });
      return { status: answer.status, welcomed: (await answer.text()).includes(clinic.name) };
    })
  );
  expect(answers.filter(({ status, welcomed }) => status !== 200 || !welcomed)).toEqual([]);
  expect(way.most()).toBe(2);
});
