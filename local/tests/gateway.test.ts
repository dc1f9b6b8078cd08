// The one address of the API: keys, CORS, limits, and where a request ends up.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SignJWT } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startGateway } from '../gateway/index.ts';
import { createApiKeys } from '../gateway/api-keys.ts';
import { createTokenVerifier } from '../gateway/tokens.ts';
import { loadKeys } from '../settings/keys.ts';
import { anonymousClient, serviceClient, theStack } from '../../tests/helpers/stack.ts';

const { api_url, anon_key, service_role_key, publishable_key, secret_key } = theStack();

async function call(path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  return fetch(`${api_url}${path}`, { ...init, headers });
}

/** Whether Auth takes the caller for service_role: then it looks for the user, whom nobody knows. */
async function asksAsAdmin(headers: Record<string, string>): Promise<boolean> {
  const { status } = await call(`/auth/v1/admin/users/${randomUUID()}`, headers);
  expect([403, 404]).toContain(status);
  return status === 404;
}

test.each([
  ['no key', {}, 'No API key found in request'],
  ['an unknown key', { apikey: 'sb_publishable_nope' }, 'Invalid API key'],
  [
    'a key only in Authorization',
    { authorization: `Bearer ${publishable_key}` },
    'No API key found in request'
  ],
  [
    'an unknown opaque key in Authorization',
    { apikey: publishable_key, authorization: 'Bearer sb_secret_guess' },
    'Invalid API key'
  ]
])('%s is refused before any service sees the request', async (_name, headers, message) => {
  for (const path of ['/rest/v1/clinics', '/auth/v1/user', '/realtime/v1/api/broadcast']) {
    const response = await call(path, headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ message, hint: expect.any(String) });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  }
});

test.each([
  ['publishable', { apikey: publishable_key }, false],
  ['anon', { apikey: anon_key }, false],
  ['publishable, twice', { apikey: publishable_key, authorization: `Bearer ${publishable_key}` }, false],
  ['anon, twice', { apikey: anon_key, authorization: `Bearer ${anon_key}` }, false],
  ['secret', { apikey: secret_key }, true],
  ['service_role', { apikey: service_role_key }, true],
  ['secret, twice', { apikey: secret_key, authorization: `Bearer ${secret_key}` }, true],
  ['service_role, twice', { apikey: service_role_key, authorization: `Bearer ${service_role_key}` }, true],
  [
    'publishable with a token of its own',
    { apikey: publishable_key, authorization: `Bearer ${service_role_key}` },
    true
  ],
  [
    'secret with a weaker token of its own',
    { apikey: secret_key, authorization: `Bearer ${anon_key}` },
    false
  ]
])('the %s key has the rights of its role', async (_name, headers, admin) => {
  expect(await asksAsAdmin(headers)).toBe(admin);
});

test('a key may come in the query, as websockets need it', async () => {
  expect((await call(`/rest/v1/clinics?select=id&limit=1&apikey=${publishable_key}`)).status).toBe(200);
});

test('health and key set of Auth are open', async () => {
  expect(await (await call('/auth/v1/health')).json()).toMatchObject({ name: 'GoTrue' });
  expect(await (await call('/auth/v1/.well-known/jwks.json')).json()).toEqual({ keys: [] });
});

test('an unknown path is 404 and not an error of a service', async () => {
  for (const path of ['/', '/storage/v1/object', '/rest/v2/clinics', '/rest/v1evil']) {
    const response = await call(path, { apikey: publishable_key });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ message: 'no Route matched with those values' });
  }
});

test('a browser is told what it may send and see', async () => {
  const preflight = await call(
    '/rest/v1/clinics',
    {
      origin: 'http://example.org',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'apikey,x-client-info'
    },
    { method: 'OPTIONS' }
  );
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
  expect(preflight.headers.get('access-control-allow-headers')).toBe('apikey,x-client-info');

  const answer = await call('/auth/v1/health', { origin: 'http://example.org' });
  const exposed = answer.headers.get('access-control-expose-headers')?.toLowerCase();
  for (const name of ['x-supabase-api-version', 'content-range']) {
    expect(exposed).toContain(name);
  }
});

test('every answer carries a request id, the given one if there is one', async () => {
  expect((await call('/auth/v1/health')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  const given = await call('/auth/v1/health', { 'x-request-id': 'my-own' });
  expect(given.headers.get('x-request-id')).toBe('my-own');
});

test('a body beyond the limit is refused, announced or streamed', async () => {
  const headers = { apikey: secret_key, 'content-type': 'application/json' };
  const announced = await call('/rest/v1/rpc/anything', headers, {
    method: 'POST',
    body: 'x'.repeat(11_000_000)
  });
  expect(announced.status).toBe(413);
  const chunk = new TextEncoder().encode('x'.repeat(1_000_000));
  let chunks = 0;
  const body = new ReadableStream({
    pull(controller) {
      chunks += 1;
      if (chunks > 11) controller.close();
      else controller.enqueue(chunk);
    }
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  expect((await call('/rest/v1/rpc/anything', headers, init)).status).toBe(413);
});

test('supabase-js works with keys of both kinds against every service', async () => {
  expect((await anonymousClient().from('clinics').select('id').limit(1)).error).toBeNull();
  const nobody = await serviceClient().auth.admin.getUserById(randomUUID());
  expect(nobody.error?.code).toBe('user_not_found');
  const unknown = await anonymousClient().functions.invoke('no-such-function');
  expect(unknown.error).toMatchObject({ context: { status: 404 } });
});

test('an unknown function is 404, with the error of the runtime', async () => {
  const response = await call('/functions/v1/no-such-function', {}, { method: 'POST', body: '{}' });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'NOT_FOUND' });
});

test('folders that hold no function are not reachable through the router', async () => {
  for (const path of ['_shared', '..%2f..%2flocal', 'ivr%2f..']) {
    expect((await call(`/functions/v1/${path}`)).status).toBe(404);
  }
});

test('functions answer without any key when config.toml says verify_jwt = false', async () => {
  // It refuses for its own reason: the signature is missing.
  const response = await call('/functions/v1/ivr');
  expect([401, 403]).toContain(response.status);
  expect(await response.text()).not.toContain('authorization header');
});

test('a websocket for anything but Realtime is refused, and the gateway goes on', async () => {
  const { hostname, port } = new URL(api_url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        'GET /rest/v1/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'
      )
    );
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
  expect(answer).toContain('404');
  expect((await call('/auth/v1/health')).status).toBe(200);
});

test('a client that hangs up in the middle of a request does no harm', async () => {
  const { hostname, port } = new URL(api_url);
  for (const path of ['/rest/v1/rpc/x', '/auth/v1/token', '/functions/v1/ivr']) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\napikey: ${publishable_key}\r\nContent-Length: 1000\r\n\r\n{"half"`
        );
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on('close', () => resolve());
    });
  }
  expect((await call('/auth/v1/health')).status).toBe(200);
});

test('a body that a function does not read to its end spoils nothing for the next request', async () => {
  const ask = (body: object) =>
    call(
      '/functions/v1/forgot-password',
      { 'content-type': 'application/json' },
      { method: 'POST', body: JSON.stringify(body) }
    );
  // Several on end: whether the function is faster than the body is chance.
  for (let n = 0; n < 8; n += 1) {
    expect((await ask({ name: 'x'.repeat(400_000) })).status).toBe(400);
    expect((await ask({})).status).toBe(400);
  }
});

test('a function with verify_jwt = true is called with a valid token only', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'medq-keys-'));
  const keys = await loadKeys(path.join(folder, 'keys.json'));
  const seen: unknown[] = [];
  const functions = createServer((req, res) => {
    seen.push([req.method, req.url, req.headers['x-forwarded-host'], req.headers.authorization]);
    res.end('called');
  });
  await new Promise<void>((resolve) => functions.listen(0, '127.0.0.1', resolve));
  const gateway = await startGateway({
    port: 0,
    apiKeys: createApiKeys(keys),
    verifyToken: createTokenVerifier(keys.jwt_secret),
    log: () => undefined
  });
  try {
    const url = `http://127.0.0.1:${gateway.port}/functions/v1/guarded/part?x=1`;
    expect((await fetch(url)).status).toBe(503);
    const origin = `http://127.0.0.1:${(functions.address() as AddressInfo).port}`;
    const unused = { fetch: async () => new Response(null, { status: 501 }) };
    gateway.open({
      rest: unused,
      auth: unused,
      realtime: { ...unused, handleUpgrade: () => undefined },
      functions: { origin, ready: async () => undefined, verifiesJwt: (name) => name === 'guarded' }
    });
    const ask = async (authorization?: string) => {
      const response = await fetch(url, { headers: authorization ? { authorization } : {} });
      return [response.status, await response.text()];
    };
    expect(await ask()).toEqual([401, '{"msg":"Error: Missing authorization header"}']);
    expect(await ask(`Bearer ${keys.secret_key}`)).toEqual([401, '{"msg":"Invalid JWT"}']);
    expect(await ask(`Bearer ${anon_key}`)).toEqual([401, '{"msg":"Invalid JWT"}']);
    expect(seen).toEqual([]);
    const bearer = `Bearer ${keys.anon_key}`;
    expect(await ask(bearer)).toEqual([200, 'called']);
    expect((await fetch(url, { method: 'OPTIONS' })).status).toBe(200);
    const host = `127.0.0.1:${gateway.port}`;
    expect(seen).toEqual([
      ['GET', '/guarded/part?x=1', host, bearer],
      ['OPTIONS', '/guarded/part?x=1', host, undefined]
    ]);
    functions.close();
    functions.closeAllConnections();
    expect((await ask(bearer))[0]).toBe(503);
  } finally {
    await gateway.close();
    functions.close();
    await rm(folder, { recursive: true });
  }
});

test('a token that was accepted is refused from its end on', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const secret = 'a secret of at least thirty-two characters';
  const token = await new SignJWT({ role: 'authenticated' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
  const verifier = createTokenVerifier(secret);
  const forgery = `${token.slice(0, -4)}AAAA`;
  const look = async () => ({
    functions: await verifier.forFunctions(`Bearer ${token}`),
    dataApi: Object.keys(await verifier.forDataApi(`Bearer ${token}`)),
    forgery: Object.keys(await verifier.forDataApi(`Bearer ${forgery}`))
  });
  const accepted = { functions: undefined, dataApi: ['claims'], forgery: ['refused'] };
  expect(await look()).toEqual(accepted);
  vi.setSystemTime(Date.now() + 3_595_000);
  expect(await look()).toEqual(accepted);
  // The Data API lets clocks differ by half a minute.
  vi.setSystemTime(Date.now() + 10_000);
  expect(await look()).toEqual({ ...accepted, functions: 'Invalid JWT' });
  vi.setSystemTime(Date.now() + 30_000);
  expect(await look()).toEqual({ functions: 'Invalid JWT', dataApi: ['refused'], forgery: ['refused'] });
});
