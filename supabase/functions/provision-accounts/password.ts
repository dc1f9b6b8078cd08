import { hmac } from '../_shared/secrets.ts';

/** Capitals and digits that are not mistaken for one another when copied from a small screen: no 0 and O, no 1 and I. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * The temporary password of an account job: 8 characters, 40 bits. Derived instead of drawn, so that every run of a job,
 * before and after a crash and at the same time, comes to the same one and nothing has to remember it.
 * @param passwordSeed random text stored with the job; of no use without the secret
 */
export async function temporaryPassword(
  secret: string,
  jobId: string,
  passwordSeed: string
): Promise<string> {
  const digest = await hmac(secret, `account:${jobId}:${passwordSeed}`);
  // 256 is a multiple of 32: every character is equally likely.
  return Array.from(digest.slice(0, 8), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}
