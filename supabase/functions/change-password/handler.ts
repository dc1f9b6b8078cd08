import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { changePassword } from './change-password.ts';

/**
 * `POST /change-password`: another password for the signed-in account, whose present (or texted) one must be given once more.
 * Every session ends; the answer has a new one.
 */
export const handle = publicEndpoint({
  name: 'change-password',
  async handle(body, dependencies, request) {
    const signedIn = await dependencies.auth.signedInUser(request);
    return await changePassword(
      dependencies,
      signedIn,
      parseFields(requests(dependencies.region).changePassword, body)
    );
  }
});
