/**
 * `npm run stack`: the embedded stack without the site.
 *
 *   --ephemeral   free ports and temporary data, removed at the end
 *   --json        print one line of JSON with the addresses and keys when ready, and nothing else
 *   --no-seed     no demo data
 *   --reset       throw the local data away first
 */
import { commandLine } from '../command-line.ts';
import { print } from '../output.ts';
import { startStack, type Stack } from '../start-stack.ts';
import { stopWithParent } from './parent.ts';
import { runUntilStopped } from './run-until-stopped.ts';

function describe({ addresses, simulatorUrl }: Stack): string {
  const rows = [
    ['API', addresses.api_url],
    ['Database', addresses.db_url],
    ['Phone simulator', simulatorUrl],
    ['SMS inbox', `${addresses.inbox_url}/messages`],
    ['IVR', addresses.ivr_url],
    ['Publishable key', addresses.publishable_key],
    ['Secret key', addresses.secret_key]
  ];
  return rows.map(([name, value]) => `  ${name?.padEnd(16)} ${value}`).join('\n');
}

await runUntilStopped(async () => {
  const { values } = commandLine(import.meta.filename, {
    options: {
      ephemeral: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'no-seed': { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false }
    }
  });
  stopWithParent({ temporary: values.ephemeral });
  const stack = await startStack({
    ephemeral: values.ephemeral,
    reset: values.reset,
    seed: !values['no-seed']
  });
  if (values.json) print(JSON.stringify(stack.addresses));
  else print(`The stack is ready.\n\n${describe(stack)}\n\nStop it with Ctrl-C.`);
  return stack;
});
