/** A step of a call, as the voice provider asks for it, against a function that does `select 1`. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { signRequest } from '../local/messagebird/sign.ts';
import { functionsDirectory } from '../local/functions/deno.ts';
import { startFunctions } from '../local/functions/process.ts';
import { freePort } from '../local/ports.ts';
import type { Stack } from '../local/start-stack.ts';
import { finding, inTurns, rate, type Finding } from './measure.ts';

const seconds = 4;

/** The floor of a step of a call: one round trip to the database, and nothing else. */
const selectOne = `
import { database } from '../_shared/database.ts';
export async function handle() {
  const [row] = await database()\`select 1 as one\`;
  return Response.json(row);
}`;

/** The functions with the floor beside them. */
async function functionsWithFloor(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'medq-bench-'));
  await cp(functionsDirectory, directory, { recursive: true });
  const configFile = path.join(directory, 'deno.json');
  const config = JSON.parse(await readFile(configFile, 'utf8')) as { workspace: string[] };
  config.workspace.push('./select-one');
  // The lock knows nothing of the floor, which needs no package of its own.
  await writeFile(configFile, JSON.stringify({ ...config, lock: false }));
  await cp(path.join(directory, 'ivr/deno.json'), path.join(directory, 'select-one/deno.json'));
  await writeFile(path.join(directory, 'select-one/handler.ts'), selectOne);
  return directory;
}

export async function benchIvr(stack: Stack): Promise<Finding[]> {
  const { db_url, messagebird_signing_key, functions_secret, api_url } = stack.addresses;
  const directory = await functionsWithFloor();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const functions = await startFunctions({
    directory,
    port,
    switchedOff: [],
    log: (line) => process.stderr.write(`${line}\n`),
    environment: {
      SUPABASE_URL: api_url,
      SUPABASE_DB_URL: db_url,
      PUBLIC_FUNCTIONS_URL: origin,
      FUNCTIONS_SECRET: functions_secret,
      MESSAGEBIRD_SIGNING_KEY: messagebird_signing_key
    }
  });
  try {
    // Signing is the provider's work, so it is done before the clock runs: each request is the first of its call.
    const requests = await Promise.all(
      Array.from({ length: 2000 }, async (_, call) => {
        const url = `${origin}/ivr?callID=bench-${call}&source=919811100000&destination=914440001000&variables=%7B%7D`;
        return { url, token: await signRequest({ url, signingKey: messagebird_signing_key }) };
      })
    );
    const step = () =>
      rate(1, seconds, async (_, piece) => {
        const request = requests[piece % requests.length];
        if (!request) throw new Error('There is no request to send.');
        const answer = await fetch(request.url, { headers: { 'messagebird-signature-jwt': request.token } });
        const { steps } = (await answer.json()) as { steps?: unknown[] };
        if (!steps || steps.length < 3) throw new Error(`A step of a call failed with ${answer.status}.`);
      });
    const floorStep = () =>
      rate(1, seconds, async () => {
        const answer = await fetch(`${origin}/select-one`);
        if (!answer.ok) throw new Error(`select-one failed with ${answer.status}.`);
        await answer.json();
      });
    const { ours, floor } = await inTurns(3, step, floorStep);
    return [
      finding(
        'a step of a call against a function that does select 1',
        `${ours.p50.toFixed(2)} ms against ${floor.p50.toFixed(2)} ms`,
        ours.p50 / floor.p50,
        { atMost: 1.5 }
      )
    ];
  } finally {
    await functions.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
