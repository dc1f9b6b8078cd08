// What scripts add to the pages of this group, which also work without any: a form is sent in the background, and its
// answer, the same page that browsers without scripts get, replaces this one. All words stand in the page, in its language.
//
//   form[data-enhance]            is sent from here
//   button[data-busy]             its words while the form is under way
//   template#unreached, #failed   what the form says when no answer came, or an answer that is not one of these pages
//   dialog                        where a page shows the question of another page
//   [data-dialog]                 such a question; the value names the field to empty when the answer is no
//   button[data-close]            answers no
//   button[data-other]            shows the password before it, or hides it; the value is its words for the other of the two
//   input[data-same]              has the value of the field of that name
//   input[data-code]              sends its form once a code of so many digits is in it
//   [data-wait]                   for so many seconds its first button cannot be pressed; [data-waiting] counts them

import { lastKnown } from '#lib/appointments/last-known.ts';
import { codeIn } from '#lib/code.ts';
import { pageIn } from '#lib/page-in.ts';
import { PATIENCE_MS } from '#lib/patience.ts';
import { sendPlainForm } from '#lib/plain-forms.ts';
import { keepTyped, opensDesk, restoreTyped } from '#lib/typed.ts';

const all = <E extends HTMLElement>(selector: string, place: ParentNode = document) => [
  ...place.querySelectorAll<E>(selector)
];

/** Sends a form, and follows where that leads. */
async function send(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  const release = occupy(form, button);
  // A page that is gone back to has its button again.
  addEventListener('pagehide', release, { once: true });
  for (const told of all('[role="alert"]', form)) told.remove();

  const body = new FormData(form);
  if (button.name) body.append(button.name, button.value);
  const dialog = document.querySelector('dialog');
  let response: Response;
  let answer: Document;
  try {
    response = await fetch(button.hasAttribute('formaction') ? button.formAction : form.action, {
      method: 'POST',
      body,
      headers: { accept: 'text/html' },
      signal: AbortSignal.timeout(PATIENCE_MS)
    });
    // This fetches the page a second time, as a browser cannot be handed the answer it redirected us to. That is safe:
    // no page we redirect to changes by being viewed.
    if (response.redirected && !dialog) {
      if (opensDesk(response.url)) keepTyped();
      return location.assign(response.url);
    }
    answer = pageIn(await response.text());
  } catch {
    release();
    return tell(form, 'unreached');
  }

  const question = answer.querySelector<HTMLElement>('[data-dialog]');
  if (dialog && question) {
    release();
    askIn(dialog, question, form);
  } else if (response.redirected) {
    location.assign(response.url);
  } else if (answer.getElementById('failed')) {
    show(answer);
  } else {
    // To show it would lose what was typed.
    release();
    tell(form, 'failed');
  }
}

/** Shows a button as busy and its form as sent, until the returned function is called. */
function occupy(form: HTMLFormElement, button: HTMLButtonElement): () => void {
  const words = button.textContent;
  form.dataset.sent = '';
  button.setAttribute('aria-disabled', 'true');
  button.textContent = button.dataset.busy ?? words;
  return () => {
    delete form.dataset.sent;
    button.removeAttribute('aria-disabled');
    button.textContent = words;
  };
}

function tell(form: HTMLFormElement, template: string): void {
  form.prepend(document.querySelector<HTMLTemplateElement>(`#${template}`)?.content.cloneNode(true) ?? '');
  form.querySelector<HTMLElement>('[role="alert"]')?.focus();
}

/** Replaces this page by another. What was opened on it stays open. */
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

/** Shows the question of another page over `form`. If one is shown already, it is replaced. */
function askIn(dialog: HTMLDialogElement, question: HTMLElement, form: HTMLFormElement): void {
  const isOpen = dialog.open;
  if (!isOpen) {
    forgetMistakes(form);
    const decline = (event: Event) => {
      event.preventDefault();
      dialog.onclose = null;
      dialog.close();
      const field = form.querySelector<HTMLInputElement>(`[name="${question.dataset.dialog ?? ''}"]`);
      if (!field) return;
      field.value = '';
      field.focus();
    };
    // `cancel` comes at once, `close` a moment later, when the next key may have been pressed already. Some ways of closing
    // send only `close`.
    dialog.oncancel = decline;
    dialog.onclose = decline;
  }
  dialog.replaceChildren(question);
  takeOver(dialog);
  if (isOpen) dialog.querySelector<HTMLElement>('[autofocus], button')?.focus();
  else dialog.showModal();
}

/** Removes the mistakes of an earlier answer. All that was typed stays, but for passwords. */
function forgetMistakes(form: HTMLFormElement): void {
  for (const told of all('[data-problem]')) told.remove();
  for (const field of all('[aria-invalid]', form)) field.removeAttribute('aria-invalid');
  for (const secret of all<HTMLInputElement>('[autocomplete$="password"]', form)) secret.value = '';
}

/** Does what only a browser can do to the server's page. */
function takeOver(place: ParentNode): void {
  for (const button of all('[data-other]', place)) button.hidden = false;
  countDown(0);
}

/** Counts down everything that waits, by so many seconds. */
function countDown(seconds: number): void {
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
    if (!('sent' in form.dataset)) void send(form, button);
  } else sendPlainForm(event);
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
  for (const same of all<HTMLInputElement>(`[data-same="${target.name}"]`)) same.value = target.value;
  if (codeIn(target.value)?.length === Number(target.dataset.code)) target.form?.requestSubmit();
});

takeOver(document);
restoreTyped();
setInterval(countDown, 1000, 1);
// On all other pages the framework does the same (src/routes/+layout.svelte).
if (document.querySelector('script[data-signed-in="false"]')) lastKnown.forget();
else lastKnown.read();
navigator.serviceWorker
  ?.register('/service-worker.js', { type: 'module' })
  // Without it there is no page for the time without a network; all else works.
  .catch(() => undefined);
