import { errors, jwtVerify, type JWTPayload } from 'jose';

/** Checks the tokens of callers against the secret of the project. */
export interface TokenVerifier {
  /** The claims of a token, or why PostgREST refuses it. */
  forDataApi(authorization: string | null): Promise<{ claims: JWTPayload } | { refused: Response }>;
  /** Why a function that wants a token is not called; undefined when it may be. */
  forFunctions(authorization: string | null): Promise<string | undefined>;
}

/** Refuses as PostgREST does; `WWW-Authenticate` repeats the reason. */
function refuse(code: 'PGRST301' | 'PGRST303', message: string): { refused: Response } {
  return {
    refused: Response.json(
      { code, details: null, hint: null, message },
      {
        status: 401,
        headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${message}"` }
      }
    )
  };
}

function bearer(authorization: string | null): string | undefined {
  return /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1];
}

/** All that time changes of a token whose signature is right. */
function holdsNow({ nbf, exp }: JWTPayload, clockTolerance: number): boolean {
  const now = Math.floor(Date.now() / 1000);
  return (nbf ?? now) <= now + clockTolerance && (exp ?? Infinity) > now - clockTolerance;
}

/** So many tokens are kept, as PostgREST keeps them: their signatures are checked once. */
const mostKept = 1000;

/** Tokens are HS256 with `jwtSecret`; clocks may differ by half a minute, as PostgREST allows. */
export function createTokenVerifier(jwtSecret: string): TokenVerifier {
  const key = new TextEncoder().encode(jwtSecret);
  const kept = new Map<string, JWTPayload>();

  async function verify(token: string, clockTolerance: number): Promise<JWTPayload> {
    const known = kept.get(token);
    if (known && holdsNow(known, clockTolerance)) return known;
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], clockTolerance });
    if (kept.size >= mostKept) kept.clear();
    kept.set(token, payload);
    return payload;
  }

  return {
    async forDataApi(authorization) {
      const token = bearer(authorization);
      if (token === undefined) return { claims: { role: 'anon' } };
      const parts = token.split('.').length;
      if (parts !== 3) return refuse('PGRST301', `Expected 3 parts in JWT; got ${parts}`);
      try {
        return { claims: await verify(token, 30) };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return refuse('PGRST303', 'JWT expired');
        if (error instanceof errors.JWTClaimValidationFailed) {
          return refuse('PGRST303', error.claim === 'nbf' ? 'JWT not yet valid' : 'Parsing claims failed');
        }
        if (error instanceof errors.JWSInvalid)
          return refuse('PGRST301', 'JWT cryptographic operation failed');
        return refuse('PGRST301', 'No suitable key or wrong key type');
      }
    },
    async forFunctions(authorization) {
      if (!authorization) return 'Error: Missing authorization header';
      const token = bearer(authorization);
      if (token === undefined) return "Error: Auth header is not 'Bearer {token}'";
      return verify(token, 0).then(
        () => undefined,
        () => 'Invalid JWT'
      );
    }
  };
}
