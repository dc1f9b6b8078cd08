// The process that serves the functions: what it answers, what it survives, and that changes reach it. On functions of
// this test's own, in the real Deno.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepFunctions } from '../supervision/children.ts';
import { watchFunctions } from '../functions/watch.ts';
import { startWatchdog } from '../supervision/watchdog.ts';
import { eventually } from '../../tests/helpers/eventually.ts';
import { theStack } from '../../tests/helpers/stack.ts';

const lines: string[] = [];
const watchdog = startWatchdog();
let directory = '';
let functions: Awaited<ReturnType<typeof keepFunctions>>;

async function write(name: string, handler: string): Promise<void> {
  await mkdir(path.join(directory, name), { recursive: true });
  await writeFile(path.join(directory, name, 'handler.ts'), handler);
}

async function call(target: string, init?: RequestInit) {
  const response = await fetch(`${functions.origin}/${target}`, init);
  return { status: response.status, body: await response.text() };
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'medq-functions-'));
  await writeFile(path.join(directory, 'deno.json'), '{ "nodeModulesDir": "none" }');
  await write(
    'echo',
    'export const handle = async (r: Request) => new Response(new URL(r.url).pathname + await r.text());'
  );
  await write('broken', 'export const handle = (;');
  await write('throwing', "export const handle = () => { throw new Error('a secret reason'); };");
  await write('off', "export const handle = () => new Response('on');");
  await write(
    'background',
    `declare const EdgeRuntime: { waitUntil<T>(p: Promise<T>): Promise<T> };
     let done = 'not yet';
     export const handle = (r: Request) => {
       if (r.method === 'GET') return new Response(done);
       EdgeRuntime.waitUntil(new Promise((resolve) => setTimeout(resolve, 50)).then(() => { done = 'done'; }));
       EdgeRuntime.waitUntil(Promise.reject(new Error('background trouble')));
       Promise.reject(new Error('forgotten'));
       setTimeout(() => { throw new Error('outside'); }, 1);
       return new Response('accepted', { status: 202 });
     };`
  );
  await write(
    'setting',
    "export const handle = () => new Response(Deno.env.get('COLOUR') + ' ' + Deno.env.get('USER'));"
  );
  await write(
    'curious',
    `export const handle = async (r: Request) => {
       const what = new URL(r.url).searchParams.get('what');
       const attempts: Record<string, () => unknown> = {
         read: () => Deno.readTextFile('/etc/passwd'),
         write: () => Deno.writeTextFile(new URL('./x', import.meta.url), ''),
         run: () => new Deno.Command('true').output(),
         net: () => fetch('http://example.org/')
       };
       return new Response(await Promise.resolve().then(attempts[what ?? '']).then(() => 'allowed', (e) => e.name));
     };`
  );
  functions = await keepFunctions(
    { directory, environment: { COLOUR: 'blue' }, switchedOff: ['off'] },
    { watchdog, log: (line) => lines.push(line) }
  );
});

afterAll(async () => {
  await functions?.stop();
  await watchdog.close();
  await rm(directory, { recursive: true, force: true });
});

test('a function sees its name in the path, and the body', async () => {
  expect(await call('echo/part', { method: 'POST', body: ' text' })).toEqual({
    status: 200,
    body: '/echo/part text'
  });
});

test('unknown and switched off functions are 404', async () => {
  for (const name of ['nobody', 'off', '', '%2e%2e', '_shared']) {
    expect(await call(name)).toMatchObject({ status: 404, body: expect.stringContaining('NOT_FOUND') });
  }
});

test('a function that does not load is 503, one that throws 500, and neither tells why', async () => {
  expect(await call('broken')).toMatchObject({ status: 503, body: expect.stringContaining('BOOT_ERROR') });
  const thrown = await call('throwing');
  expect(thrown).toMatchObject({ status: 500, body: expect.stringContaining('WORKER_ERROR') });
  expect(thrown.body).not.toContain('secret reason');
  await eventually(() => lines.find((line) => line.includes('a secret reason')));
});

test('work goes on after the answer, and its failures end nothing', async () => {
  const before = functions.current.pid;
  expect(await call('background', { method: 'POST' })).toEqual({ status: 202, body: 'accepted' });
  await eventually(async () => ((await call('background')).body === 'done' ? true : undefined));
  for (const trouble of ['background trouble', 'forgotten', 'outside']) {
    await eventually(() => lines.find((line) => line.includes(trouble)));
  }
  expect(functions.current.pid).toBe(before);
});

test('functions get their own environment and not that of the shell', async () => {
  expect((await call('setting')).body).toBe('blue undefined');
});

test.each(['read', 'write', 'run', 'net'])('functions may not %s what is not theirs', async (what) => {
  expect((await call(`curious?what=${what}`)).body).toBe('NotCapable');
});

test('a changed and a new function are served without a restart of the stack', async () => {
  const watcher = watchFunctions(directory, () => void functions.restart());
  const says = (name: string, text: string) =>
    eventually(async () => {
      const answer = await call(name).catch(() => undefined);
      return answer?.body === text ? true : undefined;
    });
  try {
    await write('young', "export const handle = () => new Response('one');");
    await says('young', 'one');
    await write('young', "export const handle = () => new Response('two');");
    await says('young', 'two');
    await write('echo', "export const handle = () => new Response('changed');");
    await says('echo', 'changed');
  } finally {
    watcher.close();
  }
});

test('the functions of the product are told where everything is', async () => {
  // Answers only to those who know the secret of this stack, and needs its database to answer.
  const { api_url, functions_secret } = theStack();
  const ask = (authorization: string) =>
    fetch(`${api_url}/functions/v1/sms-dispatch`, { method: 'POST', headers: { authorization } });
  expect((await ask('Bearer wrong')).status).toBe(401);
  expect((await ask(`Bearer ${functions_secret}`)).ok).toBe(true);
});
