import type { Words } from './words.ts';

export const english: Words = {
  checkFields: 'Please check what you entered.',
  codeInvalid: 'That code is not right, or no longer works. Check it, or ask for a new one.',
  invalidCredentials: 'That username and password do not match.',
  notYourPassword: 'This is not your password.',
  notSignedIn: 'Please sign in first.',
  passwordChangeRequired: 'Please choose a new password first.',
  textedPasswordExpired:
    'The password we texted you works no longer. Choose "Forgot your password?", and we text you a code for a new one.',
  phoneIsDormant:
    "This phone number was not used here for so long that it may be somebody else's now. Please ask the clinic: they will see to it that you get in.",
  rateLimited: ({ seconds }) => `Too many tries. Please try again ${inAWhile(seconds)}.`,
  noSmsNow: ({ seconds }) => `We cannot send you an SMS right now. Please try again ${inAWhile(seconds)}.`,
  ivrAccountExists:
    'This phone number already has bookings made by phone. Would you like to link your existing bookings?',
  phoneAlreadyRegistered:
    'This phone number already has an account. Sign in, or have a code texted if you forgot the password.',
  usernameTaken: 'Somebody else has that username. Please choose another.',
  noIvrBookings: 'There are no bookings to link for this phone number. Please register instead.',

  fields: {
    name: 'Please enter your name in letters, up to 100 characters.',
    nameUntypable:
      'Please type your name: what was pasted has a line break or a character that cannot be seen.',
    age: 'Please enter your age as a whole number between 0 and 130.',
    phone: 'Please enter a phone number such as +91 98765 43210, with its country code.',
    phoneInIndia: 'Please enter a phone number such as 98765 43210 or +91 98765 43210.',
    phoneWithoutSms: 'This number cannot get an SMS. Please enter the number of a mobile phone.',
    phoneAbroad:
      'We do not send SMS to the country of this number. Please enter one of the country where the clinic is.',
    username: 'Please choose 3 to 32 letters, digits, dots, dashes or underscores, with at least one letter.',
    password: 'Please choose a password.',
    passwordTooShort: 'Please use at least 8 characters.',
    passwordTooLong:
      'Please make it shorter: at most 72 English letters and digits, and fewer in other scripts, whose letters take up more room.',
    passwordUntypable: 'Please use characters that can be typed.',
    passwordTooEasy: 'That password is too easy to guess. Please choose another.',
    passwordSame: 'Please choose a password that differs from the one you have now.',
    passwordNotRepeated: 'This is not the same as the password above.',
    newPassword: 'Please choose a new password.',
    presentPhone: 'This is the phone number you have now.',
    code: 'Please enter the digits we texted you.',
    verificationId: 'Please ask for a new code.',
    signInName: 'Please enter your username or phone number.',
    signInPassword: 'Please enter your password.'
  },

  tooLong: 'That is too much text.',
  notJson: 'Please send JSON, with Content-Type: application/json.',
  notAnObject: 'Please send one JSON object.',
  methodNotAllowed: ({ allowed }) => `Please use ${allowed}.`,

  notPossible: 'That is not possible.',
  internalError: 'Something went wrong on our side. Please try again in a moment.'
};

function inAWhile(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return 'in a minute';
  if (minutes <= 90) return `in ${minutes} minutes`;
  return `in ${Math.ceil(minutes / 60)} hours`;
}
