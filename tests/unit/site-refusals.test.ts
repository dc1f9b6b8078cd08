import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { overwriteGetLocale, type Locale } from '../../src/lib/paraglide/runtime.js';
import { refusalFrom } from '../../src/lib/server/request/refusal.ts';

const speak = (locale: Locale) => overwriteGetLocale(() => locale);

/** How the Data API passes on what the database raised. */
const raised = (message: string, details: string | null = null, code = 'PT409') =>
  refusalFrom({ code, message, details, hint: 'What the database says.' });

// Only hand edits in the dashboard meet these.
const FOR_ADMINS = [
  'note_too_long',
  'sms_too_long',
  'unknown_template',
  'invalid_phone',
  'unknown_time_zone',
  'patient_is_fixed',
  'patient_is_merged',
  'unknown_placeholder',
  'missing_placeholder',
  'empty_template',
  'template_too_long',
  'template_is_needed',
  'settings_are_needed',
  'secret_erased',
  'audit_is_append_only',
  'phone_already_registered',
  'other_account_has_phone',
  'other_patient_has_phone',
  'impossible_status',
  'before_its_day',
  'practitioner_is_fixed',
  'unknown_patient',
  'account_still_there',
  'account_has_other_phone',
  // And for whoever writes to Auth past our functions.
  'unproven_account',
  'change_not_permitted'
];

// Only the functions of the desk refuse with these (docs/desk.md).
const FOR_THE_DESK = [
  'not_staff',
  'manager_only',
  'already_staff',
  'last_manager',
  'desk_proof_required',
  'too_many_codes',
  'changed_meanwhile',
  'note_changed',
  'day_changed',
  'unknown_step',
  'day_is_full',
  'unknown_sms',
  'same_patient',
  'both_have_accounts',
  'gone_has_account',
  'patient_of_others',
  'appointments_clash',
  'family_too_large',
  'too_late_to_undo',
  'phone_of_staff',
  'phone_of_others',
  'has_other_phone',
  'phone_of_holder',
  'dormant_phone',
  'day_is_over',
  'wrong_minutes',
  'wrong_dates',
  'same_practitioner',
  'colleague_without_hours',
  'past_midnight',
  'does_not_fit',
  'invalid_hours',
  'hours_backwards',
  'hours_off_grid',
  'hours_overlap',
  'would_strand',
  'manager_of_all_only'
];

/** The words of the one list of refusals, each with the stable word of the API that it is a finer one of. */
function listed(): { word: string; message: string }[] {
  const list = globSync('supabase/migrations/*foundations.sql').map((file) => readFileSync(file, 'utf8'));
  const row = /\('(\w+)', (?:null|'(\w+)'), 'PT4\d\d',/g;
  return [...list.join('\n').matchAll(row)].map(([, word = '', message = word]) => ({ word, message }));
}

describe('every word with which the database can refuse a patient', () => {
  const words = listed().filter(({ word }) => ![...FOR_ADMINS, ...FOR_THE_DESK].includes(word));

  test('is read from the list', () => {
    const contract = ['slot_taken', 'slot_unavailable', 'slot_in_past', 'too_many_bookings', 'not_found'];
    expect(new Set(words.map(({ message }) => message))).toEqual(
      new Set([
        ...contract,
        'not_cancellable',
        'too_early_to_confirm',
        'too_many_changes',
        'too_many_dependents',
        'dependent_has_appointments',
        'password_change_required',
        'not_signed_in',
        'username_taken',
        'validation_failed'
      ])
    );
  });

  test.each(words)('$word is told in every language', ({ word, message }) => {
    const english = raised(message, word);
    expect(english.code).toBe(word);
    expect(english.message).toMatch(/^[A-Z][a-z ]+/);
    expect(english.message).not.toBe('What the database says.');
    speak('ta-IN');
    expect(raised(message, word).message).toMatch(/\p{Script=Tamil}/u);
  });
});

describe('a refusal of the database', () => {
  test('is told by its word alone, with the status of its code', () => {
    expect(raised('slot_in_past')).toEqual({
      code: 'slot_in_past',
      message: 'That time has already passed. Please choose a later one.',
      status: 409
    });
    expect(raised('not_found', null, 'PT404').status).toBe(404);
  });

  test('is told by its finer word, whichever word it is finer than', () => {
    for (const word of ['slot_taken', 'slot_unavailable']) {
      expect(raised(word, 'own_appointment')).toMatchObject({
        code: 'own_appointment',
        message: 'You already have an appointment at that time.'
      });
      speak('ta-IN');
      expect(raised(word, 'own_appointment').message).toBe(
        'அந்த நேரத்தில் உங்களுக்கு ஏற்கெனவே வேறொரு முன்பதிவு உள்ளது.'
      );
      speak('en-IN');
    }
  });

  test('whose finer word nobody knows is told by the other', () => {
    expect(raised('slot_taken', 'Key (starts_at) already exists.')).toMatchObject({
      code: 'slot_taken',
      message: 'That time was just taken. Please choose another.'
    });
  });

  test('that nobody knows is told as the database put it', () => {
    expect(raised('closed_for_good')).toMatchObject({
      code: 'closed_for_good',
      message: 'What the database says.'
    });
  });

  test('is none when something broke', () => {
    const broken = { code: '57014', message: 'canceling statement', details: null, hint: null };
    expect(() => refusalFrom(broken)).toThrow(expect.objectContaining(broken));
  });
});
