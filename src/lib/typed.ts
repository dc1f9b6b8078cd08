// What is typed into the forms of a page stays there when the language is changed, which loads the page anew, and when the desk
// had closed, while a code opens it. It waits in this tab, for the next page that is loaded and no other: on a device that
// people share, nobody finds it.

const KEY = 'medq:typed';
const OPENS_DESK = '/desk/code';

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Value = string | boolean | null;
/** A form by what it asks, which is the same in each language, and what is in it. */
type Kept = [shape: string, values: Value[]];

const isTicked = ({ type }: Control) => type === 'radio' || type === 'checkbox';
/** What a form was filled from (src/lib/server/request/seen.ts) goes on with what is typed in it. */
const isSeen = ({ name }: Control) => name === 'seen';

const forms = () =>
  [...document.querySelectorAll('main form')].map((form) => [
    ...form.querySelectorAll<Control>('input, select, textarea')
  ]);

const shapeOf = (form: readonly Control[]) =>
  JSON.stringify(
    form.map((control) => [
      control.name,
      isTicked(control) || (control.type === 'hidden' && !isSeen(control)) ? control.value : null
    ])
  );

/** What is in it, if that may be kept: no password and no code, also where it is shown. */
function valueOf(control: Control): Value {
  const { type, name, autocomplete } = control;
  if (/password|code/.test(type + autocomplete) || name === 'locale') return null;
  return isTicked(control) ? (control as HTMLInputElement).checked : control.value;
}

/** Whether an address is that of the code which opens the desk, for a form that could not be sent. */
export const opensDesk = (address: string): boolean =>
  address.includes(`${OPENS_DESK}?`) && address.endsWith('&unsent');

export function keepTyped(): void {
  const kept = forms().map((form): Kept => [shapeOf(form), form.map(valueOf)]);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([location.pathname, kept]));
  } catch {
    // Without storage it is lost.
  }
}

export function forgetTyped(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Without storage nothing was kept.
  }
}

/** Fills in what was kept, if this page is the one it was typed into, and forgets it. */
export function restoreTyped(): void {
  if (location.pathname === OPENS_DESK) return;
  try {
    const [path, kept] = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as [string?, Kept[]?];
    for (const form of path === location.pathname ? forms() : []) {
      const shape = shapeOf(form);
      const values = kept?.find((one) => one[0] === shape)?.[1];
      if (values) fill(form, values);
    }
  } catch {
    // No storage, or another version's.
  }
  forgetTyped();
}

function fill(form: readonly Control[], values: readonly Value[]): void {
  for (const [place, control] of form.entries()) {
    const value = values[place] ?? null;
    if (value === null || value === valueOf(control)) continue;
    if (typeof value === 'boolean') (control as HTMLInputElement).checked = value;
    else control.value = value;
    control.closest('details')?.setAttribute('open', '');
    control.dispatchEvent(new Event('input', { bubbles: true }));
  }
}
