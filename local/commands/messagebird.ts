/**
 * `npm run messagebird`: only the stand-in for MessageBird, beside a Supabase that runs elsewhere.
 *
 *   --host <address>   where to listen; 0.0.0.0 for functions that run in a container. Default 127.0.0.1
 *   --json             print one line of JSON with the addresses and keys when ready, and nothing else
 *
 * PUBLIC_SUPABASE_URL says whose functions are called. MESSAGEBIRD_ACCESS_KEY and MESSAGEBIRD_SIGNING_KEY are the keys
 * they know it by; without these it makes new ones, which they must be told.
 */
import process from 'node:process';
import { commandLine } from '../command-line.ts';
import { clinicsToCall } from '../messagebird/clinics.ts';
import { startMessageBird } from '../messagebird/index.ts';
import { print } from '../output.ts';
import { secret } from '../settings/keys.ts';
import { usualPorts } from '../settings/ports.ts';
import { stopWithParent } from './parent.ts';
import { runUntilStopped } from './run-until-stopped.ts';

await runUntilStopped(async () => {
  const { values } = commandLine(import.meta.filename, {
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      json: { type: 'boolean', default: false }
    }
  });
  const supabaseUrl = process.env.PUBLIC_SUPABASE_URL?.replace(/\/+$/, '');
  if (!supabaseUrl)
    throw new Error('Set PUBLIC_SUPABASE_URL to the Supabase whose functions are to be called.');
  stopWithParent({ temporary: false });
  const accessKey = process.env.MESSAGEBIRD_ACCESS_KEY || secret(20);
  const signingKey = process.env.MESSAGEBIRD_SIGNING_KEY || secret(32);
  const key = process.env.PUBLIC_SUPABASE_ANON_KEY;
  const ivrUrl = `${supabaseUrl}/functions/v1/ivr`;
  const messagebird = await startMessageBird({
    host: values.host,
    port: usualPorts().messagebird,
    accessKey,
    signingKey,
    ivrUrl,
    callStatusUrl: `${ivrUrl}/status`,
    ...(key && { clinics: () => clinicsToCall(supabaseUrl, key) })
  });
  const addresses = {
    api_url: messagebird.apiUrl,
    inbox_url: messagebird.inboxUrl,
    simulator_url: messagebird.simulatorUrl,
    access_key: accessKey,
    signing_key: signingKey
  };
  if (values.json) print(JSON.stringify(addresses));
  else {
    const rows = Object.entries(addresses).map(([name, value]) => `  ${name.padEnd(16)} ${value}`);
    print(`MessageBird is ready.\n\n${rows.join('\n')}\n\nStop it with Ctrl-C.`);
  }
  return messagebird;
});
