const ENCODER = new TextEncoder();
const IV_BYTES = 12;

/** Encrypts what a browser keeps for us: only this server can read it, for one purpose and a limited time. */
export interface Sealer {
  /** `open` must be given the same `purpose`. */
  seal(purpose: string, value: unknown, seconds: number): Promise<string>;
  /** Undefined: not sealed by us for this purpose, changed on the way, or too old. */
  open(purpose: string, sealed: string): Promise<unknown>;
}

/**
 * AES-GCM with a key made from `secret`, which all instances of a site share. Without one the key is
 * random: nobody can open what was sealed once this process has ended, and other instances never can.
 */
export function createSealer(secret: string | undefined, now: () => number = Date.now): Sealer {
  const key = importKey(secret);
  return {
    async seal(purpose, value, seconds) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const plain = ENCODER.encode(JSON.stringify({ value, until: now() + seconds * 1000 }));
      const closed = await crypto.subtle.encrypt(settings(purpose, iv), await key, plain);
      return Buffer.concat([iv, new Uint8Array(closed)]).toString('base64url');
    },
    async open(purpose, sealed) {
      const bytes = Uint8Array.from(Buffer.from(sealed, 'base64url'));
      const iv = bytes.slice(0, IV_BYTES);
      try {
        const plain = await crypto.subtle.decrypt(settings(purpose, iv), await key, bytes.slice(IV_BYTES));
        const { value, until } = JSON.parse(new TextDecoder().decode(plain)) as {
          value: unknown;
          until: number;
        };
        return until > now() ? value : undefined;
      } catch {
        return undefined;
      }
    }
  };
}

const settings = (purpose: string, iv: Uint8Array<ArrayBuffer>) => ({
  name: 'AES-GCM',
  iv,
  additionalData: ENCODER.encode(purpose)
});

async function importKey(secret: string | undefined): Promise<CryptoKey> {
  const material = secret ? ENCODER.encode(secret) : crypto.getRandomValues(new Uint8Array(32));
  const base = await crypto.subtle.importKey('raw', material, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(),
      info: ENCODER.encode('what visitors keep for the site')
    },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt']
  );
}
