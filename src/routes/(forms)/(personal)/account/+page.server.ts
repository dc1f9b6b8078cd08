import { redirect } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { m } from '#lib/paraglide/messages.js';
import { isLocale } from '#lib/paraglide/runtime.js';
import { deleteAccount } from '#lib/server/account/delete-account.ts';
import {
  addPerson,
  correctPerson,
  listFamily,
  MOST_PEOPLE,
  removePerson
} from '#lib/server/account/family.ts';
import { changePassword } from '#lib/server/account/own-password.ts';
import { problemsOf, SHORTEST_PASSWORD } from '#lib/server/account/password.ts';
import { phoneExample } from '#lib/server/account/phone-hints.ts';
import { phoneText } from '#lib/server/account/phone.ts';
import { loadProfile, problemsOfProfile, saveProfile } from '#lib/server/account/profile.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { forgetForms } from '#lib/server/account/sent-form.ts';
import { endAllSessions, endOtherSessions, listSessions } from '#lib/server/account/sessions.ts';
import { unsentOf } from '#lib/server/account/unsent-form.ts';
import { refuseChanged, seenAfter, seenAs } from '#lib/server/request/seen.ts';
import { leaveFlash, readFlash } from '#lib/server/request/flash.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { rememberLanguage } from '#lib/server/request/language.ts';
import { anyMistake, invalid, type Refusal } from '#lib/server/request/refusal.ts';
import { accountOf, refuseOther } from '#lib/server/request/session.ts';
import type { Actions, PageServerLoad } from './$types';
import type { Section } from './form-outcome.ts';

export const load: PageServerLoad = async (event) => {
  const { locals, request } = event;
  const { userId, username } = await accountOf(locals);
  const [{ phone, ...profile }, people, sessions] = await Promise.all([
    loadProfile(locals.supabase),
    listFamily(locals.supabase),
    listSessions(locals.supabase, request.headers.get('user-agent'))
  ]);
  return {
    profile,
    seen: seenAs(profile),
    phone: phoneText(phone),
    /** Whom they book for. */
    people,
    mostPeople: MOST_PEOPLE,
    /** What a password manager files the password under. */
    username,
    userId,
    /** What was typed when the session had ended. */
    unsent: await unsentOf(event, userId),
    sessions,
    /** Why no copy came of what is kept. */
    exportProblem: readFlash(event, '/account'),
    example: phoneExample(DEFAULT_REGION),
    shortest: SHORTEST_PASSWORD,
    /** What must be typed to delete the account. */
    word: m.delete_word()
  };
};

const refuse = (section: Section, refusal: Refusal, typed: Record<string, string> = {}) =>
  refuseForm(refusal, { section, typed });
const done = (section: Section, message: string) => ({ section, done: message });

export const actions: Actions = {
  profile: async (event) => {
    const { locals } = event;
    const account = await accountOf(locals);
    forgetForms(event, '/account');
    const form = await readForm(event.request, 'account', 'seen', 'name', 'age', 'username', 'locale');
    const other = refuseOther(form.account, account);
    if (other) return refuse('profile', other);
    const typed = {
      name: form.name.trim(),
      age: form.age.trim(),
      username: form.username.trim()
    };
    // The form offers nothing else.
    const locale = isLocale(form.locale) ? form.locale : locals.language;
    const { phone: _, ...before } = await loadProfile(locals.supabase);
    const problems = problemsOfProfile(typed, before);
    if (anyMistake(problems)) return refuse('profile', invalid(problems), { ...typed, seen: form.seen });
    const saved =
      refuseChanged(form.seen, seenAs(before), m.account_changed_meanwhile()) ??
      (await saveProfile(locals.supabase, typed, locale));
    if (!saved.ok) {
      const seen = seenAfter(saved.refusal, form.seen);
      return refuse('profile', saved.refusal, { ...typed, ...(seen !== undefined && { seen }) });
    }
    // This answer is in the new language already.
    rememberLanguage(event, locale);
    locals.language = locale;
    return done('profile', m.account_saved());
  },

  family: async (event) => {
    const { supabase } = event.locals;
    const account = await accountOf(event.locals);
    forgetForms(event, '/account');
    const form = await readForm(event.request, 'account', 'person', 'name', 'birth_year', 'remove');
    const other = refuseOther(form.account, account);
    if (other) return refuse('family', other);
    const { person } = form;
    const typed = { person, name: form.name.trim(), birth_year: form.birth_year.trim() };
    if (person === '') {
      const added = await addPerson(supabase, typed);
      if (!added.ok) return refuse('family', added.refusal, typed);
      return done('family', m.family_added({ who: typed.name }));
    }
    const kept = (await listFamily(supabase)).find(({ id }) => id === person);
    if (!kept)
      return refuse('family', {
        code: 'unknown_dependent',
        message: m.refusal_unknown_dependent(),
        status: 404
      });
    const changed = form.remove
      ? await removePerson(supabase, person)
      : await correctPerson(supabase, person, typed);
    if (!changed.ok) return refuse('family', changed.refusal, typed);
    return done('family', form.remove ? m.family_removed({ who: kept.label }) : m.family_corrected());
  },

  password: async (event) => {
    await accountOf(event.locals);
    const { current, password } = await readForm(event.request, 'current', 'password');
    const problems = problemsOf(password);
    if (anyMistake(problems)) {
      const missing = current === '' ? m.account_current_missing() : undefined;
      return refuse('password', invalid({ current: missing, ...problems }));
    }
    const changed = await changePassword(event, { current, password });
    if (!changed.ok) return refuse('password', changed.refusal);
    return done('password', m.account_password_changed());
  },

  phone: async (event) => {
    const signedIn = await accountOf(event.locals);
    forgetForms(event, '/account');
    const { account, current, phone_number } = await readForm(
      event.request,
      'account',
      'current',
      'phone_number'
    );
    const other = refuseOther(account, signedIn);
    if (other) return refuse('phone', other);
    const form = { purpose: 'change_phone', phone_number, password: current } as const;
    return refuse('phone', byFieldsOfPhoneForm(await requestCode(event, form)), { phone_number });
  },

  signout_others: async ({ locals }) => {
    await accountOf(locals);
    const ended = await endOtherSessions(locals.supabase);
    if (!ended.ok) return refuse('sessions', ended.refusal);
    return done('sessions', m.sessions_others_ended());
  },

  signout_all: async (event) => {
    await accountOf(event.locals);
    const ended = await endAllSessions(event);
    if (!ended.ok) return refuse('sessions', ended.refusal);
    leaveFlash(event, '/login', 'signed_out_everywhere');
    redirect(303, '/login');
  },

  delete: async (event) => {
    await accountOf(event.locals);
    const { current, word } = await readForm(event.request, 'current', 'word');
    if (word.normalize('NFC').trim().toUpperCase() !== m.delete_word()) {
      const problems = {
        word: m.delete_word_missing({ word: m.delete_word() }),
        current: current === '' ? m.account_password_missing() : undefined
      };
      return refuse('delete', invalid(problems));
    }
    const deleted = await deleteAccount(event, current);
    if (!deleted.ok) return refuse('delete', deleted.refusal, { word });
    leaveFlash(event, '/login', 'account_deleted');
    redirect(303, '/login');
  }
};

/** The account API's refusal of another number, by the fields of this page. */
function byFieldsOfPhoneForm(refusal: Refusal): Refusal {
  switch (refusal.code) {
    case 'invalid_credentials':
      return { ...refusal, fields: { current: m.account_wrong_password() } };
    case 'validation_failed': {
      const { password, ...others } = refusal.fields ?? {};
      return { ...refusal, fields: { ...others, ...(password && { current: password }) } };
    }
    case 'phone_already_registered':
      return { ...refusal, fields: { phone_number: m.account_phone_taken() } };
    default:
      return { ...refusal, fields: {} };
  }
}
