/** Every sentence of the account API. A language is one file that fills this in; the compiler misses no sentence. */
export interface Words {
  // What is refused.
  checkFields: string;
  codeInvalid: string;
  invalidCredentials: string;
  notYourPassword: string;
  notSignedIn: string;
  passwordChangeRequired: string;
  /** It works for 72 hours. */
  textedPasswordExpired: string;
  phoneIsDormant: string;
  /** Seconds until it is worth trying again. */
  rateLimited(facts: { seconds: number }): string;
  /** No code can be texted: whatever we may spend on SMS is spent. Seconds until it is worth trying again. */
  noSmsNow(facts: { seconds: number }): string;
  ivrAccountExists: string;
  phoneAlreadyRegistered: string;
  usernameTaken: string;
  noIvrBookings: string;

  /** What is wrong with one field, told beside it. */
  fields: {
    name: string;
    /** Characters that show nothing or break the line. */
    nameUntypable: string;
    age: string;
    /** Of any country: the example has its code. */
    phone: string;
    phoneInIndia: string;
    phoneWithoutSms: string;
    /** Of a country to which no SMS are sent. */
    phoneAbroad: string;
    username: string;
    password: string;
    passwordTooShort: string;
    passwordTooLong: string;
    passwordUntypable: string;
    passwordTooEasy: string;
    /** The new one is the present one. */
    passwordSame: string;
    passwordNotRepeated: string;
    newPassword: string;
    presentPhone: string;
    code: string;
    verificationId: string;
    signInName: string;
    signInPassword: string;
  };

  // To whoever writes a program.
  tooLong: string;
  notJson: string;
  notAnObject: string;
  methodNotAllowed(facts: { allowed: string }): string;

  // Where there is no sentence of its own.
  notPossible: string;
  internalError: string;
}

/** Which sentence, whatever the language: `(words) => words.codeInvalid`. */
export type Sentence = (words: Words) => string;
