/** Finding and booking: the day, the practitioner or specialty, the slot. */
import type { Facts, Refusal } from '../facts.ts';
import { pageOf } from './choices.ts';
import type { Draft, Reply } from './draft.ts';
import { askMenu, listChoices } from './menu.ts';
import type { Preference, Wanted } from './position.ts';
import { askProof } from './proof.ts';

/** Where no day is near that has something free, any is asked for by its number: the offer then says what there is. */
export function askDays(draft: Draft, preference: Preference): Reply {
  const { prompts, brief, facts, clinic } = draft;
  const choices = facts.days ?? [];
  if (choices.length === 0) return askDay(draft, preference);
  return draft.listen(
    { name: 'days', choices, preference },
    draft.utter(prompts.askDays({ days: choices, today: clinic.today, brief }))
  );
}

/** @param tooFar the day that was chosen, where it cannot be booked yet: YYYY-MM-DD */
export function askDay(draft: Draft, preference: Preference, tooFar?: string): Reply {
  const { prompts, brief } = draft;
  const { today, horizon } = draft.clinic;
  if (tooFar !== undefined) draft.first(prompts.tooFar({ date: tooFar, today, days: horizon }));
  return draft.listen({ name: 'day', today, horizon, preference }, draft.utter(prompts.askDay({ brief })));
}

/** What a search has found: something to choose from, or a slot. */
export function tellFound(draft: Draft, preference: Preference, on: string | undefined, page: number): Reply {
  const { practitioners, specialties } = draft.facts;
  if (practitioners && on !== undefined) return askPractitioner(draft, practitioners, on, preference, page);
  if (specialties) return askSpecialty(draft, specialties, on, page);
  return offer(draft, preference, on);
}

function askPractitioner(
  draft: Draft,
  practitioners: NonNullable<Facts['practitioners']>,
  on: string,
  preference: Preference,
  wanted: number
): Reply {
  const { prompts, clinic } = draft;
  const several = new Set(practitioners.map(({ specialty }) => specialty)).size > 1;
  const any = { id: null, text: prompts.anyDoctor() };
  const named = practitioners.map(({ id, spoken_name: name, specialty }) => ({
    id,
    text: several ? prompts.doctorOf({ name, specialty }) : name
  }));
  const { items, page, more } = pageOf([any, ...named], wanted);
  const options = items.map(({ text }) => text);
  if (!draft.brief) draft.first(prompts.theDay({ date: on, today: clinic.today }));
  const choices = items.map(({ id }) => id);
  return draft.listen(
    { name: 'doctor', on, choices, page, preference },
    listChoices(draft, options, { more, back: true })
  );
}

function askSpecialty(
  draft: Draft,
  specialties: NonNullable<Facts['specialties']>,
  on: string | undefined,
  wanted: number
): Reply {
  const { items, page, more } = pageOf(specialties, wanted);
  const options = items.map(({ name }) => name);
  const choices = items.map(({ key }) => key);
  return draft.listen(
    { name: 'specialty', on, choices, page },
    listChoices(draft, options, { more, back: true })
  );
}

/** The slot that was found, after what there is to say about the one that was wanted. */
export function offer(draft: Draft, preference: Preference, on?: string): Reply {
  const { prompts, facts, brief } = draft;
  const { slot, error } = facts;
  if (error) draft.first(sorry(draft, error, on));
  if (!slot) return askMenu(draft, prompts.nothingFree());
  const { practitioner_id, specialty, starts_at } = slot;
  const { moving } = preference;
  const asWanted = preference.practitioner_id === practitioner_id;
  // Only the clinic gives an appointment to another practitioner.
  if (moving !== undefined && !asWanted) return askMenu(draft);
  // A practitioner who was asked for and is away is not waited for.
  const kept = asWanted ? { practitioner_id, moving } : { specialty };
  return draft.listen(
    { name: 'confirm', practitioner_id, starts_at: starts_at.toISOString(), preference: kept },
    draft.utter(prompts.offer({ ...draft.spoken(slot), moving: moving !== undefined, brief }))
  );
}

/** @param wanted the slot that the caller has chosen */
export function tellBooked(draft: Draft, wanted: Wanted): Reply {
  const { prompts, facts } = draft;
  const { appointment, error, proof } = facts;
  if (proof !== undefined) return askProof(draft, proof, wanted);
  // The confirmation of a call came once more, after its booking had been cancelled or deleted.
  if (appointment ? appointment.status === 'cancelled' : error === undefined) {
    return draft.end(prompts.cancelledMeanwhile());
  }
  if (appointment) {
    const { token_number } = appointment;
    const who = appointment.who ?? draft.person(draft.reading.who);
    return draft.end(
      prompts.booked({ ...draft.spoken(appointment), who, token_number, texted: !facts.wants_no_sms })
    );
  }
  if (error === 'too_many_bookings' || error === 'unknown_dependent') {
    return askMenu(draft, sorry(draft, error));
  }
  return offer(draft, wanted.preference);
}

/** @param preference where to look on, if the time is gone */
export function tellMoved(draft: Draft, preference: Preference): Reply {
  const { prompts, facts } = draft;
  const { appointment, error } = facts;
  // This one came once more.
  if (appointment?.status === 'cancelled') return draft.end(prompts.cancelledMeanwhile());
  if (appointment) {
    const { token_number } = appointment;
    return draft.end(
      prompts.moved({ ...draft.spoken(appointment), token_number, texted: !facts.wants_no_sms })
    );
  }
  return error ? offer(draft, preference) : askMenu(draft, prompts.notChangeable());
}

function sorry({ prompts, clinic }: Draft, refusal: Refusal, on = clinic.today): string {
  const day = { date: on, today: clinic.today };
  switch (refusal) {
    case 'slot_taken':
      return prompts.justTaken();
    case 'slot_in_past':
      return prompts.slotPassed();
    case 'outside_hours':
    case 'beyond_horizon':
      return prompts.notOffered();
    case 'own_slot':
    case 'own_appointment':
      return prompts.ownAppointment();
    case 'dependent_slot':
    case 'dependent_appointment':
      return prompts.theirAppointment();
    case 'unknown_dependent':
      return prompts.personGone();
    case 'unknown_doctor':
    case 'doctor_inactive':
      return prompts.doctorAway();
    case 'too_many_bookings':
      return prompts.tooManyBookings();
    case 'none_later':
      return prompts.noneLater();
    case 'day_full':
      return prompts.dayFull(day);
    case 'day_over':
      return prompts.dayOver();
    case 'day_closed':
      return prompts.dayClosed(day);
  }
}
