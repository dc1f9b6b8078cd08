import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { m } from '#lib/paraglide/messages.js';
import { isLocale } from '#lib/paraglide/runtime.js';
import { askForCode, refusalOf } from '#lib/server/account/ask-for-code.ts';
import { bidFarewell } from '#lib/server/request/farewell.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { rememberLanguage } from '#lib/server/request/language.ts';
import { SHORTEST_PASSWORD, problemsOf, refusedPassword } from '#lib/server/account/password.ts';
import { phoneExample, phoneText } from '#lib/server/account/phone-words.ts';
import { loadProfile, problemsOfProfile, saveProfile } from '#lib/server/account/profile.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { listSessions } from '#lib/server/account/sessions.ts';
import { refusesPassword } from '#lib/server/account/sign-in.ts';
import { forgetSession } from '#lib/server/request/supabase.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, request }) => {
  const { username } = await accountOf(locals);
  const [{ phone, ...profile }, sessions] = await Promise.all([
    loadProfile(locals.supabase),
    listSessions(locals.supabase, request.headers.get('user-agent'))
  ]);
  return {
    profile,
    phone: phoneText(phone),
    /** What a password manager files the password under. */
    username,
    sessions,
    example: phoneExample(DEFAULT_REGION),
    shortest: SHORTEST_PASSWORD,
    /** What must be typed to delete the account. */
    word: m.delete_word()
  };
};

type Part = 'profile' | 'password' | 'phone' | 'sessions' | 'delete';
type Fields = Record<string, string | undefined>;

/** A part of the page that could not be done: `message` where no field is to blame. */
function refuse(status: number, part: Part, told: { message?: string; fields?: Fields; typed?: Fields }) {
  return fail(status, { part, message: undefined, fields: {}, typed: {}, ...told });
}

/** Answers whether `password` is the signed-in patient's own; undefined: it is. */
async function wrongPassword(event: RequestEvent, part: Part, password: string, typed: Fields = {}) {
  const { phone } = await loadProfile(event.locals.supabase);
  const refused = await refusesPassword(event, { username: phone, password });
  if (!refused) return undefined;
  const { status, error, message } = refusalOf(refused);
  return error === 'invalid_credentials' || error === 'validation_failed'
    ? refuse(401, part, { fields: { current: m.account_wrong_password() }, typed })
    : refuse(status, part, { message, typed });
}

export const actions: Actions = {
  profile: async (event) => {
    const { locals } = event;
    await accountOf(locals);
    const form = await readForm(event.request, 'name', 'age', 'username', 'locale');
    const typed = {
      name: form.name.normalize('NFC').trim(),
      age: form.age.trim(),
      username: form.username.trim()
    };
    // Nothing else is offered.
    const locale = isLocale(form.locale) ? form.locale : locals.language;
    const before = await loadProfile(locals.supabase);
    const fields = problemsOfProfile(typed, before) ?? (await saveProfile(locals.supabase, typed, locale));
    if (fields) return refuse(400, 'profile', { fields, typed });
    // From this answer on.
    rememberLanguage(event, locale);
    locals.language = locale;
    return { part: 'profile' as const, done: m.account_saved() };
  },

  password: async (event) => {
    await accountOf(event.locals);
    const { current, password, password2 } = await readForm(
      event.request,
      'current',
      'password',
      'password2'
    );
    const problems = problemsOf(password, password2);
    if (problems) {
      const missing = current === '' ? m.account_current_missing() : undefined;
      return refuse(400, 'password', { fields: { current: missing, ...problems } });
    }
    const wrong = await wrongPassword(event, 'password', current);
    if (wrong) return wrong;
    const { error } = await event.locals.supabase.auth.updateUser({ password });
    if (error) {
      const { message, status } = refusedPassword(error);
      return refuse(status, 'password', { fields: { password: message } });
    }
    return { part: 'password' as const, done: m.account_password_changed() };
  },

  phone: async (event) => {
    await accountOf(event.locals);
    const { current, phone_number } = await readForm(event.request, 'current', 'phone_number');
    const wish = { purpose: 'change_phone', phone_number, password: current } as const;
    const { status, error, message, fields } = await askForCode(event, wish);
    const typed = { phone_number };
    switch (error) {
      case 'invalid_credentials':
        return refuse(401, 'phone', { fields: { current: m.account_wrong_password() }, typed });
      case 'validation_failed': {
        const { password, ...others } = fields;
        return refuse(400, 'phone', { fields: { ...others, current: password }, typed });
      }
      case 'phone_already_registered':
        return refuse(409, 'phone', {
          fields: { phone_number: m.account_phone_taken() },
          typed
        });
      default:
        return refuse(status, 'phone', { message, typed });
    }
  },

  signout_others: async ({ locals }) => {
    await accountOf(locals);
    const { error } = await locals.supabase.auth.signOut({ scope: 'others' });
    if (error) return refuse(503, 'sessions', { message: m.form_not_now() });
    return { part: 'sessions' as const, done: m.sessions_others_ended() };
  },

  signout_all: async (event) => {
    await accountOf(event.locals);
    const { error } = await event.locals.supabase.auth.signOut({ scope: 'global' });
    if (error) return refuse(503, 'sessions', { message: m.form_not_now() });
    forgetSession(event);
    bidFarewell(event, 'signed_out_everywhere');
    redirect(303, '/login');
  },

  delete: async (event) => {
    await accountOf(event.locals);
    const { current, word } = await readForm(event.request, 'current', 'word');
    if (word.normalize('NFC').trim().toUpperCase() !== m.delete_word()) {
      return refuse(400, 'delete', {
        fields: {
          word: m.delete_word_missing({ word: m.delete_word() }),
          current: current === '' ? m.account_password_missing() : undefined
        }
      });
    }
    const wrong = await wrongPassword(event, 'delete', current, { word });
    if (wrong) return wrong;
    const { error } = await event.locals.supabase.rpc('delete_account');
    if (error) throw error;
    forgetSession(event);
    bidFarewell(event, 'account_deleted');
    redirect(303, '/login');
  }
};
