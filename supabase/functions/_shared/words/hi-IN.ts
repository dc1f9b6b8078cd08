import type { Words } from './words.ts';

/** Hindi as a receptionist speaks it: polite, and with the English words that everybody uses. */
export const hindi: Words = {
  checkFields: 'जो भरा है उसे एक बार जाँच लें।',
  codeInvalid: 'यह कोड सही नहीं है, या अब नहीं चलता। जाँच लें, या नया कोड मँगाएँ।',
  invalidCredentials: 'यह यूज़रनेम और पासवर्ड मेल नहीं खाते।',
  notYourPassword: 'यह आपका पासवर्ड नहीं है।',
  notSignedIn: 'पहले साइन इन करें।',
  passwordChangeRequired: 'पहले नया पासवर्ड चुनें।',
  textedPasswordExpired:
    'SMS में भेजा हुआ पासवर्ड अब नहीं चलता। "पासवर्ड भूल गए?" चुनें, हम नए पासवर्ड के लिए SMS से कोड भेजेंगे।',
  phoneIsDormant:
    'यह फ़ोन नंबर यहाँ बहुत समय से काम में नहीं आया; हो सकता है अब यह किसी और का हो। क्लिनिक से पूछें, वे साइन इन में आपकी मदद करेंगे।',
  rateLimited: ({ seconds }) => `बहुत बार कोशिश हो चुकी है। ${inAWhile(seconds)} फिर कोशिश करें।`,
  noSmsNow: ({ seconds }) => `अभी आपको SMS नहीं भेजा जा सकता। ${inAWhile(seconds)} फिर कोशिश करें।`,
  ivrAccountExists: 'इस फ़ोन नंबर से फ़ोन पर लिए हुए अपॉइंटमेंट पहले से हैं। क्या आप उन्हें जोड़ना चाहते हैं?',
  phoneAlreadyRegistered: 'इस फ़ोन नंबर का खाता पहले से है। साइन इन करें, या पासवर्ड भूल गए हों तो SMS से कोड मँगाएँ।',
  usernameTaken: 'यह यूज़रनेम किसी और का है। कोई दूसरा चुनें।',
  noIvrBookings: 'इस फ़ोन नंबर पर जोड़ने के लिए कोई बुकिंग नहीं है। इसकी जगह रजिस्टर करें।',

  fields: {
    name: 'अपना नाम अक्षरों में लिखें, 100 अक्षरों तक।',
    nameUntypable: 'अपना नाम टाइप करें: जो चिपकाया है उसमें नई लाइन या कोई न दिखने वाला निशान है।',
    age: 'अपनी उम्र 0 से 130 के बीच पूरे अंक में लिखें।',
    phone: '+91 98765 43210 जैसा फ़ोन नंबर लिखें, देश के कोड के साथ।',
    phoneInIndia: '98765 43210 या +91 98765 43210 जैसा फ़ोन नंबर लिखें।',
    phoneWithoutSms: 'इस नंबर पर SMS नहीं आ सकता। मोबाइल नंबर लिखें।',
    phoneAbroad: 'इस नंबर के देश में हम SMS नहीं भेजते। उस देश का नंबर लिखें जहाँ क्लिनिक है।',
    // Not in Devanagari, which nobody can guess from "letters".
    username: 'अंग्रेज़ी अक्षर, अंक, बिंदु (.), डैश (-) या अंडरस्कोर (_) में से 3 से 32 चुनें; कम से कम एक अक्षर हो।',
    password: 'पासवर्ड चुनें।',
    passwordTooShort: 'कम से कम 8 अक्षर लिखें।',
    // A letter of Devanagari takes three to nine of the 72 bytes.
    passwordTooLong:
      'इसे छोटा करें: अंग्रेज़ी अक्षर और अंक ज़्यादा से ज़्यादा 72; हिंदी जैसी लिपियों के अक्षर ज़्यादा जगह लेते हैं, इसलिए उनके कम।',
    passwordUntypable: 'ऐसे अक्षर लिखें जो टाइप हो सकें।',
    passwordTooEasy: 'यह पासवर्ड आसानी से बूझा जा सकता है। कोई दूसरा चुनें।',
    passwordSame: 'अभी वाले पासवर्ड से अलग पासवर्ड चुनें।',
    passwordNotRepeated: 'यह ऊपर वाले पासवर्ड जैसा नहीं है।',
    newPassword: 'नया पासवर्ड चुनें।',
    presentPhone: 'अभी आपका यही फ़ोन नंबर है।',
    code: 'SMS में आए अंक लिखें।',
    verificationId: 'नया कोड मँगाएँ।',
    signInName: 'अपना यूज़रनेम या फ़ोन नंबर लिखें।',
    signInPassword: 'अपना पासवर्ड लिखें।'
  },

  tooLong: 'लिखा हुआ बहुत लंबा है।',
  notJson: 'JSON भेजें, Content-Type: application/json के साथ।',
  notAnObject: 'एक ही JSON object भेजें।',
  methodNotAllowed: ({ allowed }) => `${allowed} का उपयोग करें।`,

  notPossible: 'यह नहीं हो सकता।',
  internalError: 'हमारी ओर से कुछ गड़बड़ हो गई। थोड़ी देर बाद फिर कोशिश करें।'
};

function inAWhile(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return 'एक मिनट बाद';
  if (minutes <= 90) return `${minutes} मिनट बाद`;
  return `${Math.ceil(minutes / 60)} घंटे बाद`;
}
