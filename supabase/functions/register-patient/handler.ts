import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { register } from '../_shared/account/register.ts';

/**
 * `POST /register-patient`: asks for an account with a new phone. A code is texted; the account is made when it comes
 * back to verify-phone (at once where PHONE_VERIFICATION is off).
 */
export const handle = publicEndpoint({
  name: 'register-patient',
  handle: (body, dependencies) =>
    register(dependencies, 'register', parseFields(requests(dependencies.region).register, body))
});
