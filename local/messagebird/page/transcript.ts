import type { LiveEvent } from '../call-events.ts';
import { appendAndFollow, byId, make } from './dom.ts';

/** What was said and pressed in the call, as a conversation. */
export class Transcript {
  #list = byId('transcript', HTMLDivElement);
  /** The prompt that is being said. */
  #speaking: HTMLDivElement | undefined;
  /** The keys that are being typed. */
  #typing: HTMLDivElement | undefined;

  clear(): void {
    this.#list.replaceChildren();
    this.#speaking = undefined;
    this.#typing = undefined;
  }

  add(event: LiveEvent): void {
    switch (event.type) {
      case 'said':
        return this.#speak(event.text, event.language);
      case 'played':
        return this.#speak(`♪ ${event.media.map((url) => url.split('/').at(-1)).join(', ')}`, 'en');
      case 'sent_keys':
        return this.#note(`The clinic's line sent ${event.keys}.`);
      case 'recording':
        return this.#speak('Recording after the tone.', 'en');
      case 'pressed':
        return this.#press(event.key, event.heard);
      case 'paused':
      case 'requested':
        this.#finish();
        this.#typing = undefined;
        return;
      case 'problem':
        return this.#note(event.message, 'problem');
      case 'ended':
        this.#finish();
        return this.#note(event.message);
    }
  }

  #speak(text: string, language: string): void {
    this.#finish();
    this.#typing = undefined;
    this.#speaking = make('div', 'them speaking', make('p', '', text));
    this.#speaking.lang = language;
    this.#append(this.#speaking);
  }

  #press(key: string, heard: boolean): void {
    if (!heard) return this.#note(`${key} was not heard: the clinic was not listening.`);
    if (this.#speaking) this.#speaking.classList.add('cut');
    this.#finish();
    if (!this.#typing) {
      this.#typing = make('div', 'me', make('p', '', make('span', 'unseen', 'You pressed ')));
      this.#append(this.#typing);
    }
    this.#typing.firstElementChild?.append(make('kbd', '', key));
  }

  #note(text: string, kind = ''): void {
    this.#append(make('div', `note ${kind}`.trim(), text));
  }

  #append(item: HTMLDivElement): void {
    appendAndFollow(this.#list, item);
  }

  #finish(): void {
    this.#speaking?.classList.remove('speaking');
    this.#speaking = undefined;
  }
}
