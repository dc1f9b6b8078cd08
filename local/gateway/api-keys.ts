import type { Keys } from '../settings/keys.ts';

/** The outcome of looking at the keys of a request. */
export type Admission =
  /** `authorization` is what the service behind should see. */
  { authorization: string } | { refused: { message: string; hint: string } };

/** Looks up API keys of both kinds, as the gateway of hosted projects does. */
export interface ApiKeys {
  /** The token a key stands for: itself for the legacy kind; undefined for what is no key of this project. */
  resolve(key: string): string | undefined;
  /**
   * Decides about a request by its `apikey` and `Authorization`. The token of a user in Authorization wins; without
   * one (or with the key in its place) the token of the key takes it.
   */
  admit(apiKey: string | null, authorization: string | null): Admission;
}

const missing = {
  message: 'No API key found in request',
  hint: 'No `apikey` request header or url param was found.'
};
const invalid = {
  message: 'Invalid API key',
  hint: 'Double check your Supabase `anon` or `service_role` API key.'
};

/** The key lookup of a project with `keys`. */
export function createApiKeys(keys: Keys): ApiKeys {
  const tokens = new Map([
    [keys.anon_key, keys.anon_key],
    [keys.publishable_key, keys.anon_key],
    [keys.service_role_key, keys.service_role_key],
    [keys.secret_key, keys.service_role_key]
  ]);
  return {
    resolve: (key) => tokens.get(key),
    admit(apiKey, authorization) {
      if (!apiKey) return { refused: missing };
      const token = tokens.get(apiKey);
      if (token === undefined) return { refused: invalid };
      const bearer = /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1];
      if (!authorization || bearer === apiKey) return { authorization: `Bearer ${token}` };
      // An opaque key is never a token; only the one of `apikey` may stand in its place.
      if (bearer?.startsWith('sb_')) return { refused: invalid };
      return { authorization };
    }
  };
}
