/** The appointments a caller has: their times, and with a reference the rest of them. */
import { pageOf } from './choices.ts';
import type { Draft, Reply } from './draft.ts';
import { askMenu } from './menu.ts';
import { connect } from './reception.ts';

/** How many appointments are said at a time. */
const perPage = 4;

export function tellAppointments(draft: Draft, wanted: number): Reply {
  const { prompts, brief } = draft;
  const { upcoming } = draft.facts;
  if (upcoming.length === 0) return askMenu(draft, prompts.noAppointments());
  const { items: times, page, more } = pageOf(upcoming, wanted, perPage);
  const timeZone = draft.clinic.time_zone;
  if (!brief) draft.first(prompts.appointments({ times, count: upcoming.length, page, timeZone }));
  return draft.listen({ name: 'appointments', page }, draft.utter(prompts.askAppointments({ more, brief })));
}

export function askReference(draft: Draft): Reply {
  const { prompts, facts, brief } = draft;
  if (facts.upcoming.length === 0) return askMenu(draft, prompts.noAppointments());
  if (facts.no_more_tries) return tellNoMoreTries(draft);
  return draft.listen({ name: 'reference' }, draft.utter(prompts.askReference({ brief })));
}

/** What the reference that was entered has shown. */
export function tellReferred(draft: Draft): Reply {
  const { prompts, facts, brief } = draft;
  if (facts.appointment) return tellDetails(draft);
  if (facts.no_more_tries) return tellNoMoreTries(draft);
  draft.first(prompts.wrongReference());
  return draft.listen({ name: 'reference' }, draft.utter(prompts.askReference({ brief })));
}

function tellNoMoreTries(draft: Draft): Reply {
  draft.first(draft.prompts.noMoreTries());
  return draft.clinic.reception ? connect(draft) : askMenu(draft);
}

/** All of the appointment whose reference the caller gave, with the offer to cancel it. */
export function tellDetails(draft: Draft): Reply {
  const { prompts, facts, brief } = draft;
  const { appointment } = facts;
  if (!appointment) return askMenu(draft, prompts.notCancellable());
  const { id: appointment_id, token_number } = appointment;
  if (!brief) draft.first(prompts.details({ ...draft.spoken(appointment), token_number }));
  return draft.listen({ name: 'cancel', appointment_id }, draft.utter(prompts.askCancel({ brief })));
}

export function tellCancelled(draft: Draft): Reply {
  const { prompts, facts } = draft;
  if (!facts.appointment) return askMenu(draft, prompts.notCancellable());
  return askMenu(draft, prompts.cancelled(draft.spoken(facts.appointment)));
}
