/** What waits for a code, by what the code proves: sealed as it is, and checked once more when it is opened. */
import { z } from 'zod';
import { locale } from './fields.ts';
import type { Registration } from './registration.ts';

const registration: z.ZodType<Registration> = z.object({
  phone_number: z.string(),
  name: z.string(),
  age: z.number(),
  username: z.string().optional(),
  password: z.string(),
  locale
});

export const waitingRequest = z.discriminatedUnion('purpose', [
  z.object({ purpose: z.enum(['register', 'link']), request: registration }),
  z.object({
    purpose: z.enum(['reset', 'sign_in']),
    request: z.object({
      phone: z.string(),
      /** Of the account when it was asked for (accountOnDevice); null where nobody was texted. */
      state: z.string().nullable()
    })
  }),
  z.object({
    purpose: z.literal('change_phone'),
    request: z.object({
      /** The phone to be. */
      phone: z.string(),
      /** Of the account when it was asked for (accountFingerprint). */
      fingerprint: z.string(),
      userId: z.string(),
      sessionId: z.string()
    })
  })
]);
/** Phones are +E.164. */
export type WaitingRequest = z.output<typeof waitingRequest>;
