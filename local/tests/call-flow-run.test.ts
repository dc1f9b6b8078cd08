import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallEvent } from '../messagebird/call-events.ts';
import { Call, usualCallSettings } from '../messagebird/call.ts';
import type { CallSettings } from '../messagebird/call.ts';
import { ask, say, sayAndHangUp } from '../../tests/helpers/test-ivr.ts';

const base = 'https://ivr.example.org/voice';
const hangup = { action: 'hangup' };

/** A call whose answers and time are in the hands of the test. */
class Line {
  events: CallEvent[] = [];
  now = 0;
  call: Call;

  constructor(settings: Partial<CallSettings> = {}) {
    const usual = { callId: 'c-1', source: '919876543210', destination: '911140000000', ivrUrl: base };
    this.call = new Call({ ...usualCallSettings, ...usual, ...settings }, (event) => this.events.push(event));
    this.call.dial();
  }

  answer(flow: unknown, status = 200, contentType = 'application/json'): this {
    const body = typeof flow === 'string' ? flow : JSON.stringify(flow);
    this.call.answer({ status, contentType, body }, this.now);
    return this;
  }

  press(keys: string): this {
    for (const key of keys) this.call.press(key, this.now);
    return this;
  }

  wait(ms: number): this {
    const until = this.now + ms;
    while (this.call.waiting.for === 'time' && this.call.waiting.until <= until) {
      this.now = this.call.waiting.until;
      this.call.pass(this.now);
    }
    this.now = until;
    return this;
  }

  get request(): { method: string; url: URL; variables: unknown } {
    if (this.call.waiting.for !== 'answer') throw new Error('The call makes no request.');
    const { method, url } = this.call.waiting.request;
    const variables = new URL(url).searchParams.get('variables');
    return { method, url: new URL(url), variables: variables === null ? null : JSON.parse(variables) };
  }

  get said(): string[] {
    return this.events.flatMap((event) => (event.type === 'said' ? [event.text] : []));
  }

  get problems(): string[] {
    return this.events.flatMap((event) => (event.type === 'problem' ? [event.message] : []));
  }
}

const longEnough = 60_000;

describe('the first request', () => {
  test('carries the call, both numbers without + and empty variables', () => {
    const { url, method, variables } = new Line().request;
    expect(method).toBe('GET');
    expect(url.href).toMatch(
      `${base}?callID=c-1&source=919876543210&destination=911140000000&variables=%7B%7D`
    );
    expect(variables).toEqual({});
  });

  test('can leave the variables out', () => {
    expect(new Line({ firstVariables: 'omit' }).request.variables).toBeNull();
  });

  test('has no source when the number is withheld', () => {
    expect(new Line({ source: null }).request.url.searchParams.has('source')).toBe(false);
  });

  test('keeps the query of the configured URL in front', () => {
    const { url } = new Line({ ivrUrl: `${base}?clinic=7` }).request;
    expect(url.search).toMatch(/^\?clinic=7&callID=c-1&/);
  });
});

describe('keys', () => {
  test('stop the prompt, are stored under the variable and jump to the goto', () => {
    const line = new Line().answer(ask('Press 1.', 'm1', `${base}?n=main&t=1`)).press('1');
    expect(line.request.variables).toEqual({ m1: '1' });
    expect(line.request.url.search).toMatch(/^\?n=main&t=1&callID=c-1&/);
    expect(line.events.map(({ type }) => type)).not.toContain('paused');
  });

  test('are still taken in the pause after the prompt', () => {
    const line = new Line().answer(ask('Press 1.', 'm1', base)).wait(4000);
    expect(line.events.map(({ type }) => type)).toContain('paused');
    expect(line.press('2').request.variables).toEqual({ m1: '2' });
  });

  test('may be several, ended by the end key, which is not stored', () => {
    const keys = { maxNumKeys: 6, endKey: '#' };
    const line = new Line().answer(ask('Enter the code.', 'code', base, keys)).press('12');
    expect(line.call.waiting).toMatchObject({ for: 'time', typing: true });
    expect(line.press('#').request.variables).toEqual({ code: '12' });
  });

  test('are complete at the most that is taken', () => {
    const line = new Line().answer(ask('Enter the code.', 'code', base, { maxNumKeys: 4, endKey: '#' }));
    expect(line.press('1*34').request.variables).toEqual({ code: '1*34' });
  });

  test('are submitted after five seconds when the caller stops within an input', () => {
    const line = new Line().answer(ask('Enter the code.', 'code', base, { maxNumKeys: 6, endKey: '#' }));
    line.press('1').wait(4999).press('2').wait(4999);
    expect(line.call.waiting.for).toBe('time');
    expect(line.wait(1).request.variables).toEqual({ code: '12' });
  });

  test('a menu that names no number of keys takes one', () => {
    expect(new Line().answer(ask('Press 1.', 'm', base, {})).press('7').request.variables).toEqual({
      m: '7'
    });
  });

  test('the end key alone is an empty input', () => {
    const line = new Line().answer(ask('Enter the code.', 'code', base, { maxNumKeys: 4, endKey: '#' }));
    expect(line.press('#').request.variables).toEqual({ code: '' });
  });

  test('one too many is lost, or answers the next prompt where lines carry it', () => {
    const code = ask('Enter the code.', 'code', base, { maxNumKeys: 2, endKey: '#' });
    const next = ask('Press 1.', 'm', base, { maxNumKeys: 1 });
    expect(new Line().answer(code).press('12#').answer(next).call.waiting.for).toBe('time');
    const carried = new Line({ strayKeys: 'carry' }).answer(code).press('12#').answer(next);
    expect(carried.request.variables).toEqual({ code: '12', m: '#' });
  });

  test('are not heard where nothing listens', () => {
    const line = new Line().answer(sayAndHangUp('Goodbye.')).press('1');
    expect(line.events.at(-1)).toEqual({ type: 'pressed', key: '1', heard: false });
  });

  test('that no phone has are refused', () => {
    expect(() => new Line().press('x')).toThrow('no key "x"');
  });
});

describe('a call', () => {
  test('goes on to the fetch when nothing is pressed, without the variable', () => {
    const line = new Line().answer(ask('Press 1.', 'm1', base)).wait(longEnough);
    expect(line.request.variables).toEqual({});
  });

  test('keeps variables for its whole length, or clears them with every flow', () => {
    const dialogue = (settings: Partial<CallSettings>) =>
      new Line(settings)
        .answer(ask('A', 'a', base))
        .press('1')
        .answer(ask('B', 'b', base))
        .press('2').request;
    expect(dialogue({}).variables).toEqual({ a: '1', b: '2' });
    expect(dialogue({ variables: 'clear' }).variables).toEqual({ b: '2' });
  });

  test('warns when a variable of an earlier prompt is asked for again', () => {
    const line = new Line()
      .answer(ask('A', 'a', base))
      .press('1')
      .answer(ask('A again', 'a', base));
    expect(line.events.find(({ type }) => type === 'advice')).toMatchObject({
      message: expect.stringContaining('Variable a was filled before')
    });
  });

  test('says every step in order, repeats included in the time, and ends with hangup', () => {
    const twice = { action: 'say', options: { payload: 'Bye', language: 'en-IN', voice: 'male', repeat: 2 } };
    const line = new Line().answer({ steps: [say('Bye'), twice, hangup] }).wait(longEnough);
    expect(line.said).toEqual(['Bye', 'Bye']);
    const [once, again] = line.events.flatMap((event) => (event.type === 'said' ? [event.lastsMs] : []));
    expect(again).toBe(2 * Number(once));
    expect(line.call.ended?.reason).toBe('hangup');
  });

  test('ends when it is transferred, dropped or hung up, and hears nothing more', () => {
    const transfer = { steps: [{ action: 'transfer', options: { destination: '911140000001' } }] };
    expect(new Line().answer(transfer).call.ended).toEqual({
      reason: 'transferred',
      message: 'The call was transferred to 911140000001.'
    });
    for (const end of ['drop', 'hangUp'] as const) {
      const line = new Line();
      line.call[end]();
      line.answer(sayAndHangUp('Too late.'));
      expect(line.said).toEqual([]);
      expect(line.call.ended).toBeDefined();
    }
  });

  test('ends after the last step, which is worth a warning', () => {
    const line = new Line().answer({ steps: [say('Bye')] }).wait(longEnough);
    expect(line.call.ended?.reason).toBe('ran_off_end');
    expect(line.events.map(({ type }) => type)).toContain('advice');
  });

  test('waits for a listener to report the end of a prompt', () => {
    const line = new Line({ playback: 'reported' }).answer(sayAndHangUp('Goodbye.')).wait(5_000);
    expect(line.call.ended).toBeUndefined();
    line.call.played(1, line.now);
    expect(line.call.ended?.reason).toBe('hangup');
  });

  test('begins the pause after a prompt when the prompt was heard, not when it was expected to end', () => {
    const line = new Line({ playback: 'reported' }).answer(ask('Press 1.', 'm', base)).wait(1_000);
    line.call.played(1, line.now);
    expect(line.call.waiting).toEqual({ for: 'time', until: 6_000, listening: true, typing: false });
    line.call.played(2, line.now);
    expect(line.call.waiting.for).toBe('time');
  });

  test('takes no notice of a late report about an earlier prompt', () => {
    const line = new Line({ playback: 'reported' }).answer({ steps: [say('One'), say('Two'), hangup] });
    line.call.played(1, 0);
    line.call.played(1, 0);
    expect(line.said).toEqual(['One', 'Two']);
    expect(line.call.ended).toBeUndefined();
  });

  test('posts a recording to where the flow says and runs the flow it gets', () => {
    const options = { onFinish: `${base}?n=recorded`, finishOnKey: '#' };
    const line = new Line()
      .answer({ steps: [{ action: 'record', options }] })
      .press('1')
      .press('#');
    expect(line.request).toMatchObject({ method: 'POST' });
    expect(line.request.url.search).toMatch(/^\?n=recorded&callID=c-1/);
    expect(line.answer(sayAndHangUp('Thanks.')).said).toEqual(['Thanks.']);
  });
});

describe('an answer that MessageBird would not run ends the call', () => {
  test.each<[string, (line: Line) => unknown, string]>([
    ['another status', (line) => line.answer(sayAndHangUp('x'), 500), 'status is 500'],
    ['another content type', (line) => line.answer(sayAndHangUp('x'), 200, 'text/html'), '"text/html"'],
    ['a broken flow', (line) => line.answer('<Say>x</Say>'), 'not valid JSON'],
    ['none at all', (line) => line.call.answer({ failure: 'No answer came.' }, 0), 'No answer came.']
  ])('%s', (_, fail, sentence) => {
    const line = new Line();
    fail(line);
    expect(line.problems.join()).toContain(sentence);
    expect(line.call.ended?.reason).toBe('failed');
  });

  test('unless the request may be made once more', () => {
    const line = new Line({ retries: 1 }).answer('', 500);
    expect(line.request.url.href).toBe(new Line().request.url.href);
    expect(line.answer(sayAndHangUp('Hello.')).said).toEqual(['Hello.']);
    expect(new Line({ retries: 1 }).answer('', 500).answer('', 500).call.ended?.reason).toBe('failed');
  });
});

test('whatever the flow and the keys, a call ends or waits for exactly one thing', () => {
  const keys = fc.record({
    maxNumKeys: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    endKey: fc.option(fc.constantFrom('#', '*'), { nil: undefined })
  });
  const flow = fc.oneof(
    keys.map((input) => ask('Press.', 'm', base, input)),
    fc.constant(sayAndHangUp('Bye.')),
    fc.constant({ steps: [say('Bye.')] }),
    fc.constant({ steps: [] })
  );
  const act = fc.oneof(
    fc.record({ press: fc.constantFrom(...'0123456789*#') }),
    fc.record({ wait: fc.integer({ min: 0, max: 20_000 }) }),
    fc.record({ answer: flow })
  );
  const settings = fc.record({
    variables: fc.constantFrom('keep' as const, 'clear' as const),
    strayKeys: fc.constantFrom('drop' as const, 'carry' as const),
    retries: fc.constantFrom(0 as const, 1 as const)
  });
  fc.assert(
    fc.property(settings, fc.array(act, { maxLength: 40 }), (given, acts) => {
      const line = new Line(given);
      for (const one of acts) {
        if ('press' in one) line.press(one.press);
        else if ('wait' in one) line.wait(one.wait);
        else line.answer(one.answer);
        const { waiting, ended } = line.call;
        expect(waiting.for === 'nothing').toBe(ended !== undefined);
        if (waiting.for === 'time') expect(waiting.until).toBeGreaterThan(line.now);
      }
      const ends = line.events.filter(({ type }) => type === 'ended');
      expect(ends.length).toBe(line.call.ended ? 1 : 0);
      expect(line.events.findIndex(({ type }) => type === 'ended')).toBe(
        line.call.ended ? line.events.length - 1 : -1
      );
    }),
    { numRuns: 1000 }
  );
});
