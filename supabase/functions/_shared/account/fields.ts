/** What people type when they register or sign in, checked field by field so that every mistake is told at once. */
import { z } from 'zod';
import { codeIn } from './codes.ts';
import { validationFailed } from './errors.ts';
import type { Refusal } from '../errors.ts';
import { readName } from '../names.ts';
import { asKept, isReadToItsEnd, isTypable } from './passwords.ts';
import { judgePhone, type PhoneVerdict } from '../phone.ts';
import { textedPasswordIn } from './texted-password.ts';
import { asciiDigits, withoutInvisible } from '../text.ts';
import { locales } from '../words/languages.ts';
import type { Words } from '../words/words.ts';

const shortestPassword = 8;

/** Zod's message about a mistake is the name of a sentence in `words`. */
type FieldSentence = keyof Words['fields'];
const says = (sentence: FieldSentence) => sentence;

const name = z.string(says('name')).transform((text, context) => {
  const read = readName(text);
  if ('name' in read) return read.name;
  context.addIssue({ code: 'custom', message: says(read.problem) });
  return z.NEVER;
});

/** A text of digits without what comes along when it is pasted. */
function digitsIn(text: string): string {
  return asciiDigits(withoutInvisible(text)).trim();
}

const age = z
  .union(
    [z.number(), z.string().transform(digitsIn).pipe(z.string().regex(/^\d{1,3}$/)).transform(Number)],
    says('age')
  )
  .refine((years) => Number.isInteger(years) && years >= 0 && years <= 130, says('age'));

const username = z
  .string(says('username'))
  .transform((text) => text.trim())
  .refine((text) => /^(?=.*[A-Za-z])[A-Za-z0-9._-]{3,32}$/.test(text), says('username'));

const password = z
  .string(says('password'))
  .transform(asKept)
  .refine((text) => [...text].length >= shortestPassword, says('passwordTooShort'))
  .refine(isReadToItsEnd, says('passwordTooLong'))
  .refine(isTypable, says('passwordUntypable'));

const code = z.string(says('code')).transform((text, context) => {
  const found = codeIn(text);
  if (found !== undefined) return found;
  context.addIssue({ code: 'custom', message: says('code') });
  return z.NEVER;
});

/** @param region country of numbers typed without a country code */
function phone(region: string) {
  return z.string(phoneSentence(region)).transform((text, context) => {
    const { phone, problem } = judgePhone(text, region);
    if (problem === undefined) return phone;
    context.addIssue({ code: 'custom', message: phoneSentence(region, problem) });
    return z.NEVER;
  });
}

function phoneSentence(region: string, problem?: PhoneVerdict['problem']): FieldSentence {
  if (problem === 'landline' || problem === 'no_sms') return 'phoneWithoutSms';
  return region === 'IN' ? 'phoneInIndia' : 'phone';
}

/** A username, which has a letter, or a phone: also one that gets no SMS (any more), which keeps nobody out. */
function signInName(region: string) {
  return z
    .string(says('signInName'))
    .transform((text) => text.trim())
    .refine((text) => text !== '', says('signInName'))
    .refine(
      (text) => /\p{L}/u.test(text) || judgePhone(text, region).phone !== undefined,
      phoneSentence(region)
    );
}

const presentPassword = z.string(says('signInPassword')).min(1, says('signInPassword'));

const nothing = z.union([z.null(), z.literal('')]).transform(() => undefined);

/** The language of a new account; one we do not write in is none. */
export const locale = z.enum(locales).optional().catch(undefined);

const repeated = z.string(says('passwordNotRepeated')).transform(asKept).optional();
const sameAgain = {
  message: says('passwordNotRepeated'),
  path: ['password2'],
  // Also when other fields have mistakes: all are told at once.
  when: () => true
};

/** The second password has done its work once it is compared. */
function registrationOf<Typed extends { password2?: unknown }>(
  { password2: _, ...registration }: Typed
): Omit<Typed, 'password2'> {
  return registration;
}

/** The shapes of the account API's requests; phones come out as +E.164. */
export function requests(region: string) {
  return {
    register: z
      .object({ name, age, phone_number: phone(region), username, password, password2: repeated, locale })
      .refine((body) => body.password === body.password2, sameAgain)
      .transform(registrationOf),
    link: z
      .object({
        name,
        age,
        phone_number: phone(region),
        username: z.union([nothing, username], says('username')).optional(),
        password,
        password2: repeated,
        locale
      })
      .refine((body) => body.password2 === undefined || body.password === body.password2, sameAgain)
      .transform(registrationOf),
    phone: z.object({ phone_number: phone(region) }),
    verifyPhone: z.object({
      verification_id: z.string(says('verificationId')).max(200, says('verificationId')),
      code,
      new_password: z.union([nothing, password], says('password')).optional()
    }),
    signIn: z.object({
      username: signInName(region),
      password: presentPassword
    }),
    changePhone: z.object({ phone_number: phone(region), password: presentPassword }),
    changePassword: z
      .object({ password: presentPassword, new_password: password })
      .refine(
        ({ password: present, new_password }) =>
          new_password !== asKept(present) && new_password !== textedPasswordIn(present),
        {
          message: says('passwordSame'),
          path: ['new_password']
        }
      ),
    choosePassword: z.object({ new_password: password }),
    deleteAccount: z.object({ password: presentPassword }),
    exportAccount: z.object({ password: presentPassword })
  };
}

/**
 * A request's body in its shape.
 * @throws RefusedError 400 `validation_failed` with a sentence for every field that has a mistake
 */
export function parseFields<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const fields: NonNullable<Refusal['fields']> = {};
  for (const { path, message } of parsed.error.issues) {
    fields[String(path[0] ?? 'body')] ??= (words) => words.fields[message as FieldSentence];
  }
  throw validationFailed(fields);
}
