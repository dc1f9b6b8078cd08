/** Turns a reply of the dialogue into a call flow of the voice provider. */
import type { Reply } from './dialogue.ts';
import { encodePosition } from './position.ts';

/** How long a caller may think after the prompt, in seconds. */
const thinkingTime = 6;

type Step =
  | { id?: string; action: 'say'; options: { payload: string; language: string; voice: 'female' } & object }
  | { id?: string; action: 'pause'; options: { length: number } }
  | { id?: string; action: 'transfer'; options: { destination: string } }
  | { id?: string; action: 'fetchCallFlow'; options: { url: string } }
  | { action: 'hangup' };

interface KeyInput {
  onKeypressVar?: string;
  onKeypressGoto?: string;
  maxNumKeys?: number;
}

export interface CallFlow {
  title: string;
  steps: (Step & KeyInput)[];
}

/** The variable that takes the keys of a turn: a fresh one each time, because old ones may come along. */
export function keysVariable(turn: number): string {
  return `keys${turn}`;
}

/**
 * The call flow that says a reply. After a question it listens, during the prompt and for some seconds after, and then
 * fetches the next flow in any case: without keys that means silence.
 * @param language the voice provider's name of the language, such as en-IN
 * @param ownUrl the public address of this function, without a query
 */
export function callFlow({ say, then }: Reply, language: string, ownUrl: string): CallFlow {
  const payload = say.join(' ');
  const speak = { action: 'say', options: { payload, language, voice: 'female' } } as const;
  if (then === 'hangup') return { title: 'MedQ', steps: [speak, { action: 'hangup' }] };
  if ('transfer' in then) {
    const destination = then.transfer.replace('+', '');
    return {
      title: 'MedQ',
      steps: [speak, { action: 'transfer', options: { destination } }, { action: 'hangup' }]
    };
  }
  const input = { onKeypressVar: keysVariable(then.listen.turn), onKeypressGoto: 'next', maxNumKeys: 1 };
  return {
    title: 'MedQ',
    steps: [
      { id: 'ask', ...speak, ...input },
      { id: 'wait', action: 'pause', options: { length: thinkingTime }, ...input },
      {
        id: 'next',
        action: 'fetchCallFlow',
        options: { url: `${ownUrl}?position=${encodePosition(then.listen)}` }
      }
    ]
  };
}
