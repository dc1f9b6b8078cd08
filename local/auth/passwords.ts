import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { hash, verify } from '@node-rs/bcrypt';
import { AuthError, badRequest, unexpected } from './errors.ts';
import type { PasswordRequirements, Settings } from './settings.ts';

/** bcrypt reads no more. */
const maximumBytes = 72;
/** As on hosted; the project's own tests, which sign in a thousand times, set it lower. */
const cost = Number(process.env.MEDQ_BCRYPT_COST ?? 10);

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const symbols = '!@#$%^&*()_+-=[]{};\'\\:"|<>?,./`~';
const requiredCharacters: Record<PasswordRequirements, string[]> = {
  '': [],
  letters_digits: [lower + upper, digits],
  lower_upper_letters_digits: [lower, upper, digits],
  lower_upper_letters_digits_symbols: [lower, upper, digits, symbols]
};

const bytes = (password: string) => Buffer.byteLength(password);

export interface Weakness {
  message: string;
  reasons: string[];
}

/** Why `password` is too weak for the project, or undefined when it is good enough. */
export function passwordWeakness(password: string, settings: Settings): Weakness | undefined {
  const messages: string[] = [];
  const reasons: string[] = [];
  if (bytes(password) < settings.minimumPasswordLength) {
    reasons.push('length');
    messages.push(`Password should be at least ${settings.minimumPasswordLength} characters.`);
  }
  const sets = requiredCharacters[settings.passwordRequirements];
  if (sets.some((set) => ![...password].some((character) => set.includes(character)))) {
    reasons.push('characters');
    messages.push(`Password should contain at least one character of each: ${sets.join(', ')}.`);
  }
  return reasons.length > 0 ? { message: messages.join(' '), reasons } : undefined;
}

/**
 * Refuses a password that somebody chose.
 *
 * @throws {AuthError} 422 `weak_password` with reasons; 400 `validation_failed` when it has more than 72 bytes.
 */
export function checkPasswordStrength(password: string, settings: Settings): void {
  if (bytes(password) > maximumBytes) {
    throw badRequest('validation_failed', `Password cannot be longer than ${maximumBytes} characters`);
  }
  const weakness = passwordWeakness(password, settings);
  if (weakness) throw new AuthError(422, 'weak_password', weakness.message, { reasons: weakness.reasons });
}

/** @throws {AuthError} 500 when the password has more than 72 bytes: Auth stumbles over it unless it was checked before. */
export async function hashPassword(password: string): Promise<string> {
  if (bytes(password) > maximumBytes) {
    throw unexpected('Internal Server Error', new Error('bcrypt: password length exceeds 72 bytes'));
  }
  return hash(password, { cost });
}

/** Whether `password` is the one behind the hash `stored`. */
export async function passwordMatches(password: string, stored: string): Promise<boolean> {
  return verify(password, stored);
}

/** A password for an account that nobody is meant to sign in to with one. */
export function unguessablePassword(): string {
  return randomBytes(48).toString('base64url');
}
