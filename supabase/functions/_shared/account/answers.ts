/** What the account API answers, and what it tells of a patient. */
import type { Tokens } from './auth.ts';
import type { Registration } from './registration.ts';
import type { StartedVerification } from './verification.ts';

/** A patient, as the account API tells of them. */
export interface User {
  /** Null before the account exists. */
  id: string | null;
  username: string | null;
  name: string | null;
  age: number | null;
  /** +E.164 */
  phone_number: string;
  role: 'patient';
}

/** The answer to whatever may text a code. */
export interface CodeAnswer {
  token: string | null;
  refresh_token: string | null;
  user: User | null;
  verification_required: boolean;
  /** Goes back with the code. */
  verification_id: string | null;
  /** Seconds until the code stops working. */
  expires_in: number | null;
  /** How many digits the code has, where they are not six. */
  code_length?: number;
}

/** The code has been texted. */
export function awaitingCode(
  user: User | null,
  { verificationId, expiresIn, codeLength }: StartedVerification
): CodeAnswer {
  return {
    token: null,
    refresh_token: null,
    user,
    verification_required: true,
    verification_id: verificationId,
    expires_in: expiresIn,
    ...(codeLength !== 6 && { code_length: codeLength })
  };
}

/** It was done at once, without a code. */
export function doneAtOnce({ token, refresh_token }: Tokens, user: User): CodeAnswer {
  return {
    token,
    refresh_token,
    user,
    verification_required: false,
    verification_id: null,
    expires_in: null
  };
}

/** The patient of a registration, before there is an account. */
export function userToBe({ username, name, age, phone_number }: Registration): User {
  return { id: null, username: username ?? null, name, age, phone_number, role: 'patient' };
}
