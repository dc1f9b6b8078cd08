import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import { z } from 'zod';

const roles = [
  'supabase_admin',
  'postgres',
  'authenticator',
  'supabase_auth_admin',
  'supabase_realtime_admin'
] as const;

/** A role of the database that can log in. */
export type LoginRole = (typeof roles)[number];

const keysSchema = z.object({
  jwt_secret: z.string().min(32),
  anon_key: z.string(),
  service_role_key: z.string(),
  publishable_key: z.string().startsWith('sb_publishable_'),
  secret_key: z.string().startsWith('sb_secret_'),
  functions_secret: z.string(),
  messagebird_signing_key: z.string(),
  messagebird_access_key: z.string(),
  vault_key: z.string(),
  passwords: z.record(z.enum(roles), z.string())
});

/** Every secret of one data directory. */
export type Keys = z.infer<typeof keysSchema>;

/** `bytes` random bytes in URL-safe base64. */
export function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** A key of the legacy kind: a token with nothing but a role, valid for ten years. */
async function roleToken(role: string, jwtSecret: string): Promise<string> {
  return new SignJWT({ role, ref: 'medq' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('supabase')
    .setIssuedAt()
    .setExpirationTime('10y')
    .sign(new TextEncoder().encode(jwtSecret));
}

async function generateKeys(): Promise<Keys> {
  const jwtSecret = secret(40);
  const passwords = Object.fromEntries(roles.map((role) => [role, secret(24)])) as Keys['passwords'];
  return {
    jwt_secret: jwtSecret,
    anon_key: await roleToken('anon', jwtSecret),
    service_role_key: await roleToken('service_role', jwtSecret),
    publishable_key: `sb_publishable_${secret(16)}_${secret(6)}`,
    secret_key: `sb_secret_${secret(16)}_${secret(6)}`,
    functions_secret: secret(32),
    messagebird_signing_key: secret(32),
    messagebird_access_key: secret(20),
    vault_key: randomBytes(32).toString('hex'),
    passwords
  };
}

/** Reads the keys of a data directory from `file`, or makes new ones and keeps them there. */
export async function loadKeys(file: string): Promise<Keys> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const keys = await generateKeys();
    writeFileSync(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
    return keys;
  }
  chmodSync(file, 0o600);
  const keys = keysSchema.safeParse(JSON.parse(text));
  if (keys.success) return keys.data;
  throw new Error(`${file} is damaged. Start over with: npm run stack -- --reset`, { cause: keys.error });
}

/** What the site and the functions of one stack know each other by. Follows from the functions' secret. */
export function siteSecret(functionsSecret: string): string {
  return createHmac('sha256', functionsSecret).update('site').digest('base64url');
}
