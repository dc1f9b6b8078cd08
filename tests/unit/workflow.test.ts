// The workflow runs elsewhere. Here: whether what it runs is there, and knows what it is told.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const inProject = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(inProject(name), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const commands = [...read('.github/workflows/ci.yml').matchAll(/^ +- run: (.+)$/gm)].map(
  ([, command = '']) => command
);
const matching = (pattern: RegExp) =>
  commands.flatMap((command) => {
    const match = pattern.exec(command);
    return match ? [{ command, name: match[1] ?? '' }] : [];
  });
const flagsOf = (command: string) =>
  command
    .split(' > ')[0]
    ?.match(/(?<= )-{1,2}[a-z][a-z-]*/g)
    ?.filter((flag) => flag !== '--silent') ?? [];

test('there are commands', () => expect(commands.length).toBeGreaterThan(10));

test.each(matching(/^npm (?:run(?: --silent)? )?([a-z:]+)/))(
  '$command: there is such a script',
  ({ name }) => {
    expect(name === 'ci' || name in scripts).toBe(true);
  }
);

test.each([
  ...matching(/^node (\S+)/),
  ...matching(/^npm run --silent ([a-z]+)/).map(({ command, name }) => ({
    command,
    name: scripts[name]?.replace('node ', '') ?? name
  }))
])('$command: there is such a program, and it takes these options', ({ command, name }) => {
  expect(existsSync(inProject(name))).toBe(true);
  for (const flag of flagsOf(command)) expect(read(name), flag).toMatch(new RegExp(`${flag.slice(2)}: \\{`));
});

test.each(matching(/npx vitest run (.+)$/))('$command: there are such projects', ({ name }) => {
  const projects = [...name.matchAll(/--project (\w+)/g)].map(([, project]) => project);
  expect(projects).toEqual(['stack', 'browser', 'looks']);
  for (const project of projects) expect(read('vite.config.ts')).toContain(`name: '${project}'`);
});

test.concurrent.each(matching(/^npx supabase ((?:[a-z]+ ?)+)/))(
  '$command: the CLI has it',
  async ({ command, name }) => {
    const args = [...name.trim().split(' '), '--help'];
    const env = { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' };
    const { stdout } = await promisify(execFile)(inProject('node_modules/.bin/supabase'), args, { env });
    for (const flag of flagsOf(command)) expect(stdout).toContain(flag);
    const [, excluded = ''] = /--exclude (\S+)/.exec(command) ?? [];
    const known = /--exclude.*\[(.+)\]/.exec(stdout)?.[1]?.split(',') ?? [];
    for (const part of excluded.split(',').filter(Boolean)) expect(known).toContain(part);
  }
);
