/** What a Supabase in Docker (`supabase start`) and the stand-in for MessageBird beside it have to know of each other. */
import { z } from 'zod';
import type { StackAddresses } from '../local/settings/addresses.ts';
import { siteSecret } from '../local/settings/keys.ts';

/** What `supabase status -o json` prints, as far as it is needed. */
export const supabaseStatus = z.object({
  API_URL: z.url(),
  DB_URL: z.url(),
  ANON_KEY: z.string(),
  SERVICE_ROLE_KEY: z.string(),
  PUBLISHABLE_KEY: z.string(),
  SECRET_KEY: z.string(),
  JWT_SECRET: z.string()
});

/** What `npm run messagebird -- --json` prints, as far as it is needed. */
export const messageBirdLine = z.object({
  api_url: z.url(),
  inbox_url: z.url(),
  access_key: z.string(),
  signing_key: z.string()
});

export interface DockerStack {
  /** For `MEDQ_TEST_STACK`. */
  addresses: StackAddresses;
  /** For `supabase functions serve --env-file`. */
  settings: Record<string, string>;
  /** For the vault of the database. */
  vault: Record<string, string>;
}

/** How containers call the machine they run on. */
const machine = 'host.docker.internal';
/** How they call the gateway. */
const gateway = 'http://kong:8000';

function withUser(url: string, user: string): string {
  const changed = new URL(url);
  changed.username = user;
  return changed.href;
}

/**
 * @param functionsSecret what the database and the functions are to share
 * @param siteUrl where the site is, for links in SMS
 */
export function dockerStack(
  status: z.infer<typeof supabaseStatus>,
  messagebird: z.infer<typeof messageBirdLine>,
  functionsSecret: string,
  siteUrl: string
): DockerStack {
  const functionsUrl = `${status.API_URL}/functions/v1`;
  return {
    addresses: {
      api_url: status.API_URL,
      db_url: status.DB_URL,
      // There, every role of the database has the same password.
      admin_db_url: withUser(status.DB_URL, 'supabase_admin'),
      anon_key: status.ANON_KEY,
      service_role_key: status.SERVICE_ROLE_KEY,
      publishable_key: status.PUBLISHABLE_KEY,
      secret_key: status.SECRET_KEY,
      jwt_secret: status.JWT_SECRET,
      inbox_url: messagebird.inbox_url,
      messagebird_signing_key: messagebird.signing_key,
      ivr_url: `${functionsUrl}/ivr`,
      functions_secret: functionsSecret
    },
    settings: {
      // As the stand-in calls them: its signatures are for that address.
      PUBLIC_FUNCTIONS_URL: functionsUrl,
      FUNCTIONS_SECRET: functionsSecret,
      MESSAGEBIRD_API_URL: messagebird.api_url.replace('127.0.0.1', machine),
      MESSAGEBIRD_ACCESS_KEY: messagebird.access_key,
      MESSAGEBIRD_SIGNING_KEY: messagebird.signing_key,
      SITE_URL: siteUrl,
      SITE_SECRET: siteSecret(functionsSecret),
      LIVE_TOKEN_SECRET: status.JWT_SECRET
    },
    vault: { functions_url: `${gateway}/functions/v1`, functions_secret: functionsSecret }
  };
}
