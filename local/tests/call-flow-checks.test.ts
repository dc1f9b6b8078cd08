import { describe, expect, test } from 'vitest';
import { callFlowAdvice, checkCallFlow } from '../messagebird/call-flow.ts';
import { ask, say, sayAndHangUp } from '../../tests/helpers/test-ivr.ts';

const hangup = { action: 'hangup' };
const menu = ask('Press 1 to book.', 'm1', 'https://ivr.example.org/voice?n=main&t=1') as { steps: object[] };

function problems(flow: unknown): string[] | undefined {
  return checkCallFlow(typeof flow === 'string' ? flow : JSON.stringify(flow)).problems;
}

describe('a call flow that MessageBird runs passes', () => {
  test.each([
    ['a menu', menu],
    ['a sentence and hangup', sayAndHangUp('Goodbye.')],
    [
      'a language in lower case',
      { steps: [{ ...say('Hi'), options: { payload: 'Hi', language: 'ta-in', voice: 'male' } }] }
    ],
    ['all that a flow may carry', { id: 'f', title: 'main', record: false, steps: [hangup] }],
    [
      'a recorded file',
      { steps: [{ action: 'play', options: { media: 'https://a.example/hi.mp3' } }, hangup] }
    ],
    [
      'a file named by the query',
      { steps: [{ action: 'play', options: { media: 'https://a.example/x?f=hi.wav' } }] }
    ],
    ['several wav files', { steps: [{ action: 'play', options: { media: ['https://a.example/1.wav'] } }] }],
    ['a transfer', { steps: [{ action: 'transfer', options: { destination: '911140000000', mask: true } }] }],
    ['a recording', { steps: [{ action: 'record', options: { maxLength: 5, finishOnKey: '#' } }, hangup] }],
    ['keys sent by us', { steps: [{ action: 'sendKeys', options: { keys: '12#' } }, hangup] }]
  ])('%s', (_, flow) => {
    expect(problems(flow)).toBeUndefined();
  });
});

describe('a call flow that MessageBird might not run is refused with reasons', () => {
  const sayWith = (options: object, step: object = {}) => ({ steps: [{ ...say('x'), options, ...step }] });
  const spoken = { payload: 'x', language: 'en-IN', voice: 'female' };

  test.each([
    ['no JSON', '{', 'not valid JSON'],
    ['an array', [], 'The call flow: '],
    ['no steps', { title: 'x' }, 'steps: '],
    ['an empty list of steps', { steps: [] }, 'steps: must not be empty'],
    ['an unknown action', { steps: [{ action: 'dance' }] }, 'steps[0].action: action is not one'],
    ['an unknown key of the flow', { steps: [hangup], voice: 'male' }, 'Unrecognized key: "voice"'],
    ['say without options', { steps: [{ action: 'say' }] }, 'steps[0].options: '],
    ['say without a text', sayWith({ language: 'en-IN', voice: 'male' }), 'options.payload'],
    ['an empty text', sayWith({ ...spoken, payload: ' ' }), 'must not be empty'],
    [
      'a text of over 1,000 characters',
      sayWith({ ...spoken, payload: 'x'.repeat(1001) }),
      '1,000 characters'
    ],
    ['no language', sayWith({ payload: 'x', voice: 'male' }), 'options.language'],
    ['a language without a voice', sayWith({ ...spoken, language: 'hi-IN' }), 'must be a language'],
    ['no voice', sayWith({ payload: 'x', language: 'en-IN' }), 'options.voice'],
    ['11 repetitions', sayWith({ ...spoken, repeat: 11 }), 'options.repeat'],
    [
      'key settings inside the options',
      sayWith({ ...spoken, onKeypressVar: 'm' }),
      'Unrecognized key: "onKeypressVar"'
    ],
    ['conditions', sayWith(spoken, { conditions: [] }), 'Unrecognized key: "conditions"'],
    ['a goto to nowhere', sayWith(spoken, { onKeypressGoto: 'nowhere' }), 'goes to nowhere'],
    ['a variable without a goto', sayWith(spoken, { onKeypressVar: 'm' }), 'has no onKeypressGoto'],
    ['no keys at all', sayWith(spoken, { onKeypressGoto: 'x', maxNumKeys: 0 }), 'maxNumKeys'],
    ['an end key of two characters', sayWith(spoken, { onKeypressGoto: 'x', endKey: '##' }), 'endKey'],
    [
      'an id used twice',
      {
        steps: [
          { id: 'a', ...hangup },
          { id: 'a', ...hangup }
        ]
      },
      'steps[1].id: is used twice'
    ],
    ['a pause without a length', { steps: [{ action: 'pause', options: {} }] }, 'options.length'],
    [
      'a relative fetch URL',
      { steps: [{ action: 'fetchCallFlow', options: { url: '/voice' } }] },
      'absolute http'
    ],
    [
      'a file of another kind',
      { steps: [{ action: 'play', options: { media: 'https://a.example/x.ogg' } }] },
      '.wav or .mp3'
    ],
    [
      'a list with an mp3',
      { steps: [{ action: 'play', options: { media: ['https://a.example/x.mp3'] } }] },
      '.wav files only'
    ],
    ['a transfer to nobody', { steps: [{ action: 'transfer', options: {} }] }, 'options.destination'],
    [
      'keys on a hangup',
      { steps: [{ ...hangup, id: 'h', onKeypressGoto: 'h' }] },
      'Unrecognized key: "onKeypressGoto"'
    ]
  ])('%s', (_, flow, sentence) => {
    expect(problems(flow)?.join('\n')).toContain(sentence);
  });

  test('32 KB is the most, counted in bytes', () => {
    const flow = (text: string) => JSON.stringify({ title: text, steps: [hangup] });
    const room = 32 * 1024 - flow('').length;
    expect(problems(flow('x'.repeat(room)))).toBeUndefined();
    expect(problems(flow('x'.repeat(room + 1)))?.[0]).toContain('at most 32768');
    expect(problems(flow('த'.repeat(room / 2)))?.[0]).toContain('at most 32768');
  });
});

describe('a careful author is warned', () => {
  const advice = (steps: object[]) => {
    const { flow, problems: found } = checkCallFlow(JSON.stringify({ steps }));
    if (!flow) throw new Error(found.join('\n'));
    return callFlowAdvice(flow);
  };

  test('not about a menu that fetches and a sentence that hangs up', () => {
    expect(advice(menu.steps)).toEqual([]);
    expect(advice([say('Bye.'), hangup])).toEqual([]);
  });

  test('not when only a key gets past the hangup', () => {
    const keys = { onKeypressGoto: 'next', onKeypressVar: 'm' };
    const url = 'https://ivr.example.org/voice';
    expect(
      advice([say('x', keys), hangup, { id: 'next', action: 'fetchCallFlow', options: { url } }])
    ).toEqual([]);
  });

  test('not about what follows a transfer that may come to nothing, nor when nothing does', () => {
    const transfer = { action: 'transfer', options: { destination: '911140000000' } };
    expect(advice([transfer, hangup])).toEqual([]);
    expect(advice([transfer])).toEqual([]);
  });

  test('of a flow that runs off its end', () => {
    expect(advice([say('Bye.')])).toEqual([
      'The flow runs off its end after step 0 (say); end it with hangup.'
    ]);
  });

  test('of steps that nothing reaches', () => {
    expect(advice([hangup, { id: 'late', ...hangup }])).toEqual(['Step "late" can never be reached.']);
  });
});
