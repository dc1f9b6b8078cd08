import { internationalDigits } from './phone-number.ts';
import { invalid, missing, noRecipients } from './rest-errors.ts';
import type { RestError } from './rest-errors.ts';
import { fitsGsm, forceGsm, measure } from './text-length.ts';
import type { Datacoding } from './text-length.ts';

/** What a `POST /messages` asks for, after the checks MessageBird makes. */
export interface Submission {
  originator: string;
  /** Digits with country code, no `+`, each once. */
  recipients: string[];
  /** As it will arrive on the phone. */
  body: string;
  datacoding: Datacoding;
  parts: number;
  reference: string | null;
  reportUrl: string | null;
  validity: number | null;
  mclass: 0 | 1;
}

const maxRecipients = 50;
const maxParts = 9;
const maxReference = 128;

/** Checks the fields of a message, JSON or form. Returns either the submission or every error found, as MessageBird does. */
export function readSubmission(fields: Record<string, unknown>): Submission | RestError[] {
  const errors: RestError[] = [];
  const check = <T>(value: T | RestError): T | undefined => {
    if (!isRestError(value)) return value;
    errors.push(value);
    return undefined;
  };
  const recipients = check(readRecipients(fields.recipients));
  const originator = check(readOriginator(fields.originator));
  const text = check(readText(fields.body, fields.datacoding));
  const reference = check(readReference(fields.reference));
  const reportUrl = check(readReportUrl(fields.reportUrl));
  const validity = check(readValidity(fields.validity));
  const mclass = check(readClass(fields.mclass));
  if (isGiven(fields.scheduledDatetime))
    errors.push(invalid('scheduledDatetime', 'is not supported by this stand-in'));
  if (
    errors.length > 0 ||
    recipients === undefined ||
    originator === undefined ||
    text === undefined ||
    reference === undefined ||
    reportUrl === undefined ||
    validity === undefined ||
    mclass === undefined
  )
    return errors;
  return { recipients, originator, ...text, reference, reportUrl, validity, mclass };
}

function readRecipients(value: unknown): string[] | RestError {
  const entries = Array.isArray(value) ? value : typeof value === 'number' ? [value] : splitList(value);
  const numbers = entries.map((entry) => internationalDigits(String(entry))).filter((n) => n !== undefined);
  const unique = [...new Set(numbers)];
  if (unique.length === 0) return noRecipients;
  return unique.length > maxRecipients ? invalid('recipients', `may be at most ${maxRecipients}`) : unique;
}

function readOriginator(value: unknown): string | RestError {
  if (!isGiven(value)) return missing('originator');
  const originator = String(value).trim();
  const isNumber = /^\+?\d{3,15}$/.test(originator);
  // Letters, digits and inner spaces; anything else is refused by networks even where the API takes it.
  const isName = /^[A-Za-z0-9][A-Za-z0-9 ]{0,10}$/.test(originator);
  return isNumber || isName ? originator : invalid('originator');
}

function readText(
  value: unknown,
  datacoding: unknown
): Pick<Submission, 'body' | 'datacoding' | 'parts'> | RestError {
  if (!isGiven(value)) return missing('body');
  const wanted = isGiven(datacoding) ? datacoding : 'plain';
  if (wanted !== 'plain' && wanted !== 'unicode' && wanted !== 'auto') return invalid('datacoding');
  const coding = wanted === 'auto' ? (fitsGsm(String(value)) ? 'plain' : 'unicode') : wanted;
  const body = coding === 'plain' ? forceGsm(String(value)) : String(value);
  const { parts } = measure(body, coding);
  return parts > maxParts ? invalid('body', 'is too long') : { body, datacoding: coding, parts };
}

function readReference(value: unknown): string | null | RestError {
  if (!isGiven(value)) return null;
  return String(value).length > maxReference ? invalid('reference') : String(value);
}

function readReportUrl(value: unknown): string | null | RestError {
  if (!isGiven(value)) return null;
  return /^https?:\/\//.test(String(value)) && URL.canParse(String(value))
    ? String(value)
    : invalid('reportUrl');
}

function readValidity(value: unknown): number | null | RestError {
  if (!isGiven(value)) return null;
  const seconds = Number(value);
  return Number.isInteger(seconds) && seconds > 0 ? seconds : invalid('validity');
}

function readClass(value: unknown): 0 | 1 | RestError {
  if (!isGiven(value) || Number(value) === 1) return 1;
  return Number(value) === 0 ? 0 : invalid('mclass');
}

function splitList(value: unknown): unknown[] {
  return typeof value === 'string' ? value.split(',') : [];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function isRestError(value: unknown): value is RestError {
  return typeof value === 'object' && value !== null && 'description' in value;
}
