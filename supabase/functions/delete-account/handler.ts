import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { deleteAccount } from './delete-account.ts';

/**
 * `POST /delete-account`: deletes the signed-in account, whose password must be given once more.
 */
export const handle = publicEndpoint({
  name: 'delete-account',
  async handle(body, dependencies, request) {
    const signedIn = await dependencies.auth.signedInUser(request);
    return await deleteAccount(
      dependencies,
      signedIn,
      parseFields(requests(dependencies.region).deleteAccount, body)
    );
  }
});
