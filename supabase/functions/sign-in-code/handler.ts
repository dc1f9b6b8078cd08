import { requestAccountCode } from '../_shared/account/account-code.ts';
import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';

/**
 * `POST /sign-in-code`: texts a code to a phone that has an account. It goes to verify-phone, which opens a session.
 * The answer and the work are the same for every phone.
 */
export const handle = publicEndpoint({
  name: 'sign-in-code',
  handle: (body, dependencies) =>
    requestAccountCode(dependencies, 'sign_in', parseFields(requests(dependencies.region).phone, body))
});
