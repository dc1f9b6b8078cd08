import type { SimulatorConfig } from '../simulator.ts';
import { byId, make, recall, remember } from './dom.ts';

const usualCaller = '+91 99999 99999';
const mostCallers = 8;

/** The two number fields: who calls whom. */
export class Numbers {
  #from = byId('from', HTMLInputElement);
  #to = byId('to', HTMLInputElement);
  #callers: string[];
  #clinics: SimulatorConfig['clinics'] = [];

  /**
   * `changed` is told the caller's digits whenever they are another number's, '' while they are none;
   * `clinicChanged` is called when another clinic is to be called.
   */
  constructor(changed: (digits: string) => void, clinicChanged: () => void) {
    this.#callers = recall('callers', isStrings) ?? [usualCaller];
    this.#from.value = this.#callers[0] ?? usualCaller;
    this.#to.value = recall('clinic', isString) ?? '';
    this.#listCallers();
    this.#to.addEventListener('input', clinicChanged);
    this.#from.addEventListener('change', () => changed(this.caller));
    byId('new-caller', HTMLButtonElement).addEventListener('click', () => {
      this.#from.value = randomMobile();
      changed(this.caller);
    });
  }

  offer(clinics: SimulatorConfig['clinics']): void {
    this.#clinics = clinics;
    const options = clinics.map(({ name, phone }) => {
      const option = make('option');
      option.value = phone;
      option.label = name;
      return option;
    });
    byId('clinics', HTMLDataListElement).replaceChildren(...options);
    // A number that was remembered from other data is of no use.
    const isKnown = clinics.some(({ phone }) => digits(phone) === digits(this.#to.value));
    if (!isKnown && clinics[0]) this.#to.value = clinics[0].phone;
  }

  /** The caller's number in digits, '' while it is none. */
  get caller(): string {
    return digits(this.#from.value);
  }

  get from(): string {
    return this.#from.value;
  }

  get to(): string {
    return this.#to.value;
  }

  /** Shows the caller's number with its country code, unless it was typed so. */
  complete(from: string): void {
    if (digits(from) !== this.caller) this.#from.value = from;
  }

  /** The time zone of the clinic that is called; of the first, where that is not known. */
  get timeZone(): string | undefined {
    return (this.#clinic ?? this.#clinics[0])?.timeZone;
  }

  /** The name of the clinic that is called, where it is known. */
  get clinicName(): string | undefined {
    return this.#clinic?.name;
  }

  get #clinic(): SimulatorConfig['clinics'][number] | undefined {
    return this.#clinics.find(({ phone }) => digits(phone) === digits(this.#to.value));
  }

  /** Numbers cannot be changed during a call; those that were used are remembered. */
  inCall(inCall: boolean): void {
    for (const field of [this.#from, this.#to]) field.readOnly = inCall;
    byId('new-caller', HTMLButtonElement).disabled = inCall;
    if (!inCall) return;
    this.#callers = [this.from, ...this.#callers.filter((one) => digits(one) !== this.caller)].slice(
      0,
      mostCallers
    );
    remember('callers', this.#callers);
    remember('clinic', this.to);
    this.#listCallers();
  }

  #listCallers(): void {
    const options = this.#callers.map((caller) => {
      const option = make('option');
      option.value = caller;
      return option;
    });
    byId('known-callers', HTMLDataListElement).replaceChildren(...options);
  }
}

function digits(typed: string): string {
  const compact = typed.replace(/[\s().-]/g, '').replace(/^(\+|00)/, '');
  return /^[1-9]\d{7,14}$/.test(compact) ? compact : '';
}

/** A made-up Indian mobile number. */
function randomMobile(): string {
  const number = `${7 + Math.floor(Math.random() * 3)}${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`;
  return `+91 ${number.slice(0, 5)} ${number.slice(5)}`;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isString);
}
