/**
 * The address of the Supabase project, without a slash at its end.
 * Throws a sentence for whoever starts the server when it is missing or unusable.
 */
export function projectUrl(value: string | undefined): string {
  if (!value) {
    throw new Error(
      'Set PUBLIC_SUPABASE_URL to the address of your Supabase project, such as https://abc.supabase.co.'
    );
  }
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new Error('PUBLIC_SUPABASE_URL must be a web address such as https://abc.supabase.co.');
  }
  return value.replace(/\/+$/, '');
}

/**
 * The key every visitor may know. Throws a sentence when it is missing, or is a key that opens everything:
 * such a key would be sent to every browser.
 */
export function publicKey(value: string | undefined): string {
  if (!value) {
    throw new Error("Set PUBLIC_SUPABASE_ANON_KEY to your project's publishable key (sb_publishable_...).");
  }
  if (value.startsWith('sb_secret_') || roleOf(value) === 'service_role') {
    throw new Error(
      'PUBLIC_SUPABASE_ANON_KEY holds a secret key. Browsers would see it: use the publishable (or anon) key.'
    );
  }
  return value;
}

/** The secret shared with the functions, if there is one. Throws a sentence when it could be guessed. */
export function siteSecret(value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (value.length < 32) {
    throw new Error('SITE_SECRET is too short: use at least 32 random characters (openssl rand -hex 32).');
  }
  return value;
}

/** Whom to tell of a hole, if anybody is named. Throws a sentence when it is no address that one can write to or visit. */
export function securityContact(value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (!/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(value) || !URL.canParse(value)) {
    throw new Error(
      'SECURITY_CONTACT must be an address such as mailto:security@example.org or https://example.org/report.'
    );
  }
  return value;
}

function roleOf(key: string): unknown {
  try {
    const claims: unknown = JSON.parse(
      atob((key.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))
    );
    return typeof claims === 'object' && claims !== null && 'role' in claims ? claims.role : undefined;
  } catch {
    return undefined; // not a JWT: a publishable key
  }
}
