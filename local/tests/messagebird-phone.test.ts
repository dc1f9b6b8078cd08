import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aPhone } from '../../tests/helpers/messagebird.ts';
import { aCall, signedGet } from '../../tests/helpers/phone.ts';
import type { CallerOptions, TestCall } from '../../tests/helpers/phone.ts';
import { ask, aTestIvr, sayAndHangUp } from '../../tests/helpers/test-ivr.ts';
import type { SignedRequest, TestIvr } from '../../tests/helpers/test-ivr.ts';

const signingKey = 'a signing key';
let ivr: TestIvr;
let answer: (request: SignedRequest, url: string) => object | Response;

/** A clinic that asks for a menu choice, then for a code, and repeats itself once. */
function clinic({ query, variables }: SignedRequest, url: string): object {
  const next = (n: string) => `${url}?n=${n}`;
  switch (query.get('n')) {
    case 'menu':
      if (variables.m === '2')
        return { steps: [{ action: 'transfer', options: { destination: '911140000001' } }] };
      if (variables.m === '1')
        return ask('Enter the code.', 'code', next('code'), { maxNumKeys: 6, endKey: '#' });
      return ask('Again: press 1.', 'm_again', next('again'));
    case 'code':
      return sayAndHangUp(`The code is ${variables.code ?? 'missing'}.`);
    case 'again':
      return sayAndHangUp('Goodbye.');
    default:
      return ask(`Welcome ${query.get('source') ?? 'stranger'}. Press 1.`, 'm', next('menu'));
  }
}

beforeAll(async () => {
  ivr = await aTestIvr(signingKey, (request, url) => answer(request, url));
});
afterAll(() => ivr.close());
beforeEach(() => {
  answer = clinic;
  ivr.requests.length = 0;
});

function call(options: Partial<CallerOptions> = {}): TestCall {
  return aCall({ ivrUrl: ivr.url, signingKey, from: aPhone(), to: '+911140000000', ...options });
}

describe('a caller in a test', () => {
  test('hears prompts, presses keys, and has the whole call before him', async () => {
    const one = call({ from: '+919876543210' });
    expect(await one.dial()).toBe('Welcome 919876543210. Press 1.');
    expect(await one.press('1')).toBe('Enter the code.');
    expect(await one.press('1234#')).toBe('The code is 1234.');
    expect(one.ended).toMatchObject({ reason: 'hangup' });
    expect(one.heard).toEqual(['Welcome 919876543210. Press 1.', 'Enter the code.', 'The code is 1234.']);
    expect(ivr.requests.map(({ query }) => query.get('callID'))).toEqual(Array(3).fill(one.callId));
    expect(one.requests.map(({ answer: { failure } }) => failure)).toEqual([undefined, undefined, undefined]);
    expect(ivr.refused).toBe(0);
  });

  test('can answer several prompts at once', async () => {
    const one = call();
    await one.dial();
    expect(await one.press('1', '123456')).toBe('The code is 123456.');
  });

  test('can stop within an input', async () => {
    const one = call();
    await one.dial();
    expect(await one.press('1', '12')).toBe('The code is 12.');
  });

  test('can stay silent', async () => {
    const one = call();
    await one.dial();
    expect(await one.silence()).toBe('Again: press 1.');
    expect(await one.silence()).toBe('Goodbye.');
    await expect(one.press('1')).rejects.toThrow('cannot press 1: the call is not listening');
  });

  test('can withhold the number, be transferred and hang up', async () => {
    const hidden = call({ from: null });
    expect(await hidden.dial()).toBe('Welcome stranger. Press 1.');
    await hidden.press('2');
    expect(hidden.ended?.message).toBe('The call was transferred to 911140000001.');
    const short = call();
    await short.dial();
    await short.hangUp();
    expect(short.ended?.reason).toBe('caller_hung_up');
  });

  test('can lose the line while a request is under way, which still arrives', async () => {
    const one = call({ dropDuringRequest: 2 });
    await one.dial();
    expect(await one.press('1')).toBe('');
    expect(one.ended?.reason).toBe('dropped');
    expect(ivr.requests).toHaveLength(2);
  });

  test.each([
    ['after', 'fresh', 2],
    ['together', 'fresh', 2],
    ['after', 'same', 1]
  ] as const)(
    'can have every request delivered twice, %s, with the %s token',
    async (duplicate, duplicateToken, tokens) => {
      const one = call({ delivery: { duplicate, duplicateToken } });
      await one.dial();
      await one.press('1');
      expect(ivr.requests).toHaveLength(4);
      expect(one.requests).toHaveLength(4);
      const [first, second] = ivr.requests;
      expect(first?.url).toBe(second?.url);
      expect(new Set(one.requests.slice(0, 2).map(({ token }) => token)).size).toBe(tokens);
      expect(one.heard).toHaveLength(2);
    }
  );

  test('tells the status webhook when the call begins and ends', async () => {
    const one = call({ statusUrl: `${ivr.url}/status` });
    await one.dial();
    await one.hangUp();
    const told = ivr.requests
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => JSON.parse(body) as unknown);
    expect(told).toMatchObject([
      { items: [{ type: 'callCreated', payload: { id: one.callId, status: 'ongoing' } }] },
      {
        items: [
          { type: 'callUpdated', payload: { id: one.callId, status: 'ended', endedAt: expect.any(String) } }
        ]
      }
    ]);
  });
});

describe('a test fails with the reason and the transcript', () => {
  test.each<[string, () => object | Response, string]>([
    ['a broken flow', () => ({ steps: [{ action: 'say' }] }), 'steps[0].options'],
    ['another status', () => new Response('', { status: 500 }), 'status is 500'],
    [
      'XML',
      () => new Response('<Say/>', { headers: { 'content-type': 'application/xml' } }),
      'application/xml'
    ],
    ['a redirect', () => Response.redirect('http://127.0.0.1:9/'), 'status is 302'],
    [
      'a flow without hangup',
      () => ({ steps: [{ action: 'pause', options: { length: 1 } }] }),
      'runs off its end'
    ]
  ])('when the answer is %s', async (_, wrong, sentence) => {
    answer = wrong;
    await expect(call().dial()).rejects.toThrow(sentence);
  });

  test('when no answer comes in time', async () => {
    answer = () => new Promise<object>(() => {}) as unknown as object;
    await expect(call({ delivery: { timeoutMs: 50 } }).dial()).rejects.toThrow(
      'No answer came within 0.05 seconds'
    );
  });

  test('unless the call may fail', async () => {
    answer = () => new Response('', { status: 500 });
    const one = call({ mayFail: true });
    await one.dial();
    expect(one.ended?.reason).toBe('failed');
  });
});

test('a raw request can be signed, forged, repeated and expired', async () => {
  const url = `${ivr.url}?callID=c&destination=1`;
  expect((await signedGet(url, { signingKey })).status).toBe(200);
  expect((await signedGet(url, { signingKey: 'forged' })).status).toBe(401);
  expect((await signedGet(url, { signingKey, now: new Date(Date.now() - 120_000) })).status).toBe(401);
  const one = call();
  await one.dial();
  const first = one.requests[0];
  if (!first) throw new Error('The call made no request.');
  const repeated = await signedGet(first.request.url, { signingKey, token: first.token });
  expect(repeated.status).toBe(200);
});
