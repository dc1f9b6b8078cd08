/** One reply in the making: its language, what is said first, and the ways it can end. */
import type { Appointment, ClinicFacts, Facts, Slot } from '../facts.ts';
import type { Catalogue, Prompts } from '../prompts/prompts.ts';
import { lastTurn, type Position, type Question } from './position.ts';
import type { Reading } from './reading.ts';

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

export class Draft {
  readonly reading: Reading;
  readonly facts: Facts;
  /** The languages the caller can choose from. */
  readonly locales: string[];
  /** The language the caller chose, in this call or before: one that calls are answered in. */
  readonly language: string | undefined;
  readonly #catalogue: Catalogue;
  readonly #language: { code: string; prompts: Prompts };
  /** What is said before the next question, or the end. */
  readonly #before: Utterance[] = [];

  constructor(reading: Reading, facts: Facts, catalogue: Catalogue) {
    this.reading = reading;
    this.facts = facts;
    this.locales = catalogue.locales(facts.locales);
    this.#catalogue = catalogue;
    const known = facts.language ?? undefined;
    this.language = reading.language ?? (catalogue.of(known).code === known ? known : undefined);
    this.#language = catalogue.of(this.language ?? facts.locales[0]);
  }

  /** The same reply in another language, which the call goes on in. */
  in(language: string): Draft {
    return new Draft({ ...this.reading, language }, this.facts, this.#catalogue);
  }

  /** The prompts in the language of this reply. */
  get prompts(): Prompts {
    return this.#language.prompts;
  }

  /** After silence and wrong keys a question is asked in fewer words. */
  get brief(): boolean {
    return this.reading.misses > 0;
  }

  /** The clinic, in all that is about one. */
  get clinic(): ClinicFacts {
    if (this.facts.clinic) return this.facts.clinic;
    throw new Error(`The question ${this.reading.turn.position.question.name} needs a clinic.`);
  }

  /** A slot or appointment as the prompts take it. */
  spoken(
    { spoken_name, starts_at, who }: Pick<Slot, 'spoken_name' | 'starts_at'> & Pick<Appointment, 'who'>
  ) {
    return { spoken_name, starts_at, timeZone: this.clinic.time_zone, who: who ?? undefined };
  }

  /** A dependent as this call may tell who it is: by name, or by the place among those the caller books for. */
  person(id: string | null | undefined): string | undefined {
    const index = this.facts.others.findIndex((other) => other.id === id);
    const other = this.facts.others[index];
    return other && (other.name ?? this.prompts.person({ place: index + 1 }));
  }

  utter(text: string): Utterance {
    return { language: this.#language.code, text };
  }

  /** Offers each of some languages in itself. */
  offerLanguages(locales: string[], keyOf: (index: number) => number): Utterance[] {
    return locales.map((locale, index) => {
      const { code, prompts } = this.#catalogue.of(locale);
      return { language: code, text: prompts.thisLanguage({ key: keyOf(index) }) };
    });
  }

  /** The languages the caller can choose from, but for the one of this reply. */
  get otherLocales(): string[] {
    return this.locales.filter((locale) => this.#catalogue.of(locale).code !== this.#language.code);
  }

  /** Says something before the next question. */
  first(...sentences: string[]): void {
    this.#before.push(...sentences.map((text) => this.utter(text)));
  }

  /** Asks a question, unless the call has become too long for one more. */
  listen(question: Question, ...words: Utterance[]): Reply {
    const { turn, misses, language, who } = this.reading;
    const next = turn.position.turn + 1;
    if (next > lastTurn) return this.end(this.prompts.tooLong({ texted: false }));
    const clinic = this.facts.clinic?.id;
    return {
      say: [...this.#before, ...words],
      then: { listen: { turn: next, misses, language, clinic, who, question } }
    };
  }

  transfer(phone: string, sentence: string): Reply {
    return { say: [...this.#before, this.utter(sentence)], then: { transfer: phone } };
  }

  end(...sentences: string[]): Reply {
    this.first(...sentences);
    return { say: [...this.#before], then: 'hangup' };
  }
}
