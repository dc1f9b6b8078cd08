import { requestAccountCode } from '../_shared/account/account-code.ts';
import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';

/**
 * `POST /forgot-password`: texts a code to a phone that has an account. It goes to verify-phone with a new password.
 * The answer and the work are the same for every phone.
 */
export const handle = publicEndpoint({
  name: 'forgot-password',
  handle: (body, dependencies) =>
    requestAccountCode(dependencies, 'reset', parseFields(requests(dependencies.region).phone, body))
});
