import type { SubmitFunction } from '$app/forms';
import { awaitAnswer } from '#lib/answered.ts';

/** A form whose page stays where it is while it is sent, and says so when no answer comes. */
export class SentForm {
  sending = $state(false);
  /** Why there is no answer; empty while nothing is wrong. */
  unanswered = $state('');
  #unknown: () => string;

  /** @param unknown what to say when nothing was heard, as it may have been done all the same */
  constructor(unknown: () => string) {
    this.#unknown = unknown;
  }

  /** For `use:enhance`. */
  readonly submit: SubmitFunction = ({ controller, cancel }) => {
    if (this.sending) return cancel();
    this.sending = true;
    this.unanswered = '';
    const answered = awaitAnswer(controller, this.#unknown, (problem) => {
      this.unanswered = problem;
      this.sending = false;
    });
    return async ({ result, update }) => {
      if (answered(result)) await update();
      this.sending = false;
    };
  };
}
