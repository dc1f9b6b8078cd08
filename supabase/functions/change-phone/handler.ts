import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { changePhone } from './change-phone.ts';

/**
 * `POST /change-phone`: asks for another phone for the signed-in account, whose password must be given once more. A
 * code is texted to the new phone; the change is made when it comes back to verify-phone.
 */
export const handle = publicEndpoint({
  name: 'change-phone',
  async handle(body, dependencies, request) {
    const signedIn = await dependencies.auth.signedInUser(request);
    return await changePhone(
      dependencies,
      signedIn,
      parseFields(requests(dependencies.region).changePhone, body)
    );
  }
});
