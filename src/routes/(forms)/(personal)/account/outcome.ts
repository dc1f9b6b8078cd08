import type { PageProps } from './$types';

/** What came of one form of the page. */
export interface Outcome {
  done?: string;
  message?: string;
  fields: Record<string, string | undefined>;
  typed: Record<string, string | undefined>;
}

/** The page's form data, if it is about `part`. */
export function outcomeOf(form: PageProps['form'], part: string): Outcome | undefined {
  return form?.part === part ? { fields: {}, typed: {}, ...form } : undefined;
}
