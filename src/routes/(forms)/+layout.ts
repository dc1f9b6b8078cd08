// Forms need no framework in the browser: ./instant.ts does what makes them quick.
export const csr = false;
