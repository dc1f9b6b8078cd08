import { z } from 'zod';

const stackAddresses = z.object({
  api_url: z.url(),
  /** As the role `postgres`. */
  db_url: z.string().min(1),
  /** As the superuser `supabase_admin`. */
  admin_db_url: z.string().min(1),
  anon_key: z.string().min(1),
  service_role_key: z.string().min(1),
  publishable_key: z.string().min(1),
  secret_key: z.string().min(1),
  jwt_secret: z.string().min(1),
  inbox_url: z.url(),
  messagebird_signing_key: z.string().min(1),
  ivr_url: z.url(),
  functions_secret: z.string().min(1)
});

/** What programs need to know of a running stack: the line that `npm run stack -- --json` prints. */
export type StackAddresses = z.infer<typeof stackAddresses>;

/**
 * Reads such a line.
 * @param name of the variable that holds it
 * @throws {Error} which says what is missing or wrong, not what is there
 */
export function readStackAddresses(line: string, name: string): StackAddresses {
  const from = `${name} must be the line that npm run stack -- --json prints, but`;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${from} it is not JSON.`);
  }
  const addresses = stackAddresses.safeParse(value);
  if (addresses.success) return addresses.data;
  const wrong = addresses.error.issues.map(({ path }) => path.join('.') || 'all of it').join(', ');
  throw new Error(`${from} these are missing or wrong: ${wrong}.`);
}
