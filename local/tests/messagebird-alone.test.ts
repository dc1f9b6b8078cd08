// The stand-in for MessageBird as it runs beside a Supabase that is not the embedded one.
import { afterAll, afterEach, expect, test } from 'vitest';
import { freePort } from '../settings/ports.ts';
import { runCommand, stopCommands } from '../../tests/helpers/command.ts';
import { restClient } from '../../tests/helpers/messagebird.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';
import { aClinic, aPhone } from '../../tests/helpers/world.ts';
import { streamOf } from './sse.ts';

const { api_url, publishable_key, messagebird_signing_key } = theStack();
const sql = databaseAsPostgres();
afterEach(stopCommands);
afterAll(closeDatabases);

interface Line {
  api_url: string;
  inbox_url: string;
  simulator_url: string;
  access_key: string;
  signing_key: string;
}

async function started(env: NodeJS.Dict<string>): Promise<Line> {
  const port = { MEDQ_MESSAGEBIRD_PORT: String(await freePort()) };
  const command = runCommand('messagebird.ts', ['--json'], { ...port, PUBLIC_SUPABASE_URL: api_url, ...env });
  await command.until('"signing_key"');
  return JSON.parse(command.stdout()) as Line;
}

test('it calls the functions of that Supabase, with the key they know', async () => {
  const clinic = await aClinic(sql);
  const line = await started({
    MESSAGEBIRD_SIGNING_KEY: messagebird_signing_key,
    PUBLIC_SUPABASE_ANON_KEY: publishable_key
  });
  expect(line.signing_key).toBe(messagebird_signing_key);
  const config = await (await fetch(`${line.simulator_url}config`)).json();
  expect(config.clinics).toContainEqual(expect.objectContaining({ phone: clinic.phone }));

  const dialled = await fetch(`${line.simulator_url}calls`, {
    method: 'POST',
    body: JSON.stringify({ from: aPhone(), to: clinic.phone })
  });
  const { id } = (await dialled.json()) as { id: string };
  const events = await streamOf(`${line.simulator_url}calls/${id}/events`);
  let heard = '';
  while (!heard.includes(clinic.name)) heard += JSON.stringify((await events.next()).data);
  events.close();
});

test('it takes texts with the key that it made for itself', async () => {
  const line = await started({});
  const phone = aPhone();
  const text = { originator: 'MedQ', recipients: [phone.slice(1)], body: 'Hello' };
  expect((await restClient(line.api_url, line.access_key).post(text)).status).toBe(201);
  expect((await restClient(line.api_url, 'another key').post(text)).status).toBe(401);
  const received = await (await fetch(`${line.inbox_url}/messages`)).json();
  expect(received).toMatchObject([{ body: 'Hello' }]);
});

test('without a Supabase it says what is missing', async () => {
  const command = runCommand('messagebird.ts', [], { PUBLIC_SUPABASE_URL: '' });
  expect(await command.exited).toBe(1);
  expect(command.stderr()).toContain('Set PUBLIC_SUPABASE_URL');
});
