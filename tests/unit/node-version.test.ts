import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OLDEST_NODE, requireNode } from '../../src/lib/server/request/node-version.ts';

test.each(['20.20.2', '21.7.3', '18.0.0'])('the site says that it does not run on Node %s', (version) => {
  expect(() => requireNode(version)).toThrow(`The site needs Node 22 or newer, and this is Node ${version}.`);
});

test.each(['22.0.0', '24.21.0', '100.1.0'])('the site runs on Node %s', (version) => {
  expect(() => requireNode(version)).not.toThrow();
});

test('package.json asks for the same', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${OLDEST_NODE}`);
});
