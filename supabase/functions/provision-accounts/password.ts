import { textedAlphabet, textedLength } from '../_shared/account/texted-password.ts';
import { hmac } from '../_shared/secrets.ts';

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
  return Array.from(
    digest.slice(0, textedLength),
    (byte) => textedAlphabet.charAt(byte % textedAlphabet.length)
  ).join('');
}
