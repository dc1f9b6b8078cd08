import { enhance, type ActionResult, type SubmitFunction } from '$app/forms';
import { tick } from 'svelte';

interface Options {
  /** Empties the fields that are never kept, after an answer came. */
  forget?: () => void;
  /** Answers it deals with by itself, by saying true. */
  instead?: (result: ActionResult) => boolean | void;
  /** Loads the page's data anew after a refusal too. */
  refresh?: boolean;
}

/**
 * One form that is sent in the background: once at a time, with what was typed kept, and afterwards with the focus
 * on the first field that has a problem.
 */
export class Submission {
  sending = $state(false);
  /** Why no answer came, as a sentence. */
  problem = $state('');

  #options: Options;

  constructor(options: Options = {}) {
    this.#options = options;
  }

  /** For the form: `use:submission.enhance`. */
  readonly enhance = (form: HTMLFormElement) => enhance(form, this.#submit);

  readonly #submit: SubmitFunction = ({ cancel, formElement }) => {
    if (this.sending) return cancel();
    this.sending = true;
    this.problem = '';
    return async ({ result, update }) => {
      try {
        if (result.type === 'error') {
          // An error page would lose what was typed.
          this.problem = result.status
            ? 'Something went wrong on our side. Please try again in a minute.'
            : "That didn't reach us. Are you online? Please try again.";
          return;
        }
        const { instead, forget, refresh } = this.#options;
        if (!instead?.(result)) await update({ reset: false, ...(refresh && { refreshAll: true }) });
        forget?.();
      } finally {
        this.sending = false;
      }
      await tick();
      formElement.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    };
  };
}
