/** The appointments a caller has: their times, and with a reference or a proven number the rest of them. */
import type { Appointment } from '../facts.ts';
import { pageOf } from './choices.ts';
import type { Draft, Reply } from './draft.ts';
import { askMenu } from './menu.ts';
import { askProof } from './proof.ts';
import { connect } from './reception.ts';

/** How many appointments are said at a time. */
const perPage = 4;

export function tellAppointments(draft: Draft, wanted: number): Reply {
  const { prompts, brief, clinic } = draft;
  const { upcoming } = draft.facts;
  if (upcoming.length === 0) return askMenu(draft, prompts.noAppointments());
  const { items: times, page, more } = pageOf(upcoming, wanted, perPage);
  const timeZone = clinic.time_zone;
  if (!brief) draft.first(prompts.appointments({ times, count: upcoming.length, page, timeZone }));
  return draft.listen(
    { name: 'appointments', page },
    draft.utter(prompts.askAppointments({ more, moves: clinic.takes_bookings, brief }))
  );
}

/** Asks for what opens an appointment; of a caller who has opened them all, which one. */
export function askReference(draft: Draft, page: number): Reply {
  const { prompts, facts } = draft;
  const { appointments, proof } = facts;
  if (facts.upcoming.length === 0) return askMenu(draft, prompts.noAppointments());
  if (proof !== undefined) return askProof(draft, proof);
  if (appointments) return askWhich(draft, appointments, page);
  if (facts.no_more_tries) return tellNoMoreTries(draft);
  return askDigits(draft);
}

function askDigits(draft: Draft): Reply {
  const { prompts, clinic, brief } = draft;
  const reception = clinic.reception !== null;
  return draft.listen({ name: 'reference' }, draft.utter(prompts.askReference({ reception, brief })));
}

function askWhich(draft: Draft, appointments: Appointment[], wanted: number): Reply {
  const { prompts, brief } = draft;
  const [only] = appointments;
  if (!only) return askMenu(draft, prompts.noAppointments());
  if (appointments.length === 1) return tellAppointment(draft, only);
  const { items, page, more } = pageOf(appointments, wanted, perPage);
  const options = items.map((item) => draft.spoken(item));
  const choices = items.map(({ id }) => id);
  return draft.listen(
    { name: 'which', choices, page },
    draft.utter(prompts.askWhich({ options, more, brief }))
  );
}

/** What the reference that was entered has shown. */
export function tellReferred(draft: Draft): Reply {
  const { prompts, facts } = draft;
  if (facts.appointment) return tellDetails(draft);
  if (facts.proof !== undefined) return askProof(draft, facts.proof);
  if (facts.no_more_tries) return tellNoMoreTries(draft);
  draft.first(prompts.wrongReference());
  return askDigits(draft);
}

function tellNoMoreTries(draft: Draft): Reply {
  draft.first(draft.prompts.noMoreTries());
  return draft.clinic.reception ? connect(draft) : askMenu(draft);
}

/** The appointment that the caller has opened, unless it does not stand any more. */
export function tellDetails(draft: Draft): Reply {
  const { appointment } = draft.facts;
  return appointment ? tellAppointment(draft, appointment) : askMenu(draft, draft.prompts.notChangeable());
}

/** All of an appointment, with the offer to cancel or move it. */
function tellAppointment(draft: Draft, appointment: Appointment): Reply {
  const { prompts, clinic, brief } = draft;
  const { id: appointment_id, practitioner_id, token_number, now_serving } = appointment;
  if (!brief) {
    draft.first(prompts.details({ ...draft.spoken(appointment), token_number }));
    if (typeof now_serving === 'number') draft.first(prompts.nowServing({ token_number: now_serving }));
  }
  return draft.listen(
    { name: 'change', appointment_id, practitioner_id },
    draft.utter(prompts.askChange({ moves: clinic.takes_bookings, brief }))
  );
}

export function tellCancelled(draft: Draft): Reply {
  const { prompts, facts: { appointment, wants_no_sms } } = draft;
  if (!appointment) return askMenu(draft, prompts.notChangeable());
  // The request came once more, and the clinic had given it back by then.
  if (appointment.status !== 'cancelled') return tellAppointment(draft, appointment);
  return askMenu(draft, prompts.cancelled({ ...draft.spoken(appointment), texted: !wants_no_sms }));
}
