import { parseFields, requests } from '../_shared/account/fields.ts';
import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { signIn } from './sign-in.ts';

/** `POST /sign-in`: a session for a username, or a phone in any common notation, and a password. */
export const handle = publicEndpoint({
  name: 'sign-in',
  handle: (body, dependencies) =>
    signIn(dependencies, parseFields(requests(dependencies.region).signIn, body))
});
