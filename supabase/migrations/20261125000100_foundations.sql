-- What every later migration stands on: extensions, the private schema, closed-by-default grants, refusals.
--
-- A function on the way of a booking is plpgsql, which keeps its plans; SQL functions are planned again at every call.

create extension if not exists btree_gist with schema extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists pg_trgm with schema extensions;

-- Present on hosted Supabase; the embedded stack offers the same SQL interface without the extensions.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net with schema extensions;
  end if;
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
  if exists (select from pg_available_extensions where name = 'supabase_vault') then
    create extension if not exists supabase_vault with schema vault;
  end if;
end $$;

-- PostgreSQL lets everyone execute a new function, and projects differ in what they give the roles of the API. From
-- here on nobody may do anything with a new object unless a migration says so.
alter default privileges revoke execute on functions from public, anon, authenticated, service_role;
alter default privileges revoke all on tables from public, anon, authenticated, service_role;
alter default privileges revoke all on sequences from public, anon, authenticated, service_role;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;

create schema private;
comment on schema private is
  'Logic and secrets that only our own functions use. Not exposed by the API; no API role has rights on it.';

-- Everything that our SQL refuses. Callers switch on the words, never on the sentences.
create view private.refusals as
select r.word, coalesce(r.message, r.word) as message, r.code, r.sentence
from (values
  -- Booking, moving, cancelling.
  ('slot_taken', null, 'PT409', 'That time was just taken. Please choose another.'),
  ('own_slot', 'slot_taken', 'PT409', 'You already have an appointment at that time.'),
  ('outside_hours', 'slot_unavailable', 'PT409', 'That time is not offered. Please choose another.'),
  ('beyond_horizon', 'slot_unavailable', 'PT409', 'That time is not offered. Please choose another.'),
  ('doctor_inactive', 'slot_unavailable', 'PT409', 'That time is not offered. Please choose another.'),
  ('own_appointment', 'slot_unavailable', 'PT409', 'You already have an appointment at that time.'),
  ('dependent_slot', 'slot_taken', 'PT409', 'They already have an appointment at that time.'),
  ('dependent_appointment', 'slot_unavailable', 'PT409', 'They already have an appointment at that time.'),
  ('slot_in_past', null, 'PT409', 'That time has already passed. Please choose a later one.'),
  ('too_many_bookings', null, 'PT409',
   'You already have as many upcoming appointments as the clinic allows. Cancel one first.'),
  ('too_many_changes', null, 'PT429',
   'You have changed your appointments very often. Please try again in %s minutes; you can still cancel.'),
  ('already_begun', 'not_cancellable', 'PT409', 'This appointment can no longer be changed.'),
  ('already_cancelled', 'not_cancellable', 'PT409', 'This appointment can no longer be changed.'),
  ('already_seen', 'not_cancellable', 'PT409', 'This appointment can no longer be changed.'),
  ('too_early_to_confirm', null, 'PT409', 'This appointment can be confirmed from the day before it on.'),
  ('unknown_doctor', 'not_found', 'PT404', 'We do not know this doctor.'),
  ('unknown_clinic', 'not_found', 'PT404', 'We do not know this clinic.'),
  ('unknown_appointment', 'not_found', 'PT404', 'We could not find this appointment.'),
  -- For whom a patient books.
  ('unknown_dependent', 'not_found', 'PT404', 'You do not book for this person.'),
  ('too_many_dependents', null, 'PT409', 'You can book for %s others at most. Remove one of them first.'),
  ('dependent_has_appointments', null, 'PT409', 'They have appointments to come. Cancel those first.'),
  ('invalid_birth_year', 'validation_failed', 'PT400', 'Please enter the year of birth, such as 1986.'),
  -- Accounts.
  ('not_signed_in', null, 'PT401', 'Please sign in first.'),
  ('password_change_required', null, 'PT403', 'Please choose a new password first.'),
  ('username_taken', null, 'PT409', 'Somebody else has that username. Please choose another.'),
  ('invalid_name', 'validation_failed', 'PT400', 'Please enter a %s with a letter in it, of up to 100 characters.'),
  ('untypable_name', 'validation_failed', 'PT400',
   'Please type the %s: what was pasted has a line break or a character that cannot be seen.'),
  ('invalid_age', 'validation_failed', 'PT400', 'Please enter an age between 0 and 130.'),
  ('invalid_username', 'validation_failed', 'PT400',
   'A username has 3 to 32 letters, digits, dots, dashes or underscores, with at least one letter.'),
  ('unknown_language', 'validation_failed', 'PT400', 'We do not write in that language yet.'),
  ('other_account_has_phone', 'phone_already_registered', 'PT409', 'The patient with this phone has another account.'),
  ('other_patient_has_phone', 'phone_already_registered', 'PT409', 'Another patient has this phone.'),
  ('unproven_account', null, 'PT403',
   'An account is made by registering, linking or a call. Nobody has proven the phone of this one.'),
  ('change_not_permitted', null, 'PT403',
   'The %s of an account changes through MedQ only. To change it by hand, first: select permit_account_change(phone).'),
  -- The desk.
  ('not_staff', null, 'PT403', 'You do not work at the desk of this clinic.'),
  ('manager_only', 'not_staff', 'PT403', 'Only a manager of this clinic can do that.'),
  ('already_staff', null, 'PT409', 'Somebody with this phone works at this desk already.'),
  ('last_manager', null, 'PT409', 'This is the last manager with a web account. Make somebody else a manager first.'),
  ('desk_proof_required', null, 'PT403', 'Please enter the code that we text to your phone.'),
  ('too_many_codes', 'rate_limited', 'PT429', 'Please wait %s minutes, then ask for another code.'),
  ('changed_meanwhile', null, 'PT409', 'This appointment has changed meanwhile: %s.'),
  ('note_changed', 'changed_meanwhile', 'PT409', 'The note has changed meanwhile, and nothing was saved. It says: "%s".'),
  ('day_changed', 'changed_meanwhile', 'PT409',
   'Somebody has changed this day meanwhile, and nothing more was done. Please look at it again.'),
  ('unknown_step', 'validation_failed', 'PT400', 'The desk knows no step "%s".'),
  ('day_is_full', 'slot_unavailable', 'PT409', 'Nothing is left of this day. Please choose another.'),
  ('same_patient', 'cannot_merge', 'PT409', 'These are the same patient already.'),
  ('both_have_accounts', 'cannot_merge', 'PT409',
   'Both have a web account, so they may be two people. One of them has to delete theirs first.'),
  ('gone_has_account', 'cannot_merge', 'PT409', 'The one with the web account has to stay.'),
  ('patient_of_others', 'cannot_merge', 'PT409',
   'This patient was at another clinic too. Whoever manages the dashboard can merge them.'),
  ('family_too_large', 'cannot_merge', 'PT409',
   'Together they book for more than %s others. Remove some of those first.'),
  ('appointments_clash', 'cannot_merge', 'PT409',
   'Both have an appointment on %s. Move or cancel one of them first.'),
  ('too_late_to_undo', 'cannot_merge', 'PT409', 'This was undone before, or is more than a day ago.'),
  ('phone_of_others', 'not_staff', 'PT403',
   'This patient was at another clinic too. Whoever manages the dashboard can change the phone.'),
  ('phone_of_staff', 'not_staff', 'PT403',
   'This is the phone of somebody who works at a desk. Whoever manages the dashboard can change it.'),
  ('has_other_phone', 'validation_failed', 'PT400',
   'This patient has another phone. Correct it in their record, or leave the phone empty.'),
  ('phone_of_holder', 'validation_failed', 'PT400',
   'This is the phone of whoever books for them. Please enter one of their own.'),
  ('dormant_phone', 'validation_failed', 'PT400',
   'This phone was silent for years, and may have another owner by now. Whoever manages the dashboard can confirm it.'),
  ('day_is_over', 'validation_failed', 'PT400', 'That day is over.'),
  ('wrong_minutes', 'validation_failed', 'PT400', 'Please enter between 1 and 600 minutes.'),
  ('wrong_dates', 'validation_failed', 'PT400',
   'Please enter a first and a last day, from today on and at most a year apart.'),
  ('same_practitioner', 'validation_failed', 'PT400', 'That is the same doctor.'),
  ('colleague_without_hours', 'slot_unavailable', 'PT409', 'That doctor sees nobody on that day.'),
  ('past_midnight', 'slot_unavailable', 'PT409', 'The day would go on after midnight.'),
  ('does_not_fit', 'slot_unavailable', 'PT409', 'Token %s cannot come then, and nothing was changed: %s'),
  ('unknown_sms', 'not_found', 'PT404', 'There is no such SMS to send again.'),
  ('unknown_board', 'not_found', 'PT404', 'This is not the address of a board, or not any more.'),
  ('invalid_hours', 'validation_failed', 'PT400',
   'Hours are such as 09:00 to 13:00, with 5 to 480 minutes for an appointment.'),
  ('hours_backwards', 'validation_failed', 'PT400', 'The end, %s, has to be after the beginning, %s.'),
  ('hours_off_grid', 'validation_failed', 'PT400',
   'With %s minutes each, the last appointment ends at %s. Please end there, or change the minutes.'),
  ('hours_overlap', 'validation_failed', 'PT400', 'Some of these hours overlap.'),
  ('would_strand', null, 'PT409', 'Somebody is booked outside these hours. Nothing was changed.'),
  ('manager_of_all_only', 'not_staff', 'PT403',
   'All clinics send these words. Only who manages every one of them can change them.'),
  -- Hand edits.
  ('invalid_phone', null, 'PT400',
   'A phone number is stored as +919876543210: a plus, the country code and the rest without a 0 in between, 7 to 15 digits.'),
  ('impossible_status', null, 'PT409',
   'An appointment that is %s cannot become %s. If that was a mistake, set it to booked first.'),
  ('before_its_day', null, 'PT409', 'This appointment is on %s. It can be %s from that day on.'),
  ('practitioner_is_fixed', null, 'PT409',
   'This doctor has appointments at their clinic. Add them anew at the other one, and set active to false here.'),
  ('unknown_patient', 'not_found', 'PT404', 'We do not know this patient.'),
  ('account_still_there', null, 'PT409',
   'This patient has an account. To part them, delete the user in Authentication; to change the phone, change it here.'),
  ('account_has_other_phone', null, 'PT409',
   'An account and its patient have the same confirmed phone. To change it: select change_patient_phone(patient, phone).'),
  ('unknown_time_zone', null, 'PT400', '"%s" is not a time zone. Use an IANA name such as Asia/Kolkata.'),
  ('patient_is_fixed', null, 'PT409',
   'An appointment cannot be given to another patient. Cancel it and book a new one.'),
  ('patient_is_merged', null, 'PT409', 'This patient was merged into another. Give that one the phone, or undo the merge.'),
  ('note_too_long', null, 'PT400', 'The %s can have up to %s characters.'),
  ('sms_too_long', null, 'PT400', 'The text would take %s SMS in a row; %s are the most.'),
  ('unknown_template', 'not_found', 'PT404', 'There is no such template in that language.'),
  ('unknown_placeholder', null, 'PT400', '{{%s}} is not known here. Use only: %s.'),
  ('missing_placeholder', null, 'PT400', 'The text must tell %s.'),
  ('empty_template', null, 'PT400', 'Please enter the words of this SMS.'),
  ('template_too_long', null, 'PT400', 'The text would take %s SMS in a row; %s are the most.'),
  ('template_is_needed', null, 'PT409',
   'Bookings send this SMS, and could not be made without it. Edit its body instead.'),
  ('settings_are_needed', null, 'PT409',
   'These settings are needed. Edit them instead; to stop all SMS, set sending to false in sms_settings.'),
  ('secret_erased', null, 'PT409',
   'This SMS held a password or code that has been erased. Have a new one made instead.'),
  ('audit_is_append_only', null, 'PT403', 'Audit events can neither be changed nor deleted.')
) as r (word, message, code, sentence);
comment on view private.refusals is 'Everything that our SQL refuses, raised by private.fail.';
comment on column private.refusals.word is 'What exactly is refused: the detail of the error.';
comment on column private.refusals.message is 'The stable word of the API that it belongs to: the message of the error.';
comment on column private.refusals.code is 'SQLSTATE PT4xx, which the Data API answers with HTTP status 4xx.';
comment on column private.refusals.sentence is 'What people read, with %s for each value: the hint of the error.';

create function private.fail(p_word text, variadic p_values text[] default '{}') returns void
language plpgsql
set search_path = ''
as $$
declare
  v_refusal private.refusals;
begin
  select * into v_refusal from private.refusals r where r.word = p_word;
  if not found then
    raise exception 'private.refusals has no word %', p_word;
  end if;
  raise exception using errcode = v_refusal.code, message = v_refusal.message, detail = v_refusal.word,
    hint = format(v_refusal.sentence, variadic p_values);
end $$;
comment on function private.fail(text, text[]) is
  'Refuses with a word of private.refusals. A function that people run with rights of their own has to be a definer to call it.';

-- Which way a change came: set by our own functions for the transaction, absent for a hand edit in the dashboard.
create function private.set_channel(p_channel text) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('medq.channel', p_channel, true);
end $$;
comment on function private.set_channel(text) is
  'Says for the rest of the transaction which way a change came: web, ivr or system.';

create function private.channel() returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce(
    nullif(current_setting('medq.channel', true), ''),
    case when session_user = 'supabase_auth_admin' then 'system' else 'desk' end
  );
end $$;
comment on function private.channel() is
  'Which way the current change came: web, ivr, system (also Supabase Auth), or desk for a hand edit.';

create function private.mask_phone(p_phone text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return left(p_phone, 3) || repeat('*', greatest(length(p_phone) - 5, 0)) || right(p_phone, 2);
end $$;
comment on function private.mask_phone(text) is
  'A phone number that logs and audit rows may hold: +91********99.';

-- What the numbering plan of the world begins with; no code is the beginning of another.
create function private.country_code(p_phone text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return substring(p_phone from
    '^\+([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[03578]|9[679])[0-9])');
end $$;
comment on function private.country_code(text) is 'The country code of a phone (+E.164), of one, two or three digits.';

create function private.dials_zero(p_country_code text) returns boolean
language plpgsql immutable
set search_path = ''
as $$
begin
  return p_country_code not in ('225', '226', '229', '241', '242', '250', '378', '39', '992');
end $$;
comment on function private.dials_zero(text) is
  'Whether a 0 in front is only dialled within a country; not in the few where numbers begin with it (zeroBelongs in _shared/phone.ts).';

create function private.phone_to_dial(p_phone text, p_from text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_country constant text := private.country_code(p_phone);
  v_number constant text := '0' || substr(p_phone, length(v_country) + 2);
begin
  if v_country is distinct from private.country_code(p_from) or v_country <> all (
    '{20,27,33,41,43,44,46,49,60,61,62,63,64,66,81,82,84,86,90,91,92,93,94,95,98,233,234,254,255,256,353,880,962,966,971,972,977}'
  ) then
    return p_phone;
  end if;
  return case when length(v_number) < 10 then regexp_replace(v_number, '(.{4})$', ' \1')
    else regexp_replace(v_number, '(.{4})(.{4})$', ' \1 \2') end;
end $$;
comment on function private.phone_to_dial(text, text) is
  'A number (+E.164) as somebody dials it from a phone: 044 4000 1000 in the same country, where a 0 is dialled in front; +914440001000 from abroad and where we do not know.';

create function private.check_phone(p_phone text) returns boolean
language plpgsql immutable security definer
set search_path = ''
as $$
begin
  if p_phone !~ '^\+[1-9][0-9]{6,14}$'
    -- After the country code stands a 0: left over from dialling within the country.
    or (p_phone like '+' || private.country_code(p_phone) || '0%' and private.dials_zero(private.country_code(p_phone)))
  then
    perform private.fail('invalid_phone');
  end if;
  return true;
end $$;
comment on function private.check_phone(text) is
  'Refuses what is not written as +E.164. Every column that holds a phone number is checked with it.';
-- Checks run as whoever writes the row.
grant execute on function private.check_phone(text) to authenticated, service_role;

create function private.tg_touch() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end $$;
comment on function private.tg_touch() is 'Keeps updated_at.';

create function private.tg_keep_settings() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.fail('settings_are_needed');
end $$;
comment on function private.tg_keep_settings() is 'Keeps the one row of a table of settings.';
