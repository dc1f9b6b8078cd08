/** `npm run bench`: every benchmark, as one table and bench/results.json. Ratios compare things measured in one run. */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { startSite } from '../local/site.ts';
import { startStack, type Stack } from '../local/start-stack.ts';
import { launchBrowser } from '../tests/helpers/browser.ts';
import { benchBooking } from './booking.ts';
import { benchIvr } from './ivr.ts';
import { benchLighthouse } from './lighthouse.ts';
import { benchLive } from './live.ts';
import type { Finding } from './measure.ts';
import { benchSite } from './site.ts';
import { benchSms } from './sms.ts';
import { benchStack, ownStack } from './stack.ts';

/** What needs the built site and a browser. */
async function benchPages(stack: Stack): Promise<Finding[]> {
  const { api_url, publishable_key } = stack.addresses;
  const site = await startSite({ supabaseUrl: api_url, key: publishable_key, port: 0 });
  const browser = await launchBrowser();
  try {
    return [
      ...(await benchSite(stack, site, browser)),
      ...(await benchLighthouse(stack, site)),
      ...(await benchLive(stack, site, browser))
    ];
  } finally {
    await browser.close();
    await site.close();
  }
}

const { directory, environment } = await ownStack();
Object.assign(process.env, environment);
const findings: Finding[] = await benchStack(environment);
const stack = await startStack({ watchFunctions: false, log: () => undefined });
try {
  findings.push(
    ...(await benchPages(stack)),
    ...(await benchIvr(stack)),
    ...(await benchSms(stack)),
    ...(await benchBooking(stack))
  );
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
