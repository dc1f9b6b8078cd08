import { m } from '#lib/paraglide/messages.js';
import type { Messages } from '#lib/server/request/refusal.ts';

/** Why words of SMS are refused, with what the database names in its English sentence. */
export const WORDS_REFUSALS: Messages = {
  manager_of_all_only: m.desk_words_not_yours,
  unknown_template: m.desk_words_unknown,
  empty_template: m.desk_words_empty,
  unknown_placeholder: ({ hint }) => {
    const [, wrong = '', known = ''] =
      /^\{\{(.*)\}\} is not known here\. Use only: (.*)\.$/s.exec(hint) ?? [];
    return m.desk_words_unknown_placeholder({ wrong: `{{${wrong}}}`, known });
  },
  missing_placeholder: ({ hint }) =>
    m.desk_words_missing_placeholder({ missing: /(\{\{.*\}\})/.exec(hint)?.[1] ?? '' }),
  template_too_long: ({ hint }) => {
    const [parts = '', most = ''] = hint.match(/\d+/g) ?? [];
    return m.desk_words_too_long({ parts, most });
  }
};
