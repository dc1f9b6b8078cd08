import type { ActionResult } from '$app/forms';
import { m } from '#lib/paraglide/messages.js';
import { PATIENCE_MS } from '#lib/patience.ts';

/**
 * Waits for the answer to a form, whose page is to stay when none comes: `tell` is then given what to say instead.
 * @param unknown what to say when nothing was heard, as it may have been done all the same
 * @returns to be called with what came; whether that is an answer
 */
export function awaitAnswer(
  controller: AbortController,
  unknown: () => string,
  tell: (problem: string) => void
): (result: ActionResult) => boolean {
  const timer = setTimeout(() => {
    // No more is heard of it then.
    controller.abort();
    tell(unknown());
  }, PATIENCE_MS);
  return (result) => {
    clearTimeout(timer);
    if (result.type !== 'error') return true;
    tell(wordsOf(result));
    return false;
  };
}

/** Only the site's own answers have a status, and words in the language of the page. */
function wordsOf({ status, error }: ActionResult & { type: 'error' }): string {
  if (status && status !== 500) return error.message;
  // 500 by itself: the network. Another is what something between us and the site says.
  return status || error.status !== 500 ? m.form_failed() : m.form_unreached();
}
