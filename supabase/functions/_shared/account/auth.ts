/** Supabase Auth as the account functions need it: accounts through the admin API, sessions by phone and password. */
import { createAdminClient } from '@supabase/server/core';
import { codeInvalid, notSignedIn, rateLimited, validationFailed } from './errors.ts';
import { setting } from '../env.ts';
import { authPhone } from '../phone.ts';

/** What signs a client in. */
export interface Tokens {
  token: string;
  refresh_token: string;
}

export interface Session extends Tokens {
  userId: string;
}

/** Whose token came with a request, verified by Auth. */
export interface SignedInUser {
  userId: string;
  sessionId: string;
}

/** What had an account made: the id of its registration or of its account job, kept as the user's app_metadata. */
export type MadeBy = { registration: string } | { account_job: string };

/**
 * Every call throws when Auth cannot be reached or answers with anything unexpected; then nobody knows whether it was
 * done.
 */
export interface Auth {
  /**
   * Creates the account of a phone that is proven; the database gives it its patient, by what had it made.
   * @returns the user's id
   */
  createUser(account: { phone: string; password: string; madeBy: MadeBy }): Promise<string>;
  /** Makes an account that never opens a session and has no patient, unless the phone has one. Nobody knows its password. */
  createDecoy(phone: string): Promise<void>;
  /** Opens a session. Undefined: no such account, another password, or banned. */
  signIn(phone: string, password: string): Promise<Session | undefined>;
  /**
   * Opens a session with a token that Auth was made to take (private.open_door). Undefined: it does not take it (any
   * more), or the account is banned.
   */
  signInWithToken(phone: string, token: string): Promise<Session | undefined>;
  /** Ends one session, if it has not ended already. */
  signOut(token: string): Promise<void>;
  /**
   * Sets a password and ends every session.
   * @throws RefusedError 400 when Auth finds it too weak, 401 `code_invalid` when there is no such account any more
   */
  setPassword(userId: string, password: string): Promise<void>;
  /** Gives the account another phone. */
  setPhone(userId: string, phone: string): Promise<void>;
  /**
   * Who is signed in with this request's bearer token.
   * @throws RefusedError 401 `not_signed_in`
   */
  signedInUser(request: Request): Promise<SignedInUser>;
}

/** A client with the secret key, and with a limit on how long Auth may take. */
function adminClient(headers: Record<string, string>): ReturnType<typeof createAdminClient> {
  const secretKeys = setting('SUPABASE_SECRET_KEYS');
  const legacyKey = setting('SUPABASE_SERVICE_ROLE_KEY');
  return createAdminClient({
    env: {
      url: setting('SUPABASE_URL'),
      secretKeys: secretKeys ?? (legacyKey ? { default: legacyKey } : {}),
      jwks: null
    },
    supabaseOptions: {
      global: {
        headers,
        fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(10_000) })
      }
    }
  });
}

/**
 * @param client whose requests these are (clientAddress): Auth has limits of its own by address, and would else count
 * all of ours as one client's (where forwarding is switched on in the project)
 * @param userAgent what they browse with, by which they know their sessions again
 */
export function supabaseAuth(client?: string, userAgent: string | null = null): Auth {
  const address = client?.replace(/\/64$/, '');
  const connect = () =>
    adminClient({
      ...(address && address !== 'unknown' && { 'sb-forwarded-for': address }),
      ...(userAgent && { 'user-agent': userAgent })
    });
  return {
    async createUser({ phone, password, madeBy }) {
      const { data, error } = await connect().auth.admin.createUser({
        phone: authPhone(phone),
        phone_confirm: true,
        password,
        app_metadata: madeBy
      });
      if (error) throw error;
      return data.user.id;
    },
    async createDecoy(phone) {
      const password = crypto.randomUUID() + crypto.randomUUID().slice(0, 32);
      // Another instance may have been first; and if it fails, the next who signs in tries again.
      await connect().auth.admin.createUser({ phone: authPhone(phone), password });
    },
    async signIn(phone, password) {
      // A client of its own: it keeps the session and would use it from then on.
      const { data, error } = await connect().auth.signInWithPassword({ phone: authPhone(phone), password });
      if (!error) {
        const { access_token, refresh_token, user } = data.session;
        return { token: access_token, refresh_token, userId: user.id };
      }
      if (error.status === 429) throw rateLimited(60);
      if (refusesPassword(error.code)) return undefined;
      throw error;
    },
    async signInWithToken(phone, token) {
      const { data, error } = await connect().auth.verifyOtp({ phone: authPhone(phone), token, type: 'sms' });
      if (error) {
        if (error.status === 429) throw rateLimited(60);
        if (error.code === 'otp_expired' || error.code === 'user_banned') return undefined;
        throw error;
      }
      if (!data.session || !data.user) throw new Error('Auth took the token and opened no session.');
      const { access_token, refresh_token } = data.session;
      return { token: access_token, refresh_token, userId: data.user.id };
    },
    async signOut(token) {
      const { error } = await connect().auth.admin.signOut(token, 'local');
      // A new password, or the account's end, at the same moment.
      const gone = error?.name === 'AuthSessionMissingError' || error?.code === 'user_not_found';
      if (error && !gone) throw error;
    },
    async setPassword(userId, password) {
      const { error } = await connect().auth.admin.updateUserById(userId, { password });
      if (!error) return;
      if (error.code === 'weak_password') {
        throw validationFailed({ new_password: (words) => words.fields.passwordTooEasy });
      }
      if (error.code === 'user_not_found') throw codeInvalid();
      throw error;
    },
    async setPhone(userId, phone) {
      const { error } = await connect().auth.admin.updateUserById(userId, { phone: authPhone(phone) });
      if (error) throw error;
    },
    async signedInUser(request) {
      const token = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      if (token === undefined || !token.includes('.')) throw notSignedIn();
      const { data, error } = await connect().auth.getUser(token);
      if (error) {
        if (error.status !== undefined && error.status >= 400 && error.status < 429) throw notSignedIn();
        throw error;
      }
      const sessionId = sessionIdIn(token);
      if (sessionId === undefined) throw notSignedIn();
      return { userId: data.user.id, sessionId };
    }
  };
}

function refusesPassword(code: string | undefined): boolean {
  return code === 'invalid_credentials' || code === 'user_banned' || code === 'phone_not_confirmed';
}

/** The session a token was made for. Auth has verified the token by then. */
function sessionIdIn(token: string): string | undefined {
  try {
    const claims = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { session_id: id } = JSON.parse(atob(claims)) as { session_id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
