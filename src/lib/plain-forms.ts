import { lastKnown } from '#lib/appointments/last-known.ts';
import { PATIENCE_MS } from '#lib/patience.ts';
import { forgetTyped, keepTyped } from '#lib/typed.ts';

/**
 * A form is about to be sent. What browsers send by themselves is sent once until it is answered, by another page: but for
 * one with `data-file`, whose page stays. Signing out forgets what this device keeps, and a change of language forgets nothing.
 */
export function sendPlainForm(event: SubmitEvent): void {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== 'post') return;
  if ('sent' in form.dataset) return event.preventDefault();
  if (form.id === 'languages') keepTyped();
  if (form.action.endsWith('/logout')) {
    lastKnown.close();
    forgetTyped();
  }
  if ('file' in form.dataset) return;
  form.dataset.sent = '';
  const again = () => delete form.dataset.sent;
  addEventListener('pagehide', again, { once: true });
  setTimeout(again, PATIENCE_MS);
}
