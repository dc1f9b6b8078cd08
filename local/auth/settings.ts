import { log } from '../output.ts';

/** How many requests one client address may make in five minutes; `[auth.rate_limit]` of supabase/config.toml. */
export interface RateLimits {
  /** `/token`, all grants, so signing in as well. Default 150. */
  tokenRefresh: number;
  /** `/verify`. Default 30. */
  tokenVerifications: number;
  /** `/signup`, `/otp`, `/resend`, `/recover`, `/magiclink` and `PUT /user`, counted apart. Default 30. */
  signInSignUps: number;
  /** How many of them may come at once. Default 30. */
  burst: number;
}

const passwordRequirements = [
  '',
  'letters_digits',
  'lower_upper_letters_digits',
  'lower_upper_letters_digits_symbols'
] as const;
/** Rules for passwords beyond their length; `password_requirements` of supabase/config.toml. */
export type PasswordRequirements = (typeof passwordRequirements)[number];

/** One line about a request that failed for a reason the client must not see. Holds no personal data. */
export interface LogEntry {
  level: 'error';
  service: 'auth';
  error_id: string;
  method: string;
  path: string;
  message: string;
  /** SQLSTATE, when the database refused. */
  sqlstate?: string;
}

export interface AuthOptions {
  /** Logs in as `supabase_auth_admin`. */
  databaseUrl: string;
  /** Signs and verifies the tokens with HS256. */
  jwtSecret: string;
  /** The claim `iss`: the public address of Auth, e.g. `http://127.0.0.1:54321/auth/v1`. */
  issuer: string;
  /** Seconds an access token is good for. Default 3600. */
  jwtExpiry?: number;
  /** Default 6. */
  minimumPasswordLength?: number;
  /** One of `PasswordRequirements`. Default none. */
  passwordRequirements?: string;
  /** Whether anybody may sign up. Default false: accounts are created through the admin API. */
  enableSignup?: boolean;
  /** Whether users may sign in with a phone number. Default true. */
  enablePhone?: boolean;
  /** Whether users may sign in with an email address. Default false. */
  enableEmail?: boolean;
  /** Whether reusing an old refresh token revokes its whole session. Default true. */
  refreshTokenRotation?: boolean;
  /** Seconds in which a refresh token may be used again. Default 10. */
  refreshTokenReuseInterval?: number;
  /** Whether changing the password needs a session younger than a day. Default false. */
  securePasswordChange?: boolean;
  /** Whether changing the password needs the current one. Default false. */
  requireCurrentPassword?: boolean;
  /** The name `/settings` tells. Default `messagebird`. */
  smsProvider?: string;
  /** Limits per client address; they apply only when `rateLimitHeader` is set. */
  rateLimits?: Partial<RateLimits>;
  /** The header whose first value is the client's address, e.g. `x-forwarded-for`. Default: no limits. */
  rateLimitHeader?: string;
  /** Where failures are told. Default: one JSON line to standard error. */
  log?: (entry: LogEntry) => void;
}

/** The options with every default filled in. */
export type Settings = Required<
  Omit<AuthOptions, 'passwordRequirements' | 'rateLimits' | 'rateLimitHeader'>
> & {
  passwordRequirements: PasswordRequirements;
  rateLimits: RateLimits;
  rateLimitHeader: string | undefined;
};

function knownRequirements(name = ''): PasswordRequirements {
  const known = passwordRequirements.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new Error(
    `password_requirements is "${name}", but must be one of: ${passwordRequirements.join(', ')}`
  );
}

/** @throws {Error} when an option has a value that Auth does not know. */
export function withDefaults(options: AuthOptions): Settings {
  return {
    databaseUrl: options.databaseUrl,
    jwtSecret: options.jwtSecret,
    issuer: options.issuer,
    jwtExpiry: options.jwtExpiry ?? 3600,
    minimumPasswordLength: options.minimumPasswordLength ?? 6,
    passwordRequirements: knownRequirements(options.passwordRequirements),
    enableSignup: options.enableSignup ?? false,
    enablePhone: options.enablePhone ?? true,
    enableEmail: options.enableEmail ?? false,
    refreshTokenRotation: options.refreshTokenRotation ?? true,
    refreshTokenReuseInterval: options.refreshTokenReuseInterval ?? 10,
    securePasswordChange: options.securePasswordChange ?? false,
    requireCurrentPassword: options.requireCurrentPassword ?? false,
    smsProvider: options.smsProvider ?? 'messagebird',
    rateLimits: {
      tokenRefresh: options.rateLimits?.tokenRefresh ?? 150,
      tokenVerifications: options.rateLimits?.tokenVerifications ?? 30,
      signInSignUps: options.rateLimits?.signInSignUps ?? 30,
      burst: options.rateLimits?.burst ?? 30
    },
    rateLimitHeader: options.rateLimitHeader,
    log: options.log ?? ((entry) => log(JSON.stringify(entry)))
  };
}
