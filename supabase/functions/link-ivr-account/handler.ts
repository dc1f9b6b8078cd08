import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { register } from '../_shared/account/register.ts';

/**
 * `POST /link-ivr-account`: asks for an account with a phone that has bookings. As register-patient; the account then
 * holds those bookings.
 */
export const handle = publicEndpoint({
  name: 'link-ivr-account',
  handle: (body, dependencies) =>
    register(dependencies, 'link', parseFields(requests(dependencies.region).link, body))
});
