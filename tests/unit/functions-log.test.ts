import { expect, test } from 'vitest';
import { createLog, describeError } from '../../supabase/functions/_shared/log.ts';

function logOf(context = { function: 'test', request_id: 'r-0' }) {
  const lines: { level: string; line: string }[] = [];
  return { log: createLog(context, (level, line) => lines.push({ level, line })), lines };
}

test('a line is one JSON object with the context of its request', () => {
  const { log, lines } = logOf({ function: 'ivr', request_id: 'r-1' });
  log.warn('call_refused', { reason: 'first line\nsecond line' });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.line).not.toContain('\n');
  const line = JSON.parse(lines[0]?.line ?? '') as Record<string, unknown>;
  expect(Object.keys(line).slice(0, 5)).toEqual(['at', 'level', 'event', 'function', 'request_id']);
  expect(line.at).toBe(new Date(String(line.at)).toISOString());
  expect(line).toMatchObject({
    level: 'warn',
    event: 'call_refused',
    function: 'ivr',
    request_id: 'r-1',
    reason: 'first line\nsecond line'
  });
});

test('no phone number gets through, wherever it stands', () => {
  const { log, lines } = logOf();
  log.error('failed', {
    phone: '+919876543210',
    recipient: 919876543210,
    source: '919876543210',
    nested: { list: ['sent to +919876543210'], to_phone: '919876543210' },
    error: new Error('no route to 919876543210', { cause: new Error('at +91 9876543210 and 09876543210') })
  });
  expect(lines[0]?.line).not.toMatch(/9876543/);
  expect(lines[0]?.line).toContain('+91********10');
});

test('secrets are left out by the name of their field', () => {
  const { log, lines } = logOf();
  log.info('created', {
    password: 'ABC12345',
    new_password: 'ABC12345',
    report_token: 'ABC12345',
    headers: { authorization: 'Bearer ABC12345', apikey: 'ABC12345' },
    body: 'Password: ABC12345'
  });
  expect(lines[0]?.line).not.toContain('ABC12345');
});

test('an error of the database keeps its code and loses its query and parameters', () => {
  const error = Object.assign(new Error('deadlock detected'), {
    code: '40P01',
    query: 'select secret_query()',
    parameters: ['ABC12345']
  });
  const described = describeError(error);
  expect(described).toMatchObject({ name: 'Error', message: 'deadlock detected', code: '40P01' });
  expect(JSON.stringify(described)).not.toMatch(/secret_query|ABC12345/);
});

test('something that contains itself can be logged', () => {
  const { log, lines } = logOf();
  const round: Record<string, unknown> = {};
  round.again = round;
  log.info('round', { round });
  expect(lines).toHaveLength(1);
});
