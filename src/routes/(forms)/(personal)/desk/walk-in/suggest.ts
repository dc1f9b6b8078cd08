// While a name or phone is typed, the page shows who that may be: what the button says without scripts. The form's data-who
// is where to ask; the answer is the same page with what was found in it.

import { pageIn } from '#lib/page-in.ts';

const TYPING_MS = 200;
let waiting: ReturnType<typeof setTimeout> | undefined;
let asked = new AbortController();

/** Who was chosen is meant, whatever else is typed. */
const isChosen = (form: HTMLFormElement) =>
  form.querySelector<HTMLInputElement>('[name="patient"]:checked:not([value=""])') !== null;

/** What was asked before is of no interest any more. */
function forget(): AbortSignal {
  clearTimeout(waiting);
  asked.abort();
  asked = new AbortController();
  return asked.signal;
}

async function ask(form: HTMLFormElement, address: string, signal: AbortSignal): Promise<void> {
  if (isChosen(form)) return;
  let answer: Document;
  try {
    const headers = { accept: 'text/html' };
    const response = await fetch(address, { method: 'POST', body: new FormData(form), headers, signal });
    answer = pageIn(await response.text());
  } catch {
    // Booking goes on without.
    return;
  }
  if (signal.aborted) return;
  for (const id of ['who', 'who-told']) {
    const found = answer.getElementById(id);
    if (found) document.getElementById(id)?.replaceChildren(...found.childNodes);
  }
}

document.addEventListener('input', ({ target }) => {
  if (!(target instanceof HTMLInputElement) || !target.form) return;
  const { form } = target;
  const address = form.dataset.who;
  if (address === undefined) return;
  const signal = forget();
  if (target.type === 'text') waiting = setTimeout(() => void ask(form, address, signal), TYPING_MS);
});
document.addEventListener('submit', forget);
