import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { json } from '../_shared/http.ts';
import { listeningToken } from './listening-token.ts';

/**
 * `POST /live-token`: a token with which the signed-in patient's page can listen to live changes and do nothing else, as
 * `{token, expires_in}` (seconds). Both are null where there is no key to sign one with (LIVE_TOKEN_SECRET).
 */
export const handle = publicEndpoint({
  name: 'live-token',
  async handle(_body, { auth }, request) {
    const { sessionId } = await auth.signedInUser(request);
    return json(await listeningToken(sessionId));
  }
});
