import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  FrameClient,
  startDatabase,
  startRealtime,
  tokenOf,
  type OwnDatabase,
  type RealtimeAddress
} from '../../tests/helpers/realtime.ts';

let database: OwnDatabase;
let realtime: RealtimeAddress & { close(): Promise<void> };
let sql: postgres.Sql;
let token: string;
const logged: string[] = [];

beforeAll(async () => {
  database = await startDatabase();
  realtime = await startRealtime(database.adminUrl, {
    replicationReadyTimeoutMs: 2000,
    log: (message) => logged.push(message)
  });
  sql = postgres(database.url, { onnotice: () => undefined });
  token = await tokenOf({ role: 'authenticated', sub: randomUUID() });
  await sql`create policy "All listen" on realtime.messages for select to authenticated using (true)`;
});

afterAll(async () => {
  await realtime.close();
  await sql.end();
  await database.stop();
});

let refs = 0;

/** Joins `topic` and waits for the stream; each channel gets a socket of its own. */
async function listen(topic: string): Promise<FrameClient> {
  const raw = await FrameClient.connect(realtime.socketUrl());
  onTestFinished(() => raw.close());
  const ref = `${++refs}`;
  const config = { private: true, broadcast: { replication_ready: true } };
  raw.send([ref, ref, `realtime:${topic}`, 'phx_join', { config, access_token: token }]);
  const said = await raw.frame((frame) => frame[3] === 'system');
  expect(said[4]).toMatchObject({ message: 'Replication connection established' });
  return raw;
}

/** What came on any channel: topic and event. */
function heard(raw: FrameClient): string[] {
  return raw.frames
    .filter((frame) => frame[3] === 'broadcast')
    .map((frame) => `${String(frame[2])} ${(frame[4] as { event: string }).event}`);
}

function send(topic: string, event: string): Promise<unknown> {
  return sql`select realtime.send('{}', ${event}, ${topic})`;
}

describe.each(['gently', 'kill'] as const)('when Postgres is restarted (%s)', (how) => {
  test('sockets stay, and what is sent afterwards arrives, everything once', async () => {
    const topic = `topic-${randomUUID()}`;
    const early = await listen(topic);
    await send(topic, 'before');
    await early.frame(() => heard(early).some((text) => text.endsWith('before')));
    await database.restart(how);
    // Its join is answered only when there is a stream again, so `after` has one to come over.
    const late = await listen(topic);
    await send(topic, 'after');
    for (const raw of [early, late]) await raw.frame(() => heard(raw).some((text) => text.endsWith('after')));
    expect(heard(early)).toEqual([`realtime:${topic} before`, `realtime:${topic} after`]);
    expect(heard(late)).toEqual([`realtime:${topic} after`]);
    await early.roundTrip('still-there');
    expect(logged).toContain('The stream of messages from the database broke; reconnecting.');
  });
});

describe('while Postgres is away', () => {
  test('a private channel is refused with a reason, and a public one joined but not called ready', async () => {
    const away = await startDatabase();
    const service = await startRealtime(away.adminUrl, {
      replicationReadyTimeoutMs: 300,
      log: () => undefined
    });
    onTestFinished(() => service.close());
    await away.stop();
    const raw = await FrameClient.connect(service.socketUrl());
    onTestFinished(() => raw.close());
    raw.send(['1', '1', 'realtime:private', 'phx_join', { config: { private: true }, access_token: token }]);
    expect(await raw.reply('1')).toMatchObject({
      4: {
        response: {
          reason: 'UnableToConnectToProject: Realtime was unable to connect to the project database'
        }
      }
    });
    raw.send([
      '2',
      '2',
      'realtime:public',
      'phx_join',
      { config: { broadcast: { replication_ready: true } } }
    ]);
    await raw.frame((frame) => frame[0] === '2' && frame[3] === 'phx_close');
    expect(await raw.frame((frame) => frame[3] === 'system')).toMatchObject({
      4: { status: 'error', message: 'Replication connection was not established in time' }
    });
  });
});
