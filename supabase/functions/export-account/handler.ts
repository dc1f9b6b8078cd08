import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { exportAccount } from './export-account.ts';

/**
 * `POST /export-account`: all that is kept about the owner of the signed-in account, whose password must be given once more.
 */
export const handle = publicEndpoint({
  name: 'export-account',
  async handle(body, dependencies, request) {
    const signedIn = await dependencies.auth.signedInUser(request);
    return await exportAccount(
      dependencies,
      signedIn,
      parseFields(requests(dependencies.region).exportAccount, body)
    );
  }
});
