// Shows every time[data-local] in the reader's time zone, which the server does not know.
import { whenInSentence } from '#lib/appointments/when.ts';

function showLocally(): void {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-local]')) {
    time.textContent = whenInSentence(time.dateTime, timeZone, new Date());
  }
}

showLocally();
// The answer to a form is another body (enhance-forms.ts).
new MutationObserver(showLocally).observe(document.documentElement, { childList: true });
