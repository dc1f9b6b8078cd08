/** How long the answer to a form is waited for: over a connection that died without a word it never comes. */
export const PATIENCE_MS = 60_000;
