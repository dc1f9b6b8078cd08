// Links, a number to call and words: it needs no script, and those who come first should not wait for one.
export const csr = false;
