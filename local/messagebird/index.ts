import { Faults } from './faults.ts';
import { listen } from './http.ts';
import { handleInbox } from './inbox.ts';
import { Messages } from './messages.ts';
import { Reports } from './reports.ts';
import { handleRest } from './rest.ts';
import { Simulator } from './simulator.ts';
import type { CallableClinic } from './simulator.ts';

export type { CallableClinic };

export interface MessageBirdOptions {
  /** Where to listen; 0.0.0.0 for everything that reaches this machine. Default 127.0.0.1. */
  host?: string;
  /** 0 takes any free port. */
  port: number;
  /** The key the REST API asks for (`Authorization: AccessKey <key>`). */
  accessKey: string;
  /** Signs every request to the product. */
  signingKey: string;
  /** Where incoming calls fetch their first call flow. */
  ivrUrl: string;
  /** Keeps accepted messages over restarts; in memory only without it. */
  storageFile?: string;
  /** How long after acceptance a message counts as delivered and is reported so; false: never by itself. Default 250. */
  deliveredAfterMs?: number | false;
  /** The waits between attempts of an unanswered status report; then it is given up. */
  reportRetryDelaysMs?: readonly number[];
  /** The clinics the phone simulator offers to call. */
  clinics?: () => Promise<CallableClinic[]>;
  /** The site's address, for a link on the phone simulator. */
  siteUrl?: string;
  /** A webhook that is told when a simulated call begins and ends. */
  callStatusUrl?: string;
  /** How long a simulated call goes on after its page was closed. Default 10 seconds. */
  abandonedAfterMs?: number;
}

export interface MessageBird {
  url: string;
  /** What a program sets as base of MessageBird's REST API. */
  apiUrl: string;
  inboxUrl: string;
  /** The page with the phone. */
  simulatorUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a stand-in for MessageBird: its SMS API, an inbox that shows what was sent, and a phone to call with.
 * Rejects with a sentence when the port is taken.
 *
 * - `/rest/messages`, `/rest/messages/<id>`: the SMS API as MessageBird documents it
 * - `/rest/balance`: what is left in the account
 * - `GET /inbox/messages?recipient=`: the texts of a phone, newest first; `GET /inbox/events` the same live
 * - `POST /inbox/faults {mode, count, recipient?}`: the next sends fail; `GET /inbox/faults` what is still to come
 * - `POST /inbox/latency {ms}`: answers come late, after the message was accepted
 * - `POST /inbox/reports {id, status, ...}`: delivers a status report and tells what came of it
 * - `/`: the phone simulator, `/calls...`: the calls it makes
 */
export async function startMessageBird(options: MessageBirdOptions): Promise<MessageBird> {
  const messages = new Messages(options.storageFile);
  const faults = new Faults();
  const latency = { ms: 0 };
  const reports = new Reports({
    messages,
    signingKey: options.signingKey,
    deliveredAfterMs: options.deliveredAfterMs ?? 250,
    retryDelaysMs: options.reportRetryDelaysMs ?? [1_000, 3_000, 10_000, 30_000]
  });
  const simulator = new Simulator(options);
  const handle = (request: Request): Promise<Response> => {
    const { pathname, origin } = new URL(request.url);
    if (pathname.startsWith('/rest/')) {
      return handleRest(request, pathname.slice('/rest'.length), {
        accessKey: options.accessKey,
        apiUrl: `${origin}/rest`,
        messages,
        faults,
        reports,
        latencyMs: () => latency.ms
      });
    }
    if (pathname.startsWith('/inbox/'))
      return handleInbox(request, pathname.slice('/inbox'.length), { messages, faults, reports, latency });
    return simulator.handle(request, pathname);
  };
  const server = await listen(options.port, handle, options.host).catch((error: unknown) => {
    messages.close();
    throw error;
  });
  // A stand-in that was stopped before it delivered goes on where it was.
  for (const message of messages.all()) {
    if (message.recipients.some(({ status }) => status === 'sent')) reports.expectDelivery(message);
  }
  return {
    url: server.url,
    apiUrl: `${server.url}/rest`,
    inboxUrl: `${server.url}/inbox`,
    simulatorUrl: `${server.url}/`,
    async close() {
      simulator.close();
      reports.close();
      await server.close();
      messages.close();
    }
  };
}
