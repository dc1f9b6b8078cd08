import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { verifyPhone } from './verify-phone.ts';

/**
 * `POST /verify-phone`: a texted code, and what it was asked for is done: an account made or linked, a new password set
 * (`new_password`), or the account's phone changed.
 */
export const handle = publicEndpoint({
  name: 'verify-phone',
  handle: (body, dependencies) =>
    verifyPhone(dependencies, parseFields(requests(dependencies.region).verifyPhone, body))
});
