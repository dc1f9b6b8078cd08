// What scripts add to the pages of this group, which work without any: a form is sent in the background, and its answer,
// the same page that browsers without scripts get, takes the place of this one. Every word is in the page, in its
// language.
//
//   form[data-enhance]            is sent from here
//   button[data-busy]             what it says meanwhile
//   template#unreached, #failed   what the form says when no answer came, or none of these pages
//   dialog, [data-dialog]         where a page puts the question of another; its value is the field a no empties
//   button[data-close]            says no
//   button[data-other]            shows the secret in front of it, and then has this name
//   input[data-digits]            is whole with so many, and sends its form
//   [data-wait]                   so many seconds its first button is not to be pressed, which [data-waiting] tells
//   time[data-local]              is told in the reader's time zone

import { lastKnown } from '#lib/appointments/last-known.ts';
import { whenInSentence } from '#lib/appointments/when.ts';
import { assertIsLocale, overwriteGetLocale } from '#lib/paraglide/runtime.js';

const all = <E extends HTMLElement>(selector: string, place: ParentNode = document) => [
  ...place.querySelectorAll<E>(selector)
];

/** Sends a form, and follows where that leads. */
async function send(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  const release = occupy(button);
  // Whoever comes back to the page may press it again.
  addEventListener('pagehide', release, { once: true });
  for (const told of all('[role="alert"]', form)) told.remove();

  const body = new FormData(form);
  if (button.name) body.append(button.name, button.value);
  const dialog = document.querySelector('dialog');
  let response: Response;
  let answer: Document;
  try {
    response = await fetch(form.action, { method: 'POST', body, headers: { accept: 'text/html' } });
    // The page is asked for once more: a browser cannot be told to go where it has been. None that we lead to is used
    // up by being seen.
    if (response.redirected && !dialog) return location.assign(response.url);
    answer = new DOMParser().parseFromString(await response.text(), 'text/html');
  } catch {
    release();
    return tell(form, 'unreached');
  }

  const question = answer.querySelector<HTMLElement>('[data-dialog]');
  if (dialog && question) {
    release();
    ask(dialog, question, form);
  } else if (response.redirected) {
    location.assign(response.url);
  } else if (answer.getElementById('failed')) {
    show(answer);
  } else {
    // An error page would lose what was typed.
    release();
    tell(form, 'failed');
  }
}

/** Marks a button as at work, until the function it answers with is called. */
function occupy(button: HTMLButtonElement): () => void {
  const words = button.textContent;
  button.setAttribute('aria-disabled', 'true');
  button.textContent = button.dataset.busy ?? words;
  return () => {
    button.removeAttribute('aria-disabled');
    button.textContent = words;
  };
}

function tell(form: HTMLFormElement, template: string): void {
  form.prepend(document.querySelector<HTMLTemplateElement>(`#${template}`)?.content.cloneNode(true) ?? '');
  form.querySelector<HTMLElement>('[role="alert"]')?.focus();
}

/** Shows a page in place of this one, whose open parts stay open. */
function show(page: Document): void {
  const open = all('details[open]').map(({ id }) => id);
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  document.body.replaceWith(page.body);
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  takeOver(document);
  const place =
    document.querySelector<HTMLElement>('[aria-invalid], [autofocus]') ?? document.querySelector('main');
  place?.focus();
}

/** Asks the question of another page over `form`, or another one after its answer came to nothing. */
function ask(dialog: HTMLDialogElement, question: HTMLElement, form: HTMLFormElement): void {
  const goesOn = dialog.open;
  if (!goesOn) {
    settle(form);
    const decline = (event: Event) => {
      event.preventDefault();
      dialog.onclose = null;
      dialog.close();
      const field = form.querySelector<HTMLInputElement>(`[name="${question.dataset.dialog ?? ''}"]`);
      if (!field) return;
      field.value = '';
      field.focus();
    };
    // Closing is told a moment later, when a key may have been pressed: it is waited for only where nothing comes first.
    dialog.oncancel = decline;
    dialog.onclose = decline;
  }
  dialog.replaceChildren(question);
  takeOver(dialog);
  if (goesOn) dialog.querySelector<HTMLElement>('[autofocus], button')?.focus();
  else dialog.showModal();
}

/** What was refused before is refused no longer. All that was typed stays, but for secrets. */
function settle(form: HTMLFormElement): void {
  for (const told of all('[data-problem]')) told.remove();
  for (const field of all('[aria-invalid]', form)) field.removeAttribute('aria-invalid');
  for (const secret of all<HTMLInputElement>('[autocomplete$="password"]', form)) secret.value = '';
}

/** Does to what the server wrote what only a browser can. */
function takeOver(place: ParentNode): void {
  for (const button of all('[data-other]', place)) button.hidden = false;
  for (const time of all<HTMLTimeElement>('time[data-local]', place)) {
    // Asked here because slow phones take a quarter of a second to answer it the first time.
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    time.textContent = whenInSentence(time.dateTime, timeZone, new Date());
  }
  wait(0);
}

/** Lets so many seconds pass for all that waits. */
function wait(seconds: number): void {
  for (const place of all('[data-wait]')) {
    const left = Number(place.dataset.wait) - seconds;
    const button = place.querySelector('button');
    const words = place.querySelector<HTMLElement>('[data-waiting]');
    place.dataset.wait = String(left);
    if (left < 1) place.removeAttribute('data-wait');
    button?.[left < 1 ? 'removeAttribute' : 'setAttribute']('aria-disabled', 'true');
    const { waiting = '', waited = '' } = words?.dataset ?? {};
    if (words) words.textContent = left < 1 ? waited : waiting.replace('{seconds}', String(left));
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target as HTMLFormElement;
  const button = (event.submitter ?? form.querySelector('button:not([type="button"])')) as HTMLButtonElement;
  const dialog = button.closest('dialog');
  if (button.getAttribute('aria-disabled') === 'true') event.preventDefault();
  else if (dialog && 'close' in button.dataset) {
    event.preventDefault();
    dialog.dispatchEvent(new Event('cancel'));
  } else if ('enhance' in form.dataset) {
    event.preventDefault();
    void send(form, button);
  } else if (form.action.endsWith('/logout')) {
    lastKnown.close();
  }
});

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest<HTMLElement>('[data-other]') : null;
  const secret = button?.previousElementSibling;
  if (!button || !(secret instanceof HTMLInputElement)) return;
  secret.type = secret.type === 'text' ? 'password' : 'text';
  const { other = '', otherLabel = '' } = button.dataset;
  button.dataset.other = button.textContent;
  button.dataset.otherLabel = button.getAttribute('aria-label') ?? '';
  button.textContent = other;
  button.setAttribute('aria-label', otherLabel);
});

document.addEventListener('input', ({ target }) => {
  if (!(target instanceof HTMLInputElement)) return;
  const digits = target.value.replace(/\D/g, '').length;
  if (digits === Number(target.dataset.digits)) target.form?.requestSubmit();
});

overwriteGetLocale(() => assertIsLocale(document.documentElement.lang));
takeOver(document);
setInterval(wait, 1000, 1);
// What these pages share with all others, which have the framework do it.
if (document.querySelector('script[data-signed-in="false"]')) lastKnown.forget();
navigator.serviceWorker
  ?.register('/service-worker.js', { type: 'module' })
  // Then there is no page for the time without a network.
  .catch(() => undefined);
