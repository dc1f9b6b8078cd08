import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { RealtimeError } from './errors.ts';

const claims = z.looseObject({ role: z.string().min(1), exp: z.number(), sub: z.string().optional() });

/** What a token says about its bearer. `exp` is in seconds since 1970. */
export type Claims = z.infer<typeof claims>;

/** @throws {RealtimeError} saying what is wrong with the token. */
export type VerifyToken = (token: string) => Promise<Claims>;

function refusalOf(error: unknown): RealtimeError {
  if (error instanceof errors.JWTExpired) {
    const seconds = Math.floor(Date.now() / 1000) - (error.payload.exp ?? 0);
    return new RealtimeError('InvalidJWTToken', `Token has expired ${seconds} seconds ago`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new RealtimeError('JwtSignatureError', 'Failed to validate JWT signature');
  }
  return new RealtimeError('MalformedJWT', 'The token provided is not a valid JWT');
}

/** Checks tokens signed with `secret` (HS256). */
export function tokenVerifier(secret: string): VerifyToken {
  const key = new TextEncoder().encode(secret);
  return async (token) => {
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] }).catch((error: unknown) => {
      throw refusalOf(error);
    });
    const parsed = claims.safeParse(payload);
    if (!parsed.success) {
      throw new RealtimeError('InvalidJWTToken', 'Fields `role` and `exp` are required in JWT');
    }
    return parsed.data;
  };
}
