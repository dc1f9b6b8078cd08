/** What people type when they register or sign in, checked field by field so that every mistake is told at once. */
import { z } from 'zod';
import { type FieldErrors, validationFailed } from './account-errors.ts';
import { normalisePhone } from './phone.ts';

const shortestPassword = 8;
/** Auth hashes no more than this. */
const longestPasswordBytes = 72;

const nameSentence = 'Please enter your name, up to 100 characters.';
const ageSentence = 'Please enter your age as a whole number between 0 and 130.';
const usernameSentence =
  'Please choose 3 to 32 letters, digits, dots, dashes or underscores, with at least one letter.';
const codeSentence = 'Please enter the 6 digits we texted you.';

// Characters that write nothing, or turn the writing around them about.
const unprintable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

const name = z
  .string(nameSentence)
  .transform((text) => text.normalize('NFC').trim())
  .refine((text) => /\p{L}/u.test(text) && [...text].length <= 100 && !unprintable.test(text), nameSentence);

const age = z
  .union([z.number(), z.string().regex(/^\s*\d{1,3}\s*$/).transform(Number)], ageSentence)
  .refine((years) => Number.isInteger(years) && years >= 0 && years <= 130, ageSentence);

const username = z
  .string(usernameSentence)
  .transform((text) => text.trim())
  .refine((text) => /^(?=.*[A-Za-z])[A-Za-z0-9._-]{3,32}$/.test(text), usernameSentence);

const password = z
  .string('Please choose a password.')
  .refine(
    (text) => [...text].length >= shortestPassword,
    `Please use at least ${shortestPassword} characters.`
  )
  .refine(
    (text) => new TextEncoder().encode(text).length <= longestPasswordBytes,
    `Please use at most ${longestPasswordBytes} characters.`
  )
  .refine((text) => !text.includes('\0'), 'Please use characters that can be typed.');

/** @param region country of numbers typed without a country code */
function phone(region: string) {
  const sentence = `Please enter a phone number such as ${exampleOf(region)}.`;
  return z.string(sentence).transform((text, context) => {
    const normalised = normalisePhone(text, region);
    if (normalised !== undefined) return normalised;
    context.addIssue({ code: 'custom', message: sentence });
    return z.NEVER;
  });
}

const nothing = z.union([z.null(), z.literal('')]).transform(() => undefined);

const repeated = z.string().optional();
const sameAgain = {
  message: 'This is not the same as the password above.',
  path: ['password2'],
  // Told beside the mistakes in other fields, not after them.
  when: () => true
};

/** The shapes of the account API's requests; phones come out as +E.164. */
export function requests(region: string) {
  return {
    register: z
      .object({ name, age, phone_number: phone(region), username, password, password2: repeated })
      .refine((body) => body.password === body.password2, sameAgain),
    link: z
      .object({
        name,
        age,
        phone_number: phone(region),
        username: z.union([nothing, username]).optional(),
        password,
        password2: repeated
      })
      .refine((body) => body.password2 === undefined || body.password === body.password2, sameAgain),
    forgotPassword: z.object({ phone_number: phone(region) }),
    verifyPhone: z.object({
      verification_id: z.string('Please ask for a new code.').max(200, 'Please ask for a new code.'),
      code: z
        .string(codeSentence)
        .transform((text) => text.replace(/[\s-]/g, ''))
        .refine((text) => /^\d{6}$/.test(text), codeSentence),
      new_password: z.union([nothing, password]).optional()
    }),
    signIn: z.object({
      username: z
        .string('Please enter your username or phone number.')
        .transform((text) => text.trim())
        .refine((text) => text !== '', 'Please enter your username or phone number.'),
      password: z.string('Please enter your password.').min(1, 'Please enter your password.')
    }),
    changePhone: z.object({
      phone_number: phone(region),
      password: z.string('Please enter your password.').min(1, 'Please enter your password.')
    })
  };
}

/**
 * A request's body in its shape.
 * @throws DomainError 400 `validation_failed` with a sentence for every field that has a mistake
 */
export function parseFields<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const fields: FieldErrors = {};
  for (const { path, message } of parsed.error.issues) fields[String(path[0] ?? 'body')] ??= message;
  throw validationFailed(fields);
}

/** A number as people of a country write it, and with its country code. */
function exampleOf(region: string): string {
  return region === 'IN' ? '98765 43210 or +91 98765 43210' : '+91 98765 43210, with its country code';
}
