import { building } from '$app/env';
import { defineEnvVars } from '@sveltejs/kit/env';
import { region } from './lib/server/account/phone.ts';
import { projectUrl, publicKey, securityContact, siteSecret } from './lib/settings.ts';

// Read when the server starts. A build needs neither, so one build serves every project.
export const variables = defineEnvVars({
  PUBLIC_SUPABASE_URL: {
    public: true,
    description: 'The address of the Supabase project.',
    schema: (value) => (building ? '' : projectUrl(value))
  },
  PUBLIC_SUPABASE_ANON_KEY: {
    public: true,
    description: "The project's publishable (or older anon) key.",
    schema: (value) => (building ? '' : publicKey(value))
  },
  DEFAULT_REGION: {
    description: 'The country of phone numbers written without a country code, such as IN.',
    schema: region
  },
  SECURITY_CONTACT: {
    description: 'Whom to tell of a hole in the site, for /.well-known/security.txt. Optional.',
    schema: securityContact
  },
  SITE_SECRET: {
    description:
      'The secret with which the functions believe for which visitor the site asks: the same as theirs. Optional.',
    schema: siteSecret
  }
});
