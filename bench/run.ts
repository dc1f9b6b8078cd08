/**
 * `npm run bench`: every benchmark, as one table and bench/results.json. Ratios compare things measured in one run.
 *
 * `-- booking ivr` runs only those; `-- --quick` measures too little to compare, but shows within a minute or so that
 * every benchmark still runs. Only a full run of all of them writes the file.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { commandLine } from '../local/command-line.ts';
import { startSite } from '../local/site.ts';
import { startStack } from '../local/start-stack.ts';
import { launchBrowser } from '../tests/helpers/browser.ts';
import { benchBooking } from './booking.ts';
import { benchIvr } from './ivr.ts';
import { benchLighthouse } from './lighthouse.ts';
import { benchLive } from './live.ts';
import type { Effort, Finding } from './measure.ts';
import { benchBurst } from './burst.ts';
import { benchGrowth } from './growth.ts';
import { ownStack } from './processes.ts';
import { benchSite } from './site.ts';
import { benchSlow } from './slow.ts';
import { benchSms } from './sms.ts';
import { benchSpeech } from './speech.ts';
import { benchStack } from './stack.ts';
import { benchStorage } from './storage.ts';

/** What benchmarks run on: each part is started when the first of them asks for it, and closed with `closing`. */
function startedWhenNeeded(closing: AsyncDisposableStack) {
  const once = <T>(start: () => Promise<T>, close: (started: T) => Promise<void>) => {
    let part: Promise<T> | undefined;
    return () => (part ??= start().then((started) => closing.adopt(started, close)));
  };
  const stack = once(
    () => startStack({ watchFunctions: false, log: () => undefined }),
    (started) => started.close()
  );
  const site = once(
    async () => {
      const { api_url, publishable_key } = (await stack()).addresses;
      return startSite({ supabaseUrl: api_url, key: publishable_key, port: 0 });
    },
    (started) => started.close()
  );
  const browser = once(launchBrowser, (started) => started.close());
  return { stack, site, browser };
}

type Parts = ReturnType<typeof startedWhenNeeded> & { environment: NodeJS.Dict<string> };

/** In this order: the first starts stacks of its own on the data that the stack of the others then goes on with. */
const benchmarks: Record<string, (parts: Parts, effort: Effort) => Promise<Finding[]>> = {
  stack: ({ environment }) => benchStack(environment),
  site: async ({ stack, site, browser }) => benchSite(await stack(), await site(), await browser()),
  slow: async ({ stack, site, browser }, effort) =>
    benchSlow(await stack(), await site(), await browser(), effort),
  lighthouse: async ({ stack, site }, effort) => benchLighthouse(await stack(), await site(), effort),
  live: async ({ browser }, effort) => benchLive(await browser(), effort),
  ivr: async ({ stack }, effort) => benchIvr(await stack(), effort),
  speech: async ({ stack }) => benchSpeech(await stack()),
  growth: async ({ stack }, effort) => benchGrowth(await stack(), effort),
  sms: async ({ stack }, effort) => benchSms(await stack(), effort),
  booking: (_, effort) => benchBooking(effort),
  burst: (_, effort) => benchBurst(effort),
  storage: (_, effort) => benchStorage(effort)
};

/** Runs the benchmarks called `names` on data of their own, and tells on standard error how far it is. */
async function run(names: string[], effort: Effort): Promise<Finding[]> {
  await using closing = new AsyncDisposableStack();
  const { directory, environment } = await ownStack();
  closing.defer(() => rmSync(directory, { recursive: true, force: true }));
  Object.assign(process.env, environment);
  const parts = { ...startedWhenNeeded(closing), environment };
  const findings: Finding[] = [];
  for (const [index, name] of names.entries()) {
    console.error(`[${index + 1}/${names.length}] ${name} ...`);
    const begun = performance.now();
    const found = (await benchmarks[name]?.(parts, effort)) ?? [];
    for (const { what, measured } of found) console.error(`      ${what}: ${measured}`);
    console.error(`      took ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    findings.push(...found);
  }
  return findings;
}

/** What was measured; only numbers of a full run can be held against what they should be. */
function printTable(findings: Finding[], effort: Effort): void {
  const rows = findings.map(({ what, measured, value, aim, met }) => {
    const judged = effort === 'full' ? { aim, met: met ? 'yes' : 'no' } : {};
    return [what, { measured, value, ...judged }];
  });
  console.table(Object.fromEntries(rows));
}

const { values, positionals } = commandLine(import.meta.filename, {
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true
});
const effort = values.quick ? 'quick' : 'full';
const all = Object.keys(benchmarks);
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark called ${unknown.join(' or ')}. There are: ${all.join(', ')}.`);
  process.exit(1);
}
const names = all.filter((name) => positionals.length === 0 || positionals.includes(name));
const findings = await run(names, effort);
printTable(findings, effort);
if (effort === 'full' && names.length === all.length) {
  const results = { node: process.version, cores: availableParallelism(), findings };
  writeFileSync(new URL('./results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
}
// Lighthouse and the clients of the API leave timers behind.
process.exit(0);
