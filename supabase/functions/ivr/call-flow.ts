/** Turns a reply of the dialogue into a call flow of the voice provider. */
import { encodePosition, type Question } from './dialogue/position.ts';
import type { Reply, Utterance } from './dialogue/reply.ts';

/** The keys a question takes. Inputs of several keys also end with hash. */
interface Listening {
  maxNumKeys: number;
  endKey?: '#';
  /** How long a caller may think after the prompt, in seconds. */
  pause: number;
}

const oneKey: Listening = { maxNumKeys: 1, pause: 6 };
const inputs: Partial<Record<Question['name'], Listening>> = {
  day: { maxNumKeys: 2, endKey: '#', pause: 10 },
  reference: { maxNumKeys: 4, endKey: '#', pause: 20 },
  // An SMS takes a while to arrive.
  code: { maxNumKeys: 6, endKey: '#', pause: 40 }
};

function inputOf(question: Question): Listening {
  const input = inputs[question.name] ?? oneKey;
  return question.name === 'code' ? { ...input, maxNumKeys: question.length } : input;
}

type FlowStep =
  | { id?: string; action: 'say'; options: { payload: string; language: string; voice: 'female' } }
  | { id?: string; action: 'pause'; options: { length: number } }
  | { id?: string; action: 'transfer'; options: { destination: string } }
  | { id?: string; action: 'fetchCallFlow'; options: { url: string } }
  | { action: 'hangup' };

interface KeyInput {
  onKeypressVar?: string;
  onKeypressGoto?: string;
  maxNumKeys?: number;
  endKey?: '#';
}

export interface CallFlow {
  title: string;
  steps: (FlowStep & KeyInput)[];
}

/** The longest text of one say step; beyond 1,000 characters nothing is promised. */
const longestText = 950;

/** The variable that takes the keys of a turn: a fresh one each time, because old ones may come along. */
export function keysVariable(turn: number): string {
  return `keys${turn}`;
}

/**
 * The call flow that says a reply. After a question it listens, during the prompt and for some seconds after, and then
 * fetches the next flow in any case: without keys that means silence.
 * @param ownUrl the public address of this function, without a query
 */
export function callFlow({ say, then }: Reply, ownUrl: string): CallFlow {
  const speech = speechOf(say);
  if (then === 'hangup') return { title: 'MedQ', steps: [...speech, { action: 'hangup' }] };
  if ('transfer' in then) {
    const destination = then.transfer.replace('+', '');
    return {
      title: 'MedQ',
      steps: [...speech, { action: 'transfer', options: { destination } }, { action: 'hangup' }]
    };
  }
  const { turn, question } = then.listen;
  const { pause, ...keys } = inputOf(question);
  const input = { onKeypressVar: keysVariable(turn), onKeypressGoto: 'next', ...keys };
  return {
    title: 'MedQ',
    steps: [
      ...speech.map((step) => ({ ...step, ...input })),
      { id: 'wait', action: 'pause', options: { length: pause }, ...input },
      {
        id: 'next',
        action: 'fetchCallFlow',
        options: { url: `${ownUrl}?position=${encodePosition(then.listen)}` }
      }
    ]
  };
}

/** Say steps, each in one language and short enough. */
function speechOf(say: Utterance[]): FlowStep[] {
  const joined: Utterance[] = [];
  for (const { language, text } of say) {
    const last = joined.at(-1);
    if (last?.language === language && last.text.length + text.length < longestText) last.text += ` ${text}`;
    else joined.push({ language, text });
  }
  return joined.map(({ language, text }) => ({
    action: 'say',
    options: { payload: text, language, voice: 'female' }
  }));
}
