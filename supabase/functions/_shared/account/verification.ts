/** Proving a phone: a sealed request, a texted code, and what the request asked for once the code comes back. */
import { codeInvalid, noSmsNow } from './errors.ts';
import { codeHash, newCode } from './codes.ts';
import type { Database } from '../database.ts';
import {
  formatVerificationId,
  newVerificationId,
  open,
  purposes,
  seal,
  type VerificationId
} from './sealing.ts';
import { type WaitingRequest, waitingRequest } from './waiting.ts';

export interface StartedVerification {
  verificationId: string;
  /** Seconds until the code stops working. */
  expiresIn: number;
  /** How many digits the code has. */
  codeLength: number;
}

/**
 * Keeps a request until its code comes back, and texts the code.
 * @param locale language of the text, unless the patient of that phone chose one
 * @param phone +E.164, where the code goes
 * @param text false: nobody is texted, and nobody can know the code; all else is the same
 * @throws RefusedError 429 when the budget of SMS has no room for the code: it would come too late
 */
export async function startVerification(
  { database, secret, locale }: { database: Database; secret: string; locale: string },
  { phone, waiting, text = true }: { phone: string; waiting: WaitingRequest; text?: boolean }
): Promise<StartedVerification> {
  const verification = newVerificationId();
  const { id } = verification;
  const { purpose, request } = waiting;
  // The database knows which of them is long enough for today.
  const [code, longCode] = [newCode(6), newCode(10)];
  const [byCode, byLongCode, sealed] = await Promise.all([
    codeHash(secret, id, code),
    codeHash(secret, id, longCode),
    seal(request, verification, purpose)
  ]);
  const [row] = await database<{ wait: number; expires_at: Date | null; code_length: number }[]>`
    select wait, expires_at, code_length from private.start_verification(
      ${id}, ${purpose}, ${byCode}, ${byLongCode}, ${sealed},
      ${phone}, ${text ? code : null}, ${text ? longCode : null}, ${locale}
    )`;
  if (!row) throw new Error('The database did not say until when the code works.');
  if (row.expires_at === null) throw noSmsNow(row.wait);
  const expiresIn = Math.round((row.expires_at.getTime() - Date.now()) / 1000);
  return { verificationId: formatVerificationId(verification), expiresIn, codeLength: row.code_length };
}

/** A request whose code may still be guessed. */
export type OpenedRequest = WaitingRequest & {
  /** Of the row that holds it. */
  id: string;
};

/**
 * Opens a request with the `verification_id` of whoever made it.
 * @throws RefusedError 401 `code_invalid` when there is no such request, or not any more
 */
export async function openRequest(database: Database, verification: VerificationId): Promise<OpenedRequest> {
  const [row] = await database<{ purpose: string; sealed_request: Uint8Array }[]>`
    select purpose, sealed_request from private.live_verification(${verification.id})`;
  const purpose = purposes.find((known) => known === row?.purpose);
  if (!row || purpose === undefined) throw codeInvalid();
  const request = await open(row.sealed_request, verification, purpose);
  if (request === undefined) throw codeInvalid();
  return { id: verification.id, ...waitingRequest.parse({ purpose, request }) };
}

/**
 * Takes one guess, and with the right one does what the code was for. The code stays used, whether that was done or
 * refused; only when it failed on our side may the code be used again.
 * @param ownFault whether an error is ours, not a refusal
 * @throws RefusedError 401 `code_invalid`, and whatever `work` throws
 */
export async function withCode<Result>(
  { database, secret }: { database: Database; secret: string },
  id: string,
  code: string,
  ownFault: (error: unknown) => boolean,
  work: () => Promise<Result>
): Promise<Result> {
  const [row] = await database<{ right: boolean }[]>`
    select private.check_code(${id}, ${await codeHash(secret, id, code)}) as right`;
  if (!row?.right) throw codeInvalid();
  try {
    return await work();
  } catch (error) {
    if (ownFault(error)) await database`select private.release_code(${id})`;
    throw error;
  }
}
