import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acquireLock, lockHolder, takeLock } from '../../local/supervision/lock.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'medq-lock-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const lockModule = fileURLToPath(new URL('../../local/supervision/lock.ts', import.meta.url));

/** A process that takes the lock again and again, and writes down when it has it. */
const contender = (file: string, log: string) => `
  import { appendFileSync } from 'node:fs';
  import { takeLock } from ${JSON.stringify(lockModule)};
  for (let taken = 0; taken < 20; ) {
    const lock = takeLock(${JSON.stringify(file)});
    if (lock) {
      taken++;
      appendFileSync(${JSON.stringify(log)}, 'taken\\n');
      appendFileSync(${JSON.stringify(log)}, 'left\\n');
      lock.release();
    }
    await new Promise((done) => setTimeout(done, Math.random() * 3));
  }`;

test('of many processes one has it at a time, and nothing but it is left behind', async () => {
  const [file, log] = [path.join(home, 'lock'), path.join(home, 'log')];
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', contender(file, log)], {
        stdio: 'inherit'
      });
      expect(await once(child, 'exit')).toEqual([0, null]);
    })
  );
  expect(readFileSync(log, 'utf8')).toBe('taken\nleft\n'.repeat(100));
  expect(readdirSync(home)).toEqual(['log']);
});

test('one that a killed process has left is taken, whoever has its number now', () => {
  const file = path.join(home, 'left');
  writeFileSync(file, JSON.stringify({ pid: process.pid, born: 'in another life' }));
  expect(lockHolder(file)).toBeUndefined();
  const lock = takeLock(file);
  expect(lockHolder(file)).toBe(process.pid);
  expect(takeLock(file)).toBeUndefined();
  expect(() => acquireLock(file, '/data')).toThrow(`already running on /data (process ${process.pid})`);
  lock?.release();
  expect(lockHolder(file)).toBeUndefined();
});
