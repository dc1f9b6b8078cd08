import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startMessageBird } from '../messagebird/index.ts';
import type { MessageBird } from '../messagebird/index.ts';
import type { NumberedEvent } from '../messagebird/live-call.ts';
import { stretches } from '../messagebird/page/rich-text.ts';
import { eventually } from '../../tests/helpers/eventually.ts';
import { streamOf } from './sse.ts';
import { ask, aTestIvr, sayAndHangUp } from '../../tests/helpers/test-ivr.ts';
import type { TestIvr } from '../../tests/helpers/test-ivr.ts';

const signingKey = 'a signing key';
/** A clinic whose greeting lasts longer than any test. */
const talkative = '911140000009';
let ivr: TestIvr;
let messagebird: MessageBird;

beforeAll(async () => {
  ivr = await aTestIvr(signingKey, ({ query, variables }, url) => {
    const to = (next: string) => `${url}?n=${next}`;
    if (query.get('destination') === talkative) return ask('Blah. '.repeat(160), 'm', to('menu'));
    if (query.get('n') === 'code') return sayAndHangUp(`The code is ${variables.code ?? 'missing'}.`);
    if (query.get('n') === 'menu') return ask('Code?', 'code', to('code'), { maxNumKeys: 4, endKey: '#' });
    return ask(`Welcome ${query.get('source') ?? 'stranger'}.`, 'm', to('menu'));
  });
  messagebird = await startMessageBird({
    port: 0,
    accessKey: 'test_key',
    signingKey,
    ivrUrl: ivr.url,
    siteUrl: 'http://127.0.0.1:3000',
    callStatusUrl: `${ivr.url}/status`,
    clinics: () => Promise.resolve([{ name: 'City Care', phone: '+911140000000', timeZone: 'Asia/Kolkata' }])
  });
});
afterAll(async () => {
  await messagebird.close();
  await ivr.close();
});
beforeEach(() => {
  ivr.requests.length = 0;
});

const post = (path: string, body: object) =>
  fetch(`${messagebird.url}${path}`, { method: 'POST', body: JSON.stringify(body) });

/** Dials and returns what one needs to follow the call. */
async function dial(more: object = {}) {
  const answer = await post('/calls', { from: '+91 98765 43210', to: '+91-11-4000-0000', ...more });
  expect(answer.status).toBe(201);
  const { id, from } = (await answer.json()) as { id: string; from: string };
  const stream = await streamOf(`${messagebird.url}/calls/${id}/events`);
  const seen: NumberedEvent[] = [];
  const until = async (type: string, text = ''): Promise<NumberedEvent> => {
    for (;;) {
      const numbered = (await stream.next()).data as NumberedEvent;
      seen.push(numbered);
      if (numbered.event.type === type && JSON.stringify(numbered.event).includes(text)) return numbered;
    }
  };
  return {
    id,
    from,
    seen,
    until,
    close: () => stream.close(),
    press: (keys: string) => post(`/calls/${id}/keys`, { keys })
  };
}

describe('a call from the page', () => {
  test('runs the flows, takes keys, and shows its signed requests', async () => {
    const call = await dial();
    await call.until('said', 'Welcome 919876543210.');
    expect((await call.press('1')).status).toBe(204);
    await call.until('said', 'Code?');
    await call.press('12#');
    await call.until('said', 'The code is 12.');
    expect((await post(`/calls/${call.id}/hang-up`, {})).status).toBe(204);
    const end = await call.until('ended');
    expect(end.event).toMatchObject({ reason: 'caller_hung_up' });
    expect(call.seen.map(({ number }) => number)).toEqual(call.seen.map((_, index) => index + 1));
    const delivered = call.seen.flatMap(({ event }) => (event.type === 'delivered' ? [event] : []));
    expect(delivered.map(({ token }) => token.split('.').length)).toEqual([3, 3, 3]);
    expect(ivr.refused).toBe(0);
    await call.close();
  });

  test.each([
    ['98765 43210', '919876543210'],
    ['098765 43210', '919876543210'],
    ['919876543210', '919876543210'],
    ['0091 98765 43210', '919876543210'],
    ['+44 7911 123456', '447911123456'],
    ['447911123456', '447911123456'],
    // What networks show in place of a number can be tried out.
    ['86282452253', '86282452253'],
    ['10000000000', '10000000000'],
    ['+5215512345678', '5215512345678']
  ])('from %s comes from %s', async (from, source) => {
    const call = await dial({ from });
    await call.until('said', `Welcome ${source}.`);
    expect(call.from).toBe(`+${source}`);
    await call.close();
  });

  test('withholds the number when asked to', async () => {
    const call = await dial({ withheld: true });
    await call.until('said', 'Welcome stranger.');
    await call.close();
  });

  test('delivers requests twice, breaks and clears variables by switches that work in the call', async () => {
    const call = await dial({ switches: { duplicate: true } });
    await call.until('said', 'Welcome');
    expect(ivr.requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
    await post(`/calls/${call.id}/switches`, { clearVariables: true });
    await call.press('1');
    await call.until('said', 'Code?');
    await post(`/calls/${call.id}/switches`, { clearVariables: true, dropNext: true });
    await call.press('77#');
    expect((await call.until('ended')).event).toMatchObject({ reason: 'dropped' });
    // The request that was under way still arrives; only its answer is not heard.
    await call.until('delivered', 'The code is 77.');
    const gets = ivr.requests.filter(({ method }) => method === 'GET');
    expect(gets.map(({ variables }) => variables)).toEqual([{}, {}, { m: '1' }, { code: '77' }]);
    await call.close();
  });

  test('goes on at once when the page reports that a prompt was heard', async () => {
    const call = await dial({ to: talkative, switches: { speech: true } });
    const { event } = await call.until('said');
    await post(`/calls/${call.id}/played`, { turn: event.type === 'said' ? event.turn : 0 });
    await call.until('paused');
    await call.close();
  });

  test('can be followed from where a lost connection left it', async () => {
    const call = await dial();
    const said = await call.until('said');
    await call.close();
    const answer = await fetch(`${messagebird.url}/calls/${call.id}/events`, {
      headers: { 'last-event-id': String(said.number - 1) }
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('data:')) text += (await reader?.read())?.value ?? '';
    expect(text).toContain(`id: ${said.number}\n`);
    await reader?.cancel();
    await post(`/calls/${call.id}/hang-up`, {});
  });

  test('ends when its page is closed', async () => {
    const hasty = await startMessageBird({
      port: 0,
      accessKey: 'test_key',
      signingKey,
      ivrUrl: ivr.url,
      callStatusUrl: `${ivr.url}/status`,
      abandonedAfterMs: 1
    });
    const answer = await fetch(`${hasty.url}/calls`, {
      method: 'POST',
      body: JSON.stringify({ from: '+919876543210', to: talkative })
    });
    const { id } = (await answer.json()) as { id: string };
    await eventually(async () =>
      ivr.requests.find(({ body }) => body.includes(id) && body.includes('"ended"'))
    );
    await hasty.close();
  });

  test('tells the status webhook of its beginning and end', async () => {
    const call = await dial();
    await call.until('said');
    await post(`/calls/${call.id}/hang-up`, {});
    await call.until('ended');
    const told = () => ivr.requests.map(({ body }) => body).filter((body) => body.includes(call.id));
    await expect
      .poll(() => told().map((body) => JSON.parse(body) as unknown))
      .toMatchObject([{ items: [{ type: 'callCreated' }] }, { items: [{ type: 'callUpdated' }] }]);
    await call.close();
  });
});

describe('what cannot be done is refused with a sentence', () => {
  test.each([
    [{ from: '12', to: '+911140000000' }, 'Your number must be a phone number with country code'],
    [{ from: '98765 4321', to: '+911140000000' }, 'Your number must be a phone number with country code'],
    [{ from: '+919876543210', to: 'the clinic' }, 'The number to call must be a phone number'],
    [{ from: '+919876543210' }, 'The number to call must be a phone number'],
    [{ from: '+919876543210', to: '+911140000000', surprise: 1 }, 'Unrecognized key']
  ])('%j', async (body, sentence) => {
    const answer = await post('/calls', body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining(sentence) });
  });

  test('keys that no phone has, and calls that are not there', async () => {
    const call = await dial();
    expect((await call.press('1a')).status).toBe(400);
    expect((await call.press('')).status).toBe(400);
    expect((await post(`/calls/${call.id}/played`, {})).status).toBe(400);
    expect((await post(`/calls/${call.id}/dance`, {})).status).toBe(404);
    expect((await post('/calls/none/keys', { keys: '1' })).status).toBe(404);
    const foreign = {
      method: 'POST',
      headers: { origin: 'https://elsewhere.example' },
      body: '{"keys":"1"}'
    };
    expect((await fetch(`${messagebird.url}/calls/${call.id}/keys`, foreign)).status).toBe(403);
    await post(`/calls/${call.id}/hang-up`, {});
    expect((await call.press('1')).status).toBe(204);
    await call.close();
  });
});

describe('the page', () => {
  test('learns which clinics can be called and where the site is', async () => {
    expect(await (await fetch(`${messagebird.url}/config`)).json()).toEqual({
      clinics: [{ name: 'City Care', phone: '+911140000000', timeZone: 'Asia/Kolkata' }],
      siteUrl: 'http://127.0.0.1:3000',
      ivrUrl: ivr.url
    });
  });

  test('is plain files that load nothing from elsewhere', async () => {
    const page = await fetch(messagebird.simulatorUrl);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await page.text();
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    const script = await fetch(`${messagebird.url}/main.ts`);
    expect(script.headers.get('content-type')).toContain('text/javascript');
    expect(await script.text()).not.toContain(': NumberedEvent');
  });

  test.each(['/nothing.html', '/..%2findex.ts', '/page/main.ts', '/main.js', '//main.ts'])(
    'has no %s',
    async (path) => {
      expect((await fetch(`${messagebird.url}${path}`)).status).toBe(404);
    }
  );
});

describe('in a text message, what one wants to follow, copy or type stands out', () => {
  const found = (body: string) => stretches(body).filter(({ kind }) => kind !== 'plain');
  const copy = (text: string) => ({ kind: 'copy', text });

  test.each([
    ['Your code is 482913.', [copy('482913')]],
    ['Reference 4821, token 12.', [copy('4821')]],
    ['Username: +919999999999\nPassword: ABC12345\nYou can', [copy('+919999999999'), copy('ABC12345')]],
    ['See https://medq.example/a?b=1234.', [{ kind: 'link', text: 'https://medq.example/a?b=1234' }]],
    ['On Tue 24 Nov 2026, 10:30 am', []],
    ['Call +91 11 4000 0000 or 919876543210', []],
    ['1234 and 12345 and 1234567', [copy('1234')]],
    ['Fee 1234.50', []],
    ['javascript:alert(1)', []]
  ])('%s', (body, wanted) => {
    expect(found(body)).toEqual(wanted);
    expect(
      stretches(body)
        .map(({ text }) => text)
        .join('')
    ).toBe(body);
  });
});
