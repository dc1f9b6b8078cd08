import { expect, test } from 'vitest';
import { parseReport } from '../../supabase/functions/sms-status/report.ts';

const query =
  'token=t-1&id=e8077d803532c0b5937c639b60216938&reference=7A5D1C4E-96f5-4ee1-8f43-6f5f4bb3b9d1&recipient=919876543210' +
  '&status=delivered&statusDatetime=2016-05-03T08%3A58%3A10%2B00%3A00&statusReason=successfully+delivered&mccmnc=40445&ported=0';
const parse = (text: string) => parseReport(new URLSearchParams(text));

test('a report of MessageBird is read', () => {
  expect(parse(query)).toEqual({
    smsId: '7a5d1c4e-96f5-4ee1-8f43-6f5f4bb3b9d1',
    token: 't-1',
    providerId: 'e8077d803532c0b5937c639b60216938',
    status: 'delivered',
    at: new Date('2016-05-03T08:58:10Z'),
    reason: null,
    stop: false
  });
});

test.each([
  ['2016-05-03T10:58:10+02:00', 'with a bare plus'],
  ['2016-05-03T08:58:10Z', 'in UTC'],
  ['2016-05-03T05:58:10-03:00', 'west of Greenwich']
])('a time like %s is read', (time) => {
  const text = query.replace('2016-05-03T08%3A58%3A10%2B00%3A00', time);
  expect(parse(text)?.at).toEqual(new Date('2016-05-03T08:58:10Z'));
});

test('a failed delivery has its reason, with the code if it has one; one code is that of STOP', () => {
  const failed = query
    .replace('delivered', 'delivery_failed')
    .replace('successfully+delivered', 'unknown+subscriber');
  expect(parse(failed)?.reason).toBe('unknown subscriber');
  expect(parse(`${failed}&statusErrorCode=1`)).toMatchObject({
    reason: 'unknown subscriber (code 1)',
    stop: false
  });
  expect(parse(`${failed}&statusErrorCode=103`)).toMatchObject({ stop: true });
  expect(parse(`${failed}&statusErrorCode=none`)).toMatchObject({ stop: false });
  expect(parse(query.replace('=delivered', '=expired').replace('successfully+delivered', ''))?.reason).toBe(
    'expired'
  );
});

test('a status that MessageBird may add one day is no error', () => {
  expect(parse(query.replace('=delivered', '=read'))).toMatchObject({ status: undefined });
});

test.each(['token', 'reference', 'status', 'statusDatetime'])('a report without %s is none', (name) => {
  const fields = new URLSearchParams(query);
  fields.delete(name);
  expect(parseReport(fields)).toBeUndefined();
  fields.set(name, '');
  expect(parseReport(fields)).toBeUndefined();
});

test.each(['', 'reference=1', query.replace('7A5D1C4E', 'x'), query.replace('2016-05', 'yesterday')])(
  '%j is none',
  (text) => {
    expect(parse(text)).toBeUndefined();
  }
);
