// Two tones, high and low, as a doorbell has them. Browsers let a page sound only after somebody has touched it.

const KEY = 'medq:board-sound';
/** In Hz, one after the other. */
const TONES = [659.26, 523.25];
const TONE_SECONDS = 0.55;
const VOLUME = 0.4;

/** off: muted. waiting: the browser wants to be touched first. */
export type Sound = 'off' | 'waiting' | 'on';

export class Chime {
  #context: AudioContext | undefined;
  #onchange: (sound: Sound) => void;

  /** @param onchange is told how it stands, at once and whenever that changes */
  constructor(onchange: (sound: Sound) => void) {
    this.#onchange = onchange;
    if (remembered()) this.turnOn();
    else onchange('off');
  }

  turnOn(): void {
    remember(true);
    this.#context ??= new AudioContext();
    this.#context.onstatechange = () => this.#tell();
    // Without a touch before, this waits for one that may never come.
    void this.#context.resume();
    this.#tell();
  }

  turnOff(): void {
    remember(false);
    this.close();
    this.#onchange('off');
  }

  /** Sounds, unless it is off or still waits. */
  ring(): void {
    const context = this.#context;
    if (context?.state !== 'running') return;
    for (const [n, frequency] of TONES.entries()) {
      const begins = context.currentTime + n * TONE_SECONDS;
      const tone = new OscillatorNode(context, { frequency });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(VOLUME, begins);
      volume.gain.exponentialRampToValueAtTime(0.001, begins + 2 * TONE_SECONDS);
      tone.connect(volume).connect(context.destination);
      tone.start(begins);
      // What has sounded is let go.
      tone.stop(begins + 2 * TONE_SECONDS);
    }
  }

  close(): void {
    if (this.#context) this.#context.onstatechange = null;
    void this.#context?.close();
    this.#context = undefined;
  }

  #tell(): void {
    this.#onchange(this.#context?.state === 'running' ? 'on' : 'waiting');
  }
}

function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    // No storage: then it is to be turned on anew each time.
    return false;
  }
}

function remember(on: boolean): void {
  try {
    if (on) localStorage.setItem(KEY, 'on');
    else localStorage.removeItem(KEY);
  } catch {
    // The same.
  }
}
