/**
 * `npm start`: the embedded stack with demo data, and the built site on it. `npm run dev`: the same with hot reload.
 *
 *   --no-seed   no demo data
 *   --reset     throw the local data away first
 *
 * With PUBLIC_SUPABASE_URL and PUBLIC_SUPABASE_ANON_KEY only the site, on that Supabase.
 */
import process from 'node:process';
import { commandLine } from '../command-line.ts';
import { beginDemoDay, demoRows, type DemoDesk } from '../demo.ts';
import { Cleanup, settled } from '../supervision/cleanup.ts';
import { refuseSecond } from '../supervision/lock.ts';
import { log, print } from '../output.ts';
import { dataFiles, usualDataDirectory } from '../settings/data-directory.ts';
import { siteSecret } from '../settings/keys.ts';
import { becomesFree, PortTakenError, portVariables, usualPorts } from '../settings/ports.ts';
import { buildSite } from '../site/build.ts';
import { startSite } from '../site.ts';
import { startStack, type Stack } from '../start-stack.ts';
import { stopWithParent } from './parent.ts';
import { runUntilStopped } from './run-until-stopped.ts';

function announce(rows: [name: string, value: string][]): void {
  const lines = rows.map(([name, value]) => `  ${name.padEnd(18)} ${value}`);
  print(`\nMedQ is ready.\n\n${lines.join('\n')}\n\nStop it with Ctrl-C.`);
}

/** Only the site, on the project the environment names: hosted Supabase, or one in Docker. */
async function onGivenProject(supabaseUrl: string, hotReload: boolean) {
  const key = process.env.PUBLIC_SUPABASE_ANON_KEY;
  if (!key) {
    throw new Error(
      'PUBLIC_SUPABASE_URL is set, so the site runs on that project; set PUBLIC_SUPABASE_ANON_KEY to its ' +
        'publishable key too. To run everything on this machine instead, unset PUBLIC_SUPABASE_URL.'
    );
  }
  const site = await startSite({ supabaseUrl, key, port: usualPorts().site, hotReload, log });
  announce([
    ['Site', site.url],
    ['Supabase', supabaseUrl]
  ]);
  return site;
}

function addresses(
  { addresses: stack, simulatorUrl }: Stack,
  siteUrl: string,
  demo: DemoDesk | undefined
): [string, string][] {
  return [
    ['Site', siteUrl],
    ...demoRows(siteUrl, demo),
    ['Phone simulator', simulatorUrl],
    ['SMS inbox', `${stack.inbox_url}/messages`],
    ['Supabase API', stack.api_url],
    ['Database', stack.db_url]
  ];
}

/** Everything on this machine. */
async function onEmbeddedStack(hotReload: boolean, options: { reset: boolean; seed: boolean }) {
  const cleanup = new Cleanup();
  const { site: port } = usualPorts();
  // Before the work of starting, not after it. Whoever starts MedQ twice is told so, and not that a port is taken.
  const { lock, root } = dataFiles(usualDataDirectory());
  refuseSecond(lock, root);
  if (!(await becomesFree(port)))
    throw new PortTakenError(port, portVariables.site.what, portVariables.site.variable);
  try {
    const [stack] = await settled(
      startStack({ ...options, log }).then((started) => {
        cleanup.add(() => started.close());
        return started;
      }),
      hotReload ? Promise.resolve() : buildSite(log)
    );
    const site = await startSite({
      supabaseUrl: stack.addresses.api_url,
      key: stack.addresses.publishable_key,
      secret: siteSecret(stack.addresses.functions_secret),
      port,
      hotReload,
      log
    });
    cleanup.add(() => site.close());
    const demo = options.seed ? await beginDemoDay(stack.addresses.db_url) : undefined;
    announce(addresses(stack, site.url, demo));
    return { close: () => cleanup.run(log) };
  } catch (error) {
    await cleanup.run(log);
    throw error;
  }
}

/** The command behind `npm start` and `npm run dev`. */
export async function runProject({ hotReload }: { hotReload: boolean }): Promise<void> {
  await runUntilStopped(async () => {
    const { values } = commandLine(import.meta.filename, {
      options: { reset: { type: 'boolean', default: false }, 'no-seed': { type: 'boolean', default: false } }
    });
    stopWithParent({ temporary: false });
    const given = process.env.PUBLIC_SUPABASE_URL;
    if (given) return onGivenProject(given, hotReload);
    return onEmbeddedStack(hotReload, { reset: values.reset, seed: !values['no-seed'] });
  });
}
