import type { LiveEvent } from '../call-events.ts';
import { byId } from './dom.ts';

/** The line above the conversation: what the call is doing, how long it lasts, and how long a pause still is. */
export class Status {
  #state = byId('state', HTMLSpanElement);
  #clock = byId('clock', HTMLSpanElement);
  #bar = byId('progress', HTMLSpanElement);
  #animation: Animation | undefined;
  #ticking = 0;

  /** Before a call: which clinic would be called. */
  ready(clinic: string | undefined): void {
    this.#say(clinic === undefined ? 'Ready to call' : `Ready to call ${clinic}`, 'idle');
  }

  show(event: LiveEvent, atMs: number, clinic: string | undefined): void {
    const name = clinic ?? 'The clinic';
    switch (event.type) {
      case 'dialled':
        this.#start(atMs);
        return this.#say(clinic === undefined ? 'Ringing' : `Ringing ${clinic}`, 'busy');
      case 'requested':
        return event.request.number === 1 ? undefined : this.#say('One moment', 'busy');
      case 'said':
      case 'played':
        this.#say(`${name} is speaking`, 'speaking');
        return this.#run(event.lastsMs);
      case 'recording':
        this.#say('Recording', 'speaking');
        return this.#run(event.lastsMs);
      case 'paused':
        this.#say(
          event.listening ? 'Your turn: press a key' : 'Silence',
          event.listening ? 'listening' : 'busy'
        );
        return this.#run(event.lastsMs);
      case 'pressed':
        return event.heard ? this.#say('Your turn: press a key', 'listening') : undefined;
      case 'entered':
        return this.#say('One moment', 'busy');
      case 'ended':
        clearInterval(this.#ticking);
        this.#clock.textContent = minutes(atMs);
        return this.#say('Call ended', 'idle');
    }
  }

  #say(text: string, kind: string): void {
    this.#animation?.cancel();
    this.#state.dataset.kind = kind;
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }

  #run(lastsMs: number): void {
    this.#animation?.cancel();
    const shrink = [{ transform: 'scaleX(1)' }, { transform: 'scaleX(0)' }];
    this.#animation = this.#bar.animate(shrink, { duration: lastsMs });
  }

  #start(atMs: number): void {
    const begun = performance.now() - atMs;
    const tick = () => (this.#clock.textContent = minutes(performance.now() - begun));
    clearInterval(this.#ticking);
    tick();
    this.#ticking = window.setInterval(tick, 500);
  }
}

function minutes(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
