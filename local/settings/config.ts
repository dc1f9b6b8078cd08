import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { z } from 'zod';

/** A duration as Go writes it, such as `720h` or `1h30m`, in seconds. */
const duration = z
  .string()
  .regex(/^(\d+h)?(\d+m)?(\d+s)?$/, 'must be a duration such as 720h')
  .transform((text) => {
    const amount = (unit: string) => Number(new RegExp(`(\\d+)${unit}`).exec(text)?.[1] ?? 0);
    return amount('h') * 3600 + amount('m') * 60 + amount('s');
  });

/** The folder that is deployed to Supabase. */
export const supabaseDirectory = fileURLToPath(new URL('../../supabase/', import.meta.url));

// Only what the embedded stack honours; defaults are those of the Supabase CLI.
const configSchema = z.object({
  api: z
    .object({
      schemas: z.array(z.string()).default(['public', 'graphql_public']),
      extra_search_path: z.array(z.string()).default(['public', 'extensions']),
      max_rows: z.int().positive().default(1000)
    })
    .prefault({}),
  db: z
    .object({
      seed: z
        .object({
          enabled: z.boolean().default(true),
          sql_paths: z.array(z.string()).default(['./seed.sql'])
        })
        .prefault({})
    })
    .prefault({}),
  auth: z
    .object({
      site_url: z.string().default('http://127.0.0.1:3000'),
      jwt_expiry: z.int().positive().default(3600),
      enable_refresh_token_rotation: z.boolean().default(true),
      refresh_token_reuse_interval: z.int().nonnegative().default(10),
      minimum_password_length: z.int().positive().default(6),
      password_requirements: z.string().default(''),
      enable_signup: z.boolean().default(true),
      enable_anonymous_sign_ins: z.boolean().default(false),
      sessions: z
        .object({ timebox: duration.default(0), inactivity_timeout: duration.default(0) })
        .prefault({}),
      email: z
        .object({ enabled: z.boolean().default(true), enable_confirmations: z.boolean().default(false) })
        .prefault({}),
      captcha: z.object({ enabled: z.boolean().default(false) }).prefault({}),
      sms: z
        .object({
          enabled: z.boolean().optional(),
          enable_signup: z.boolean().default(false),
          enable_confirmations: z.boolean().default(false)
        })
        .prefault({})
        // `enabled` was called `enable_signup` before.
        .transform(({ enabled, enable_signup: oldName, enable_confirmations }) => ({
          enabled: enabled ?? oldName,
          enable_confirmations
        }))
    })
    .prefault({}),
  functions: z
    .record(
      z.string(),
      z.object({ enabled: z.boolean().default(true), verify_jwt: z.boolean().default(true) }).prefault({})
    )
    .default({})
});

/** What `supabase/config.toml` says, as far as the embedded stack honours it. */
export type ProjectConfig = z.infer<typeof configSchema>;

/** Reads `supabase/config.toml`; the error says which setting is wrong. */
export function readConfig(): ProjectConfig {
  const file = `${supabaseDirectory}config.toml`;
  const config = configSchema.safeParse(parse(readFileSync(file, 'utf8')));
  if (config.success) return config.data;
  throw new Error(`supabase/config.toml: ${z.prettifyError(config.error)}`);
}

/** The same with Auth as supabase.com makes it for a new project. */
export function withFreshAuth(config: ProjectConfig): ProjectConfig {
  const auth = {
    ...config.auth,
    site_url: 'http://localhost:3000',
    minimum_password_length: 6,
    enable_signup: true,
    sessions: { timebox: 0, inactivity_timeout: 0 },
    email: { enabled: true, enable_confirmations: true },
    captcha: { enabled: false },
    sms: { enabled: false, enable_confirmations: true }
  };
  return { ...config, auth };
}
