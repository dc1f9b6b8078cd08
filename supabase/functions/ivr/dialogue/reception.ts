/** Reception: for callers who ask for it, who cannot book by phone, or who have no more tries. */
import type { Line } from '../line.ts';
import type { Prompts } from '../prompts/prompts.ts';
import type { Draft, Reply } from './draft.ts';
import { askMenu } from './menu.ts';

export function connect(draft: Draft): Reply {
  const { prompts, clinic, reading } = draft;
  const { reception } = clinic;
  if (reception?.open) return draft.transfer(reception.phone, prompts.transferring());
  const sentence = reception ? prompts.receptionClosed(reception) : prompts.noReception();
  if (reading.turn.line === 'mobile') return askMenu(draft, sentence);
  return draft.end(sentence, prompts.farewell());
}

/** For callers who cannot be texted: why nothing is booked, and what they can do instead. */
export function tellOtherwise(draft: Draft): Reply {
  const { prompts, clinic, reading } = draft;
  const { reception } = clinic;
  if (!draft.brief) {
    draft.first(whyNotBooked(reading.turn.line, prompts));
    if (reception && !reception.open) draft.first(prompts.receptionClosed(reception));
  }
  if (!reception?.open) return draft.end(prompts.farewell());
  return draft.listen({ name: 'otherwise' }, draft.utter(prompts.askReception()));
}

function whyNotBooked(line: Line, prompts: Prompts): string {
  switch (line) {
    case 'withheld':
      return prompts.withheld();
    case 'landline':
      return prompts.landline();
    case 'abroad':
      return prompts.abroad();
    default:
      return prompts.withoutSms();
  }
}
