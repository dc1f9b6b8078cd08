/** What the caller hears, from the facts of a turn. */
import { pageOf } from './choices.ts';
import type { Appointment, Facts, Refusal, Slot } from './facts.ts';
import { type Move, type Turn, understand, type Understood } from './moves.ts';
import { type Asked, lastTurn, type Position, type Wish } from './position.ts';
import type { Catalogue, Prompts } from './prompts/prompts.ts';

/** A sentence or more in one language. */
export interface Utterance {
  /** The voice provider's name of the language, such as en-IN. */
  language: string;
  text: string;
}

/** What the caller hears, and then: the next question, a transfer to a number, or the end of the call. */
export interface Reply {
  say: Utterance[];
  then: { listen: Position } | { transfer: string } | 'hangup';
}

/** How many appointments are said at a time. */
const appointmentsPerPage = 4;

/** One reply in the making: what is said first, then a question or an end. */
export class Answer {
  readonly #turn: Turn;
  readonly #facts: Facts;
  readonly #catalogue: Catalogue;
  readonly #understood: Understood;
  readonly #locales: string[];
  readonly #language: { code: string; prompts: Prompts };
  /** What is said before the next question. */
  readonly #before: Utterance[] = [];

  constructor(turn: Turn, facts: Facts, catalogue: Catalogue) {
    this.#turn = turn;
    this.#facts = facts;
    this.#catalogue = catalogue;
    this.#understood = understand(turn);
    this.#locales = catalogue.locales(facts.locales);
    this.#language = catalogue.of(this.#understood.language ?? facts.language ?? facts.locales[0]);
  }

  reply(): Reply {
    const { move, wrongKeys } = this.#understood;
    const { clinic, clinics } = this.#facts;
    if (!clinic && clinics.length === 0) return this.#end(this.#say.notInService());
    if (wrongKeys && move.to !== 'goodbye') this.#first(this.#say.notUnderstood());
    return this.#at(move);
  }

  #at(move: Move): Reply {
    switch (move.to) {
      case 'goodbye': {
        const texted = this.#facts.texted ?? false;
        const { goodbye, tooLong } = this.#say;
        return this.#end(move.because === 'silence' ? goodbye({ texted }) : tooLong({ texted }));
      }
      case 'language':
        return this.#askLanguage();
      case 'clinic':
        return this.#home(move.page);
      case 'welcome':
        return this.#welcome(move.greet);
      // Whatever follows is about one clinic.
      default:
        return this.#facts.clinic ? this.#atClinic(move) : this.#welcome(true);
    }
  }

  #atClinic(move: Move): Reply {
    const { upcoming, appointment } = this.#facts;
    switch (move.to) {
      case 'otherwise':
        return this.#tellOtherwise();
      case 'reception':
        return this.#connect();
      case 'day':
        if (move.tooFar !== undefined) {
          const last = { date: move.tooFar, days: this.#clinic.horizon };
          this.#first(this.#say.tooFar({ ...last, today: this.#clinic.today }));
        }
        return this.#askDay(move.wish);
      case 'offer':
        return this.#found(move.search.wish, move.search.on, move.page);
      case 'later':
        return this.#offer(move.wish);
      case 'book':
        return this.#booked(move.wish);
      case 'appointments':
        return this.#tellAppointments(move.page);
      case 'reference':
        if (upcoming.length === 0) return this.#menu(this.#say.noAppointments());
        return this.#facts.locked ? this.#noMoreTries() : this.#askReference();
      case 'check':
        if (appointment) return this.#tellDetails(appointment);
        if (this.#facts.locked) return this.#noMoreTries();
        this.#first(this.#say.wrongReference());
        return this.#askReference();
      case 'details':
        return appointment ? this.#tellDetails(appointment) : this.#menu(this.#say.notCancellable());
      case 'cancel':
        return this.#cancelled();
      default:
        return this.#menu();
    }
  }

  // The beginning of a call.

  #welcome(greet: boolean): Reply {
    const { clinic, upcoming, language } = this.#facts;
    const isNew = greet && this.#turn.position.asked.step === 'greeting';
    if (clinic && greet && !this.#brief) this.#first(this.#say.greeting({ clinic: clinic.name }));
    if (this.#locales.length > 1 && !this.#understood.language && !language) return this.#askLanguage();
    if (!clinic) {
      if (isNew) this.#first(this.#say.welcome());
      return this.#askClinic(0);
    }
    const [next, ...more] = upcoming;
    if (next && !this.#brief) {
      this.#first(this.#say.upcoming({ starts_at: next, timeZone: clinic.time_zone, more: more.length }));
    }
    return this.#home(0);
  }

  /** The first question when all languages are clear. */
  #home(page: number): Reply {
    if (!this.#facts.clinic) return this.#askClinic(page);
    return this.#turn.caller === 'mobile' ? this.#menu() : this.#tellOtherwise();
  }

  /** Each language is offered in itself. */
  #askLanguage(): Reply {
    const choices = this.#locales.slice(0, 9);
    if (choices.length < 2) return this.#home(0);
    const question = choices.map((locale, index) => {
      const { code, prompts } = this.#catalogue.of(locale);
      return { language: code, text: prompts.thisLanguage({ key: index + 1 }) };
    });
    return this.#listen({ step: 'language', choices }, ...question);
  }

  #askClinic(wanted: number): Reply {
    const { items, page, more } = pageOf(this.#facts.clinics, wanted);
    const options = items.map(({ name }) => name);
    const choices = items.map(({ id }) => id);
    return this.#listen({ step: 'clinic', choices, page }, this.#choose(options, more, false));
  }

  #menu(...before: string[]): Reply {
    this.#first(...before);
    const menu = this.#say.menu({ reception: this.#clinic.reception !== null, brief: this.#brief });
    const others = this.#locales
      .map((locale) => this.#catalogue.of(locale))
      .filter(({ code }) => code !== this.#language.code && !this.#brief)
      .map(({ code, prompts }) => ({ language: code, text: prompts.thisLanguage({ key: 8 }) }));
    return this.#listen({ step: 'menu' }, this.#utter(menu), ...others);
  }

  /** For callers who cannot be texted: why nothing is booked, and what they can do instead. */
  #tellOtherwise(): Reply {
    const { reception } = this.#clinic;
    const { caller } = this.#turn;
    if (!this.#brief) {
      this.#first(caller === 'withheld' ? this.#say.withheld() : this.#say.landline());
      if (reception && !reception.open) this.#first(this.#say.receptionClosed(reception));
    }
    if (!reception?.open) return this.#end(this.#say.farewell());
    return this.#listen({ step: 'otherwise' }, this.#utter(this.#say.askReception()));
  }

  #connect(): Reply {
    const { reception } = this.#clinic;
    if (reception?.open) {
      return {
        say: [...this.#before, this.#utter(this.#say.transferring())],
        then: { transfer: reception.phone }
      };
    }
    const sentence = reception ? this.#say.receptionClosed(reception) : this.#say.noReception();
    if (this.#turn.caller === 'mobile') return this.#menu(sentence);
    return this.#end(sentence, this.#say.farewell());
  }

  // Finding and booking.

  #askDay(wish: Wish): Reply {
    const { today, horizon } = this.#clinic;
    const question = this.#utter(this.#say.askDay({ brief: this.#brief }));
    return this.#listen({ step: 'day', today, horizon, wish }, question);
  }

  #found(wish: Wish, on: string | undefined, page: number): Reply {
    const { doctors, specialties } = this.#facts;
    if (doctors && on !== undefined) return this.#askDoctor(doctors, on, wish, page);
    if (specialties) return this.#askSpecialty(specialties, on, page);
    return this.#offer(wish, on);
  }

  #askDoctor(doctors: NonNullable<Facts['doctors']>, on: string, wish: Wish, wanted: number): Reply {
    const several = new Set(doctors.map(({ specialty }) => specialty)).size > 1;
    const any = { id: null, text: this.#say.anyDoctor() };
    const named = doctors.map(({ id, spoken_name: name, specialty }) => ({
      id,
      text: several ? this.#say.doctorOf({ name, specialty }) : name
    }));
    const { items, page, more } = pageOf([any, ...named], wanted);
    const options = items.map(({ text }) => text);
    if (!this.#brief) this.#first(this.#say.theDay({ date: on, today: this.#clinic.today }));
    const choices = items.map(({ id }) => id);
    return this.#listen({ step: 'doctor', on, choices, page, wish }, this.#choose(options, more, true));
  }

  #askSpecialty(
    specialties: NonNullable<Facts['specialties']>,
    on: string | undefined,
    wanted: number
  ): Reply {
    const { items, page, more } = pageOf(specialties, wanted);
    const options = items.map(({ name }) => name);
    const choices = items.map(({ key }) => key);
    return this.#listen({ step: 'specialty', on, choices, page }, this.#choose(options, more, true));
  }

  /** The slot that was found, after what there is to say about the one that was wanted. */
  #offer(wish: Wish, on?: string): Reply {
    const { slot, error } = this.#facts;
    if (error) this.#first(this.#sorry(error, on));
    if (!slot) return this.#menu(this.#say.nothingFree());
    const { practitioner_id, specialty, starts_at } = slot;
    // A doctor who was wished for and is away is not waited for.
    const kept = wish.practitioner_id === practitioner_id ? { practitioner_id } : { specialty };
    return this.#listen(
      { step: 'confirm', practitioner_id, starts_at: starts_at.toISOString(), wish: kept },
      this.#utter(this.#say.offer({ ...this.#spoken(slot), brief: this.#brief }))
    );
  }

  #booked(wish: Wish): Reply {
    const { appointment, error } = this.#facts;
    // The confirmation of a call came once more, after its booking had been cancelled.
    if (appointment?.status === 'cancelled') return this.#end(this.#say.cancelledMeanwhile());
    if (appointment) {
      const { token_number } = appointment;
      return this.#end(this.#say.booked({ ...this.#spoken(appointment), token_number }));
    }
    if (error === 'too_many_bookings') return this.#menu(this.#sorry(error));
    return this.#offer(wish);
  }

  #sorry(refusal: Refusal, on = this.#clinic.today): string {
    const day = { date: on, today: this.#clinic.today };
    switch (refusal) {
      case 'slot_taken':
        return this.#say.justTaken();
      case 'slot_in_past':
        return this.#say.slotPassed();
      case 'slot_unavailable':
        return this.#say.notOffered();
      case 'own_appointment':
        return this.#say.ownAppointment();
      case 'not_found':
      case 'doctor_inactive':
        return this.#say.doctorAway();
      case 'too_many_bookings':
        return this.#say.tooManyBookings();
      case 'none_later':
        return this.#say.noneLater();
      case 'day_full':
        return this.#say.dayFull(day);
      case 'day_closed':
        return this.#say.dayClosed(day);
    }
  }

  // Appointments there are.

  #tellAppointments(wanted: number): Reply {
    const { upcoming } = this.#facts;
    if (upcoming.length === 0) return this.#menu(this.#say.noAppointments());
    const { items, page, more } = pageOf(upcoming, wanted, appointmentsPerPage);
    const { time_zone: timeZone } = this.#clinic;
    if (!this.#brief) {
      this.#first(this.#say.appointments({ times: items, count: upcoming.length, page, timeZone }));
    }
    const question = this.#utter(this.#say.askAppointments({ more, brief: this.#brief }));
    return this.#listen({ step: 'appointments', page }, question);
  }

  #askReference(): Reply {
    return this.#listen({ step: 'reference' }, this.#utter(this.#say.askReference({ brief: this.#brief })));
  }

  #noMoreTries(): Reply {
    this.#first(this.#say.noMoreTries());
    return this.#clinic.reception ? this.#connect() : this.#menu();
  }

  #tellDetails(appointment: Appointment): Reply {
    const { id: appointment_id, token_number } = appointment;
    if (!this.#brief) this.#first(this.#say.details({ ...this.#spoken(appointment), token_number }));
    const question = this.#utter(this.#say.askCancel({ brief: this.#brief }));
    return this.#listen({ step: 'cancel', appointment_id }, question);
  }

  #cancelled(): Reply {
    const { appointment } = this.#facts;
    if (!appointment) return this.#menu(this.#say.notCancellable());
    return this.#menu(this.#say.cancelled(this.#spoken(appointment)));
  }

  // Words and endings.

  get #say(): Prompts {
    return this.#language.prompts;
  }

  /** After silence and wrong keys a question is asked in fewer words. */
  get #brief(): boolean {
    return this.#understood.misses > 0;
  }

  get #clinic(): NonNullable<Facts['clinic']> {
    if (this.#facts.clinic) return this.#facts.clinic;
    throw new Error(`The step ${this.#turn.position.asked.step} needs a clinic.`);
  }

  #spoken({ spoken_name, starts_at }: Pick<Slot, 'spoken_name' | 'starts_at'>) {
    return { spoken_name, starts_at, timeZone: this.#clinic.time_zone };
  }

  #utter(text: string): Utterance {
    return { language: this.#language.code, text };
  }

  #first(...sentences: string[]): void {
    this.#before.push(...sentences.map((text) => this.#utter(text)));
  }

  #choose(options: string[], more: boolean, back: boolean): Utterance {
    return this.#utter(this.#say.choose({ options, more, back, brief: this.#brief }));
  }

  /** Asks a question, unless the call has become too long for one more. */
  #listen(asked: Asked, ...question: Utterance[]): Reply {
    const { turn } = this.#turn.position;
    if (turn >= lastTurn) return this.#end(this.#say.tooLong({ texted: false }));
    const { misses, language } = this.#understood;
    const clinic = this.#facts.clinic?.id;
    return {
      say: [...this.#before, ...question],
      then: { listen: { turn: turn + 1, misses, language, clinic, asked } }
    };
  }

  #end(...sentences: string[]): Reply {
    return { say: [...this.#before, ...sentences.map((text) => this.#utter(text))], then: 'hangup' };
  }
}
