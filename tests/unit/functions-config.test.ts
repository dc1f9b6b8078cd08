import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingNames } from '../../supabase/functions/_shared/env.ts';

const directory = new URL('../../supabase/functions/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, directory), 'utf8');
const config = JSON.parse(read('deno.json')) as { workspace: string[]; imports: Record<string, string> };
const functions = readdirSync(directory, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  .map(({ name }) => name);

test('every function is in the workspace, and nothing else', () => {
  expect(config.workspace.toSorted()).toEqual(functions.map((name) => `./${name}`).toSorted());
});

test.each(functions)('%s deploys with the imports that all functions share', (name) => {
  expect(JSON.parse(read(`${name}/deno.json`))).toEqual({ imports: config.imports });
});

test.each(functions)('%s has an index that only wires its handler', (name) => {
  expect(existsSync(new URL(`${name}/handler.ts`, directory))).toBe(true);
  expect(read(`${name}/index.ts`)).toMatch(
    /^import \{ handle \} from '.\/handler.ts';\s+Deno\.serve\(handle\);\s+$/
  );
});

test.each(Object.entries(config.imports))('%s is the version that the tests run with', (name, specifier) => {
  const [, packageName = '', version] = /^npm:\/?((?:@[^/]+\/)?[^/@]+)@(\d+\.\d+\.\d+)/.exec(specifier) ?? [];
  expect(name.startsWith(packageName)).toBe(true);
  const installed = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  expect(version).toBe((JSON.parse(readFileSync(installed, 'utf8')) as { version: string }).version);
});

test('the example of settings names every setting that is ours, and no other', () => {
  const named = [...read('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
  const ours = settingNames().filter((name) => !name.startsWith('SUPABASE_'));
  expect(named.toSorted()).toEqual(ours.toSorted());
});
