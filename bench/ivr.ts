/** The phone line: a step of a call against a function that does `select 1`. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { signRequest } from '../local/messagebird/sign.ts';
import { functionsDirectory } from '../local/functions/deno.ts';
import { startFunctions } from '../local/functions/process.ts';
import { freePort } from '../local/settings/ports.ts';
import type { Stack } from '../local/start-stack.ts';
import { finding, inTurns, rate, type Effort, type Finding } from './measure.ts';

interface Amount {
  rounds: number;
  seconds: number;
  /** Calls whose first request is signed before the clock runs; they are repeated when they are used up. */
  calls: number;
}

const amounts: Record<Effort, Amount> = {
  full: { rounds: 3, seconds: 4, calls: 5000 },
  quick: { rounds: 1, seconds: 0.25, calls: 200 }
};

/** The floor of a step of a call: one round trip to the database, and nothing else. */
const selectOne = `
import { database } from '../_shared/database.ts';
export async function handle() {
  const [row] = await database()\`select 1 as one\`;
  return Response.json(row);
}`;

/**
 * A copy of the functions with the floor beside them. The floor is no member of the workspace: it needs no packages of
 * its own, so the lock of the functions, which is frozen and names every member, holds for the copy as it is.
 */
async function functionsWithFloor(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'medq-bench-'));
  await cp(functionsDirectory, directory, { recursive: true });
  await mkdir(path.join(directory, 'select-one'));
  await writeFile(path.join(directory, 'select-one/handler.ts'), selectOne);
  return directory;
}

interface SignedRequest {
  url: string;
  token: string;
}

/**
 * The first requests of so many calls. Signing is the provider's work, so it is done before the clock runs; a
 * signature holds for a minute.
 */
function firstRequests(origin: string, signingKey: string, calls: number): Promise<SignedRequest[]> {
  return Promise.all(
    Array.from({ length: calls }, async () => {
      const query = `callID=${crypto.randomUUID()}&source=919811100000&destination=914440001000&variables=%7B%7D`;
      const url = `${origin}/ivr?${query}`;
      return { url, token: await signRequest({ url, signingKey }) };
    })
  );
}

async function takeStep({ url, token }: SignedRequest): Promise<void> {
  const answer = await fetch(url, { headers: { 'messagebird-signature-jwt': token } });
  const { steps } = (await answer.json()) as { steps?: unknown[] };
  if (!steps || steps.length < 3) throw new Error(`A step of a call failed with ${answer.status}.`);
}

/** Steps and the floor in turns, with so many callers at once. */
async function measureSteps(origin: string, signingKey: string, callers: number, amount: Amount) {
  const { rounds, seconds } = amount;
  const requests = await firstRequests(origin, signingKey, amount.calls);
  const step = () =>
    rate(callers, seconds, async (_, piece) => {
      const request = requests[piece % requests.length];
      if (!request) throw new Error('There is no request to send.');
      await takeStep(request);
    });
  const floorStep = () =>
    rate(callers, seconds, async () => {
      const answer = await fetch(`${origin}/select-one`);
      if (!answer.ok) throw new Error(`select-one failed with ${answer.status}.`);
      await answer.json();
    });
  return inTurns(rounds, step, floorStep);
}

export async function benchIvr(stack: Stack, effort: Effort): Promise<Finding[]> {
  const { db_url, messagebird_signing_key: signingKey, functions_secret, api_url } = stack.addresses;
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
      MESSAGEBIRD_SIGNING_KEY: signingKey,
      SITE_URL: 'http://127.0.0.1:9'
    }
  });
  try {
    const one = await measureSteps(origin, signingKey, 1, amounts[effort]);
    const fifty = await measureSteps(origin, signingKey, 50, amounts[effort]);
    const { ours, floor } = fifty;
    return [
      finding(
        'a step of a call against a function that does select 1',
        `${one.ours.p50.toFixed(2)} ms against ${one.floor.p50.toFixed(2)} ms`,
        one.ours.p50 / one.floor.p50,
        { atMost: 1.5 }
      ),
      finding(
        'the same with 50 calls at once, 95th percentile',
        `p50 ${ours.p50.toFixed(0)}, p95 ${ours.p95.toFixed(0)} ms, ${ours.perSecond.toFixed(0)}/s against ` +
          `p50 ${floor.p50.toFixed(0)}, p95 ${floor.p95.toFixed(0)} ms, ${floor.perSecond.toFixed(0)}/s`,
        ours.p95 / floor.p95,
        { atMost: 2 }
      )
    ];
  } finally {
    await functions.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
