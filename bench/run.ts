/** `npm run bench`: every benchmark, as one table and bench/results.json. Ratios compare things measured in one run. */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { startStack } from '../local/start-stack.ts';
import { benchBooking } from './booking.ts';
import { benchIvr } from './ivr.ts';
import type { Finding } from './measure.ts';
import { benchSms } from './sms.ts';
import { benchStack, ownStack } from './stack.ts';

const { directory, environment } = await ownStack();
Object.assign(process.env, environment);
const findings: Finding[] = await benchStack(environment);
const stack = await startStack({ watchFunctions: false, log: () => undefined });
try {
  findings.push(...(await benchIvr(stack)), ...(await benchSms(stack)), ...(await benchBooking(stack)));
} finally {
  await stack.close();
  rmSync(directory, { recursive: true, force: true });
}

console.table(
  Object.fromEntries(
    findings.map(({ what, measured, value, aim, met }) => [
      what,
      { measured, value, aim, met: met ? 'yes' : 'no' }
    ])
  )
);
const results = { node: process.version, cores: availableParallelism(), findings };
writeFileSync(new URL('./results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
process.exit(0);
