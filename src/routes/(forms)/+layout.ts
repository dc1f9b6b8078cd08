// Forms need no framework in the browser: ./enhance-forms.ts sends them in the background.
export const csr = false;
