import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkMessageBirdRequest } from '../../supabase/functions/_shared/messagebird/signature.ts';
import { RefusedError, refusalIn } from '../../supabase/functions/_shared/errors.ts';
import { bodyOf, endpoint, json } from '../../supabase/functions/_shared/http.ts';
import type { Endpoint } from '../../supabase/functions/_shared/http.ts';
import { tamil } from '../../supabase/functions/_shared/words/ta-IN.ts';

const written = vi.spyOn(console, 'error').mockImplementation(() => {});
vi.spyOn(console, 'log').mockImplementation(() => {});
afterEach(() => written.mockClear());

const url = 'http://localhost/test';
const endpointThat = (handle: Endpoint['handle'], more: Partial<Endpoint> = {}) =>
  endpoint({ name: 'test', methods: ['GET', 'POST'], handle, ...more });
const failingWith = (error: unknown) => endpointThat(() => Promise.reject(error));

test('an answer carries the request id of its sender, or one of its own', async () => {
  const handle = endpointThat(async (_request, { requestId }) => json({ requestId }));
  const given = await handle(new Request(url, { headers: { 'x-request-id': 'abc-12345' } }));
  expect(given.headers.get('x-request-id')).toBe('abc-12345');
  expect(await given.json()).toEqual({ requestId: 'abc-12345' });
  const own = await handle(new Request(url, { headers: { 'x-request-id': '"} forged line' } }));
  expect(own.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('another method is told which ones there are', async () => {
  const response = await endpointThat(async () => json({}))(new Request(url, { method: 'DELETE' }));
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, POST');
  expect(await response.json()).toEqual({ error: 'method_not_allowed', message: 'Please use GET, POST.' });
});

test('a refusal becomes its word, sentence and details', async () => {
  const error = new RefusedError({
    code: 'rate_limited',
    status: 429,
    message: () => 'Please wait a minute.',
    retry_after: 60
  });
  expect(error.message).toBe('Please wait a minute.');
  const response = await failingWith(error)(new Request(url));
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('60');
  expect(await response.json()).toEqual({
    error: 'rate_limited',
    message: 'Please wait a minute.',
    retry_after: 60
  });
});

test('a refusal of the database becomes its status, word and hint; its finer word is for us', async () => {
  const error = Object.assign(new Error('slot_unavailable'), {
    code: 'PT409',
    detail: 'doctor_inactive',
    hint: 'That time is not offered.'
  });
  expect(refusalIn(error)).toMatchObject({
    code: 'slot_unavailable',
    status: 409,
    detail: 'doctor_inactive'
  });
  const response = await failingWith(error)(new Request(url));
  expect(response.status).toBe(409);
  expect(await response.json()).toEqual({ error: 'slot_unavailable', message: 'That time is not offered.' });
});

test('a refusal of the database without a sentence gets one of ours', async () => {
  const error = Object.assign(new Error('slot_taken'), { code: 'PT409' });
  const response = await failingWith(error)(new Request(url));
  expect(await response.json()).toEqual({ error: 'slot_taken', message: 'That is not possible.' });
});

test('any other error is a 500 with the request id, and the log has what the answer hides', async () => {
  const response = await failingWith(new TypeError('connection to db.internal lost'))(new Request(url));
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(text).not.toMatch(/db\.internal|TypeError|at /);
  const { error, request_id } = JSON.parse(text) as Record<string, string>;
  expect(error).toBe('internal_error');
  expect(request_id).toBe(response.headers.get('x-request-id'));
  expect(written).toHaveBeenCalledOnce();
  expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toMatchObject({
    event: 'unexpected_error',
    request_id,
    error: { name: 'TypeError', message: 'connection to db.internal lost' }
  });
});

test('a sentence of ours is in the language of the request, and says so', async () => {
  const error = new RefusedError({
    code: 'username_taken',
    status: 409,
    message: (words) => words.usernameTaken,
    fields: { username: (words) => words.fields.username }
  });
  const answerOf = async (handle: (request: Request) => Promise<Response>, method = 'GET') => {
    const response = await handle(
      new Request(url, { method, headers: { 'accept-language': 'ta, en;q=0.9' } })
    );
    expect(response.headers.get('content-language')).toBe('ta-IN');
    expect(response.headers.get('vary')).toBe('accept-language');
    return (await response.json()) as Record<string, unknown>;
  };
  expect(await answerOf(failingWith(error))).toEqual({
    error: 'username_taken',
    message: tamil.usernameTaken,
    fields: { username: tamil.fields.username }
  });
  expect(await answerOf(failingWith(new Error('lost')))).toMatchObject({
    error: 'internal_error',
    message: tamil.internalError
  });
  expect(await answerOf(failingWith(error), 'DELETE')).toEqual({
    error: 'method_not_allowed',
    message: tamil.methodNotAllowed({ allowed: 'GET, POST' })
  });
});

test.each([
  Object.assign(new Error('duplicate key'), { code: '23505' }),
  Object.assign(new Error('x'), { code: 'PT500' }),
  Object.assign(new Error('x'), { code: 'XPT409' }),
  new Error('slot_taken'),
  'slot_taken',
  undefined
])('%s is no refusal', (error) => {
  expect(refusalIn(error)).toBeUndefined();
});

/** A request whose body has no end: a kilobyte whenever somebody reads. */
function endless(headers: Record<string, string> = {}) {
  const read = { kilobytes: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read.kilobytes += 1;
        controller.enqueue(new Uint8Array(1024));
      },
      cancel() {
        read.cancelled = true;
      }
    },
    { highWaterMark: 0 }
  );
  const request = new Request(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
  return { request, read };
}

describe('a body without an end', () => {
  test('is read as far as it may be long, and not on', async () => {
    const { request, read } = endless();
    expect(await bodyOf(request, 10 * 1024)).toBeUndefined();
    expect(read).toEqual({ kilobytes: 11, cancelled: true });
  });

  test.each([
    [
      'a method that is not answered',
      (request: Request) =>
        endpoint({ name: 'x', methods: ['GET'], handle: () => Promise.resolve(json({})) })(request),
      405
    ],
    [
      'a refusal',
      failingWith(new RefusedError({ code: 'unauthorized', status: 401, message: () => 'No.' })),
      401
    ],
    ['an answer that needs none of it', endpointThat(async () => json({})), 200]
  ] as const)('is not read for %s', async (_, handle, status) => {
    const { request, read } = endless();
    expect((await handle(request)).status).toBe(status);
    expect(read).toEqual({ kilobytes: 0, cancelled: true });
  });

  test('is not read at all without a signature, and no further than it may be long with one', async () => {
    const without = endless();
    expect(await checkMessageBirdRequest(without.request, 65_536)).toMatchObject({ ok: false });
    expect(without.read.kilobytes).toBe(0);
    const withOne = endless({ 'messagebird-signature-jwt': 'x.y.z' });
    expect(await checkMessageBirdRequest(withOne.request, 65_536)).toMatchObject({
      ok: false,
      reason: 'the body is too large'
    });
    expect(withOne.read).toEqual({ kilobytes: 65, cancelled: true });
  });
});

test('a body that is as long as it may be is read whole', async () => {
  const text = 'அ'.repeat(1000);
  const body = await bodyOf(new Request(url, { method: 'POST', body: text }), 3000);
  expect(new TextDecoder().decode(body)).toBe(text);
  expect(await bodyOf(new Request(url), 0)).toHaveLength(0);
});
