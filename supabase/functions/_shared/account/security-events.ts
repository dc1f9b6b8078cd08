/** What an admin may want to see of sign-ins, refusals and limits: counted by hour in security_events. */
import type { Database } from '../database.ts';
import { hex, hmac } from '../secrets.ts';

/** docs/security.md says what each is. */
export type SecurityEvent =
  | 'signed_in'
  | 'sign_in_refused'
  | 'signed_in_new_device'
  | 'code_sent'
  | 'code_refused'
  | 'limited'
  | 'password_changed'
  | 'account_deleted'
  | 'account_exported'
  | 'sms_refused'
  | 'call_proof_asked'
  | 'call_proof_refused';

/**
 * Counts one event. In a statement of its own, so that it is kept when what it is about is refused.
 * @param secret keys the hash that stands for the client
 * @param about the phone (+E.164, kept masked) and the client's network (clientAddress), as far as known
 */
export async function noteSecurityEvent(
  database: Database,
  secret: string,
  kind: SecurityEvent,
  about: { phone?: string | undefined; client?: string | undefined }
): Promise<void> {
  const client = about.client === undefined ? null : await clientHash(secret, about.client);
  await database`select private.note_security_event(${kind}, ${about.phone ?? null}, ${client})`;
}

/** What stands for a client in the database. */
export async function clientHash(secret: string, client: string): Promise<string> {
  const digest = await hmac(secret, `client:${client}`);
  return hex(digest.subarray(0, 8));
}
