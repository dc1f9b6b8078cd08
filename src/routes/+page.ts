// Words, links and a number to call need no script.
export const csr = false;
