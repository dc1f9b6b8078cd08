import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { logFailure } from '../../src/lib/server/request/log.ts';

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => vi.restoreAllMocks());

test('a failure is one line of JSON: when, how bad, what, and of which request', () => {
  logFailure('session_unknown', 'r-1', Object.assign(new Error('x'), { code: 'PGRST301', status: 503 }), {
    service: 'auth'
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('\n');
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(line).toMatchObject({
    level: 'error',
    event: 'session_unknown',
    request_id: 'r-1',
    service: 'auth',
    error: {
      name: 'Error',
      code: 'PGRST301',
      status: 503,
      stack: expect.stringMatching(/^at .*site-log/) as unknown
    }
  });
  expect(new Date(String(line.at)).toISOString()).toBe(line.at);
});

test('what a foreign error says is left out: it may quote a person', () => {
  logFailure('request_failed', 'r-2', new Error('Key (phone)=(+919876543210)\nalready exists'));
  logFailure('request_failed', 'r-3', '+919876543210');
  expect(lines.join()).not.toMatch(/9876543210|already exists/);
});
