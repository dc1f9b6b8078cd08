import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { forbidden } from './errors.ts';
import type { Settings } from './settings.ts';
import type { User } from './users.ts';

const claimsSchema = z.object({
  sub: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string()).transform(([first]) => first)]).optional(),
  role: z.string().optional(),
  session_id: z.string().optional()
});
/** What Auth reads from the tokens it gets: those of users, and the project's own keys, which have only a role. */
export type Claims = z.infer<typeof claimsSchema>;

const keyOf = (secret: string) => new TextEncoder().encode(secret);

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'token has invalid claims: token is expired';
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'token signature is invalid: signature is invalid';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'signing method is invalid';
  if (error instanceof errors.JWTClaimValidationFailed) return 'token has invalid claims';
  return 'token is malformed';
}

/** @throws {AuthError} 403 `bad_jwt` when the token is not ours or has expired. */
export async function verifyToken(token: string, secret: string): Promise<Claims> {
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), { algorithms: ['HS256'] });
    return claimsSchema.parse(payload);
  } catch (error) {
    throw forbidden('bad_jwt', `invalid JWT: unable to parse or verify signature, ${reasonOf(error)}`);
  }
}

/** One way in which the user has proven who they are in this session, and when (unix seconds). */
export interface AuthenticationMethod {
  method: string;
  timestamp: number;
}

export interface AccessToken {
  token: string;
  /** Unix seconds. */
  expiresAt: number;
  /** Seconds. */
  expiresIn: number;
}

/** An access token for `user` in a session; `methods` newest first. */
export async function signAccessToken(
  settings: Settings,
  user: User,
  sessionId: string,
  methods: AuthenticationMethod[]
): Promise<AccessToken> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + settings.jwtExpiry;
  const token = await new SignJWT({
    iss: settings.issuer,
    sub: user.id,
    aud: user.aud,
    exp: expiresAt,
    iat: issuedAt,
    email: user.email ?? '',
    phone: user.phone ?? '',
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    role: user.role,
    aal: 'aal1',
    amr: methods,
    session_id: sessionId,
    is_anonymous: user.is_anonymous
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(keyOf(settings.jwtSecret));
  return { token, expiresAt, expiresIn: settings.jwtExpiry };
}
