// Requests from SQL: sent after the commit, at most once, with their result recorded.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres } from '../../tests/helpers/stack.ts';
import { eventually } from '../../tests/helpers/eventually.ts';

interface Seen {
  method?: string;
  url?: string;
  headers: IncomingMessage['headers'];
  body: string;
}

const sql = databaseAsPostgres();
const admin = databaseAsAdmin();
const seen: Seen[] = [];
let base = '';

const server = createServer((req, res) => {
  let body = '';
  req.on('data', (chunk) => (body += chunk));
  req.on('end', () => {
    seen.push({ method: req.method, url: req.url, headers: req.headers, body });
    if (req.url?.startsWith('/silent')) return;
    res.writeHead(req.url?.startsWith('/fails') ? 500 : 200, {
      'content-type': 'application/json',
      'x-extra': 'yes'
    });
    res.end(JSON.stringify({ ok: true }));
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await closeDatabases();
});

const requestsTo = (path: string) => seen.filter(({ url }) => url?.startsWith(path));

async function resultOf(id: string) {
  return eventually(async () => {
    const [row] = await sql`select * from net._http_response where id = ${id}`;
    return row;
  });
}

async function post(path: string): Promise<string> {
  const [row] = await sql<{ id: string }[]>`select net.http_post(url => ${base + path}) as id`;
  return row?.id ?? '';
}

test('a committed POST arrives with its body, headers and parameters, and its answer is recorded', async () => {
  const [row] = await sql<{ id: string }[]>`
    select net.http_post(
      url => ${`${base}/post?a=1`},
      body => '{"name": "Zoë"}'::jsonb,
      params => '{"b": "x & y", "c": "ü"}'::jsonb,
      headers => '{"Content-Type": "application/json", "Authorization": "Bearer t"}'::jsonb
    ) as id`;
  const result = await resultOf(row?.id ?? '');
  expect(result).toMatchObject({
    status_code: 200,
    timed_out: false,
    error_msg: null,
    content: '{"ok":true}'
  });
  expect(result?.content_type).toBe('application/json');
  expect(result?.headers).toMatchObject({ 'x-extra': 'yes' });
  const [request] = requestsTo('/post');
  expect(request).toMatchObject({ method: 'POST', url: '/post?a=1&b=x%20%26%20y&c=%C3%BC' });
  expect(JSON.parse(request?.body ?? '')).toEqual({ name: 'Zoë' });
  expect(request?.headers).toMatchObject({ authorization: 'Bearer t', 'content-type': 'application/json' });
});

test('GET and DELETE are sent as such', async () => {
  const [row] = await sql<{ get: string; del: string }[]>`
    select net.http_get(${`${base}/get`}, '{"q": "1"}'::jsonb) as get, net.http_delete(${`${base}/delete`}) as del`;
  expect(await resultOf(row?.get ?? '')).toMatchObject({ status_code: 200 });
  expect(await resultOf(row?.del ?? '')).toMatchObject({ status_code: 200 });
  expect(requestsTo('/get?q=1')[0]?.method).toBe('GET');
  expect(requestsTo('/delete')[0]?.method).toBe('DELETE');
});

test('nothing is sent before the commit, and nothing at all after a rollback', async () => {
  await sql
    .begin(async (transaction) => {
      await transaction`select net.http_post(${`${base}/rolled-back`})`;
      throw new Error('rollback');
    })
    .catch(() => undefined);
  let id = '';
  await sql.begin(async (transaction) => {
    const [row] = await transaction<{ id: string }[]>`select net.http_post(${`${base}/committed`}) as id`;
    id = row?.id ?? '';
    // Time enough for a worker that looks too early.
    await sleep(300);
    expect(requestsTo('/committed')).toEqual([]);
  });
  await resultOf(id);
  expect(requestsTo('/committed')).toHaveLength(1);
  expect(requestsTo('/rolled-back')).toEqual([]);
});

test('what the called side sees is already committed', async () => {
  // The shared rule that functions rely on: the row that caused a call can be read by it.
  await sql`create table public.net_cause (id int)`;
  const found: number[] = [];
  const reader = createServer((_req, res) => {
    void sql`select count(*)::int as n from public.net_cause`.then(([row]) => {
      found.push(Number(row?.n));
      res.end();
    });
  });
  await new Promise<void>((resolve) => reader.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(reader.address() as AddressInfo).port}/`;
    await sql.begin(async (transaction) => {
      await transaction`select net.http_post(${url})`;
      await transaction`insert into public.net_cause values (1)`;
    });
    await eventually(async () => (found.length > 0 ? found : undefined));
    expect(found).toEqual([1]);
  } finally {
    reader.close();
    await sql`drop table public.net_cause`;
  }
});

test('an answer of 500 is recorded and not tried again', async () => {
  expect(await resultOf(await post('/fails'))).toMatchObject({ status_code: 500 });
  await sleep(300);
  expect(requestsTo('/fails')).toHaveLength(1);
});

test('a silent server is given up after the timeout, a missing one at once', async () => {
  const [row] = await sql<{ silent: string; missing: string }[]>`
    select net.http_post(url => ${`${base}/silent`}, timeout_milliseconds => 200) as silent,
      net.http_get('http://127.0.0.1:1/') as missing`;
  expect(await resultOf(row?.silent ?? '')).toMatchObject({ status_code: null, timed_out: true });
  expect(await resultOf(row?.missing ?? '')).toMatchObject({ status_code: null, timed_out: false });
  expect((await resultOf(row?.missing ?? ''))?.error_msg).toEqual(expect.any(String));
});

test('a slow request does not hold up the others', async () => {
  await sql`select net.http_post(url => ${`${base}/silent/slow`}, timeout_milliseconds => 60000)`;
  expect(await resultOf(await post('/quick'))).toMatchObject({ status_code: 200 });
});

test('many requests at once are all sent, each once', async () => {
  await sql`select net.http_post(${`${base}/many/`} || n) from generate_series(1, 450) n`;
  await eventually(async () => (requestsTo('/many/').length >= 450 ? true : undefined));
  expect(new Set(requestsTo('/many/').map(({ url }) => url)).size).toBe(450);
  expect(requestsTo('/many/')).toHaveLength(450);
});

test('only JSON is accepted', async () => {
  await expect(
    sql`select net.http_post(url => ${base}, headers => '{"content-type": "text/plain"}'::jsonb)`
  ).rejects.toThrow('Content-Type header must be "application/json"');
});

test('the API roles may queue requests, as on hosted projects', async () => {
  const id = await sql.begin(async (transaction) => {
    await transaction`set local role service_role`;
    const [row] = await transaction<{ id: string }[]>`select net.http_get(${`${base}/from-service`}) as id`;
    return row?.id ?? '';
  });
  expect(await resultOf(id)).toMatchObject({ status_code: 200 });
});

test('a worker whose connections are cut goes on with the next request', async () => {
  await admin`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg_net worker'`;
  // Queued while nobody listens, perhaps: found after the reconnect.
  const id = await post('/after-the-cut');
  expect(await resultOf(id)).toMatchObject({ status_code: 200 });
});
