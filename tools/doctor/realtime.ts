import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Check, fails, holds, type Problem, unless } from './check.ts';
import type { Examined } from './examined.ts';

/** Longer than a refusal takes: Realtime makes whom it refuses wait for five seconds. */
const patienceMs = 20_000;

/** What came back from joining: `joined`, the reason of a refusal, or why there was no answer. */
type Joined = { joined: true } | { joined: false; reason: string };

function join(examined: Examined, topic: string, config: object, token?: string): Promise<Joined> {
  const { apiUrl, publishableKey } = examined.subject;
  const address = new URL(`${apiUrl}/realtime/v1/websocket`);
  address.protocol = address.protocol.replace('http', 'ws');
  address.search = String(new URLSearchParams({ apikey: publishableKey, vsn: '2.0.0' }));
  const socket = new WebSocket(address);
  return new Promise<Joined>((resolve) => {
    const done = (reason: string) => resolve({ joined: false, reason });
    const timer = setTimeout(() => done('it does not answer'), patienceMs);
    socket.addEventListener('close', () => (clearTimeout(timer), done('the connection was closed')));
    socket.addEventListener('error', () => done('no connection'));
    socket.addEventListener('open', () =>
      socket.send(
        JSON.stringify([
          '1',
          '1',
          `realtime:${topic}`,
          'phx_join',
          { config, ...(token && { access_token: token }) }
        ])
      )
    );
    socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') return;
      const [, , , event, payload] = JSON.parse(data) as [unknown, unknown, unknown, string, Reply];
      if (event !== 'phx_reply') return;
      if (payload.status === 'ok') resolve({ joined: true });
      else done(payload.response?.reason ?? 'no reason given');
    });
  }).finally(() => socket.close());
}

interface Reply {
  status: string;
  response?: { reason?: string };
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

/** What the database needs to broadcast; Realtime makes the table of a day when somebody is connected. */
async function broadcastProblems({ sql }: Examined): Promise<Problem[]> {
  const [row] = await sql<[{ published: boolean; today: boolean }]>`
    select exists (
        select from pg_publication_tables t
        where t.pubname = 'supabase_realtime_messages_publication' and t.schemaname = 'realtime'
      ) as published,
      to_regclass('realtime.messages_' || to_char(now() at time zone 'UTC', 'YYYY_MM_DD')) is not null as today`;
  if (row.published && row.today) return [];
  return [
    {
      sentence: 'The database cannot broadcast: pages hear of no change until they are loaded again.',
      cause: row.published
        ? 'There is no table for the messages of today.'
        : 'The publication of realtime.messages is missing.',
      mend: 'Restart the project under Settings, General: Realtime makes both when it starts.'
    }
  ];
}

/**
 * Joins as a page does, but for nobody: with a token for a session that does not exist. That it is refused for want of
 * permission, and not for its signature, proves that Realtime takes our tokens and asks the policies.
 */
export const realtime: Check = {
  name: 'Realtime',
  needs: ['Database', 'API'],
  async run(examined) {
    const token = await strangersToken(examined);
    const answer = await join(examined, `patient:${randomUUID()}`, { private: true }, token);
    if (answer.joined) {
      return fails(
        'Anybody may listen to the channel of a patient.',
        'The policies on realtime.messages let strangers in.',
        'Restore them from "Policies" in supabase/schema.sql, in the SQL editor.'
      );
    }
    if (/Jwt|JWT|signature/i.test(answer.reason)) {
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
    const proven = token ? 'takes our tokens and lets strangers hear nothing' : 'lets strangers hear nothing';
    const problems = await broadcastProblems(examined);
    return problems.length > 0 ? unless(problems, '') : holds(proven);
  }
};
