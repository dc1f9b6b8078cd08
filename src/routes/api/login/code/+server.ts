import { accountRoute } from '#lib/server/account/functions.ts';

export const trailingSlash = 'ignore';
export const { POST, fallback } = accountRoute('sign-in-code');
