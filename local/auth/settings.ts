import { log } from '../output.ts';
import type { TokenLimits } from './limits.ts';

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

/** What a project lets strangers do. */
export interface Offers {
  signup: boolean;
  anonymous: boolean;
  email: boolean;
  /** Whether an e-mail, or a phone, counts as confirmed without having been. */
  emailAutoconfirm: boolean;
  phoneAutoconfirm: boolean;
}

const nothing: Offers = {
  signup: false,
  anonymous: false,
  email: false,
  emailAutoconfirm: false,
  phoneAutoconfirm: false
};

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
  /** Whether users may sign in with a phone number. Default true. */
  enablePhone?: boolean;
  /** Whether all but admins must solve a captcha, which nobody can here, to sign in. Default false. */
  captcha?: boolean;
  /** Whether reusing an old refresh token revokes its whole session. Default true. */
  refreshTokenRotation?: boolean;
  /** Seconds in which a refresh token may be used again. Default 10. */
  refreshTokenReuseInterval?: number;
  /** What `GET /settings` tells of the project; none of it can be done here. Default: as the project wants it. */
  offers?: Partial<Offers>;
  /** Seconds after which a session ends; 0: never. Default 0. */
  sessionTimebox?: number;
  /** Seconds without a refresh after which a session ends; 0: never. Default 0. */
  sessionInactivityTimeout?: number;
  /** Limits by client address. Default: none, because here everybody has the same address. */
  limits?: TokenLimits | undefined;
  /** Seconds after which a request is given up. Default 10. */
  maxRequestDuration?: number;
  /** Where failures are told. Default: one JSON line to standard error. */
  log?: (entry: LogEntry) => void;
}

/** The options with every default filled in. */
export type Settings = Required<Omit<AuthOptions, 'passwordRequirements' | 'offers' | 'limits'>> & {
  passwordRequirements: PasswordRequirements;
  offers: Offers;
  limits: TokenLimits | undefined;
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
    enablePhone: options.enablePhone ?? true,
    captcha: options.captcha ?? false,
    refreshTokenRotation: options.refreshTokenRotation ?? true,
    refreshTokenReuseInterval: options.refreshTokenReuseInterval ?? 10,
    offers: { ...nothing, ...options.offers },
    sessionTimebox: options.sessionTimebox ?? 0,
    sessionInactivityTimeout: options.sessionInactivityTimeout ?? 0,
    limits: options.limits,
    maxRequestDuration: options.maxRequestDuration ?? 10,
    log: options.log ?? ((entry) => log(JSON.stringify(entry)))
  };
}
