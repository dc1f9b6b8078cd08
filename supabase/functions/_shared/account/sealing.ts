/**
 * Requests that wait for a code, sealed so that only the client who made them can have them opened: the key is half of
 * the `verification_id` it was given, and is kept nowhere else.
 */
import { z } from 'zod';

/** What a code proves. */
export const purposes = ['register', 'link', 'reset', 'sign_in', 'change_phone'] as const;
export type Purpose = (typeof purposes)[number];

/** The two halves of a `verification_id`: the row that holds the sealed request, and what opens it. */
export interface VerificationId {
  id: string;
  key: Uint8Array<ArrayBuffer>;
}

const keyBytes = 32;
const ivBytes = 12;
const encoder = new TextEncoder();

/** A `verification_id` that nobody can guess. */
export function newVerificationId(): VerificationId {
  return { id: crypto.randomUUID(), key: crypto.getRandomValues(new Uint8Array(keyBytes)) };
}

/** As the client holds it: `<row id>.<key in base64url>`. */
export function formatVerificationId({ id, key }: VerificationId): string {
  const base64 = btoa(String.fromCharCode(...key));
  return `${id}.${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** @returns undefined for anything that `formatVerificationId` never writes */
export function parseVerificationId(text: string): VerificationId | undefined {
  const [, id, base64] = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  if (id === undefined || base64 === undefined || !z.uuid().safeParse(id).success) return undefined;
  const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
  const parsed = { id, key: Uint8Array.from(binary, (character) => character.charCodeAt(0)) };
  // The last character has bits to spare: one id, one spelling.
  return formatVerificationId(parsed) === text ? parsed : undefined;
}

/** Seals a request for its row and purpose. It opens for no other. */
export async function seal(
  request: unknown,
  { id, key }: VerificationId,
  purpose: Purpose
): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: bound(id, purpose) },
    await derive(key),
    encoder.encode(JSON.stringify(request))
  );
  const whole = new Uint8Array(ivBytes + sealed.byteLength);
  whole.set(iv);
  whole.set(new Uint8Array(sealed), ivBytes);
  return whole;
}

/** @returns undefined when it was changed, or sealed with another key, for another row or another purpose */
export async function open(
  sealed: Uint8Array,
  { id, key }: VerificationId,
  purpose: Purpose
): Promise<unknown> {
  // A copy of its own: the driver's bytes may be a window on something larger.
  const bytes = Uint8Array.from(sealed);
  try {
    const plain = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: bytes.subarray(0, ivBytes), additionalData: bound(id, purpose) },
      await derive(key),
      bytes.subarray(ivBytes)
    );
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return undefined;
  }
}

async function derive(key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveKey']);
  return await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('medq sealed request') },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt']
  );
}

function bound(id: string, purpose: Purpose): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${id}:${purpose}`);
}
