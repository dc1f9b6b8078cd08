import type { PageProps } from './$types';

/** The sections of the page that have a form. */
export type Section = 'profile' | 'family' | 'password' | 'phone' | 'sessions' | 'export' | 'delete';

/** What came of one form of the page: it is done, or refused with a message. */
export interface FormOutcome {
  done?: string;
  message?: string;
  fields: Record<string, string>;
  typed: Record<string, string>;
}

/** The page's form data, if it is about `section`. */
export function outcomeOf(
  form: PageProps['form'] | PageProps['data']['unsent'],
  section: Section
): FormOutcome | undefined {
  return form?.section === section ? { fields: {}, typed: {}, ...form } : undefined;
}
