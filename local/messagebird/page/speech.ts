export interface Utterance {
  text: string;
  language: string;
  repeat: number;
  /** How long it takes to say, about; waited for where no voice speaks the language. */
  lastsMs: number;
}

/** Calls back when this browser has voices, now or when they have been loaded. */
export function whenVoicesAreThere(tell: () => void): void {
  if (!('speechSynthesis' in window)) return;
  if (speechSynthesis.getVoices().length > 0) tell();
  else speechSynthesis.addEventListener('voiceschanged', () => tell(), { once: true });
}

/** How long a voice may take to begin; some browsers list voices that never speak. */
const startLimitMs = 2_000;

/** Speaks prompts with the browser's voices, one at a time. */
export class Speaker {
  #stop: () => void = () => {};

  /** Speaks and calls `done` when it was said to its end, not when it was stopped. */
  speak({ text, language, repeat, lastsMs }: Utterance, done: () => void): void {
    const voice = voiceFor(language);
    if (!voice) return this.wait(lastsMs, done);
    this.stop();
    let left = repeat;
    let stopped = false;
    let begins = 0;
    const say = () => {
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.voice = voice;
      utterance.lang = voice.lang;
      utterance.onstart = () => clearTimeout(begins);
      utterance.onend = () => {
        left -= 1;
        if (stopped) return;
        if (left > 0) say();
        else done();
      };
      // A voice that fails must not leave the caller in silence.
      utterance.onerror = () => {
        if (!stopped) this.wait(lastsMs, done);
      };
      speechSynthesis.speak(utterance);
    };
    begins = window.setTimeout(() => this.wait(lastsMs, done), startLimitMs);
    this.#stop = () => {
      stopped = true;
      clearTimeout(begins);
      speechSynthesis.cancel();
    };
    say();
  }

  /** Nothing is spoken, but the time it takes passes. */
  wait(lastsMs: number, done: () => void): void {
    this.stop();
    const timer = setTimeout(done, lastsMs);
    this.#stop = () => clearTimeout(timer);
  }

  stop(): void {
    this.#stop();
    this.#stop = () => {};
  }
}

function voiceFor(language: string): SpeechSynthesisVoice | undefined {
  if (!('speechSynthesis' in window)) return undefined;
  const voices = speechSynthesis.getVoices();
  const code = (voice: SpeechSynthesisVoice) => voice.lang.replace('_', '-').toLowerCase();
  const [family = ''] = language.toLowerCase().split('-');
  return (
    voices.find((voice) => code(voice) === language.toLowerCase()) ??
    voices.find((voice) => code(voice).startsWith(`${family}-`) || code(voice) === family)
  );
}
