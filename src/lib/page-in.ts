/**
 * A page of this site in an answer, to take parts of. Its styles are left out: this page has them, and would refuse those of
 * another answer (the policy wants its own nonce).
 */
export const pageIn = (html: string): Document =>
  new DOMParser().parseFromString(html.replaceAll(/<style\b.*?<\/style>/gs, ''), 'text/html');
