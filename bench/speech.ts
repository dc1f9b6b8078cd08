/** The phone line: how many keys somebody presses who calls the demo clinic, and for how long it speaks. */
import { randomInt } from 'node:crypto';
import type { Stack } from '../local/start-stack.ts';
import { aCall } from '../tests/helpers/phone.ts';
import { finding, type Finding } from './measure.ts';

const wordsPerSecond = 2.5;

/** How long a voice takes to say something, in seconds. Every number is a word; pauses are not counted. */
export function secondsOf(words: string): number {
  return words.split(/\s+/).filter((word) => word !== '').length / wordsPerSecond;
}

/** The ways through a call: each key on its own, from dialling on. */
const paths: { what: string; keys: string[]; aim: { keys: number; seconds: number } }[] = [
  { what: 'the next available appointment', keys: ['1', '1', '1'], aim: { keys: 3, seconds: 40 } },
  { what: 'one on a day of the next', keys: ['2', '1', '2', '1'], aim: { keys: 4, seconds: 60 } },
  { what: 'one on a day by its number', keys: ['2', '4', '1#', '2', '1'], aim: { keys: 6, seconds: 80 } }
];

interface Spoken {
  keys: number;
  /** Until the key that books. */
  before: number;
  /** With the confirmation. */
  whole: number;
}

/** Calls the demo clinic from a new phone, and hears every prompt to its end. */
async function walk(stack: Stack, keys: string[]): Promise<Spoken> {
  const { ivr_url: ivrUrl, messagebird_signing_key: signingKey } = stack.addresses;
  const from = `+919${String(randomInt(1e9)).padStart(9, '0')}`;
  const call = aCall({ ivrUrl, signingKey, from, to: '+914440001000' });
  const told = [await call.dial()];
  for (const key of keys) told.push(await call.press(key));
  const last = told.pop() ?? '';
  if (!/^Your appointment is booked/.test(last)) throw new Error(`This did not book:\n${call.transcript()}`);
  const before = secondsOf(told.join(' '));
  return { keys: keys.join('').length, before, whole: before + secondsOf(last) };
}

export async function benchSpeech(stack: Stack): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { what, keys, aim } of paths) {
    const spoken = await walk(stack, keys);
    findings.push(
      finding(`keys to book ${what} by phone`, keys.join(' '), spoken.keys, { atMost: aim.keys }),
      finding(
        `seconds of speech until ${what} is booked`,
        `${spoken.before.toFixed(1)} s, ${spoken.whole.toFixed(1)} s with the confirmation`,
        spoken.before,
        { atMost: aim.seconds }
      )
    );
  }
  return findings;
}
