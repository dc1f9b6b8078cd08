import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callFlowAdvice, checkCallFlow } from '../../local/messagebird/call-flow.ts';
import { callFlow } from '../../supabase/functions/ivr/call-flow.ts';
import {
  decodePosition,
  encodePosition,
  lastTurn,
  start
} from '../../supabase/functions/ivr/dialogue/position.ts';
import { read, type Turn } from '../../supabase/functions/ivr/dialogue/reading.ts';
import { reply } from '../../supabase/functions/ivr/dialogue/reply.ts';
import type { Line } from '../../supabase/functions/ivr/line.ts';
import { catalogueAt, languages } from '../../supabase/functions/ivr/prompts/languages.ts';
import type { Catalogue, Prompts } from '../../supabase/functions/ivr/prompts/prompts.ts';
import { aWorld, now, type Luck } from './ivr-world.ts';

const dialogues = 10_000;
const questions = [
  'greeting',
  'language',
  'clinic',
  'otherwise',
  'menu',
  'who',
  'day',
  'doctor',
  'specialty',
  'confirm',
  'code',
  'appointments',
  'reference',
  'which',
  'change'
];

/** Said when something fails on our side, so no dialogue leads there. */
const saidByTheHandler = ['apology'];

const key = fc.constantFrom(...'0123456789*#');
/** Mostly keys that mean something, and everything else a phone can send. */
const pressed = fc.oneof(
  { weight: 8, arbitrary: key },
  { weight: 3, arbitrary: fc.constantFrom('1', '2', '3', '4') },
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.tuple(key, key).map((keys) => keys.join('')) },
  { weight: 1, arbitrary: fc.constantFrom('0000', '1234', '?', '99999', '12#', '***') }
);
/** Somebody who presses the keys of the prompts and never gives up; now and then the same one for ever. */
const patiently = fc
  .constantFrom(...'124399*')
  .chain((one) => fc.constant(Array.from({ length: 50 }, () => one)));
/** Somebody who is after what only a reference or a code opens. */
const secretly = fc
  .array(fc.constantFrom(['4', '0000'], ['4', '482193'], ['482193'], ['0000'], ['2', '1'], ['1'], ['2']), {
    maxLength: 20
  })
  .map((pieces) => pieces.flat());

const reception: fc.Arbitrary<Luck['reception']> = fc.option(
  fc.record({
    phone: fc.constant('+914440001001'),
    open: fc.boolean(),
    opens: fc.constantFrom(null, '09:00:00'),
    closes: fc.constantFrom('18:30:00', '24:00:00'),
    days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
  }),
  { freq: 4 }
);

const luck: fc.Arbitrary<Luck> = fc.record({
  clinics: fc.constantFrom(0, 1, 1, 1, 1, 2, 25),
  specialties: fc.constantFrom(1, 1, 2, 9, 10, 30),
  doctors: fc.constantFrom(1, 2, 8, 9, 40),
  upcoming: fc.constantFrom(0, 0, 1, 2, 9),
  others: fc.constantFrom(0, 0, 0, 1, 8, 12),
  locales: fc.constantFrom(['en-IN'], ['en-IN'], ['en-IN', 'ta-IN'], ['ta-IN'], ['hi-IN', 'ta-IN', 'en-IN']),
  remembered: fc.constantFrom(null, null, 'en-IN', 'ta-IN', 'hi-IN'),
  reception,
  takesBookings: fc.constantFrom(true, true, true, true, false),
  horizon: fc.constantFrom(0, 1, 30, 366),
  timeZone: fc.constantFrom('Asia/Kolkata', 'America/St_Johns', 'Pacific/Auckland'),
  name: fc.oneof(
    fc.constantFrom('Dr. Rao', 'டாக்டர் மீனா', 'x'.repeat(5000), '\n\t', '😀'.repeat(100)),
    fc.string({ unit: 'binary', maxLength: 80 })
  ),
  dice: fc.array(fc.nat({ max: 10_000 }), { minLength: 5, maxLength: 40 })
});
const line = fc.oneof(
  { weight: 7, arbitrary: fc.constant<Line>('mobile') },
  { weight: 3, arbitrary: fc.constantFrom<Line>('landline', 'without_sms', 'abroad', 'withheld') }
);

interface Journey {
  visited: Set<string>;
  said: Set<string>;
  longest: number;
}

/** The catalogue, noting which prompts are used, and that none is too long. */
function observed(said: Set<string>): Catalogue {
  const catalogue = catalogueAt(now);
  return {
    ...catalogue,
    of(locale) {
      const { code, prompts } = catalogue.of(locale);
      const noting = new Proxy(prompts, {
        get(target, name: keyof Prompts) {
          said.add(`${code} ${name}`);
          const prompt = target[name] as (facts: unknown) => string;
          return (given: unknown) => {
            const text = prompt(given);
            if (text.length >= 1000 || text.trim() === '')
              throw new Error(`${code} ${name} is too long or empty: ${text}`);
            return text;
          };
        }
      });
      return { code, prompts: noting };
    }
  };
}

/** Makes one call to its end; throws at whatever a call must not be. Hundreds of thousands of turns: `expect` would be most of it. */
function makeCall(world: Luck, from: Line, keys: string[], journey: Journey): void {
  const factsOf = aWorld(world);
  const catalogue = observed(journey.said);
  let position = start;
  for (let turn = 0; ; turn += 1) {
    if (turn >= 40) throw new Error('The call does not end.');
    journey.visited.add(position.question.name);
    journey.longest = Math.max(journey.longest, turn);
    const reading = read({ position, keys: turn === 0 ? '' : (keys[turn - 1] ?? ''), line: from });
    const answer = reply(reading, factsOf(reading), catalogue);

    const body = JSON.stringify(callFlow(answer, 'https://project.supabase.co/functions/v1/ivr'));
    const { flow, problems } = checkCallFlow(body);
    if (!flow) throw new Error(problems.join('\n'));
    const advice = callFlowAdvice(flow);
    if (advice.length > 0) throw new Error(advice.join('\n'));

    if (typeof answer.then !== 'object' || !('listen' in answer.then)) return;
    const next = answer.then.listen;
    if (next.turn !== turn + 1) throw new Error(`Turn ${next.turn} comes after turn ${turn}.`);
    // Without what is undefined.
    const told: unknown = JSON.parse(JSON.stringify(next));
    if (!isDeepStrictEqual(decodePosition(encodePosition(next)), told))
      throw new Error(`This position is lost on the way: ${JSON.stringify(next)}`);
    // Some key is understood here: nobody is asked what cannot be answered.
    const understood = (pressed: string) => read({ position: next, keys: pressed, line: from }).misses === 0;
    if (![...'1234567890*#', '01', '1234'].some(understood)) throw new Error('No key is understood here.');
    position = next;
  }
}

/** The same dialogues every time: that they reach every prompt is part of what is tested. */
const seed = 20261122;

describe('any caller, in any world', () => {
  const journey: Journey = { visited: new Set(), said: new Set(), longest: 0 };

  test(
    `hears only valid call flows, is never stuck and gets to an end: ${dialogues} dialogues`,
    { timeout: 600_000 },
    () => {
      fc.assert(
        fc.property(luck, line, fc.array(pressed, { maxLength: 45 }), (world, from, keys) =>
          makeCall(world, from, keys, journey)
        ),
        { numRuns: dialogues, seed }
      );
      fc.assert(
        fc.property(luck, fc.oneof(patiently, secretly), (world, keys) =>
          makeCall(world, 'mobile', keys, journey)
        ),
        { numRuns: (3 * dialogues) / 10, seed }
      );
    }
  );

  test('comes to every question of the dialogue, and can hear every prompt in every language', () => {
    expect([...journey.visited].sort()).toEqual(questions.toSorted());
    const prompts = Object.keys(catalogueAt(now).of('en-IN').prompts).filter(
      (name) => !saidByTheHandler.includes(name)
    );
    const all = languages.flatMap(({ code }) => prompts.map((name) => `${code} ${name}`));
    // Answered in the only language whose prompts there are, these are never heard in another.
    expect(all.filter((one) => !journey.said.has(one))).toEqual([]);
  });

  test('is told goodbye when the call has become too long, and not before', () => {
    expect(journey.longest).toBe(lastTurn);
  });
});

test('silence ends a call wherever it is, after the question was asked twice more', () => {
  fc.assert(
    fc.property(luck, line, fc.array(pressed, { maxLength: 20 }), (world, from, keys) => {
      const factsOf = aWorld(world);
      const catalogue = catalogueAt(now);
      const listens = (turn: Turn) => {
        const reading = read(turn);
        const { then } = reply(reading, factsOf(reading), catalogue);
        return typeof then === 'object' && 'listen' in then ? then.listen : undefined;
      };
      let position = listens({ position: start, keys: '', line: from });
      for (const one of keys)
        position = position && (listens({ position, keys: one, line: from }) ?? position);
      const misses = position?.misses ?? 0;
      let asked = 0;
      for (; position && asked < 10; asked += 1) position = listens({ position, keys: '', line: from });
      expect(asked).toBeLessThanOrEqual(3 - misses);
    }),
    { numRuns: 2000 }
  );
});
