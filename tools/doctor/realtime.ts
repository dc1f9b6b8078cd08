import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { type Check, fails, type Finding, holds } from './check.ts';
import type { Examined } from './examined.ts';

/** Longer than a refusal takes: Realtime makes whom it refuses wait for five seconds. */
const patienceMs = 20_000;

interface Reply {
  status: string;
  response?: { reason?: string };
}

/** What came back from joining: `joined`, the reason of a refusal, or why there was no answer. */
type Joined = { joined: true } | { joined: false; reason: string };

/** A connection such as pages have, in one channel. */
class Channel {
  readonly topic: string;
  readonly joined: Promise<Joined>;
  readonly #socket: WebSocket;

  constructor(
    { subject: { apiUrl, publishableKey } }: Examined,
    topic: string,
    isPrivate: boolean,
    token?: string
  ) {
    this.topic = topic;
    const address = new URL(`${apiUrl}/realtime/v1/websocket`);
    address.protocol = address.protocol.replace('http', 'ws');
    address.search = String(new URLSearchParams({ apikey: publishableKey, vsn: '2.0.0' }));
    this.#socket = new WebSocket(address);
    this.#socket.binaryType = 'arraybuffer';
    const wish = { config: { private: isPrivate }, ...(token && { access_token: token }) };
    this.joined = new Promise((resolve) => {
      const refuse = (reason: string) => resolve({ joined: false, reason });
      setTimeout(() => refuse('it does not answer'), patienceMs).unref();
      this.#socket.addEventListener('close', () => refuse('the connection was closed'));
      this.#socket.addEventListener('error', () => refuse('no connection'));
      this.#socket.addEventListener('open', () =>
        this.#socket.send(JSON.stringify(['1', '1', `realtime:${topic}`, 'phx_join', wish]))
      );
      this.#socket.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string') return;
        const [, , , event, payload] = JSON.parse(data) as [unknown, unknown, unknown, string, Reply];
        if (event !== 'phx_reply') return;
        if (payload.status === 'ok') resolve({ joined: true });
        else refuse(payload.response?.reason ?? 'no reason given');
      });
    });
  }

  /** Calls `heard` at each broadcast. Those come in binary frames, which hold the name of their event as it is. */
  listen(event: string, heard: () => void): void {
    this.#socket.addEventListener('message', ({ data }) => {
      const frame = typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer);
      if (frame.includes(event)) heard();
    });
  }

  close(): void {
    this.#socket.close();
  }
}

/** A token such as pages listen with, for a session that does not exist. */
function strangersToken({
  subject: { liveTokenSecret, liveTokenKeyId }
}: Examined): Promise<string> | undefined {
  if (liveTokenSecret === undefined) return undefined;
  return new SignJWT({ role: 'authenticated', listens_for: randomUUID() })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...(liveTokenKeyId && { kid: liveTokenKeyId }) })
    .setAudience('authenticated')
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(liveTokenSecret));
}

/** Why news of the database do not arrive. Realtime makes the table of a day when somebody is connected. */
async function silence({ sql }: Examined): Promise<Finding> {
  const [row] = await sql<[{ published: boolean; today: boolean }]>`
    select exists (
        select from pg_publication_tables t
        where t.pubname = 'supabase_realtime_messages_publication' and t.schemaname = 'realtime'
      ) as published,
      to_regclass('realtime.messages_' || to_char(now() at time zone 'UTC', 'YYYY_MM_DD')) is not null as today`;
  const cause = !row.published
    ? 'The publication of realtime.messages is missing.'
    : row.today
      ? 'Realtime does not read what the database writes.'
      : 'There is no table for the messages of today.';
  return fails(
    'What the database broadcasts does not arrive: pages hear of no change until they are loaded again.',
    cause,
    'Restart the project under Settings, General: Realtime makes what it needs when it starts.'
  );
}

/** A broadcast of the database, empty and in a channel of its own, arrives; undefined where open channels are off. */
async function isHeard(examined: Examined): Promise<boolean | undefined> {
  const channel = new Channel(examined, `doctor:${randomUUID()}`, false);
  try {
    if (!(await channel.joined).joined) return undefined;
    const event = randomUUID();
    let heard = false;
    channel.listen(event, () => (heard = true));
    // What is sent before Realtime has begun to read is not heard: it begins when somebody has joined.
    for (let tenths = 0; tenths < 150 && !heard; tenths += 1) {
      if (tenths % 30 === 0)
        await examined.sql`select realtime.send('{}', ${event}, ${channel.topic}, false)`;
      await sleep(100);
    }
    return heard;
  } finally {
    channel.close();
  }
}

/**
 * Joins as a page does, but for nobody: with a token for a session that does not exist. That it is refused for want of
 * permission, and not for its signature, proves that Realtime takes our tokens and asks the policies.
 */
async function strangersAreRefused(examined: Examined): Promise<Finding> {
  const token = await strangersToken(examined);
  const channel = new Channel(examined, `patient:${randomUUID()}`, true, token);
  const answer = await channel.joined.finally(() => channel.close());
  if (answer.joined) {
    return fails(
      'Anybody may listen to the channel of a patient.',
      'The policies on realtime.messages let strangers in.',
      'Restore them from "Policies" in supabase/schema.sql, in the SQL editor.'
    );
  }
  if (/jwt|signature/i.test(answer.reason)) {
    return fails(
      `Realtime does not take our tokens: ${answer.reason}`,
      'LIVE_TOKEN_SECRET is not the JWT secret of the project, or LIVE_TOKEN_KEY_ID is not its id: no page is live.',
      'Copy both from Settings, JWT Keys into .env.production, then: npm run deploy'
    );
  }
  if (!/^Unauthorized/.test(answer.reason)) {
    return fails(
      `Realtime cannot be joined: ${answer.reason}.`,
      'It is switched off, restarting, or a proxy does not let WebSockets through.',
      'Look at Realtime in the dashboard: Settings, and its logs.'
    );
  }
  return holds(token ? 'takes our tokens, and lets strangers hear nothing' : 'lets strangers hear nothing');
}

export const realtime: Check = {
  name: 'Realtime',
  needs: ['Database', 'API'],
  async run(examined) {
    const [strangers, heard] = await Promise.all([strangersAreRefused(examined), isHeard(examined)]);
    if (strangers.state !== 'holds' || heard === undefined) return strangers;
    return heard ? holds(`${strangers.says}; news of the database arrive`) : silence(examined);
  }
};
