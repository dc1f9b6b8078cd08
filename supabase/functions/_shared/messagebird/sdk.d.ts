import type { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';

/** What the verifier checks, and the options it hands to its JWT library. */
export class VerifyOptions {
  constructor(
    validateUrl?: boolean,
    validatePayload?: boolean,
    jwtVerifyOptions?: {
      issuer: string;
      algorithms: string[];
      clockTolerance?: number;
      currentDate?: Date;
    },
    jwtVerifyJti?: (jti: unknown) => boolean
  );
}

/** Resolves when the token signs exactly this URL and payload; rejects otherwise. `null` is a request without body. */
export function verify(
  url: string,
  payload: Buffer | null,
  jwt: string,
  key: KeyObject,
  options?: VerifyOptions
): Promise<true>;
