import { expect, test } from 'vitest';
import { createLog } from '../../supabase/functions/_shared/log.ts';
import type { MessageBird, SendOutcome, Sms } from '../../supabase/functions/_shared/messagebird/client.ts';
import { dispatch } from '../../supabase/functions/sms-dispatch/dispatch.ts';
import type { DueSms, SmsQueue } from '../../supabase/functions/sms-dispatch/queue.ts';

const due: DueSms = {
  id: '7a5d1c4e-96f5-4ee1-8f43-6f5f4bb3b9d1',
  attempts: 1,
  to_phone: '+919876543210',
  body: 'Password: ABC12345',
  expires_at: null,
  report_token: 'a token/with signs',
  outcome_unknown: false
};

/** Dispatches one message with a provider that behaves as told, and returns what happened to it. */
async function run(
  sms: DueSms,
  provider: Partial<Pick<MessageBird, 'send' | 'find'>>,
  queue: Partial<SmsQueue> = {},
  sendWithin?: number
) {
  const waiting = [sms];
  const sent: Sms[] = [];
  const settled: SendOutcome[] = [];
  const lines: string[] = [];
  const summary = await dispatch({
    queue: {
      claim: async (limit) => waiting.splice(0, limit),
      settle: async (_, outcome) => settled.push(outcome) > 0,
      ...queue
    },
    provider: {
      send: async (message) => {
        sent.push(message);
        return { outcome: 'sent', providerId: 'p-1' };
      },
      find: async () => {
        throw new Error('This message need not be looked up.');
      },
      ...provider
    },
    originator: 'MedQ',
    reportUrl: 'https://x.supabase.co/functions/v1/sms-status',
    concurrency: 8,
    budget: 60_000,
    ...(sendWithin !== undefined && { sendWithin }),
    log: createLog({ function: 'sms-dispatch', request_id: 'test' }, (_, line) => lines.push(line))
  });
  return { summary, sent, settled, lines };
}

test('a message is sent under its own id, with an address for reports that only MessageBird learns', async () => {
  const { sent, settled, lines } = await run(due, {});
  expect(sent).toEqual([
    {
      originator: 'MedQ',
      to: due.to_phone,
      body: due.body,
      id: due.id,
      reportUrl: 'https://x.supabase.co/functions/v1/sms-status?token=a%20token%2Fwith%20signs',
      expiresAt: null
    }
  ]);
  expect(settled).toEqual([{ outcome: 'sent', providerId: 'p-1' }]);
  expect(lines.join()).not.toMatch(/ABC12345|9876543210|with signs/);
});

test('a message that may have been sent and was found is not sent again', async () => {
  const { sent, settled } = await run(
    { ...due, outcome_unknown: true },
    { find: async () => ({ found: true, providerId: 'p-0' }) }
  );
  expect(sent).toEqual([]);
  expect(settled).toEqual([{ outcome: 'sent', providerId: 'p-0' }]);
});

test('a message that may have been sent and was not found is sent', async () => {
  const { sent } = await run({ ...due, outcome_unknown: true }, { find: async () => ({ found: false }) });
  expect(sent).toHaveLength(1);
});

test('a message that may have been sent waits while nobody can say', async () => {
  const reason = 'MessageBird could not be asked.';
  const { sent, settled } = await run(
    { ...due, outcome_unknown: true },
    { find: async () => ({ found: 'unclear', reason }) }
  );
  expect(sent).toEqual([]);
  expect(settled).toEqual([{ outcome: 'unknown', reason }]);
});

test('a message whose lookup took too long is left to a later attempt', async () => {
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { found: false } as const;
  };
  const { sent, settled } = await run({ ...due, outcome_unknown: true }, { find: slow }, {}, 1);
  expect(sent).toEqual([]);
  expect(settled).toMatchObject([{ outcome: 'unknown' }]);
});

test('a message whose end cannot be written down is left to its lease', async () => {
  const { summary, lines } = await run(
    due,
    {},
    {
      settle: async () => {
        throw new Error('connection lost');
      }
    }
  );
  expect(summary).toMatchObject({ sent: 0, lost: 1 });
  expect(lines.join()).toContain('sms_not_settled');
});
