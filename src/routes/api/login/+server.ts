import { accountRoute } from '#lib/server/functions.ts';

export const trailingSlash = 'ignore';
export const { POST, fallback } = accountRoute('sign-in');
