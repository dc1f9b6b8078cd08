import { z } from 'zod';
import { mayWrite } from './authorization.ts';
import type { Services } from './channel.ts';
import { asRefusal } from './errors.ts';
import { FrameError } from './frames.ts';
import type { Delivery, RoomName } from './hub.ts';
import type { Claims } from './tokens.ts';

const batch = z.object({
  messages: z
    .array(
      z.object({
        topic: z.string().min(1),
        event: z.string().min(1),
        payload: z.record(z.string(), z.unknown()),
        private: z.boolean().default(false)
      })
    )
    .min(1)
});

function answer(status: number, body?: Record<string, unknown>): Response {
  return body ? Response.json(body, { status }) : new Response(null, { status });
}

function invalid(error: z.ZodError): Response {
  return answer(422, { errors: z.treeifyError(error) });
}

/** The claims of who calls; undefined without a valid token or key. */
async function callerOf(request: Request, { settings, verifyToken }: Services): Promise<Claims | undefined> {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const key = request.headers.get('apikey') ?? undefined;
  const token = [bearer, key]
    .filter((candidate) => candidate !== undefined)
    .map((candidate) => settings.resolveApiKey(candidate) ?? candidate)[0];
  return token === undefined ? undefined : verifyToken(token).catch(() => undefined);
}

/** Reads the body; undefined when it is larger than `limit` bytes. */
async function bodyOf(request: Request, limit: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return undefined;
  const bytes = await request.bytes();
  return bytes.length > limit ? undefined : bytes;
}

/** The HTTP way to broadcast, for those who do not hold a socket open. Paths: `/api/broadcast...`. */
export function restHandler(services: Services): (request: Request) => Promise<Response> {
  const { settings, sql, hub } = services;

  async function maySend(room: RoomName, request: Request, claims: Claims): Promise<boolean> {
    if (!room.private) return true;
    try {
      const headers = Object.fromEntries(request.headers);
      return await mayWrite(sql, room.name, { claims, headers }, 'broadcast');
    } catch (error) {
      const { code } = asRefusal(error);
      if (code === 'MissingPartition') services.repairPartitions();
      settings.log('The right to broadcast could not be checked.', { code });
      return false;
    }
  }

  async function sendBatch(request: Request, claims: Claims, body: Uint8Array): Promise<Response> {
    const parsed = batch.safeParse(parseJson(body));
    if (!parsed.success) return invalid(parsed.error);
    const rights = new Map<string, boolean>();
    for (const { topic, event, payload, private: isPrivate } of parsed.data.messages) {
      const room = { name: topic, private: isPrivate };
      const key = `${isPrivate}:${topic}`;
      const allowed = rights.get(key) ?? (await maySend(room, request, claims));
      rights.set(key, allowed);
      if (allowed) hub.publish(room, { event: 'broadcast', payload: { type: 'broadcast', event, payload } });
    }
    return answer(202);
  }

  async function sendOne(
    request: Request,
    claims: Claims,
    body: Uint8Array,
    { topic, event }: { topic: string; event: string }
  ): Promise<Response> {
    const url = new URL(request.url);
    if ([...url.searchParams.keys()].some((name) => name.startsWith('persist'))) {
      return answer(400, {
        message: 'The embedded stack keeps no broadcasts; use realtime.send in the database.'
      });
    }
    const room = { name: topic, private: url.searchParams.get('private') === 'true' };
    const encoding = request.headers.get('content-type')?.startsWith('application/octet-stream')
      ? 'binary'
      : 'json';
    if (encoding === 'json' && parseJson(body) === undefined) {
      return answer(400, { message: 'The body is not JSON.' });
    }
    if (!(await maySend(room, request, claims))) return answer(403, { message: 'Unauthorized' });
    return publish(room, { broadcast: { event, encoding, payload: body } });
  }

  function publish(room: RoomName, delivery: Delivery): Response {
    try {
      hub.publish(room, delivery);
      return answer(202);
    } catch (error) {
      if (error instanceof FrameError) return answer(422, { message: error.message });
      throw error;
    }
  }

  return async (request) => {
    const path = pathOf(request);
    const [api, broadcast, topic, events, event, ...rest] = path;
    const isBatch = path.length === 2;
    const isSingle = topic && events === 'events' && event && rest.length === 0;
    if (api !== 'api' || broadcast !== 'broadcast' || (!isBatch && !isSingle)) {
      return answer(404, { message: 'Not found' });
    }
    if (request.method !== 'POST') return answer(405, { message: 'Only POST is allowed here.' });
    const claims = await callerOf(request, services);
    if (!claims) return answer(401, { message: 'Unauthorized' });
    const body = await bodyOf(request, settings.maxPayloadBytes);
    if (!body) return answer(413, { message: 'The payload is too large.' });
    return isSingle ? sendOne(request, claims, body, { topic, event }) : sendBatch(request, claims, body);
  };
}

/** The decoded segments of the path; none if it cannot be decoded. */
function pathOf(request: Request): string[] {
  try {
    return new URL(request.url).pathname.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
