/** The second half of a turn: what the caller hears and is asked next, from what they want and what the database told. */
import type { Facts } from '../facts.ts';
import type { Catalogue } from '../prompts/prompts.ts';
import { askReference, tellAppointments, tellCancelled, tellDetails, tellReferred } from './appointments.ts';
import { askLanguage, firstQuestion, welcome } from './beginning.ts';
import { Draft, type Reply } from './draft.ts';
import type { Intent } from './keys.ts';
import { askMenu } from './menu.ts';
import { askDay, offer, tellBooked, tellFound, tellMoved } from './offers.ts';
import { askCode } from './proof.ts';
import type { Reading } from './reading.ts';
import { connect, tellOtherwise } from './reception.ts';
import { askWho, beforeWho } from './who.ts';

export type { Reply, Utterance } from './draft.ts';

/** Makes the reply of a turn. */
export function reply(reading: Reading, facts: Facts, catalogue: Catalogue): Reply {
  const draft = new Draft(reading, facts, catalogue);
  const { intent, wrongKeys } = reading;
  if (!facts.clinic && facts.clinics.length === 0) return draft.end(draft.prompts.notInService());
  if (wrongKeys && intent.to !== 'goodbye') draft.first(draft.prompts.notUnderstood());
  return replyTo(intent, draft);
}

function replyTo(intent: Intent, draft: Draft): Reply {
  switch (intent.to) {
    case 'goodbye': {
      const { goodbye, tooLong } = draft.prompts;
      const texted = draft.facts.texted ?? false;
      return draft.end(intent.because === 'silence' ? goodbye({ texted }) : tooLong({ texted }));
    }
    case 'language':
      return askLanguage(draft);
    case 'clinic':
      return firstQuestion(draft, intent.page);
    case 'welcome':
      return welcome(draft, intent.greet);
    // Whatever follows is about one clinic.
    default:
      return draft.facts.clinic ? replyAtClinic(intent, draft) : welcome(draft, true);
  }
}

function replyAtClinic(intent: Intent, draft: Draft): Reply {
  if (!draft.clinic.takes_bookings && isAboutBooking(intent)) return askMenu(draft);
  const first = beforeWho(intent, draft);
  if (first) return askWho(draft, first, 0);
  switch (intent.to) {
    case 'who':
      return askWho(draft, intent.then, intent.page);
    case 'otherwise':
      return tellOtherwise(draft);
    case 'reception':
      return connect(draft);
    case 'day':
      return askDay(draft, intent.preference, intent.tooFar);
    case 'offer':
      return tellFound(draft, intent.search.preference, intent.search.on, intent.page);
    case 'later':
      return offer(draft, intent.preference);
    case 'book':
      return tellBooked(draft, intent.wanted);
    case 'code':
      return askCode(draft, intent.length, intent.wanted);
    case 'prove':
      return intent.wanted ? tellBooked(draft, intent.wanted) : askReference(draft, 0);
    case 'appointments':
      return tellAppointments(draft, intent.page);
    case 'reference':
      return askReference(draft, intent.page);
    case 'check':
      return tellReferred(draft);
    case 'details':
      return tellDetails(draft);
    case 'cancel':
      return tellCancelled(draft);
    case 'move':
      return tellMoved(draft, intent.preference);
    default:
      return askMenu(draft);
  }
}

/** Where nothing is booked by phone, these lead to the menu, which says so. */
function isAboutBooking(intent: Intent): boolean {
  return ['who', 'day', 'offer', 'later', 'move'].includes(intent.to) ||
    ('wanted' in intent && intent.wanted !== undefined);
}
