import { byId, make } from './dom.ts';
import { sound } from './tones.ts';

const keys: [key: string, letters: string][] = [
  ['1', ''],
  ['2', 'abc'],
  ['3', 'def'],
  ['4', 'ghi'],
  ['5', 'jkl'],
  ['6', 'mno'],
  ['7', 'pqrs'],
  ['8', 'tuv'],
  ['9', 'wxyz'],
  ['*', ''],
  ['0', '+'],
  ['#', '']
];
const names: Record<string, string> = { '*': '* star', '#': '# hash' };

/** The keys of the phone, with the mouse, by touch and from the keyboard. */
export class Keypad {
  #buttons = new Map<string, HTMLButtonElement>();
  #press: (key: string) => void;
  #tones = byId('tones', HTMLInputElement);

  constructor(press: (key: string) => void) {
    this.#press = press;
    const pad = byId('keypad', HTMLDivElement);
    for (const [key, letters] of keys) {
      const button = make('button', 'key', make('span', 'digit', key));
      button.type = 'button';
      button.dataset.key = key;
      const name = names[key];
      if (name === undefined) {
        const small = make('span', 'letters', letters);
        // The key is called by its digit alone; the letters are for the eye.
        small.setAttribute('aria-hidden', 'true');
        button.append(small);
      } else {
        button.setAttribute('aria-label', name);
      }
      button.addEventListener('click', () => this.press(key));
      this.#buttons.set(key, button);
      pad.append(button);
    }
    document.addEventListener('keydown', (event) => this.#type(event));
    this.enable(false);
  }

  /** Keys do something only in a call. */
  enable(enabled: boolean): void {
    for (const button of this.#buttons.values()) button.disabled = !enabled;
  }

  press(key: string): void {
    const button = this.#buttons.get(key);
    if (!button || button.disabled) return;
    if (this.#tones.checked) sound(key);
    button.dataset.down = 'true';
    setTimeout(() => delete button.dataset.down, 150);
    this.#press(key);
  }

  #type(event: KeyboardEvent): void {
    const { target } = event;
    const isWriting = target instanceof HTMLInputElement && target.type === 'tel' && !target.readOnly;
    if (isWriting || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (this.#buttons.has(event.key)) this.press(event.key);
  }
}
