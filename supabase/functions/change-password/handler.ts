import { mayChoosePassword } from '../_shared/account/own-password.ts';
import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { changePassword } from './change-password.ts';

/**
 * `POST /change-password`: another password for the signed-in account, whose present (or texted) one must be given once more;
 * a texted one not where a code has just let them in.
 * Every session ends; the answer has a new one.
 */
export const handle = publicEndpoint({
  name: 'change-password',
  async handle(body, dependencies, request) {
    const shapes = requests(dependencies.region);
    const signedIn = await dependencies.auth.signedInUser(request);
    const { database } = dependencies;
    const shape = (await mayChoosePassword(database, signedIn))
      ? shapes.choosePassword
      : shapes.changePassword;
    return await changePassword(dependencies, signedIn, parseFields(shape, body));
  }
});
