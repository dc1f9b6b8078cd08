// The image cannot be built here, as that takes Docker. So this does what the Dockerfile says, step by step, in a folder that
// holds what the image would.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/settings/ports.ts';
import { plainEnvironment, projectDirectory } from '../../local/site/build.ts';
import { theStack } from '../helpers/stack.ts';

const inProject = (name: string) => path.join(projectDirectory, name);
const linesOf = (name: string) => readFileSync(inProject(name), 'utf8').split('\n');
const isSaid = (line: string) => line !== '' && !line.startsWith('#');

/** The instructions of the Dockerfile, by stage. */
const stages = linesOf('Dockerfile')
  .filter(isSaid)
  .map((line) => ({ what: line.split(' ')[0] ?? '', how: line.slice(line.indexOf(' ') + 1) }))
  .reduce<{ what: string; how: string }[][]>((all, step) => {
    if (step.what === 'FROM') all.push([]);
    all.at(-1)?.push(step);
    return all;
  }, []);
const [build = [], run = []] = stages;
const all = (stage: typeof build, what: string) =>
  stage.filter((step) => step.what === what).map(({ how }) => how);
const one = (stage: typeof build, what: string) => all(stage, what)[0] ?? '';

const manifest = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  devDependencies: Record<string, string>;
};
const lock = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8')) as {
  packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
};

/** Whether a path gets to the builder: .dockerignore leaves everything out but what it names. */
function getsThrough(name: string): boolean {
  const rules = linesOf('.dockerignore').filter(isSaid);
  return rules.reduce((through, rule) => {
    const pattern = rule.replace(/^!/, '');
    const matches = pattern === '*' || name === pattern || name.startsWith(`${pattern}/`);
    return matches ? rule.startsWith('!') : through;
  }, true);
}

/** What a stage copies from the project, each source by itself. */
const copied = (stage: typeof build) =>
  all(stage, 'COPY')
    .filter((how) => !how.startsWith('--from'))
    .flatMap((how) => how.split(' ').slice(0, -1));

const folders: string[] = [];
/** A folder with what a stage copies. */
function folderOf(stage: typeof build): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'medq-image-'));
  folders.push(folder);
  for (const name of copied(stage)) {
    cpSync(inProject(name), path.join(folder, name), {
      recursive: true,
      filter: (source) => getsThrough(path.relative(projectDirectory, source))
    });
  }
  return folder;
}

const environment = { ...plainEnvironment(), PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
let image: string;
let site: ChildProcess;
let port: number;

beforeAll(async () => {
  const built = folderOf(build);
  // What npm ci installs there.
  symlinkSync(inProject('node_modules'), path.join(built, 'node_modules'));
  const [, script = ''] = /^npm run (\w+)$/.exec(all(build, 'RUN').at(-1) ?? '') ?? [];
  const bin = path.join(built, 'node_modules/.bin');
  const made = spawnSync('sh', ['-c', manifest.scripts[script] ?? 'false'], {
    cwd: built,
    env: { ...environment, PATH: `${bin}:${environment.PATH}` },
    encoding: 'utf8'
  });
  expect(made.status, made.stderr).toBe(0);

  image = folderOf(run);
  // What npm ci --omit=dev installs there.
  for (const [name, { dev, devOptional }] of Object.entries(lock.packages)) {
    if (name === '' || dev || devOptional) continue;
    cpSync(inProject(name), path.join(image, name), { recursive: true });
  }
  cpSync(path.join(built, 'build'), path.join(image, 'build'), { recursive: true });
  port = await freePort();
  const [command = '', ...args] = JSON.parse(one(run, 'CMD')) as string[];
  const { api_url, publishable_key } = theStack();
  site = spawn(command, args, {
    cwd: image,
    env: {
      ...environment,
      NODE_ENV: 'production',
      PORT: String(port),
      PUBLIC_SUPABASE_URL: api_url,
      PUBLIC_SUPABASE_ANON_KEY: publishable_key
    },
    stdio: ['ignore', 'pipe', 'inherit']
  });
  await new Promise((resolve, reject) => {
    site.stdout?.once('data', resolve);
    site.once('exit', reject);
  });
}, 300_000);
afterAll(() => {
  site?.kill();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Whether the healthcheck of the image is content. */
function isHealthy(): boolean {
  const [command = '', ...args] = JSON.parse(one(run, 'HEALTHCHECK').replace(/^.*? CMD /, '')) as string[];
  return spawnSync(command, args, { env: { ...environment, PORT: String(port) } }).status === 0;
}

test('everything that is copied is there and gets through, and no secret does', () => {
  for (const name of [...copied(build), ...copied(run)]) {
    expect(existsSync(inProject(name)), name).toBe(true);
    expect(getsThrough(name), name).toBe(true);
  }
  for (const name of [
    '.env',
    '.env.production',
    '.git',
    '.medq/keys.json',
    'supabase/functions/.env',
    'node_modules'
  ])
    expect(getsThrough(name), name).toBe(false);
});

test('both stages run on the Node that the commands run on, and nobody is root in the end', () => {
  const node = `node:${manifest.devDependencies.node}-slim`;
  expect([one(build, 'FROM'), one(run, 'FROM')]).toEqual([`${node} AS build`, node]);
  expect(one(run, 'USER')).toBe('node');
  expect(run.at(-1)?.what).toBe('CMD');
});

test('with the packages of the image alone the site is there, and reaches its project', async () => {
  const at = (name: string) => fetch(`http://127.0.0.1:${port}${name}`);
  const page = await at('/login');
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('name="username"')]);
  expect((await at('/readyz')).status).toBe(200);
});

test('it is healthy while it runs, and is not when it has ended', async () => {
  expect(isHealthy()).toBe(true);
  const ended = new Promise((resolve) => site.once('exit', resolve));
  site.kill();
  await ended;
  expect(isHealthy()).toBe(false);
});
