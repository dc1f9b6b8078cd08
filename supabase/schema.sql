-- What the migrations make of a fresh database, written by `npm run db:dump`. Read it; never run it.

-- Schemas and what new objects give away by themselves ----------------------------------------------------------------

-- default privileges: functions

comment on schema private is 'Logic and secrets that only our own functions use. Not exposed by the API; no API role has rights on it.';

comment on schema public is 'standard public schema';
grant usage on schema public to anon;
grant usage on schema public to authenticated;
grant usage on schema public to postgres;
grant usage on schema public to public;
grant usage on schema public to service_role;

-- Extensions ----------------------------------------------------------------------------------------------------------

create extension btree_gist with schema extensions;

create extension pg_trgm with schema extensions;

create extension pgcrypto with schema extensions;

create extension plpgsql with schema pg_catalog;

create extension uuid-ossp with schema extensions;

-- Types ---------------------------------------------------------------------------------------------------------------

create type public.day_plan as (
  appointment_id uuid,
  patient_id uuid,
  token_number integer,
  was_at timestamp with time zone,
  practitioner_id uuid,
  starts_at timestamp with time zone,
  ends_at timestamp with time zone,
  why_not text,
  waits boolean
);
comment on type public.day_plan is 'What becomes of one appointment: with whom and when it is then, or as a word of private.refusals why that cannot be; and whether the patient still waits for it, and so is told.';

create type public.day_preview as (
  appointment_id uuid,
  patient_id uuid,
  token_number integer,
  name text,
  phone_end text,
  can_be_texted boolean,
  was_at timestamp with time zone,
  practitioner text,
  starts_at timestamp with time zone,
  fits boolean,
  why_not text
);
comment on type public.day_preview is 'One line of a day_plan as people read it: who, whether they can be texted, with whom and when it is then, or why not as a word of docs/errors.md.';

create type public.slot as (
  practitioner_id uuid,
  practitioner_name text,
  specialty text,
  starts_at timestamp with time zone,
  ends_at timestamp with time zone
);
comment on type public.slot is 'A time that can be booked with a practitioner.';

create type public.stranding as (
  appointment_id uuid,
  patient_id uuid,
  name text,
  phone_end text,
  starts_at timestamp with time zone,
  token_number integer,
  already boolean
);
comment on type public.stranding is 'Who is booked outside hours, and whether they were so already, before these were changed.';

-- Tables --------------------------------------------------------------------------------------------------------------

create table private.account_jobs (
  attempts integer not null default 0,
  created_at timestamp with time zone not null default now(),
  done_at timestamp with time zone,
  id uuid not null default gen_random_uuid(),
  last_error text,
  next_attempt_at timestamp with time zone not null default now(),
  password_seed text not null default replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text),
  patient_id uuid not null
);
alter table private.account_jobs add constraint account_jobs_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table private.account_jobs add constraint account_jobs_pkey PRIMARY KEY (id);
CREATE INDEX account_jobs_due ON private.account_jobs USING btree (next_attempt_at) WHERE (done_at IS NULL);
CREATE INDEX account_jobs_of_patient ON private.account_jobs USING btree (patient_id);
CREATE UNIQUE INDEX account_jobs_open ON private.account_jobs USING btree (patient_id) WHERE (done_at IS NULL);
CREATE TRIGGER _100_forget_seed BEFORE UPDATE ON private.account_jobs FOR EACH ROW WHEN ((new.done_at IS NOT NULL)) EXECUTE FUNCTION private.tg_account_jobs__forget_seed();
CREATE TRIGGER _900_wake_provisioner AFTER INSERT ON private.account_jobs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION private.tg_account_jobs__wake_provisioner();
comment on table private.account_jobs is 'Accounts to be made for patients who booked by phone.';
comment on column private.account_jobs.attempts is 'How often it was tried.';
comment on column private.account_jobs.created_at is 'When it was queued.';
comment on column private.account_jobs.done_at is 'When the account and its SMS were there.';
comment on column private.account_jobs.id is 'Identifier; the account carries it as app_metadata.account_job.';
comment on column private.account_jobs.last_error is 'Why it is not done yet.';
comment on column private.account_jobs.next_attempt_at is 'When it is due; while it runs, until when the worker has it.';
comment on column private.account_jobs.password_seed is 'With the functions'' secret it yields the password, so nothing readable is kept. Emptied when the job is done.';
comment on column private.account_jobs.patient_id is 'Who gets the account.';
alter table private.account_jobs enable row level security;

create table private.account_permits (
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  id uuid not null default gen_random_uuid(),
  phone text,
  state text,
  user_id uuid not null,
  what text not null
);
alter table private.account_permits add constraint a_permit_names_the_new_phone CHECK (((what = 'phone'::text) = (phone IS NOT NULL)));
alter table private.account_permits add constraint account_permits_phone_check CHECK (private.check_phone(phone));
alter table private.account_permits add constraint account_permits_what_check CHECK ((what = ANY (ARRAY['password'::text, 'phone'::text, 'email'::text])));
alter table private.account_permits add constraint account_permits_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;
alter table private.account_permits add constraint account_permits_pkey PRIMARY KEY (id);
CREATE INDEX account_permits_of_user ON private.account_permits USING btree (user_id);
comment on table private.account_permits is 'What may change in an account at this moment. The change uses its permit up.';
comment on column private.account_permits.created_at is 'When it was given.';
comment on column private.account_permits.expires_at is 'When it is too late.';
comment on column private.account_permits.id is 'Known to its maker, who withdraws it.';
comment on column private.account_permits.phone is 'The phone that it may change to.';
comment on column private.account_permits.state is 'The private.account_state that it may change from; empty: any.';
comment on column private.account_permits.user_id is 'The account (auth.users).';
comment on column private.account_permits.what is 'password, phone or email.';
alter table private.account_permits enable row level security;

create table private.alerts (
  hour timestamp with time zone not null,
  what text not null
);
alter table private.alerts add constraint alerts_pkey PRIMARY KEY (what, hour);
comment on table private.alerts is 'What admins were alerted to, so that they are told once an hour.';
comment on column private.alerts.hour is 'The hour, by its beginning.';
comment on column private.alerts.what is 'What it was about, such as sms_budget.';
alter table private.alerts enable row level security;

create table private.call_proofs (
  asked_at timestamp with time zone,
  call_id text not null,
  clinic_id uuid not null,
  code_hash bytea,
  created_at timestamp with time zone not null default now(),
  guesses smallint not null default 0,
  newcomer_at timestamp with time zone,
  patient_id uuid,
  proven_at timestamp with time zone,
  short boolean not null default true
);
alter table private.call_proofs add constraint call_proofs_guesses_check CHECK (((guesses >= 0) AND (guesses <= 3)));
alter table private.call_proofs add constraint call_proofs_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table private.call_proofs add constraint call_proofs_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table private.call_proofs add constraint call_proofs_pkey PRIMARY KEY (call_id);
CREATE INDEX call_proofs_age ON private.call_proofs USING btree (created_at);
CREATE INDEX call_proofs_of_newcomers ON private.call_proofs USING btree (clinic_id, newcomer_at);
CREATE INDEX call_proofs_of_patient ON private.call_proofs USING btree (patient_id);
comment on table private.call_proofs is 'Calls that proved their number or were asked to, and those that booked for a number never seen before.';
comment on column private.call_proofs.asked_at is 'When a code was asked for; it works for ten minutes.';
comment on column private.call_proofs.call_id is 'The call, as in ivr_calls.';
comment on column private.call_proofs.clinic_id is 'The clinic that was called.';
comment on column private.call_proofs.code_hash is 'Keyed hash of the code and the call. Empty: no code was texted.';
comment on column private.call_proofs.created_at is 'When the row was made.';
comment on column private.call_proofs.guesses is 'Codes keyed in so far; after the third even the right one is refused.';
comment on column private.call_proofs.newcomer_at is 'When it booked for a number that was never seen before. Empty: it did not.';
comment on column private.call_proofs.patient_id is 'The patient of the calling number, if there was one.';
comment on column private.call_proofs.proven_at is 'When the call proved its number, by a code or a reference. Empty: it did not.';
comment on column private.call_proofs.short is 'Whether the code has six digits. When many wrong ones were keyed in or typed today it has ten.';
alter table private.call_proofs enable row level security;

create table private.desk_sessions (
  code_expires_at timestamp with time zone not null,
  code_hash text,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone,
  guesses smallint not null default 0,
  proven_at timestamp with time zone,
  session_id uuid not null,
  short boolean not null,
  user_id uuid not null
);
alter table private.desk_sessions add constraint desk_sessions_guesses_check CHECK (((guesses >= 0) AND (guesses <= 5)));
alter table private.desk_sessions add constraint desk_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;
alter table private.desk_sessions add constraint desk_sessions_pkey PRIMARY KEY (session_id);
CREATE INDEX desk_sessions_of_account ON private.desk_sessions USING btree (user_id);
comment on table private.desk_sessions is 'Sessions that opened a desk by a code to the phone, or were sent one.';
comment on column private.desk_sessions.code_expires_at is 'When the code stops working.';
comment on column private.desk_sessions.code_hash is 'bcrypt of the code, too slow to be guessed while the code works. Emptied when it came back.';
comment on column private.desk_sessions.created_at is 'When the first code was sent.';
comment on column private.desk_sessions.expires_at is 'Until when the desk is open to the session.';
comment on column private.desk_sessions.guesses is 'Guesses at the code so far; after the fifth even the right one is refused.';
comment on column private.desk_sessions.proven_at is 'When the code came back. Empty: it did not yet.';
comment on column private.desk_sessions.session_id is 'The session (auth.sessions): a device that is signed in.';
comment on column private.desk_sessions.short is 'Whether the code has six digits; else it has ten.';
comment on column private.desk_sessions.user_id is 'Whose session.';
alter table private.desk_sessions enable row level security;

create table private.function_runs (
  busy_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  function text not null
);
alter table private.function_runs add constraint function_runs_pkey PRIMARY KEY (function);
comment on table private.function_runs is 'Which of the functions that work through a queue is at it.';
comment on column private.function_runs.busy_until is 'Until then it is at work, or was called a moment ago; a run that dies is not relied on for longer.';
comment on column private.function_runs.function is 'Its name.';
alter table private.function_runs enable row level security;

create table private.introduced_patients (
  clinic_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null
);
alter table private.introduced_patients add constraint introduced_patients_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table private.introduced_patients add constraint introduced_patients_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table private.introduced_patients add constraint introduced_patients_pkey PRIMARY KEY (id);
CREATE INDEX introduced_patients_of_clinic ON private.introduced_patients USING btree (clinic_id);
CREATE INDEX introduced_patients_of_patient ON private.introduced_patients USING btree (patient_id);
comment on table private.introduced_patients is 'Patients of a clinic before their first appointment there: its desk gave them a phone of their own.';
comment on column private.introduced_patients.clinic_id is 'Which clinic.';
comment on column private.introduced_patients.id is 'Identifier.';
comment on column private.introduced_patients.patient_id is 'Who.';
alter table private.introduced_patients enable row level security;

create table private.known_devices (
  device_hash bytea not null,
  last_seen_at timestamp with time zone not null default now(),
  user_id uuid not null
);
alter table private.known_devices add constraint known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;
alter table private.known_devices add constraint known_devices_pkey PRIMARY KEY (user_id, device_hash);
comment on table private.known_devices is 'Devices that have signed in to an account since its password was last changed.';
comment on column private.known_devices.device_hash is 'Keyed hash of what the device is known by: its cookie, else its network and user agent.';
comment on column private.known_devices.last_seen_at is 'When it signed in last.';
comment on column private.known_devices.user_id is 'Whose account.';
alter table private.known_devices enable row level security;

create table private.last_marks (
  actor_id uuid,
  appointment_id uuid not null,
  before jsonb not null,
  marked_at timestamp with time zone not null,
  version integer not null
);
alter table private.last_marks add constraint last_marks_appointment_id_fkey FOREIGN KEY (appointment_id) REFERENCES public.appointments(id) ON DELETE CASCADE;
alter table private.last_marks add constraint last_marks_pkey PRIMARY KEY (appointment_id);
comment on table private.last_marks is 'The last step of each appointment that was marked at the desk, so that it can be undone.';
comment on column private.last_marks.actor_id is 'Who marked it (auth.users). Empty: an admin.';
comment on column private.last_marks.appointment_id is 'Which appointment.';
comment on column private.last_marks.before is 'What the step changed, as it was before: status, arrived_at, called_at, seen_at, waits_from, starts_at, ends_at.';
comment on column private.last_marks.marked_at is 'When.';
comment on column private.last_marks.version is 'The version that the step made: another means that something followed.';
alter table private.last_marks enable row level security;

create table private.patient_merges (
  actor_id uuid,
  clinic_ids uuid[] not null default '{}'::uuid[],
  gave text[] not null default '{}'::text[],
  given_to uuid,
  gone_id uuid not null,
  gone_phone text,
  id uuid not null default gen_random_uuid(),
  keep_id uuid not null,
  merged_at timestamp with time zone not null,
  moved jsonb not null default '[]'::jsonb,
  undone_at timestamp with time zone
);
alter table private.patient_merges add constraint patient_merges_gone_phone_check CHECK (private.check_phone(gone_phone));
alter table private.patient_merges add constraint patient_merges_gone_id_fkey FOREIGN KEY (gone_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table private.patient_merges add constraint patient_merges_keep_id_fkey FOREIGN KEY (keep_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table private.patient_merges add constraint patient_merges_pkey PRIMARY KEY (id);
CREATE INDEX patient_merges_given ON private.patient_merges USING btree (given_to);
CREATE INDEX patient_merges_of_gone ON private.patient_merges USING btree (gone_id);
CREATE INDEX patient_merges_of_kept ON private.patient_merges USING btree (keep_id);
CREATE INDEX patient_merges_of_phone ON private.patient_merges USING btree (gone_phone);
CREATE UNIQUE INDEX patient_merges_once ON private.patient_merges USING btree (gone_id) WHERE (undone_at IS NULL);
comment on table private.patient_merges is 'Patients that were found to be the same as others.';
comment on column private.patient_merges.actor_id is 'Who merged them (auth.users). Empty: an admin.';
comment on column private.patient_merges.clinic_ids is 'Clinics at which the gone one had appointments: their desks see the merge, and may undo it.';
comment on column private.patient_merges.gave is 'Which of name, age and locale that one has by it, and not of themselves: nobody has written them since. They go when it is undone.';
comment on column private.patient_merges.given_to is 'The one that stayed then. Where that one was merged too, keep_id leads on to the next. No foreign key, which would be moved along.';
comment on column private.patient_merges.gone_id is 'The one that is gone: nothing points to it any more.';
comment on column private.patient_merges.gone_phone is 'The phone that the gone one had, as +E.164. Empty: none.';
comment on column private.patient_merges.id is 'Identifier.';
comment on column private.patient_merges.keep_id is 'The one that stayed.';
comment on column private.patient_merges.merged_at is 'When.';
comment on column private.patient_merges.moved is 'Which rows were moved: a list of {table, column, key, id}. Emptied when it is too late to undo it.';
comment on column private.patient_merges.undone_at is 'When it was undone. Empty: it holds.';
alter table private.patient_merges enable row level security;

create table private.phone_verifications (
  code_hash bytea not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  guesses smallint not null default 0,
  id uuid not null default gen_random_uuid(),
  purpose text not null,
  sealed_request bytea not null,
  short boolean not null default true,
  used_at timestamp with time zone
);
alter table private.phone_verifications add constraint phone_verifications_guesses_check CHECK (((guesses >= 0) AND (guesses <= 5)));
alter table private.phone_verifications add constraint phone_verifications_purpose_check CHECK ((purpose = ANY (ARRAY['register'::text, 'link'::text, 'reset'::text, 'sign_in'::text, 'change_phone'::text])));
alter table private.phone_verifications add constraint phone_verifications_pkey PRIMARY KEY (id);
CREATE INDEX phone_verifications_expiry ON private.phone_verifications USING btree (expires_at);
CREATE INDEX phone_verifications_sealed ON private.phone_verifications USING btree (expires_at) WHERE (sealed_request <> '\x'::bytea);
comment on table private.phone_verifications is 'One-time codes we texted to prove a phone. Nothing in it is readable.';
comment on column private.phone_verifications.code_hash is 'Keyed hash of the code and the row''s id.';
comment on column private.phone_verifications.created_at is 'When the code was sent.';
comment on column private.phone_verifications.expires_at is 'When the code stops working.';
comment on column private.phone_verifications.guesses is 'Guesses so far; after the fifth even the right code is refused.';
comment on column private.phone_verifications.id is 'First half of the verification_id that the client holds.';
comment on column private.phone_verifications.purpose is 'What the code proves: register, link, reset, sign_in or change_phone.';
comment on column private.phone_verifications.sealed_request is 'The request, AES-GCM, opened by the other half of the verification_id; emptied when the code has expired.';
comment on column private.phone_verifications.short is 'Whether it has six digits; else it has ten.';
comment on column private.phone_verifications.used_at is 'When it was used. A code works once.';
alter table private.phone_verifications enable row level security;

create table private.rate_limits (
  bucket text not null,
  hits integer not null default 1,
  window_start timestamp with time zone not null
);
alter table private.rate_limits add constraint rate_limits_pkey PRIMARY KEY (bucket, window_start);
CREATE INDEX rate_limits_age ON private.rate_limits USING btree (window_start);
comment on table private.rate_limits is 'Counts of what is limited, by fixed windows.';
comment on column private.rate_limits.bucket is 'What is counted: an action, by whom, keyed hashes of those, and the seconds of the window.';
comment on column private.rate_limits.hits is 'How often in this window.';
comment on column private.rate_limits.window_start is 'When the window began.';
alter table private.rate_limits enable row level security;

create table private.reassignments (
  created_at timestamp with time zone not null default now(),
  dependent_id uuid not null,
  expires_at timestamp with time zone not null,
  guesses smallint not null default 0,
  holder_code text,
  id uuid not null default gen_random_uuid(),
  patient_id uuid,
  phone text not null,
  phone_code text not null,
  short boolean not null
);
alter table private.reassignments add constraint reassignments_guesses_check CHECK (((guesses >= 0) AND (guesses <= 5)));
alter table private.reassignments add constraint reassignments_phone_check CHECK (private.check_phone(phone));
alter table private.reassignments add constraint reassignments_dependent_id_fkey FOREIGN KEY (dependent_id) REFERENCES public.dependents(id) ON DELETE CASCADE;
alter table private.reassignments add constraint reassignments_pkey PRIMARY KEY (id);
CREATE INDEX reassignments_of_dependent ON private.reassignments USING btree (dependent_id);
comment on table private.reassignments is 'Dependents who are about to get a phone of their own: the codes that both phones were texted.';
comment on column private.reassignments.created_at is 'When the codes were sent.';
comment on column private.reassignments.dependent_id is 'Who.';
comment on column private.reassignments.expires_at is 'When the codes stop working.';
comment on column private.reassignments.guesses is 'Guesses at the two codes so far; after the fifth even the right ones are refused.';
comment on column private.reassignments.holder_code is 'Hash of the code that went to the phone of whoever booked for them. Empty: that patient has none.';
comment on column private.reassignments.id is 'Identifier.';
comment on column private.reassignments.patient_id is 'The patient that they become, while it happens: then they are no dependent any more, and the row goes.';
comment on column private.reassignments.phone is 'Their own phone, as +E.164.';
comment on column private.reassignments.phone_code is 'Hash of the code that went to it.';
comment on column private.reassignments.short is 'Whether the codes have six digits; else they have ten.';
alter table private.reassignments enable row level security;

create table private.registrations (
  age smallint not null,
  created_at timestamp with time zone not null default now(),
  id uuid not null,
  locale text,
  name text not null,
  phone text not null,
  username text
);
alter table private.registrations add constraint registrations_phone_check CHECK (private.check_phone(phone));
alter table private.registrations add constraint registrations_pkey PRIMARY KEY (id);
CREATE TRIGGER _050_clean_names BEFORE INSERT ON private.registrations FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name');
comment on table private.registrations is 'Registrations whose phone is proven and whose account is being made.';
comment on column private.registrations.age is 'The age to be.';
comment on column private.registrations.created_at is 'When the phone was proven.';
comment on column private.registrations.id is 'Identifier; the account carries it as app_metadata.registration.';
comment on column private.registrations.locale is 'The language chosen on the web, if one was.';
comment on column private.registrations.name is 'The name to be.';
comment on column private.registrations.phone is 'The phone that is proven: the account has no other.';
comment on column private.registrations.username is 'The username to be, if one was chosen.';
alter table private.registrations enable row level security;

create table private.signs_of_life (
  patient_id uuid not null,
  seen_at timestamp with time zone not null
);
alter table private.signs_of_life add constraint signs_of_life_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table private.signs_of_life add constraint signs_of_life_pkey PRIMARY KEY (patient_id);
comment on table private.signs_of_life is 'When a patient was last known to be there: signed in, came to an appointment, or proved a reference in a call. Without a row: when the patient was new.';
comment on column private.signs_of_life.patient_id is 'Who.';
comment on column private.signs_of_life.seen_at is 'When, to a day.';
alter table private.signs_of_life enable row level security;

create table private.sms_spending (
  hour timestamp with time zone not null,
  parts integer not null,
  slot integer not null
);
alter table private.sms_spending add constraint sms_spending_pkey PRIMARY KEY (hour, slot);
comment on table private.sms_spending is 'How many parts were handed to the provider, by hour.';
comment on column private.sms_spending.hour is 'The hour, by its beginning.';
comment on column private.sms_spending.parts is 'How many parts; a message counts once, however often it is tried.';
comment on column private.sms_spending.slot is 'Any number: workers that count at the same time count in rows of their own.';
alter table private.sms_spending enable row level security;

create table private.temporary_passwords (
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  user_id uuid not null
);
alter table private.temporary_passwords add constraint temporary_passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;
alter table private.temporary_passwords add constraint temporary_passwords_pkey PRIMARY KEY (user_id);
comment on table private.temporary_passwords is 'Accounts whose password was generated and texted, and not yet replaced by its owner.';
comment on column private.temporary_passwords.created_at is 'When the password was made.';
comment on column private.temporary_passwords.expires_at is 'When the texted password stops working.';
comment on column private.temporary_passwords.user_id is 'The account (auth.users).';
alter table private.temporary_passwords enable row level security;

create table private.wrong_codes (
  guesses integer not null,
  hour timestamp with time zone not null
);
alter table private.wrong_codes add constraint wrong_codes_pkey PRIMARY KEY (hour);
comment on table private.wrong_codes is 'Wrong guesses at codes of six digits, by whomever and at whatever code.';
comment on column private.wrong_codes.guesses is 'How many.';
comment on column private.wrong_codes.hour is 'The hour, by its beginning.';
alter table private.wrong_codes enable row level security;

create table public.appointments (
  active boolean not null generated always as ((status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text]))) stored,
  arrived_at timestamp with time zone,
  call_id text,
  called_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  channel text not null default 'desk'::text,
  clinic_id uuid not null,
  confirmed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  dependent_id uuid,
  ends_at timestamp with time zone not null,
  id uuid not null default gen_random_uuid(),
  local_date date not null,
  note text,
  outside_hours boolean not null default false,
  patient_id uuid not null,
  practitioner_id uuid not null,
  reference text not null,
  seen_at timestamp with time zone,
  starts_at timestamp with time zone not null,
  status text not null default 'booked'::text,
  token_number integer not null,
  unproven boolean not null default false,
  updated_at timestamp with time zone not null default now(),
  version integer not null default 1,
  waits_from timestamp with time zone
);
alter table public.appointments add constraint appointments_channel_check CHECK ((channel = ANY (ARRAY['web'::text, 'ivr'::text, 'desk'::text])));
alter table public.appointments add constraint appointments_end_after_start CHECK ((starts_at < ends_at));
alter table public.appointments add constraint appointments_reference_check CHECK ((reference ~ '^[0-9]{4}$'::text));
alter table public.appointments add constraint appointments_status_check CHECK ((status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text, 'cancelled'::text, 'noshow'::text])));
alter table public.appointments add constraint appointments_token_number_check CHECK ((token_number > 0));
alter table public.appointments add constraint only_who_came_arrived_or_was_called CHECK (((status = ANY (ARRAY['arrived'::text, 'fulfilled'::text])) OR (num_nonnulls(arrived_at, called_at) = 0)));
alter table public.appointments add constraint only_who_is_fulfilled_was_seen CHECK (((status = 'fulfilled'::text) = (seen_at IS NOT NULL)));
alter table public.appointments add constraint appointments_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE RESTRICT;
alter table public.appointments add constraint appointments_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE RESTRICT;
alter table public.appointments add constraint appointments_practitioner_id_fkey FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE RESTRICT;
alter table public.appointments add constraint dependent_is_of_the_patient FOREIGN KEY (patient_id, dependent_id) REFERENCES public.dependents(patient_id, id) ON UPDATE CASCADE;
alter table public.appointments add constraint appointments_pkey PRIMARY KEY (id);
alter table public.appointments add constraint appointments_call_id_key UNIQUE (call_id);
alter table public.appointments add constraint person_is_in_one_place_at_a_time EXCLUDE USING gist (COALESCE(dependent_id, patient_id) WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (active);
alter table public.appointments add constraint practitioner_sees_one_patient_at_a_time EXCLUDE USING gist (practitioner_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (active);
CREATE INDEX appointments_of_clinic ON public.appointments USING btree (clinic_id);
CREATE INDEX appointments_of_day ON public.appointments USING btree (practitioner_id, local_date);
CREATE INDEX appointments_of_dependent ON public.appointments USING btree (dependent_id) WHERE (dependent_id IS NOT NULL);
CREATE INDEX appointments_of_patient ON public.appointments USING btree (patient_id, starts_at DESC);
CREATE UNIQUE INDEX appointments_reference ON public.appointments USING btree (patient_id, reference) WHERE (status = ANY (ARRAY['booked'::text, 'arrived'::text]));
CREATE INDEX appointments_to_come ON public.appointments USING btree (clinic_id, starts_at) WHERE (status = 'booked'::text);
CREATE UNIQUE INDEX appointments_token ON public.appointments USING btree (practitioner_id, local_date, token_number) WHERE active;
CREATE TRIGGER _040_follow_merge BEFORE INSERT ON public.appointments FOR EACH ROW WHEN ((new.channel = 'desk'::text)) EXECUTE FUNCTION private.tg_appointments__follow_merge();
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE ON public.appointments FOR EACH ROW WHEN ((new.note IS NOT NULL)) EXECUTE FUNCTION private.tg_clean_notes('note');
CREATE TRIGGER _100_status BEFORE INSERT OR UPDATE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__status();
CREATE TRIGGER _105_dependent BEFORE INSERT ON public.appointments FOR EACH ROW WHEN ((new.dependent_id IS NOT NULL)) EXECUTE FUNCTION private.tg_appointments__dependent();
CREATE TRIGGER _105_other_dependent BEFORE UPDATE OF dependent_id, patient_id ON public.appointments FOR EACH ROW WHEN (((new.dependent_id IS NOT NULL) AND ((old.dependent_id IS DISTINCT FROM new.dependent_id) OR (old.patient_id IS DISTINCT FROM new.patient_id)))) EXECUTE FUNCTION private.tg_appointments__dependent();
CREATE TRIGGER _110_other_slot BEFORE UPDATE ON public.appointments FOR EACH ROW WHEN ((((old.practitioner_id IS DISTINCT FROM new.practitioner_id) OR (old.starts_at IS DISTINCT FROM new.starts_at)) OR (new.local_date <> old.local_date) OR (new.token_number IS NULL) OR ((NOT old.active) AND (new.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text]))))) EXECUTE FUNCTION private.tg_appointments__slot();
CREATE TRIGGER _110_slot BEFORE INSERT ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__slot();
CREATE TRIGGER _115_other_hours BEFORE UPDATE ON public.appointments FOR EACH ROW WHEN (((old.practitioner_id IS DISTINCT FROM new.practitioner_id) OR (old.starts_at IS DISTINCT FROM new.starts_at))) EXECUTE FUNCTION private.tg_appointments__outside_hours();
CREATE TRIGGER _115_outside_hours BEFORE INSERT ON public.appointments FOR EACH ROW WHEN ((new.channel = 'desk'::text)) EXECUTE FUNCTION private.tg_appointments__outside_hours();
CREATE TRIGGER _120_other_reference BEFORE UPDATE ON public.appointments FOR EACH ROW WHEN (((new.patient_id <> old.patient_id) OR ((old.status <> ALL (ARRAY['booked'::text, 'arrived'::text])) AND (new.status = ANY (ARRAY['booked'::text, 'arrived'::text]))))) EXECUTE FUNCTION private.tg_appointments__reference();
CREATE TRIGGER _120_reference BEFORE INSERT ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__reference();
CREATE TRIGGER _130_possible BEFORE INSERT ON public.appointments FOR EACH ROW WHEN ((new.status <> 'booked'::text)) EXECUTE FUNCTION private.tg_appointments__possible();
CREATE TRIGGER _130_possible_change BEFORE UPDATE ON public.appointments FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) OR (old.starts_at IS DISTINCT FROM new.starts_at))) EXECUTE FUNCTION private.tg_appointments__possible();
CREATE TRIGGER _140_moments BEFORE INSERT ON public.appointments FOR EACH ROW WHEN ((new.status <> 'booked'::text)) EXECUTE FUNCTION private.tg_appointments__moments();
CREATE TRIGGER _140_other_moments BEFORE UPDATE ON public.appointments FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION private.tg_appointments__moments();
CREATE TRIGGER _400_request_account AFTER INSERT ON public.appointments FOR EACH ROW WHEN ((new.channel = 'ivr'::text)) EXECUTE FUNCTION private.tg_appointments__request_account();
CREATE TRIGGER _400_withdraw_sms BEFORE DELETE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__withdraw_sms();
CREATE TRIGGER _400_withdraw_sms_of_changed BEFORE UPDATE ON public.appointments FOR EACH ROW WHEN (((new.status <> old.status) OR (new.starts_at <> old.starts_at) OR (new.practitioner_id <> old.practitioner_id))) EXECUTE FUNCTION private.tg_appointments__withdraw_sms();
CREATE TRIGGER _450_sign_of_life AFTER UPDATE OF status ON public.appointments FOR EACH ROW WHEN (((new.status = ANY (ARRAY['arrived'::text, 'fulfilled'::text])) AND (old.status <> ALL (ARRAY['arrived'::text, 'fulfilled'::text])))) EXECUTE FUNCTION private.tg_appointments__sign_of_life();
CREATE TRIGGER _500_queue_sms AFTER INSERT OR DELETE OR UPDATE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__queue_sms();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
CREATE TRIGGER _900_broadcast AFTER INSERT OR DELETE OR UPDATE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__broadcast();
CREATE TRIGGER _910_broadcast_moved_slot AFTER UPDATE ON public.appointments FOR EACH ROW WHEN (((((old.active IS DISTINCT FROM new.active) OR (old.practitioner_id IS DISTINCT FROM new.practitioner_id)) OR (old.starts_at IS DISTINCT FROM new.starts_at)) OR (old.ends_at IS DISTINCT FROM new.ends_at))) EXECUTE FUNCTION private.tg_appointments__broadcast_slot();
CREATE TRIGGER _910_broadcast_slot AFTER INSERT OR DELETE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__broadcast_slot();
CREATE TRIGGER _920_broadcast_changed_queue AFTER UPDATE ON public.appointments FOR EACH ROW WHEN ((((((old.status IS DISTINCT FROM new.status) OR (old.practitioner_id IS DISTINCT FROM new.practitioner_id)) OR (old.starts_at IS DISTINCT FROM new.starts_at)) OR (old.token_number IS DISTINCT FROM new.token_number)) OR (old.called_at IS DISTINCT FROM new.called_at))) EXECUTE FUNCTION private.tg_appointments__broadcast_queue();
CREATE TRIGGER _920_broadcast_queue AFTER INSERT OR DELETE ON public.appointments FOR EACH ROW EXECUTE FUNCTION private.tg_appointments__broadcast_queue();
comment on table public.appointments is 'Booked slots. To book by hand give patient, practitioner and starts_at; the rest is filled in. To cancel set status.';
comment on column public.appointments.active is 'Whether it holds its slot: booked, arrived or fulfilled.';
comment on column public.appointments.arrived_at is 'When they came to the desk, filled in with the status.';
comment on column public.appointments.call_id is 'The call that booked it: a call books once, however often its confirmation arrives.';
comment on column public.appointments.called_at is 'When they were called in. With status arrived: they are with the doctor.';
comment on column public.appointments.cancelled_at is 'When it was cancelled, filled in.';
comment on column public.appointments.channel is 'How it was booked: web, ivr (by phone) or desk.';
comment on column public.appointments.clinic_id is 'Where: the practitioner''s clinic, filled in.';
comment on column public.appointments.confirmed_at is 'When the patient said that they will come. Emptied when it is moved.';
comment on column public.appointments.created_at is 'When it was booked.';
comment on column public.appointments.dependent_id is 'Who comes: one of those for whom the patient books. Empty: the patient.';
comment on column public.appointments.ends_at is 'Ends, an instant. Filled in from the schedule; moves along when starts_at is moved.';
comment on column public.appointments.id is 'Identifier.';
comment on column public.appointments.local_date is 'The day in the clinic''s time zone, filled in. Follows when the time zone is corrected.';
comment on column public.appointments.note is 'What the desk notes, such as the reason. Patients do not see it on the site, but could ask for it.';
comment on column public.appointments.outside_hours is 'Whether it was put outside the hours of its day as these were then: squeezed in at the desk before or after them. Filled in.';
comment on column public.appointments.patient_id is 'Whose it is: the holder of the phone, who comes unless dependent_id says who does. Cannot be changed.';
comment on column public.appointments.practitioner_id is 'Who sees them.';
comment on column public.appointments.reference is 'Four digits texted to the patient; proves on the phone that the appointment is theirs.';
comment on column public.appointments.seen_at is 'When they had been seen, filled in with the status.';
comment on column public.appointments.starts_at is 'Begins, an instant.';
comment on column public.appointments.status is 'booked, arrived (at the desk), fulfilled (seen), cancelled or noshow.';
comment on column public.appointments.token_number is 'Number in the practitioner''s queue of the day: the place of the slot in the day. Emptied, it is given anew.';
comment on column public.appointments.unproven is 'Booked in a call that did not prove its number, which may be forged. Such bookings are counted apart.';
comment on column public.appointments.updated_at is 'When it was last changed.';
comment on column public.appointments.version is 'Counts changes, so that a page can tell old news from new.';
comment on column public.appointments.waits_from is 'Where they wait as if this were their time: behind the next one, after they were called and were not there. Empty: by their own time.';
alter table public.appointments enable row level security;
grant select on public.appointments to authenticated;
grant delete, insert, select, update on public.appointments to service_role;

create table public.audit_events (
  action text not null,
  actor_id uuid,
  changes jsonb not null default '{}'::jsonb,
  channel text not null,
  id bigint not null generated always as identity,
  occurred_at timestamp with time zone not null default now(),
  row_id text not null,
  table_name text not null
);
alter table public.audit_events add constraint audit_events_action_check CHECK ((action = ANY (ARRAY['insert'::text, 'update'::text, 'delete'::text, 'read'::text])));
alter table public.audit_events add constraint audit_events_pkey PRIMARY KEY (id);
CREATE INDEX audit_events_of_row ON public.audit_events USING btree (table_name, row_id);
CREATE TRIGGER _100_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION private.tg_audit_events__append_only();
CREATE TRIGGER _110_only_erase BEFORE UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION private.tg_audit_events__only_erase();
comment on table public.audit_events is 'What changed, and whose record was read at a desk. Rows can only be added; of a deleted account names are erased.';
comment on column public.audit_events.action is 'insert, update, delete, or read: a record that was opened at a desk.';
comment on column public.audit_events.actor_id is 'The signed-in account (auth.users), empty for calls, jobs and the dashboard.';
comment on column public.audit_events.changes is 'Changed columns, each with its values before and after; (erased) where those were of an account that was deleted. Phones are masked, references left out.';
comment on column public.audit_events.channel is 'By which way: web, ivr (phone), system (our own jobs) or desk (at the desk, or by hand in the dashboard).';
comment on column public.audit_events.id is 'Counts up.';
comment on column public.audit_events.occurred_at is 'When.';
comment on column public.audit_events.row_id is 'Which row.';
comment on column public.audit_events.table_name is 'Which table.';
alter table public.audit_events enable row level security;
grant select on public.audit_events to service_role;

create table public.boards (
  clinic_id uuid not null,
  created_at timestamp with time zone not null default now(),
  created_by uuid default auth.uid(),
  id uuid not null default gen_random_uuid(),
  name text not null,
  revoked_at timestamp with time zone,
  seen_at timestamp with time zone,
  token_hash text not null
);
alter table public.boards add constraint boards_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table public.boards add constraint boards_created_by_fkey FOREIGN KEY (created_by) REFERENCES auth.users(id) ON DELETE SET NULL;
alter table public.boards add constraint boards_pkey PRIMARY KEY (id);
alter table public.boards add constraint boards_token_hash_key UNIQUE (token_hash);
CREATE INDEX boards_of_account ON public.boards USING btree (created_by);
CREATE INDEX boards_of_clinic ON public.boards USING btree (clinic_id);
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name ON public.boards FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name');
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE OF clinic_id, name, token_hash, revoked_at ON public.boards FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
CREATE TRIGGER _900_broadcast_end AFTER DELETE OR UPDATE OF revoked_at, token_hash ON public.boards FOR EACH ROW EXECUTE FUNCTION private.tg_boards__broadcast_end();
comment on table public.boards is 'Televisions that may show the tokens of a clinic. Made by make_board; to revoke one set revoked_at, or delete the row.';
comment on column public.boards.clinic_id is 'Whose tokens it shows.';
comment on column public.boards.created_at is 'When it was made.';
comment on column public.boards.created_by is 'Who made it (auth.users). Empty: an admin, or somebody who is gone.';
comment on column public.boards.id is 'Identifier. The board listens on board:<id>.';
comment on column public.boards.name is 'Where it hangs: Waiting room, first floor.';
comment on column public.boards.revoked_at is 'Since when it shows nothing any more. Empty: it works.';
comment on column public.boards.seen_at is 'When it was last looked at, to a minute. Empty: never.';
comment on column public.boards.token_hash is 'SHA-256 of what opens it. Only the hash, so that no backup and no look into this table opens a board; a lost address is made anew.';
alter table public.boards enable row level security;
grant delete, insert, select, update on public.boards to service_role;
grant select on public.boards (clinic_id) to authenticated;
grant select on public.boards (created_at) to authenticated;
grant select on public.boards (created_by) to authenticated;
grant select on public.boards (id) to authenticated;
grant select on public.boards (name) to authenticated;
grant select on public.boards (revoked_at) to authenticated;
grant select on public.boards (seen_at) to authenticated;

create table public.clinic_closures (
  clinic_id uuid not null,
  created_at timestamp with time zone not null default now(),
  from_date date not null,
  id uuid not null default gen_random_uuid(),
  reason text not null default ''::text,
  until_date date not null
);
alter table public.clinic_closures add constraint closures_run_forward CHECK ((from_date <= until_date));
alter table public.clinic_closures add constraint clinic_closures_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table public.clinic_closures add constraint clinic_closures_pkey PRIMARY KEY (id);
CREATE INDEX clinic_closures_of_clinic ON public.clinic_closures USING btree (clinic_id, until_date);
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE OF reason ON public.clinic_closures FOR EACH ROW EXECUTE FUNCTION private.tg_clean_notes('reason');
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.clinic_closures FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.clinic_closures is 'Days on which a clinic is closed, whatever the hours say. close_clinic also cancels and tells; deleting a row opens the clinic again.';
comment on column public.clinic_closures.clinic_id is 'Which clinic.';
comment on column public.clinic_closures.created_at is 'When the row was made.';
comment on column public.clinic_closures.from_date is 'The first day, in the clinic''s time zone.';
comment on column public.clinic_closures.id is 'Identifier.';
comment on column public.clinic_closures.reason is 'Why, for the clinic: Pongal. Patients do not see it.';
comment on column public.clinic_closures.until_date is 'The last day.';
alter table public.clinic_closures enable row level security;
grant delete, select on public.clinic_closures to authenticated;
grant delete, insert, select, update on public.clinic_closures to service_role;

create table public.clinic_staff (
  clinic_id uuid not null,
  created_at timestamp with time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  name text not null,
  phone text not null,
  role text not null default 'desk'::text,
  updated_at timestamp with time zone not null default now(),
  user_id uuid,
  vacated_at timestamp with time zone
);
alter table public.clinic_staff add constraint clinic_staff_phone_check CHECK (private.check_phone(phone));
alter table public.clinic_staff add constraint clinic_staff_role_check CHECK ((role = ANY (ARRAY['desk'::text, 'manager'::text])));
alter table public.clinic_staff add constraint clinic_staff_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table public.clinic_staff add constraint clinic_staff_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE SET NULL;
alter table public.clinic_staff add constraint clinic_staff_pkey PRIMARY KEY (id);
alter table public.clinic_staff add constraint clinic_staff_once_a_clinic UNIQUE (clinic_id, phone);
CREATE INDEX clinic_staff_of_account ON public.clinic_staff USING btree (user_id);
CREATE INDEX clinic_staff_of_phone ON public.clinic_staff USING btree (phone);
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name ON public.clinic_staff FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name');
CREATE TRIGGER _060_phone BEFORE INSERT OR UPDATE OF phone, clinic_id ON public.clinic_staff FOR EACH ROW EXECUTE FUNCTION private.tg_clinic_staff__phone();
CREATE TRIGGER _100_account BEFORE INSERT OR UPDATE OF phone, user_id, vacated_at ON public.clinic_staff FOR EACH ROW EXECUTE FUNCTION private.tg_clinic_staff__account();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.clinic_staff FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _300_keep_manager AFTER DELETE ON public.clinic_staff FOR EACH ROW WHEN ((old.role = 'manager'::text)) EXECUTE FUNCTION private.tg_clinic_staff__keep_manager();
CREATE TRIGGER _300_keep_manager_of_changed AFTER UPDATE OF role, phone, clinic_id ON public.clinic_staff FOR EACH ROW WHEN ((old.role = 'manager'::text)) EXECUTE FUNCTION private.tg_clinic_staff__keep_manager();
CREATE TRIGGER _310_end_sessions AFTER DELETE ON public.clinic_staff FOR EACH ROW WHEN ((old.user_id IS NOT NULL)) EXECUTE FUNCTION private.tg_clinic_staff__end_sessions();
CREATE TRIGGER _310_end_sessions_of_changed AFTER UPDATE ON public.clinic_staff FOR EACH ROW WHEN (((old.user_id IS NOT NULL) AND (new.user_id IS DISTINCT FROM old.user_id))) EXECUTE FUNCTION private.tg_clinic_staff__end_sessions();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.clinic_staff FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.clinic_staff is 'Who works at the desk of a clinic. They register on the site like anybody, with this phone. Deleting a row takes the rights away at once.';
comment on column public.clinic_staff.clinic_id is 'At which clinic.';
comment on column public.clinic_staff.created_at is 'When the row was made.';
comment on column public.clinic_staff.id is 'Identifier.';
comment on column public.clinic_staff.name is 'Their name, as the desk and the audit show it.';
comment on column public.clinic_staff.phone is 'Their phone, as +E.164: the account of this phone may work at the desk.';
comment on column public.clinic_staff.role is 'desk, or manager: who also edits staff and hours and sees the numbers.';
comment on column public.clinic_staff.updated_at is 'When the row was last changed.';
comment on column public.clinic_staff.user_id is 'The account (auth.users) of the phone, filled in. Empty: that phone has none yet.';
comment on column public.clinic_staff.vacated_at is 'When the account that had these rights went, or got another phone. The number may be a stranger''s next: whoever has it gets nothing until this is emptied, or the row is made anew.';
alter table public.clinic_staff enable row level security;
grant delete, insert, select, update on public.clinic_staff to authenticated;
grant delete, insert, select, update on public.clinic_staff to service_role;

create table public.clinics (
  address text not null default ''::text,
  booking_horizon_days integer not null default 30,
  created_at timestamp with time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  locale text not null default 'en-IN'::text,
  max_active_bookings integer not null default 5,
  max_unproven_bookings integer not null default 2,
  name text not null,
  new_callers_per_hour integer not null default 30,
  other_locales text[] not null default '{}'::text[],
  phone text not null,
  phone_booking text not null default 'open'::text,
  quiet_from time without time zone default '21:00:00'::time without time zone,
  quiet_until time without time zone default '08:00:00'::time without time zone,
  reception_closes time without time zone,
  reception_days smallint[] not null default '{1,2,3,4,5,6,7}'::smallint[],
  reception_opens time without time zone,
  reception_phone text,
  reminder_day_before boolean not null default true,
  reminder_hours_before smallint default 2,
  time_zone text not null default 'Asia/Kolkata'::text,
  updated_at timestamp with time zone not null default now()
);
alter table public.clinics add constraint clinics_booking_horizon_days_check CHECK (((booking_horizon_days >= 0) AND (booking_horizon_days <= 366)));
alter table public.clinics add constraint clinics_locale_check CHECK ((locale ~ '^[a-z]{2}-[A-Z]{2}$'::text));
alter table public.clinics add constraint clinics_max_active_bookings_check CHECK (((max_active_bookings >= 1) AND (max_active_bookings <= 100)));
alter table public.clinics add constraint clinics_max_unproven_bookings_check CHECK (((max_unproven_bookings >= 0) AND (max_unproven_bookings <= 100)));
alter table public.clinics add constraint clinics_new_callers_per_hour_check CHECK ((new_callers_per_hour >= 0));
alter table public.clinics add constraint clinics_other_locales_check CHECK ((array_to_string(other_locales, ' '::text, 'null'::text) ~ '^([a-z]{2}-[A-Z]{2}( |$))*$'::text));
alter table public.clinics add constraint clinics_phone_booking_check CHECK ((phone_booking = ANY (ARRAY['open'::text, 'proven'::text, 'closed'::text])));
alter table public.clinics add constraint clinics_phone_check CHECK (private.check_phone(phone));
alter table public.clinics add constraint clinics_reception_days_check CHECK (((reception_days <@ '{1,2,3,4,5,6,7}'::smallint[]) AND (cardinality(reception_days) > 0)));
alter table public.clinics add constraint clinics_reception_phone_check CHECK (private.check_phone(reception_phone));
alter table public.clinics add constraint clinics_reminder_hours_before_check CHECK (((reminder_hours_before >= 1) AND (reminder_hours_before <= 24)));
alter table public.clinics add constraint quiet_hours_have_both_ends CHECK (((quiet_from IS NULL) = (quiet_until IS NULL)));
alter table public.clinics add constraint quiet_hours_leave_some_of_the_day CHECK ((quiet_from <> quiet_until));
alter table public.clinics add constraint reception_hours_run_forward CHECK ((reception_opens < reception_closes));
alter table public.clinics add constraint reception_opens_and_closes CHECK (((reception_opens IS NULL) = (reception_closes IS NULL)));
alter table public.clinics add constraint clinics_pkey PRIMARY KEY (id);
CREATE INDEX clinics_phone ON public.clinics USING btree (phone);
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name ON public.clinics FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name');
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE OF address ON public.clinics FOR EACH ROW EXECUTE FUNCTION private.tg_clean_notes('address');
CREATE TRIGGER _100_check_time_zone BEFORE INSERT OR UPDATE OF time_zone ON public.clinics FOR EACH ROW EXECUTE FUNCTION private.tg_clinics__check_time_zone();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.clinics FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _500_follow_time_zone AFTER UPDATE OF time_zone ON public.clinics FOR EACH ROW WHEN ((new.time_zone <> old.time_zone)) EXECUTE FUNCTION private.tg_clinics__follow_time_zone();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.clinics FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.clinics is 'Clinics that patients book with.';
comment on column public.clinics.address is 'Where to go, as patients should read it.';
comment on column public.clinics.booking_horizon_days is 'How many days ahead of today can be booked; 0 means today only.';
comment on column public.clinics.created_at is 'When the row was made.';
comment on column public.clinics.id is 'Identifier.';
comment on column public.clinics.locale is 'Language of calls and SMS unless a patient chose another: en-IN.';
comment on column public.clinics.max_active_bookings is 'How many upcoming appointments one patient may hold here.';
comment on column public.clinics.max_unproven_bookings is 'How many upcoming appointments a phone may have booked in calls that did not prove it. They count apart from max_active_bookings.';
comment on column public.clinics.name is 'The name callers hear and patients see.';
comment on column public.clinics.new_callers_per_hour is 'How many phones that were never seen before may book by calling within an hour. Further ones key in a code that is texted to them.';
comment on column public.clinics.other_locales is 'Languages that callers may choose instead of the locale, such as {ta-IN}. English can always be chosen. The voice of calls speaks English and Tamil only: hi-IN is for the site and SMS, and is not offered in calls.';
comment on column public.clinics.phone is 'The number patients dial to book, as +E.164. Several clinics may share one.';
comment on column public.clinics.phone_booking is 'Bookings by phone: open; proven, where every caller keys in a code that is texted to the phone that calls; or closed.';
comment on column public.clinics.quiet_from is 'From when no reminder is sent, in the clinic''s time zone. Empty, with quiet_until: at any hour.';
comment on column public.clinics.quiet_until is 'From when reminders are sent again, in the clinic''s time zone.';
comment on column public.clinics.reception_closes is 'Until when reception takes calls. Empty, with reception_opens: all day.';
comment on column public.clinics.reception_days is 'On which weekdays reception takes calls: 1 Monday to 7 Sunday.';
comment on column public.clinics.reception_opens is 'From when reception takes calls, in the clinic''s time zone. Empty, with reception_closes: all day.';
comment on column public.clinics.reception_phone is 'Where a call is put through to a person, as +E.164. Empty: nobody answers.';
comment on column public.clinics.reminder_day_before is 'Whether patients are reminded at the same time the day before.';
comment on column public.clinics.reminder_hours_before is 'How many hours before an appointment its patient is reminded. Empty: not.';
comment on column public.clinics.time_zone is 'IANA time zone (Asia/Kolkata) in which hours are kept and times are spoken and shown. Correcting it moves no appointment: their day and token follow, and patients are texted what their time is called now.';
comment on column public.clinics.updated_at is 'When the row was last changed.';
alter table public.clinics enable row level security;
grant select on public.clinics to authenticated;
grant delete, insert, select, update on public.clinics to service_role;
grant select on public.clinics (address) to anon;
grant update on public.clinics (address) to authenticated;
grant update on public.clinics (booking_horizon_days) to authenticated;
grant select on public.clinics (id) to anon;
grant update on public.clinics (max_active_bookings) to authenticated;
grant update on public.clinics (max_unproven_bookings) to authenticated;
grant select on public.clinics (name) to anon;
grant update on public.clinics (name) to authenticated;
grant update on public.clinics (new_callers_per_hour) to authenticated;
grant select on public.clinics (phone) to anon;
grant update on public.clinics (phone_booking) to authenticated;
grant update on public.clinics (quiet_from) to authenticated;
grant update on public.clinics (quiet_until) to authenticated;
grant update on public.clinics (reception_closes) to authenticated;
grant update on public.clinics (reception_days) to authenticated;
grant update on public.clinics (reception_opens) to authenticated;
grant update on public.clinics (reception_phone) to authenticated;
grant update on public.clinics (reminder_day_before) to authenticated;
grant update on public.clinics (reminder_hours_before) to authenticated;
grant select on public.clinics (time_zone) to anon;

create table public.day_operations (
  actor_id uuid,
  clinic_id uuid not null,
  done_at timestamp with time zone not null default now(),
  from_time time without time zone,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  minutes integer,
  on_date date not null,
  only_stranded boolean not null,
  outcome public.day_plan[] not null,
  practitioner_id uuid,
  reason text not null default ''::text,
  to_practitioner_id uuid,
  until_date date not null
);
alter table public.day_operations add constraint day_operations_kind_check CHECK ((kind = ANY (ARRAY['shift'::text, 'hand_over'::text, 'move'::text, 'cancel'::text, 'close'::text])));
alter table public.day_operations add constraint day_operations_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table public.day_operations add constraint day_operations_practitioner_id_fkey FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;
alter table public.day_operations add constraint day_operations_to_practitioner_id_fkey FOREIGN KEY (to_practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;
alter table public.day_operations add constraint day_operations_pkey PRIMARY KEY (id);
CREATE INDEX day_operations_of_clinic ON public.day_operations USING btree (clinic_id, done_at);
CREATE INDEX day_operations_of_practitioner ON public.day_operations USING btree (practitioner_id);
CREATE INDEX day_operations_to_practitioner ON public.day_operations USING btree (to_practitioner_id);
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE OF reason ON public.day_operations FOR EACH ROW EXECUTE FUNCTION private.tg_clean_notes('reason');
comment on table public.day_operations is 'What was done to a whole day: by shift_day, hand_over_day, move_day, cancel_day and close_clinic. Deleted after 30 days.';
comment on column public.day_operations.actor_id is 'The signed-in account (auth.users) that did it. Empty: it was done in the dashboard.';
comment on column public.day_operations.clinic_id is 'At which clinic.';
comment on column public.day_operations.done_at is 'When.';
comment on column public.day_operations.from_time is 'From when on the first day, by the clock of the clinic. Empty: all day.';
comment on column public.day_operations.id is 'Given by whoever does it: the same is not done twice.';
comment on column public.day_operations.kind is 'shift, hand_over, move, cancel or close.';
comment on column public.day_operations.minutes is 'How much later everybody comes (shift).';
comment on column public.day_operations.on_date is 'The first day, in the clinic''s time zone.';
comment on column public.day_operations.only_stranded is 'Only for those who were booked outside the hours, which stayed as they were.';
comment on column public.day_operations.outcome is 'What became of each appointment.';
comment on column public.day_operations.practitioner_id is 'Whose day. Empty: everybody''s at the clinic.';
comment on column public.day_operations.reason is 'Why, for the clinic. Patients do not see it.';
comment on column public.day_operations.to_practitioner_id is 'Who took over (hand_over).';
comment on column public.day_operations.until_date is 'The last day.';
alter table public.day_operations enable row level security;
grant select on public.day_operations to authenticated;
grant select on public.day_operations to service_role;

create table public.dependents (
  birth_year smallint,
  created_at timestamp with time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  name text,
  patient_id uuid not null default private.current_patient_id(),
  removed_at timestamp with time zone
);
alter table public.dependents add constraint dependents_have_a_name CHECK (((name IS NOT NULL) OR (removed_at IS NOT NULL)));
alter table public.dependents add constraint dependents_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE CASCADE;
alter table public.dependents add constraint dependents_pkey PRIMARY KEY (id);
alter table public.dependents add constraint dependents_patient_id_id_key UNIQUE (patient_id, id);
CREATE INDEX dependents_name_like ON public.dependents USING gin (name extensions.gin_trgm_ops);
CREATE TRIGGER _010_by_holder BEFORE INSERT OR DELETE OR UPDATE ON public.dependents FOR EACH STATEMENT WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.tg_dependents__by_holder();
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name ON public.dependents FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name');
CREATE TRIGGER _060_birth_year BEFORE INSERT OR UPDATE OF birth_year ON public.dependents FOR EACH ROW EXECUTE FUNCTION private.tg_dependents__birth_year();
CREATE TRIGGER _100_keep_history BEFORE DELETE ON public.dependents FOR EACH ROW EXECUTE FUNCTION private.tg_dependents__keep_history();
CREATE TRIGGER _100_lock_holder BEFORE DELETE ON public.dependents FOR EACH STATEMENT WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.tg_dependents__lock_holder();
CREATE TRIGGER _200_not_too_many AFTER INSERT ON public.dependents FOR EACH ROW EXECUTE FUNCTION private.tg_dependents__not_too_many();
CREATE TRIGGER _200_not_too_many_moved AFTER UPDATE OF patient_id, removed_at ON public.dependents FOR EACH ROW WHEN ((new.removed_at IS NULL)) EXECUTE FUNCTION private.tg_dependents__not_too_many();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.dependents FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
CREATE TRIGGER _810_erase_audit AFTER DELETE ON public.dependents FOR EACH ROW EXECUTE FUNCTION private.tg_erase_audit();
CREATE TRIGGER _810_erase_audit_of_account AFTER UPDATE ON public.dependents FOR EACH ROW WHEN (((new.name IS NULL) AND (old.name IS NOT NULL))) EXECUTE FUNCTION private.tg_erase_audit();
comment on table public.dependents is 'For whom a patient books besides themselves, at most 8. Removed ones that had appointments stay for the history.';
comment on column public.dependents.birth_year is 'Year of birth. Empty: not told.';
comment on column public.dependents.created_at is 'When the row was made.';
comment on column public.dependents.id is 'Identifier.';
comment on column public.dependents.name is 'Full name. Empty only after the account of the holder was deleted.';
comment on column public.dependents.patient_id is 'Who books for them: the holder of the phone. By default whoever is signed in.';
comment on column public.dependents.removed_at is 'When the holder removed them. They are offered no more, and their past appointments keep the name. Empty: not removed.';
alter table public.dependents enable row level security;
grant delete, select on public.dependents to authenticated;
grant delete, insert, select, update on public.dependents to service_role;
grant insert, update on public.dependents (birth_year) to authenticated;
grant insert, update on public.dependents (name) to authenticated;
grant insert on public.dependents (patient_id) to authenticated;

create table public.ivr_calls (
  call_id text not null,
  caller text,
  clinic_id uuid,
  created_at timestamp with time zone not null default now(),
  duration_seconds integer generated always as (EXTRACT(epoch FROM (COALESCE(ended_at, last_step_at) - started_at))) stored,
  ended_at timestamp with time zone,
  id uuid not null default gen_random_uuid(),
  last_step_at timestamp with time zone not null,
  outcome text not null,
  patient_id uuid,
  started_at timestamp with time zone not null default now(),
  steps jsonb not null default '[]'::jsonb,
  updated_at timestamp with time zone not null default now()
);
alter table public.ivr_calls add constraint ivr_calls_outcome_check CHECK ((outcome = ANY (ARRAY['booked'::text, 'cancelled'::text, 'moved'::text, 'informed'::text, 'abandoned'::text, 'transferred'::text, 'failed'::text])));
alter table public.ivr_calls add constraint ivr_calls_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE SET NULL;
alter table public.ivr_calls add constraint ivr_calls_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE SET NULL;
alter table public.ivr_calls add constraint ivr_calls_pkey PRIMARY KEY (id);
alter table public.ivr_calls add constraint ivr_calls_call_id_key UNIQUE (call_id);
CREATE INDEX ivr_calls_of_clinic ON public.ivr_calls USING btree (clinic_id, started_at);
CREATE INDEX ivr_calls_of_patient ON public.ivr_calls USING btree (patient_id);
comment on table public.ivr_calls is 'One row for each call that came in.';
comment on column public.ivr_calls.call_id is 'The voice provider''s id of the call.';
comment on column public.ivr_calls.caller is 'The calling number, masked. Empty: it is hidden, or none that could be.';
comment on column public.ivr_calls.clinic_id is 'The clinic that was called.';
comment on column public.ivr_calls.created_at is 'When the row was made.';
comment on column public.ivr_calls.duration_seconds is 'From the first step to the end, or to the last step so far, in seconds.';
comment on column public.ivr_calls.ended_at is 'When it ended, as the voice provider reported. Empty: not reported (yet).';
comment on column public.ivr_calls.id is 'Identifier.';
comment on column public.ivr_calls.last_step_at is 'When its last step was taken.';
comment on column public.ivr_calls.outcome is 'booked, moved, cancelled, transferred (to reception), informed (heard appointments, opening hours or how to book otherwise), failed, or abandoned: nothing came of it (yet).';
comment on column public.ivr_calls.patient_id is 'The patient of the calling number, if there is one. The number may be forged.';
comment on column public.ivr_calls.started_at is 'When the call came in.';
comment on column public.ivr_calls.steps is 'The steps in order: turn, step, keys pressed, when, whether a reference was right, whether a proof of the phone was asked for (proof) and given, whether a phone never seen before booked (new_phone), which appointment was opened, booked, moved or cancelled, or why none was (refused). References and codes are never kept.';
comment on column public.ivr_calls.updated_at is 'When the row was last changed.';
alter table public.ivr_calls enable row level security;
grant select on public.ivr_calls to service_role;

create table public.limits (
  by text not null,
  max integer not null,
  mode text not null default 'refuse'::text,
  seconds integer not null,
  what text not null,
  why text not null default ''::text
);
alter table public.limits add constraint limits_by_check CHECK ((by ~ '^[a-z_]+(\+[a-z_]+)*$'::text));
alter table public.limits add constraint limits_max_check CHECK ((max > 0));
alter table public.limits add constraint limits_mode_check CHECK ((mode = ANY (ARRAY['refuse'::text, 'watch'::text, 'slow'::text])));
alter table public.limits add constraint limits_seconds_check CHECK (((seconds >= 1) AND (seconds <= 86400)));
alter table public.limits add constraint limits_what_check CHECK ((what ~ '^[a-z_]+$'::text));
alter table public.limits add constraint limits_pkey PRIMARY KEY (what, by, seconds);
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.limits FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.limits is 'How often what may be done, by whom. Change max; delete a row to be without its rule. docs/security.md says how they work together.';
comment on column public.limits.by is 'Whose uses are counted together. client: an IPv4 address or the /64 of an IPv6 one; client_wide: its /48; account: a name that somebody signs in with, the same for username and phone of one account; device: one that has signed in to the account before, or a session.';
comment on column public.limits.max is 'So many uses within the time.';
comment on column public.limits.mode is 'What happens over it. refuse: no more until the time is over; watch: the rules that slow hold as well; slow: like refuse, but only then.';
comment on column public.limits.seconds is 'The time, in seconds; a day at most.';
comment on column public.limits.what is 'What is counted: code (texts one), look (at free times, before signing in), lookup (whether a phone can register), guess (at a code), password or export (a copy of what is kept). What turns out right is not counted.';
comment on column public.limits.why is 'What it is for.';
alter table public.limits enable row level security;
grant delete, insert, select, update on public.limits to service_role;

create table public.patients (
  account_origin text,
  age smallint,
  created_at timestamp with time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  locale text,
  name text,
  phone text,
  updated_at timestamp with time zone not null default now(),
  user_id uuid,
  username text
);
alter table public.patients add constraint only_an_account_has_an_origin CHECK (((user_id IS NULL) = (account_origin IS NULL)));
alter table public.patients add constraint patients_account_origin_check CHECK ((account_origin = ANY (ARRAY['web'::text, 'ivr'::text])));
alter table public.patients add constraint patients_age_check CHECK (((age >= 0) AND (age <= 130)));
alter table public.patients add constraint patients_phone_check CHECK (private.check_phone(phone));
alter table public.patients add constraint patients_username_check CHECK (((username ~ '^[A-Za-z0-9._-]{3,32}$'::text) AND (username !~ '^[0-9]+$'::text)));
alter table public.patients add constraint patients_username_has_a_letter CHECK ((username ~ '[A-Za-z]'::text));
alter table public.patients add constraint patients_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE SET NULL;
alter table public.patients add constraint patients_pkey PRIMARY KEY (id);
alter table public.patients add constraint patients_phone_key UNIQUE (phone);
alter table public.patients add constraint patients_user_id_key UNIQUE (user_id);
CREATE INDEX patients_name_like ON public.patients USING gin (name extensions.gin_trgm_ops);
CREATE INDEX patients_phone_like ON public.patients USING gin (phone extensions.gin_trgm_ops);
CREATE UNIQUE INDEX patients_username ON public.patients USING btree (lower(username));
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name ON public.patients FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name');
CREATE TRIGGER _080_not_merged BEFORE UPDATE OF phone ON public.patients FOR EACH ROW WHEN (((new.phone IS NOT NULL) AND (new.phone IS DISTINCT FROM old.phone))) EXECUTE FUNCTION private.tg_patients__not_merged();
CREATE TRIGGER _090_one_by_other_username BEFORE UPDATE OF username ON public.patients FOR EACH ROW WHEN ((new.username IS DISTINCT FROM old.username)) EXECUTE FUNCTION private.tg_patients__one_by_username();
CREATE TRIGGER _090_one_by_phone BEFORE UPDATE OF phone ON public.patients FOR EACH ROW WHEN (((new.phone IS NOT NULL) AND (new.phone IS DISTINCT FROM old.phone))) EXECUTE FUNCTION private.tg_patients__one_by_phone();
CREATE TRIGGER _090_one_by_username BEFORE INSERT ON public.patients FOR EACH ROW WHEN ((new.username IS NOT NULL)) EXECUTE FUNCTION private.tg_patients__one_by_username();
CREATE TRIGGER _100_check_account BEFORE INSERT OR UPDATE OF phone, user_id ON public.patients FOR EACH ROW EXECUTE FUNCTION private.tg_patients__check_account();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.patients FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _500_delete_account AFTER DELETE ON public.patients FOR EACH ROW WHEN ((old.user_id IS NOT NULL)) EXECUTE FUNCTION private.tg_patients__delete_account();
CREATE TRIGGER _500_move_account AFTER UPDATE OF phone ON public.patients FOR EACH ROW WHEN ((new.phone <> old.phone)) EXECUTE FUNCTION private.tg_patients__move_account();
CREATE TRIGGER _510_follow_staff AFTER INSERT ON public.patients FOR EACH ROW WHEN ((new.user_id IS NOT NULL)) EXECUTE FUNCTION private.tg_patients__follow_staff();
CREATE TRIGGER _510_follow_staff_of_changed AFTER UPDATE OF phone, user_id ON public.patients FOR EACH ROW WHEN (((old.phone IS DISTINCT FROM new.phone) OR (old.user_id IS DISTINCT FROM new.user_id))) EXECUTE FUNCTION private.tg_patients__follow_staff();
CREATE TRIGGER _600_are_theirs AFTER UPDATE ON public.patients FOR EACH ROW WHEN ((((old.name IS DISTINCT FROM new.name) OR (old.age IS DISTINCT FROM new.age)) OR (old.locale IS DISTINCT FROM new.locale))) EXECUTE FUNCTION private.tg_patients__are_theirs();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.patients FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
CREATE TRIGGER _810_erase_audit AFTER DELETE ON public.patients FOR EACH ROW EXECUTE FUNCTION private.tg_erase_audit();
CREATE TRIGGER _810_erase_audit_of_account AFTER UPDATE ON public.patients FOR EACH ROW WHEN ((((old.user_id IS NOT NULL) AND (new.user_id IS NULL)) OR ((new.name IS NULL) AND ((old.name IS DISTINCT FROM new.name) OR (old.age IS DISTINCT FROM new.age))))) EXECUTE FUNCTION private.tg_erase_audit();
comment on table public.patients is 'One row for each phone that booked or registered, and for each patient without phone who was at a desk.';
comment on column public.patients.account_origin is 'How the account was made: web (registered) or ivr (after a phone booking). Empty: no account yet.';
comment on column public.patients.age is 'Age in years as told at registration.';
comment on column public.patients.created_at is 'When the row was made.';
comment on column public.patients.id is 'Identifier.';
comment on column public.patients.locale is 'Language of calls and SMS this patient chose. Empty: the clinic''s.';
comment on column public.patients.name is 'Full name, empty for a caller who never told it.';
comment on column public.patients.phone is 'The patient''s phone, as +E.164. It identifies the patient; an account and what waits to be texted move along with it. Empty: made at a desk without one; such a patient has no account and is not texted.';
comment on column public.patients.updated_at is 'When the row was last changed.';
comment on column public.patients.user_id is 'The web account (auth.users), empty while there is none. It has the same phone.';
comment on column public.patients.username is 'Name chosen for signing in; unique whatever the case. The phone always works too.';
alter table public.patients enable row level security;
grant select on public.patients to authenticated;
grant delete, insert, select, update on public.patients to service_role;

create table public.practitioners (
  active boolean not null default true,
  clinic_id uuid not null,
  created_at timestamp with time zone not null default now(),
  fee_amount numeric(10,2),
  fee_currency text not null default 'INR'::text,
  id uuid not null default gen_random_uuid(),
  languages text[] not null default '{}'::text[],
  name text not null,
  photo_url text,
  qualification text,
  specialty text not null,
  spoken_name text,
  updated_at timestamp with time zone not null default now()
);
alter table public.practitioners add constraint fee_currency_is_a_code CHECK ((fee_currency ~ '^[A-Z]{3}$'::text));
alter table public.practitioners add constraint fee_is_no_debt CHECK ((fee_amount >= (0)::numeric));
alter table public.practitioners add constraint languages_are_codes CHECK (((cardinality(languages) <= 20) AND (array_to_string(languages, ' '::text, 'null'::text) ~ '^([a-z]{2,3}( |$))*$'::text)));
alter table public.practitioners add constraint photo_is_https_or_ours CHECK (((length(photo_url) <= 500) AND (photo_url ~* '^(https://[a-z0-9.-]+(:[0-9]+)?/\S+|/[^/\\\s]\S*)$'::text)));
alter table public.practitioners add constraint practitioners_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE RESTRICT;
alter table public.practitioners add constraint practitioners_pkey PRIMARY KEY (id);
CREATE INDEX practitioners_clinic ON public.practitioners USING btree (clinic_id, specialty);
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name, spoken_name, specialty, qualification ON public.practitioners FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name', 'spoken_name', 'specialty', 'qualification');
CREATE TRIGGER _060_spell BEFORE INSERT OR UPDATE OF specialty, clinic_id ON public.practitioners FOR EACH ROW EXECUTE FUNCTION private.tg_practitioners__spell();
CREATE TRIGGER _100_keep_clinic BEFORE UPDATE OF clinic_id ON public.practitioners FOR EACH ROW WHEN ((new.clinic_id <> old.clinic_id)) EXECUTE FUNCTION private.tg_practitioners__keep_clinic();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.practitioners FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _500_respell AFTER UPDATE OF specialty ON public.practitioners FOR EACH ROW WHEN ((new.specialty <> old.specialty)) EXECUTE FUNCTION private.tg_practitioners__respell();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.practitioners FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.practitioners is 'People patients are seen by.';
comment on column public.practitioners.active is 'Off: no new bookings; existing ones stay.';
comment on column public.practitioners.clinic_id is 'The clinic they work at.';
comment on column public.practitioners.created_at is 'When the row was made.';
comment on column public.practitioners.fee_amount is 'What a visit costs. Empty: not shown.';
comment on column public.practitioners.fee_currency is 'In which currency, as its code: INR.';
comment on column public.practitioners.id is 'Identifier.';
comment on column public.practitioners.languages is 'Languages they speak with patients, as codes, the best first: {en,ta,hi}. Pages show their names. Empty: not shown.';
comment on column public.practitioners.name is 'Name as patients read it: Dr. Anjali Rao.';
comment on column public.practitioners.photo_url is 'Their picture, square, as patients see it: https://… or a file of the site, /photos/rao.jpg. Empty: their initials.';
comment on column public.practitioners.qualification is 'As patients read it: MBBS, MD. Empty: not shown.';
comment on column public.practitioners.specialty is 'What they are booked for: General medicine.';
comment on column public.practitioners.spoken_name is 'Name as a caller should hear it, respelt if the voice says it badly. Empty: the name.';
comment on column public.practitioners.updated_at is 'When the row was last changed.';
alter table public.practitioners enable row level security;
grant select on public.practitioners to authenticated;
grant delete, insert, select, update on public.practitioners to service_role;
grant select on public.practitioners (active) to anon;
grant insert, update on public.practitioners (active) to authenticated;
grant select on public.practitioners (clinic_id) to anon;
grant insert on public.practitioners (clinic_id) to authenticated;
grant select on public.practitioners (fee_amount) to anon;
grant insert, update on public.practitioners (fee_amount) to authenticated;
grant select on public.practitioners (fee_currency) to anon;
grant insert, update on public.practitioners (fee_currency) to authenticated;
grant select on public.practitioners (id) to anon;
grant select on public.practitioners (languages) to anon;
grant insert, update on public.practitioners (languages) to authenticated;
grant select on public.practitioners (name) to anon;
grant insert, update on public.practitioners (name) to authenticated;
grant select on public.practitioners (photo_url) to anon;
grant insert, update on public.practitioners (photo_url) to authenticated;
grant select on public.practitioners (qualification) to anon;
grant insert, update on public.practitioners (qualification) to authenticated;
grant select on public.practitioners (specialty) to anon;
grant insert, update on public.practitioners (specialty) to authenticated;
grant insert, update on public.practitioners (spoken_name) to authenticated;

create table public.schedule_exceptions (
  created_at timestamp with time zone not null default now(),
  end_time time without time zone,
  id uuid not null default gen_random_uuid(),
  on_date date not null,
  practitioner_id uuid not null,
  reason text not null default ''::text,
  slot_minutes smallint not null default 15,
  start_time time without time zone,
  updated_at timestamp with time zone not null default now()
);
alter table public.schedule_exceptions add constraint closed_or_both_hours CHECK (((start_time IS NULL) = (end_time IS NULL)));
alter table public.schedule_exceptions add constraint hours_run_forward CHECK ((start_time < end_time));
alter table public.schedule_exceptions add constraint schedule_exceptions_slot_minutes_check CHECK (((slot_minutes >= 5) AND (slot_minutes <= 480)));
alter table public.schedule_exceptions add constraint schedule_exceptions_practitioner_id_fkey FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;
alter table public.schedule_exceptions add constraint schedule_exceptions_pkey PRIMARY KEY (id);
alter table public.schedule_exceptions add constraint hours_of_a_date_do_not_overlap EXCLUDE USING gist (practitioner_id WITH =, on_date WITH =, int4range((EXTRACT(epoch FROM start_time))::integer, (EXTRACT(epoch FROM end_time))::integer) WITH &&) WHERE ((start_time IS NOT NULL));
CREATE INDEX schedule_exceptions_date ON public.schedule_exceptions USING btree (practitioner_id, on_date);
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE OF reason ON public.schedule_exceptions FOR EACH ROW EXECUTE FUNCTION private.tg_clean_notes('reason');
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.schedule_exceptions FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.schedule_exceptions FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.schedule_exceptions is 'Dates that differ from the weekly hours. The rows of a date replace that day''s weekly hours.';
comment on column public.schedule_exceptions.created_at is 'When the row was made.';
comment on column public.schedule_exceptions.end_time is 'Other hours end. Empty, with start_time: closed all day.';
comment on column public.schedule_exceptions.id is 'Identifier.';
comment on column public.schedule_exceptions.on_date is 'The date, in the clinic''s time zone.';
comment on column public.schedule_exceptions.practitioner_id is 'Whose date.';
comment on column public.schedule_exceptions.reason is 'Why, for the clinic: Diwali, conference. Patients do not see it.';
comment on column public.schedule_exceptions.slot_minutes is 'Length of one appointment on that date.';
comment on column public.schedule_exceptions.start_time is 'Other hours begin. Empty, with end_time: closed all day.';
comment on column public.schedule_exceptions.updated_at is 'When the row was last changed.';
alter table public.schedule_exceptions enable row level security;
grant select on public.schedule_exceptions to authenticated;
grant delete, insert, select, update on public.schedule_exceptions to service_role;

create table public.schedules (
  created_at timestamp with time zone not null default now(),
  end_time time without time zone not null,
  id uuid not null default gen_random_uuid(),
  practitioner_id uuid not null,
  slot_minutes smallint not null default 15,
  start_time time without time zone not null,
  updated_at timestamp with time zone not null default now(),
  weekday smallint not null
);
alter table public.schedules add constraint hours_run_forward CHECK ((start_time < end_time));
alter table public.schedules add constraint schedules_slot_minutes_check CHECK (((slot_minutes >= 5) AND (slot_minutes <= 480)));
alter table public.schedules add constraint schedules_weekday_check CHECK (((weekday >= 1) AND (weekday <= 7)));
alter table public.schedules add constraint schedules_practitioner_id_fkey FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;
alter table public.schedules add constraint schedules_pkey PRIMARY KEY (id);
alter table public.schedules add constraint hours_of_a_day_do_not_overlap EXCLUDE USING gist (practitioner_id WITH =, weekday WITH =, int4range((EXTRACT(epoch FROM start_time))::integer, (EXTRACT(epoch FROM end_time))::integer) WITH &&);
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.schedules FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.schedules FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.schedules is 'Weekly hours. A day with a break has two rows.';
comment on column public.schedules.created_at is 'When the row was made.';
comment on column public.schedules.end_time is 'Last slot has ended, in the clinic''s time zone.';
comment on column public.schedules.id is 'Identifier.';
comment on column public.schedules.practitioner_id is 'Whose hours.';
comment on column public.schedules.slot_minutes is 'Length of one appointment.';
comment on column public.schedules.start_time is 'First slot begins, in the clinic''s time zone.';
comment on column public.schedules.updated_at is 'When the row was last changed.';
comment on column public.schedules.weekday is 'Day of the week: 1 Monday to 7 Sunday.';
alter table public.schedules enable row level security;
grant select on public.schedules to authenticated;
grant delete, insert, select, update on public.schedules to service_role;

create table public.security_events (
  client text not null default ''::text,
  count integer not null default 1,
  hour timestamp with time zone not null,
  kind text not null,
  latest_at timestamp with time zone not null default now(),
  phone text not null default ''::text
);
alter table public.security_events add constraint security_events_kind_check CHECK ((kind ~ '^[a-z_]{3,40}$'::text));
alter table public.security_events add constraint security_events_pkey PRIMARY KEY (hour, kind, phone, client);
comment on table public.security_events is 'Sign-ins, refusals and limits that were hit, counted by hour. It is not the audit: rows are removed after events_days. docs/security.md lists the kinds.';
comment on column public.security_events.client is 'Keyed hash of the network it came from. Empty: none is known, as of a call. others: too many came in that hour to tell them apart.';
comment on column public.security_events.count is 'How often in that hour.';
comment on column public.security_events.hour is 'The hour, by its beginning.';
comment on column public.security_events.kind is 'What happened, such as signed_in, sign_in_refused or limited.';
comment on column public.security_events.latest_at is 'When the last of them was.';
comment on column public.security_events.phone is 'Whom it was about, masked: +91********99. Empty: nobody in particular.';
alter table public.security_events enable row level security;
grant select on public.security_events to service_role;

create table public.security_settings (
  alert_phone text,
  alert_url text,
  calls_days integer not null default 365,
  changes_per_hour integer not null default 20,
  created_at timestamp with time zone not null default now(),
  dormant_days integer not null default 730,
  events_days integer not null default 90,
  events_per_hour integer not null default 500,
  id boolean not null default true,
  new_device_sms_a_day integer not null default 3,
  reference_tries_per_day integer not null default 15,
  session_days integer not null default 180,
  session_idle_days integer not null default 30,
  sms_days integer not null default 365,
  updated_at timestamp with time zone not null default now(),
  wrong_codes_a_day integer not null default 90
);
alter table public.security_settings add constraint security_settings_alert_phone_check CHECK (private.check_phone(alert_phone));
alter table public.security_settings add constraint security_settings_alert_url_check CHECK ((alert_url ~ '^https?://\S+$'::text));
alter table public.security_settings add constraint security_settings_calls_days_check CHECK ((calls_days >= 30));
alter table public.security_settings add constraint security_settings_changes_per_hour_check CHECK ((changes_per_hour > 0));
alter table public.security_settings add constraint security_settings_dormant_days_check CHECK ((dormant_days >= 30));
alter table public.security_settings add constraint security_settings_events_days_check CHECK (((events_days >= 1) AND (events_days <= 365)));
alter table public.security_settings add constraint security_settings_events_per_hour_check CHECK (((events_per_hour >= 10) AND (events_per_hour <= 10000)));
alter table public.security_settings add constraint security_settings_id_check CHECK (id);
alter table public.security_settings add constraint security_settings_new_device_sms_a_day_check CHECK ((new_device_sms_a_day >= 0));
alter table public.security_settings add constraint security_settings_reference_tries_per_day_check CHECK (((reference_tries_per_day >= 0) AND (reference_tries_per_day <= 100)));
alter table public.security_settings add constraint security_settings_session_days_check CHECK (((session_days >= 1) AND (session_days <= 730)));
alter table public.security_settings add constraint security_settings_session_idle_days_check CHECK (((session_idle_days >= 1) AND (session_idle_days <= 365)));
alter table public.security_settings add constraint security_settings_sms_days_check CHECK ((sms_days >= 30));
alter table public.security_settings add constraint security_settings_wrong_codes_a_day_check CHECK ((wrong_codes_a_day >= 0));
alter table public.security_settings add constraint security_settings_pkey PRIMARY KEY (id);
CREATE TRIGGER _100_keep BEFORE DELETE ON public.security_settings FOR EACH ROW EXECUTE FUNCTION private.tg_keep_settings();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.security_settings FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.security_settings FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.security_settings is 'One row: the numbers that keep attackers out, and who is told when there are some. See docs/security.md.';
comment on column public.security_settings.alert_phone is 'Who is texted when something needs a look, as +E.164. Empty: nobody.';
comment on column public.security_settings.alert_url is 'An address that is told the same as JSON {what, text, at}, by POST. Empty: none.';
comment on column public.security_settings.calls_days is 'After so many days what is known of a call is deleted.';
comment on column public.security_settings.changes_per_hour is 'How often one patient may book, move and cancel within an hour.';
comment on column public.security_settings.created_at is 'When the row was made.';
comment on column public.security_settings.dormant_days is 'A phone without any sign of life for so many days may have another owner by now: a code alone gives its account to nobody.';
comment on column public.security_settings.events_days is 'After so many days what is counted in security_events goes.';
comment on column public.security_settings.events_per_hour is 'So many rows an hour of one kind tell phones and clients apart in security_events; all others share one row.';
comment on column public.security_settings.id is 'Always true: there is one row.';
comment on column public.security_settings.new_device_sms_a_day is 'How often a day the owner of an account is texted that another device signed in.';
comment on column public.security_settings.reference_tries_per_day is 'After so many wrong references in calls from one number within a day, its calls ask for a texted code instead.';
comment on column public.security_settings.session_days is 'So many days after signing in everybody signs in again.';
comment on column public.security_settings.session_idle_days is 'Somebody who has not been there for so many days is signed out.';
comment on column public.security_settings.sms_days is 'After so many days a text and where it went are deleted; what it cost stays in sms_cost.';
comment on column public.security_settings.updated_at is 'When the row was last changed.';
comment on column public.security_settings.wrong_codes_a_day is 'After so many wrong guesses at codes of six digits within a day, by whomever, codes have ten digits. 90 keeps the chance that one is right under 1 in 10,000 a day.';
alter table public.security_settings enable row level security;
grant select, update on public.security_settings to service_role;

create table public.sms_messages (
  appointment_id uuid,
  attempts integer not null default 0,
  body text not null,
  budget_percent smallint not null generated always as (
CASE
    WHEN (template ~~ 'reminder%'::text) THEN 70
    WHEN (template = 'alert'::text) THEN 100
    WHEN (patient_id IS NULL) THEN 80
    WHEN ((secret AND (template <> 'welcome'::text)) OR (template = ANY (ARRAY['appointment_booked'::text, 'appointment_cancelled'::text, 'appointment_cancelled_by_clinic'::text]))) THEN 100
    ELSE 90
END) stored,
  counted_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  dedupe_key text,
  delivered_at timestamp with time zone,
  expires_at timestamp with time zone,
  id uuid not null default gen_random_uuid(),
  last_error text,
  locale text not null default 'en-IN'::text,
  next_attempt_at timestamp with time zone not null default now(),
  outcome_unknown boolean not null default false,
  parts smallint not null,
  patient_id uuid,
  priority smallint not null generated always as (
CASE
    WHEN secret THEN 1
    WHEN (template ~~ 'reminder%'::text) THEN 3
    ELSE 2
END) stored,
  provider_id text,
  report_token text not null default replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text),
  reported_at timestamp with time zone,
  secret boolean not null default false,
  sent_at timestamp with time zone,
  status text not null default 'queued'::text,
  template text not null,
  to_phone text not null,
  updated_at timestamp with time zone not null default now()
);
alter table public.sms_messages add constraint sms_messages_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sending'::text, 'sent'::text, 'delivered'::text, 'failed'::text, 'cancelled'::text])));
alter table public.sms_messages add constraint sms_messages_to_phone_check CHECK (private.check_phone(to_phone));
alter table public.sms_messages add constraint sms_messages_appointment_id_fkey FOREIGN KEY (appointment_id) REFERENCES public.appointments(id) ON DELETE SET NULL;
alter table public.sms_messages add constraint sms_messages_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.patients(id) ON DELETE SET NULL;
alter table public.sms_messages add constraint sms_messages_pkey PRIMARY KEY (id);
alter table public.sms_messages add constraint sms_messages_dedupe_key_key UNIQUE (dedupe_key);
CREATE INDEX sms_messages_created ON public.sms_messages USING btree (created_at);
CREATE INDEX sms_messages_due ON public.sms_messages USING btree (priority, next_attempt_at) WHERE (status = ANY (ARRAY['queued'::text, 'sending'::text]));
CREATE INDEX sms_messages_failed ON public.sms_messages USING btree (updated_at) WHERE ((status = 'failed'::text) OR outcome_unknown);
CREATE INDEX sms_messages_of_appointment ON public.sms_messages USING btree (appointment_id);
CREATE INDEX sms_messages_of_patient ON public.sms_messages USING btree (patient_id);
CREATE INDEX sms_messages_to_phone ON public.sms_messages USING btree (to_phone, sent_at);
CREATE TRIGGER _100_keep_secrets BEFORE UPDATE ON public.sms_messages FOR EACH ROW WHEN ((new.secret AND (new.status <> ALL (ARRAY['queued'::text, 'sending'::text])))) EXECUTE FUNCTION private.tg_sms_messages__keep_secrets();
CREATE TRIGGER _100_measure BEFORE INSERT ON public.sms_messages FOR EACH ROW EXECUTE FUNCTION private.tg_sms_messages__measure();
CREATE TRIGGER _200_measure_again BEFORE UPDATE ON public.sms_messages FOR EACH ROW WHEN (((new.body <> old.body) AND (new.status = ANY (ARRAY['queued'::text, 'sending'::text])))) EXECUTE FUNCTION private.tg_sms_messages__measure();
CREATE TRIGGER _200_reopen BEFORE UPDATE ON public.sms_messages FOR EACH ROW WHEN (((new.status = ANY (ARRAY['queued'::text, 'sending'::text])) AND (old.status <> ALL (ARRAY['queued'::text, 'sending'::text])))) EXECUTE FUNCTION private.tg_sms_messages__reopen();
CREATE TRIGGER _200_take_back BEFORE UPDATE ON public.sms_messages FOR EACH ROW WHEN (((new.status = 'queued'::text) AND (old.status = 'sending'::text) AND (new.next_attempt_at = old.next_attempt_at))) EXECUTE FUNCTION private.tg_sms_messages__doubt();
CREATE TRIGGER _300_touch BEFORE UPDATE ON public.sms_messages FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _900_wake_dispatcher AFTER INSERT OR UPDATE ON public.sms_messages FOR EACH ROW WHEN (((new.status = 'queued'::text) AND (new.next_attempt_at <= now()))) EXECUTE FUNCTION private.tg_sms_messages__wake_dispatcher();
comment on table public.sms_messages is 'Every SMS, queued by the change that causes it. To send a failed one again set its status to queued.';
comment on column public.sms_messages.appointment_id is 'Which appointment it tells of.';
comment on column public.sms_messages.attempts is 'How often sending was tried.';
comment on column public.sms_messages.body is 'The text as sent; erased if it held a secret.';
comment on column public.sms_messages.budget_percent is 'How much of the budget may be used when it is sent: 100 codes of patients, bookings and cancellations, 90 other news of patients, 80 what goes to others, 70 reminders.';
comment on column public.sms_messages.counted_at is 'When it was counted against the budget, once however often it is tried.';
comment on column public.sms_messages.created_at is 'When it was queued.';
comment on column public.sms_messages.dedupe_key is 'Its cause: the same cause queues nothing twice.';
comment on column public.sms_messages.delivered_at is 'When the phone had it.';
comment on column public.sms_messages.expires_at is 'After this it is worthless and fails rather than arrives late.';
comment on column public.sms_messages.id is 'Identifier, also the reference given to the provider.';
comment on column public.sms_messages.last_error is 'Why it has not been sent.';
comment on column public.sms_messages.locale is 'Its language.';
comment on column public.sms_messages.next_attempt_at is 'When it is due; while sending, until when the worker has it.';
comment on column public.sms_messages.outcome_unknown is 'The provider may have it: it is looked up there before it is sent again.';
comment on column public.sms_messages.parts is 'In how many parts it is sent, and paid.';
comment on column public.sms_messages.patient_id is 'Whom it is for.';
comment on column public.sms_messages.priority is 'What goes first: 1 codes and passwords, 2 news, 3 reminders.';
comment on column public.sms_messages.provider_id is 'The provider''s id of it.';
comment on column public.sms_messages.report_token is 'Unguessable part of the address that takes its status reports.';
comment on column public.sms_messages.reported_at is 'Of when the latest status report is.';
comment on column public.sms_messages.secret is 'Holds a password or code: the text is erased once it is sent or given up.';
comment on column public.sms_messages.sent_at is 'When the provider took it.';
comment on column public.sms_messages.status is 'queued, sending, sent (the provider has it), delivered, failed or cancelled.';
comment on column public.sms_messages.template is 'Which template it was written from.';
comment on column public.sms_messages.to_phone is 'Where it goes, as +E.164.';
comment on column public.sms_messages.updated_at is 'When the row was last changed.';
alter table public.sms_messages enable row level security;
grant delete, insert, select, update on public.sms_messages to service_role;

create table public.sms_opt_outs (
  created_at timestamp with time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  phone text not null,
  reason text not null default ''::text
);
alter table public.sms_opt_outs add constraint sms_opt_outs_phone_check CHECK (private.check_phone(phone));
alter table public.sms_opt_outs add constraint sms_opt_outs_pkey PRIMARY KEY (id);
alter table public.sms_opt_outs add constraint sms_opt_outs_phone_key UNIQUE (phone);
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE OF reason ON public.sms_opt_outs FOR EACH ROW EXECUTE FUNCTION private.tg_clean_notes('reason');
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.sms_opt_outs FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.sms_opt_outs is 'Numbers that want no SMS. They get only the codes and passwords they ask for. To write to one again delete its row.';
comment on column public.sms_opt_outs.created_at is 'Since when.';
comment on column public.sms_opt_outs.id is 'Identifier.';
comment on column public.sms_opt_outs.phone is 'The number, as +E.164.';
comment on column public.sms_opt_outs.reason is 'Why: they answered STOP, or told the clinic.';
alter table public.sms_opt_outs enable row level security;
grant delete, insert, select, update on public.sms_opt_outs to service_role;

create table public.sms_past (
  day date not null,
  messages integer not null,
  parts integer not null,
  template text not null
);
alter table public.sms_past add constraint sms_past_pkey PRIMARY KEY (day, template);
comment on table public.sms_past is 'What was sent and is deleted by now: counts only. sms_cost has them all.';
comment on column public.sms_past.day is 'The day, in the time zone of the oldest clinic.';
comment on column public.sms_past.messages is 'How many messages the provider took.';
comment on column public.sms_past.parts is 'In how many parts together.';
comment on column public.sms_past.template is 'Which message.';
alter table public.sms_past enable row level security;
grant select on public.sms_past to service_role;

create table public.sms_settings (
  budget_alert_percent integer not null default 80,
  created_at timestamp with time zone not null default now(),
  currency text not null default 'INR'::text,
  daily_cap integer default 20,
  id boolean not null default true,
  part_price numeric,
  parts_per_day integer default 15000,
  parts_per_hour integer default 3000,
  sending boolean not null default true,
  site_url text,
  updated_at timestamp with time zone not null default now()
);
alter table public.sms_settings add constraint sms_settings_budget_alert_percent_check CHECK (((budget_alert_percent >= 1) AND (budget_alert_percent <= 100)));
alter table public.sms_settings add constraint sms_settings_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text));
alter table public.sms_settings add constraint sms_settings_daily_cap_check CHECK ((daily_cap > 0));
alter table public.sms_settings add constraint sms_settings_id_check CHECK (id);
alter table public.sms_settings add constraint sms_settings_part_price_check CHECK ((part_price >= (0)::numeric));
alter table public.sms_settings add constraint sms_settings_parts_per_day_check CHECK ((parts_per_day > 0));
alter table public.sms_settings add constraint sms_settings_parts_per_hour_check CHECK ((parts_per_hour > 0));
alter table public.sms_settings add constraint sms_settings_site_url_check CHECK ((site_url ~ '^https?://[^/\s]+(/\S*[^/\s])?$'::text));
alter table public.sms_settings add constraint sms_settings_pkey PRIMARY KEY (id);
CREATE TRIGGER _100_keep BEFORE DELETE ON public.sms_settings FOR EACH ROW EXECUTE FUNCTION private.tg_keep_settings();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.sms_settings FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.sms_settings FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
CREATE TRIGGER _800_more_budget AFTER UPDATE ON public.sms_settings FOR EACH ROW WHEN (((new.parts_per_hour IS DISTINCT FROM old.parts_per_hour) OR (new.parts_per_day IS DISTINCT FROM old.parts_per_day))) EXECUTE FUNCTION private.tg_sms_settings__more_budget();
CREATE TRIGGER _900_wake_dispatcher AFTER UPDATE ON public.sms_settings FOR EACH ROW WHEN ((new.sending AND (NOT old.sending))) EXECUTE FUNCTION private.tg_sms_settings__wake_dispatcher();
comment on table public.sms_settings is 'One row that governs all sending of SMS.';
comment on column public.sms_settings.budget_alert_percent is 'When so much of an hour''s or a day''s parts is used, whoever security_settings names is told.';
comment on column public.sms_settings.created_at is 'When the row was made.';
comment on column public.sms_settings.currency is 'Of the price: three letters by ISO 4217.';
comment on column public.sms_settings.daily_cap is 'How many SMS one number gets in 24 hours; what is over waits. Codes and passwords always go. Empty: no limit.';
comment on column public.sms_settings.id is 'Always true: there is one row.';
comment on column public.sms_settings.part_price is 'What the provider is paid for a part, such as 0.15. Empty: managers see parts and no cost.';
comment on column public.sms_settings.parts_per_day is 'The same for an hour and the 23 before it. Empty: no limit.';
comment on column public.sms_settings.parts_per_hour is 'How many parts all SMS together may take in an hour; what is over waits, the less important first. Empty: no limit.';
comment on column public.sms_settings.sending is 'Off: nothing is sent. What is queued waits, or expires, until it is on again.';
comment on column public.sms_settings.site_url is 'Where the web site is, such as https://medq.example; npm run deploy enters it. Empty: SMS do not tell it.';
comment on column public.sms_settings.updated_at is 'When the row was last changed.';
alter table public.sms_settings enable row level security;
grant select, update on public.sms_settings to service_role;

create table public.sms_templates (
  body text not null,
  created_at timestamp with time zone not null default now(),
  default_body text not null,
  description text not null default ''::text,
  key text not null,
  locale text not null default 'en-IN'::text,
  placeholders text[] not null default '{}'::text[],
  required text[] not null,
  samples jsonb not null,
  updated_at timestamp with time zone not null default now()
);
alter table public.sms_templates add constraint sms_templates_body_check CHECK ((btrim(body) <> ''::text));
alter table public.sms_templates add constraint sms_templates_key_check CHECK ((key ~ '^[a-z_]+$'::text));
alter table public.sms_templates add constraint sms_templates_pkey PRIMARY KEY (key, locale);
CREATE TRIGGER _100_check BEFORE INSERT OR UPDATE ON public.sms_templates FOR EACH ROW EXECUTE FUNCTION private.tg_sms_templates__check();
CREATE TRIGGER _100_keep BEFORE DELETE ON public.sms_templates FOR EACH ROW WHEN ((old.locale = 'en-IN'::text)) EXECUTE FUNCTION private.tg_sms_templates__keep();
CREATE TRIGGER _100_keep_name BEFORE UPDATE OF key, locale ON public.sms_templates FOR EACH ROW WHEN (((old.locale = 'en-IN'::text) AND ((new.key <> old.key) OR (new.locale <> old.locale)))) EXECUTE FUNCTION private.tg_sms_templates__keep();
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.sms_templates FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.sms_templates FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.sms_templates is 'The words of every SMS. Edit body; keep the {{placeholders}}.';
comment on column public.sms_templates.body is 'The text. {{name}} is replaced; only the placeholders listed beside it may be used, and the required ones must be.';
comment on column public.sms_templates.created_at is 'When the row was made.';
comment on column public.sms_templates.default_body is 'The words it came with; copy them into body to have them back. Filled in.';
comment on column public.sms_templates.description is 'When it is sent.';
comment on column public.sms_templates.key is 'Which message.';
comment on column public.sms_templates.locale is 'Language: en-IN, ta-IN, hi-IN. A text that is not there in a language is sent in en-IN.';
comment on column public.sms_templates.placeholders is 'What the message can tell.';
comment on column public.sms_templates.required is 'What the message must tell: placeholders that may not be missing. Filled in: those its first text had.';
comment on column public.sms_templates.samples is 'What the placeholders are filled with in sms_template_previews, but for the names of doctor and clinic, which are real ones. Filled in; may be edited.';
comment on column public.sms_templates.updated_at is 'When the row was last changed.';
alter table public.sms_templates enable row level security;
grant delete, insert, select, update on public.sms_templates to service_role;

create table public.translations (
  address text,
  clinic_id uuid,
  created_at timestamp with time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  locale text not null,
  name text not null,
  spoken_as text,
  translation text not null,
  updated_at timestamp with time zone not null default now()
);
alter table public.translations add constraint translations_locale_check CHECK ((locale ~ '^[a-z]{2}-[A-Z]{2}$'::text));
alter table public.translations add constraint translations_clinic_id_fkey FOREIGN KEY (clinic_id) REFERENCES public.clinics(id) ON DELETE CASCADE;
alter table public.translations add constraint translations_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX one_translation_of_a_name ON public.translations USING btree (lower((name COLLATE pg_c_utf8)), locale, clinic_id) NULLS NOT DISTINCT;
CREATE INDEX translations_clinic ON public.translations USING btree (clinic_id);
CREATE TRIGGER _050_clean_names BEFORE INSERT OR UPDATE OF name, translation, spoken_as ON public.translations FOR EACH ROW EXECUTE FUNCTION private.tg_clean_names('name', 'translation', 'spoken_as');
CREATE TRIGGER _050_clean_notes BEFORE INSERT OR UPDATE OF address ON public.translations FOR EACH ROW EXECUTE FUNCTION private.tg_clean_notes('address');
CREATE TRIGGER _200_touch BEFORE UPDATE ON public.translations FOR EACH ROW EXECUTE FUNCTION private.tg_touch();
CREATE TRIGGER _800_audit AFTER INSERT OR DELETE OR UPDATE ON public.translations FOR EACH ROW EXECUTE FUNCTION private.tg_audit();
comment on table public.translations is 'What names are called in other languages: of clinics, practitioners and specialties. Calls, SMS and pages in a language use them; a name that is missing here stays as it is.';
comment on column public.translations.address is 'Of a clinic: where to go, in that language. Empty: clinics.address.';
comment on column public.translations.clinic_id is 'The one clinic that calls it so. Empty: all that have no row of their own.';
comment on column public.translations.created_at is 'When the row was made.';
comment on column public.translations.id is 'Identifier.';
comment on column public.translations.locale is 'The language: ta-IN.';
comment on column public.translations.name is 'The usual name, as it stands in clinics.name, practitioners.name or practitioners.specialty; capitals do not matter: General medicine.';
comment on column public.translations.spoken_as is 'As a caller should hear it, respelt if the voice says it badly. Empty: the translation.';
comment on column public.translations.translation is 'The name in that language, as patients read it.';
comment on column public.translations.updated_at is 'When the row was last changed.';
alter table public.translations enable row level security;
grant select on public.translations to anon;
grant select on public.translations to authenticated;
grant delete, insert, select, update on public.translations to service_role;

-- Sequences -----------------------------------------------------------------------------------------------------------

-- public.audit_events_id_seq

-- Views ---------------------------------------------------------------------------------------------------------------

create view private.refusals as
 SELECT word,
    COALESCE(message, word) AS message,
    code,
    sentence
   FROM ( VALUES ('slot_taken'::text,NULL::text,'PT409'::text,'That time was just taken. Please choose another.'::text), ('own_slot'::text,'slot_taken'::text,'PT409'::text,'You already have an appointment at that time.'::text), ('outside_hours'::text,'slot_unavailable'::text,'PT409'::text,'That time is not offered. Please choose another.'::text), ('beyond_horizon'::text,'slot_unavailable'::text,'PT409'::text,'That time is not offered. Please choose another.'::text), ('doctor_inactive'::text,'slot_unavailable'::text,'PT409'::text,'That time is not offered. Please choose another.'::text), ('own_appointment'::text,'slot_unavailable'::text,'PT409'::text,'You already have an appointment at that time.'::text), ('dependent_slot'::text,'slot_taken'::text,'PT409'::text,'They already have an appointment at that time.'::text), ('dependent_appointment'::text,'slot_unavailable'::text,'PT409'::text,'They already have an appointment at that time.'::text), ('slot_in_past'::text,NULL::text,'PT409'::text,'That time has already passed. Please choose a later one.'::text), ('too_many_bookings'::text,NULL::text,'PT409'::text,'You already have as many upcoming appointments as the clinic allows. Cancel one first.'::text), ('too_many_changes'::text,NULL::text,'PT429'::text,'You have changed your appointments very often. Please try again in %s minutes; you can still cancel.'::text), ('already_begun'::text,'not_cancellable'::text,'PT409'::text,'This appointment can no longer be changed.'::text), ('already_cancelled'::text,'not_cancellable'::text,'PT409'::text,'This appointment can no longer be changed.'::text), ('already_seen'::text,'not_cancellable'::text,'PT409'::text,'This appointment can no longer be changed.'::text), ('too_early_to_confirm'::text,NULL::text,'PT409'::text,'This appointment can be confirmed from the day before it on.'::text), ('unknown_doctor'::text,'not_found'::text,'PT404'::text,'We do not know this doctor.'::text), ('unknown_clinic'::text,'not_found'::text,'PT404'::text,'We do not know this clinic.'::text), ('unknown_appointment'::text,'not_found'::text,'PT404'::text,'We could not find this appointment.'::text), ('unknown_dependent'::text,'not_found'::text,'PT404'::text,'You do not book for this person.'::text), ('too_many_dependents'::text,NULL::text,'PT409'::text,'You can book for %s others at most. Remove one of them first.'::text), ('dependent_has_appointments'::text,NULL::text,'PT409'::text,'They have appointments to come. Cancel those first.'::text), ('invalid_birth_year'::text,'validation_failed'::text,'PT400'::text,'Please enter the year of birth, such as 1986.'::text), ('not_signed_in'::text,NULL::text,'PT401'::text,'Please sign in first.'::text), ('password_change_required'::text,NULL::text,'PT403'::text,'Please choose a new password first.'::text), ('username_taken'::text,NULL::text,'PT409'::text,'Somebody else has that username. Please choose another.'::text), ('invalid_name'::text,'validation_failed'::text,'PT400'::text,'Please enter a %s with a letter in it, of up to 100 characters.'::text), ('untypable_name'::text,'validation_failed'::text,'PT400'::text,'Please type the %s: what was pasted has a line break or a character that cannot be seen.'::text), ('invalid_age'::text,'validation_failed'::text,'PT400'::text,'Please enter an age between 0 and 130.'::text), ('invalid_username'::text,'validation_failed'::text,'PT400'::text,'A username has 3 to 32 letters, digits, dots, dashes or underscores, with at least one letter.'::text), ('unknown_language'::text,'validation_failed'::text,'PT400'::text,'We do not write in that language yet.'::text), ('other_account_has_phone'::text,'phone_already_registered'::text,'PT409'::text,'The patient with this phone has another account.'::text), ('other_patient_has_phone'::text,'phone_already_registered'::text,'PT409'::text,'Another patient has this phone.'::text), ('unproven_account'::text,NULL::text,'PT403'::text,'An account is made by registering, linking or a call. Nobody has proven the phone of this one.'::text), ('change_not_permitted'::text,NULL::text,'PT403'::text,'The %s of an account changes through MedQ only. To change it by hand, first: select permit_account_change(phone).'::text), ('not_staff'::text,NULL::text,'PT403'::text,'You do not work at the desk of this clinic.'::text), ('manager_only'::text,'not_staff'::text,'PT403'::text,'Only a manager of this clinic can do that.'::text), ('already_staff'::text,NULL::text,'PT409'::text,'Somebody with this phone works at this desk already.'::text), ('last_manager'::text,NULL::text,'PT409'::text,'This is the last manager with a web account. Make somebody else a manager first.'::text), ('desk_proof_required'::text,NULL::text,'PT403'::text,'Please enter the code that we text to your phone.'::text), ('too_many_codes'::text,'rate_limited'::text,'PT429'::text,'Please wait %s minutes, then ask for another code.'::text), ('changed_meanwhile'::text,NULL::text,'PT409'::text,'This appointment has changed meanwhile: %s.'::text), ('note_changed'::text,'changed_meanwhile'::text,'PT409'::text,'The note has changed meanwhile, and nothing was saved. It says: "%s".'::text), ('day_changed'::text,'changed_meanwhile'::text,'PT409'::text,'Somebody has changed this day meanwhile, and nothing more was done. Please look at it again.'::text), ('unknown_step'::text,'validation_failed'::text,'PT400'::text,'The desk knows no step "%s".'::text), ('day_is_full'::text,'slot_unavailable'::text,'PT409'::text,'Nothing is left of this day. Please choose another.'::text), ('same_patient'::text,'cannot_merge'::text,'PT409'::text,'These are the same patient already.'::text), ('both_have_accounts'::text,'cannot_merge'::text,'PT409'::text,'Both have a web account, so they may be two people. One of them has to delete theirs first.'::text), ('gone_has_account'::text,'cannot_merge'::text,'PT409'::text,'The one with the web account has to stay.'::text), ('patient_of_others'::text,'cannot_merge'::text,'PT409'::text,'This patient was at another clinic too. Whoever manages the dashboard can merge them.'::text), ('family_too_large'::text,'cannot_merge'::text,'PT409'::text,'Together they book for more than %s others. Remove some of those first.'::text), ('appointments_clash'::text,'cannot_merge'::text,'PT409'::text,'Both have an appointment on %s. Move or cancel one of them first.'::text), ('too_late_to_undo'::text,'cannot_merge'::text,'PT409'::text,'This was undone before, or is more than a day ago.'::text), ('phone_of_others'::text,'not_staff'::text,'PT403'::text,'This patient was at another clinic too. Whoever manages the dashboard can change the phone.'::text), ('phone_of_staff'::text,'not_staff'::text,'PT403'::text,'This is the phone of somebody who works at a desk. Whoever manages the dashboard can change it.'::text), ('has_other_phone'::text,'validation_failed'::text,'PT400'::text,'This patient has another phone. Correct it in their record, or leave the phone empty.'::text), ('phone_of_holder'::text,'validation_failed'::text,'PT400'::text,'This is the phone of whoever books for them. Please enter one of their own.'::text), ('dormant_phone'::text,'validation_failed'::text,'PT400'::text,'This phone was silent for years, and may have another owner by now. Whoever manages the dashboard can confirm it.'::text), ('day_is_over'::text,'validation_failed'::text,'PT400'::text,'That day is over.'::text), ('wrong_minutes'::text,'validation_failed'::text,'PT400'::text,'Please enter between 1 and 600 minutes.'::text), ('wrong_dates'::text,'validation_failed'::text,'PT400'::text,'Please enter a first and a last day, from today on and at most a year apart.'::text), ('same_practitioner'::text,'validation_failed'::text,'PT400'::text,'That is the same doctor.'::text), ('colleague_without_hours'::text,'slot_unavailable'::text,'PT409'::text,'That doctor sees nobody on that day.'::text), ('past_midnight'::text,'slot_unavailable'::text,'PT409'::text,'The day would go on after midnight.'::text), ('does_not_fit'::text,'slot_unavailable'::text,'PT409'::text,'Token %s cannot come then, and nothing was changed: %s'::text), ('unknown_sms'::text,'not_found'::text,'PT404'::text,'There is no such SMS to send again.'::text), ('unknown_board'::text,'not_found'::text,'PT404'::text,'This is not the address of a board, or not any more.'::text), ('invalid_hours'::text,'validation_failed'::text,'PT400'::text,'Hours are such as 09:00 to 13:00, with 5 to 480 minutes for an appointment.'::text), ('hours_backwards'::text,'validation_failed'::text,'PT400'::text,'The end, %s, has to be after the beginning, %s.'::text), ('hours_off_grid'::text,'validation_failed'::text,'PT400'::text,'With %s minutes each, the last appointment ends at %s. Please end there, or change the minutes.'::text), ('hours_overlap'::text,'validation_failed'::text,'PT400'::text,'Some of these hours overlap.'::text), ('would_strand'::text,NULL::text,'PT409'::text,'Somebody is booked outside these hours. Nothing was changed.'::text), ('manager_of_all_only'::text,'not_staff'::text,'PT403'::text,'All clinics send these words. Only who manages every one of them can change them.'::text), ('invalid_phone'::text,NULL::text,'PT400'::text,'A phone number is stored as +919876543210: a plus, the country code and the rest without a 0 in between, 7 to 15 digits.'::text), ('impossible_status'::text,NULL::text,'PT409'::text,'An appointment that is %s cannot become %s. If that was a mistake, set it to booked first.'::text), ('before_its_day'::text,NULL::text,'PT409'::text,'This appointment is on %s. It can be %s from that day on.'::text), ('practitioner_is_fixed'::text,NULL::text,'PT409'::text,'This doctor has appointments at their clinic. Add them anew at the other one, and set active to false here.'::text), ('unknown_patient'::text,'not_found'::text,'PT404'::text,'We do not know this patient.'::text), ('account_still_there'::text,NULL::text,'PT409'::text,'This patient has an account. To part them, delete the user in Authentication; to change the phone, change it here.'::text), ('account_has_other_phone'::text,NULL::text,'PT409'::text,'An account and its patient have the same confirmed phone. To change it: select change_patient_phone(patient, phone).'::text), ('unknown_time_zone'::text,NULL::text,'PT400'::text,'"%s" is not a time zone. Use an IANA name such as Asia/Kolkata.'::text), ('patient_is_fixed'::text,NULL::text,'PT409'::text,'An appointment cannot be given to another patient. Cancel it and book a new one.'::text), ('patient_is_merged'::text,NULL::text,'PT409'::text,'This patient was merged into another. Give that one the phone, or undo the merge.'::text), ('note_too_long'::text,NULL::text,'PT400'::text,'The %s can have up to %s characters.'::text), ('sms_too_long'::text,NULL::text,'PT400'::text,'The text would take %s SMS in a row; %s are the most.'::text), ('unknown_template'::text,'not_found'::text,'PT404'::text,'There is no such template in that language.'::text), ('unknown_placeholder'::text,NULL::text,'PT400'::text,'{{%s}} is not known here. Use only: %s.'::text), ('missing_placeholder'::text,NULL::text,'PT400'::text,'The text must tell %s.'::text), ('empty_template'::text,NULL::text,'PT400'::text,'Please enter the words of this SMS.'::text), ('template_too_long'::text,NULL::text,'PT400'::text,'The text would take %s SMS in a row; %s are the most.'::text), ('template_is_needed'::text,NULL::text,'PT409'::text,'Bookings send this SMS, and could not be made without it. Edit its body instead.'::text), ('settings_are_needed'::text,NULL::text,'PT409'::text,'These settings are needed. Edit them instead; to stop all SMS, set sending to false in sms_settings.'::text), ('secret_erased'::text,NULL::text,'PT409'::text,'This SMS held a password or code that has been erased. Have a new one made instead.'::text), ('audit_is_append_only'::text,NULL::text,'PT403'::text,'Audit events can neither be changed nor deleted.'::text)) r(word, message, code, sentence);
comment on view private.refusals is 'Everything that our SQL refuses, raised by private.fail.';
comment on column private.refusals.word is 'What exactly is refused: the detail of the error.';
comment on column private.refusals.message is 'The stable word of the API that it belongs to: the message of the error.';
comment on column private.refusals.code is 'SQLSTATE PT4xx, which the Data API answers with HTTP status 4xx.';
comment on column private.refusals.sentence is 'What people read, with %s for each value: the hint of the error.';

create view private.status_changes as
 SELECT was,
    becomes,
    (becomes = ANY (ARRAY['arrived'::text, 'fulfilled'::text, 'noshow'::text])) AS from_its_day
   FROM ( VALUES ('booked'::text,'booked'::text), ('booked'::text,'arrived'::text), ('booked'::text,'fulfilled'::text), ('booked'::text,'noshow'::text), ('booked'::text,'cancelled'::text), ('arrived'::text,'arrived'::text), ('arrived'::text,'fulfilled'::text), ('arrived'::text,'noshow'::text), ('arrived'::text,'cancelled'::text), ('fulfilled'::text,'fulfilled'::text), ('noshow'::text,'noshow'::text), ('cancelled'::text,'cancelled'::text), ('noshow'::text,'arrived'::text), ('noshow'::text,'fulfilled'::text), ('arrived'::text,'booked'::text), ('fulfilled'::text,'arrived'::text), ('fulfilled'::text,'booked'::text), ('noshow'::text,'booked'::text), ('cancelled'::text,'booked'::text)) c(was, becomes);
comment on view private.status_changes is 'Which status of an appointment can follow which. A new one counts as booked before.';
comment on column private.status_changes.was is 'The status before.';
comment on column private.status_changes.becomes is 'The status after; the same where something else is changed, such as its time.';
comment on column private.status_changes.from_its_day is 'Not before the day of the appointment, in the clinic''s time zone.';

create view public.audit_trail with (security_invoker=true) as
 SELECT id,
    occurred_at,
    channel,
    actor_id,
    COALESCE(( SELECT s.name
           FROM public.clinic_staff s
          WHERE ((s.user_id = e.actor_id) AND (e.channel = 'desk'::text))
          ORDER BY s.created_at
         LIMIT 1), ( SELECT p.name
           FROM public.patients p
          WHERE (p.user_id = e.actor_id))) AS actor,
    action,
    table_name,
    row_id,
    changes
   FROM public.audit_events e;
comment on view public.audit_trail is 'audit_events with the names of those who acted.';
comment on column public.audit_trail.id is 'Counts up.';
comment on column public.audit_trail.occurred_at is 'When.';
comment on column public.audit_trail.channel is 'By which way: web, ivr (phone), system (our own jobs) or desk (at the desk, or by hand in the dashboard).';
comment on column public.audit_trail.actor_id is 'The signed-in account (auth.users), empty for calls, jobs and the dashboard.';
comment on column public.audit_trail.actor is 'Whose account it is: their name at the desk, else as a patient. Empty: not known any more.';
comment on column public.audit_trail.action is 'insert, update, delete or read.';
comment on column public.audit_trail.table_name is 'Which table.';
comment on column public.audit_trail.row_id is 'Which row.';
comment on column public.audit_trail.changes is 'Changed columns, each with its values before and after.';
grant select on public.audit_trail to service_role;

create view public.desk_numbers with (security_invoker=true) as
 SELECT clinic_id,
    day,
    channel,
    booked,
    came,
    seen,
    noshow,
    cancelled,
    waited,
    wait_minutes,
    sms_parts,
    sms_cost,
    currency
   FROM private.desk_numbers() n(clinic_id, day, channel, booked, came, seen, noshow, cancelled, waited, wait_minutes, sms_parts, sms_cost, currency);
comment on view public.desk_numbers is 'Appointments of each of the last 400 days and those to come by how they were booked, and what came of them. For managers those of their clinics.';
comment on column public.desk_numbers.clinic_id is 'At which clinic.';
comment on column public.desk_numbers.day is 'The day of the appointments, in the clinic''s time zone.';
comment on column public.desk_numbers.channel is 'How they were booked: web, ivr (by phone) or desk.';
comment on column public.desk_numbers.booked is 'How many were booked, also those cancelled later.';
comment on column public.desk_numbers.came is 'How many patients came.';
comment on column public.desk_numbers.seen is 'How many were seen.';
comment on column public.desk_numbers.noshow is 'How many did not come.';
comment on column public.desk_numbers.cancelled is 'How many were cancelled.';
comment on column public.desk_numbers.waited is 'Of how many it is known how long they waited: the weight of wait_minutes.';
comment on column public.desk_numbers.wait_minutes is 'Minutes from arrived to seen, on average. Empty: nobody was marked.';
comment on column public.desk_numbers.sms_parts is 'In how many parts SMS about them were sent; the provider is paid for each.';
comment on column public.desk_numbers.sms_cost is 'What these parts cost at the price in sms_settings. Empty: no price stands there.';
comment on column public.desk_numbers.currency is 'Of that cost: three letters by ISO 4217.';
grant select on public.desk_numbers to authenticated;
grant select on public.desk_numbers to service_role;

create view public.phone_bookings with (security_invoker=true) as
 SELECT date_trunc('hour'::text, c.started_at, 'UTC'::text) AS hour,
    c.clinic_id,
    cl.name AS clinic,
    (count(*))::integer AS calls,
    (count(*) FILTER (WHERE (c.outcome = 'booked'::text)))::integer AS bookings,
    (count(*) FILTER (WHERE (c.steps @> '[{"new_phone": true}]'::jsonb)))::integer AS by_new_phones,
    (count(*) FILTER (WHERE (c.steps @> '[{"proof": "asked"}]'::jsonb)))::integer AS asked_for_proof,
    (count(*) FILTER (WHERE (c.steps @> '[{"proof": "right"}]'::jsonb)))::integer AS proved
   FROM (public.ivr_calls c
     JOIN public.clinics cl ON ((cl.id = c.clinic_id)))
  GROUP BY (date_trunc('hour'::text, c.started_at, 'UTC'::text)), c.clinic_id, cl.name
  ORDER BY (date_trunc('hour'::text, c.started_at, 'UTC'::text)) DESC, cl.name;
comment on view public.phone_bookings is 'Calls and what was booked in them, by hour and clinic: many new phones, of which few prove themselves, are a flood of forged numbers.';
comment on column public.phone_bookings.hour is 'The hour the calls came in, by its beginning.';
comment on column public.phone_bookings.clinic_id is 'The clinic that was called.';
comment on column public.phone_bookings.clinic is 'Its name.';
comment on column public.phone_bookings.calls is 'How many calls came in.';
comment on column public.phone_bookings.bookings is 'In how many something was booked.';
comment on column public.phone_bookings.by_new_phones is 'How many of those were for phones never seen before that were not asked to prove themselves.';
comment on column public.phone_bookings.asked_for_proof is 'In how many a code was texted, to be keyed in.';
comment on column public.phone_bookings.proved is 'In how many the right code was keyed in.';
grant select on public.phone_bookings to service_role;

create view public.security_clients with (security_invoker=true) as
 SELECT client,
    (sum(count))::integer AS events,
    (count(DISTINCT NULLIF(phone, ''::text)))::integer AS phones,
    jsonb_object_agg(kind, events) AS kinds,
    max(latest_at) AS latest_at
   FROM ( SELECT e_1.client,
            e_1.phone,
            e_1.kind,
            e_1.count,
            e_1.latest_at,
            sum(e_1.count) OVER (PARTITION BY e_1.client, e_1.kind) AS events
           FROM public.security_events e_1
          WHERE ((e_1.hour >= (now() - '1 day'::interval)) AND (e_1.client <> ''::text))) e
  GROUP BY client
  ORDER BY ((sum(count))::integer) DESC, client
 LIMIT 100;
comment on view public.security_clients is 'The hundred networks from which most came in the last day. One with many phones goes through numbers, or is a carrier.';
comment on column public.security_clients.client is 'Keyed hash of the network; others: those that could not be told apart any more.';
comment on column public.security_clients.events is 'How much came from there.';
comment on column public.security_clients.phones is 'About how many (masked) phones.';
comment on column public.security_clients.kinds is 'How often each kind.';
comment on column public.security_clients.latest_at is 'When the last of it was.';
grant select on public.security_clients to service_role;

create view public.security_phones with (security_invoker=true) as
 SELECT phone,
    (sum(count))::integer AS events,
    (count(DISTINCT NULLIF(client, ''::text)))::integer AS clients,
    jsonb_object_agg(kind, events) AS kinds,
    max(latest_at) AS latest_at
   FROM ( SELECT e_1.client,
            e_1.phone,
            e_1.kind,
            e_1.count,
            e_1.latest_at,
            sum(e_1.count) OVER (PARTITION BY e_1.phone, e_1.kind) AS events
           FROM public.security_events e_1
          WHERE ((e_1.hour >= (now() - '1 day'::interval)) AND (e_1.phone <> ''::text))) e
  GROUP BY phone
  ORDER BY ((sum(count))::integer) DESC, phone
 LIMIT 100;
comment on view public.security_phones is 'The hundred phones that most was about in the last day. One with many networks is somebody whom others try to guess.';
comment on column public.security_phones.phone is 'The phone, masked: several can look the same.';
comment on column public.security_phones.events is 'How much was about it.';
comment on column public.security_phones.clients is 'From how many networks.';
comment on column public.security_phones.kinds is 'How often each kind.';
comment on column public.security_phones.latest_at is 'When the last of it was.';
grant select on public.security_phones to service_role;

create view public.security_today with (security_invoker=true) as
 SELECT kind,
    (COALESCE(sum(count) FILTER (WHERE (hour = date_trunc('hour'::text, now(), 'UTC'::text))), (0)::bigint))::integer AS this_hour,
    (COALESCE(sum(count) FILTER (WHERE (hour >= (now() - '1 day'::interval))), (0)::bigint))::integer AS last_day,
    round(((COALESCE(sum(count) FILTER (WHERE (hour < (now() - '1 day'::interval))), (0)::bigint))::numeric / 7.0), 1) AS usual_day,
    (count(DISTINCT NULLIF(phone, ''::text)) FILTER (WHERE (hour >= (now() - '1 day'::interval))))::integer AS phones,
    (count(DISTINCT NULLIF(client, ''::text)) FILTER (WHERE (hour >= (now() - '1 day'::interval))))::integer AS clients,
    max(latest_at) AS latest_at
   FROM public.security_events e
  WHERE (hour >= (now() - '8 days'::interval))
  GROUP BY kind
  ORDER BY ((COALESCE(sum(count) FILTER (WHERE (hour >= (now() - '1 day'::interval))), (0)::bigint))::integer) DESC, kind;
comment on view public.security_today is 'Sign-ins, refusals and limits that were hit, by kind: far more than on a usual day is worth a look. docs/security.md lists the kinds.';
comment on column public.security_today.kind is 'What happened.';
comment on column public.security_today.this_hour is 'How often since the hour began.';
comment on column public.security_today.last_day is 'How often in the last 24 hours.';
comment on column public.security_today.usual_day is 'How often on an average one of the seven days before.';
comment on column public.security_today.phones is 'How many (masked) phones it was about in the last day.';
comment on column public.security_today.clients is 'From how many networks it came in the last day.';
comment on column public.security_today.latest_at is 'When the last of them was.';
grant select on public.security_today to service_role;

create view public.sms_budget with (security_invoker=true) as
 SELECT p.period,
    p.allowed,
    p.used,
    GREATEST((p.allowed - p.used), (0)::bigint) AS free,
    ( SELECT COALESCE(sum(m.parts), (0)::bigint) AS "coalesce"
           FROM public.sms_messages m
          WHERE ((m.status = 'queued'::text) AND (m.last_error = private.budget_reason()))) AS waiting
   FROM (private.sms_budget() b(per_hour, used_in_hour, per_day, used_in_day, alert_percent)
     CROSS JOIN LATERAL ( VALUES ('hour'::text,b.per_hour,b.used_in_hour), ('day'::text,b.per_day,b.used_in_day)) p(period, allowed, used));
comment on view public.sms_budget is 'What SMS may cost, in parts, and how much of it is used; the limits are in sms_settings.';
comment on column public.sms_budget.period is 'hour: since it struck; day: that hour and the 23 before.';
comment on column public.sms_budget.allowed is 'How many parts may be sent. Empty: any number.';
comment on column public.sms_budget.used is 'How many were handed to the provider.';
comment on column public.sms_budget.free is 'How many are left; the last of them are for what is most important.';
comment on column public.sms_budget.waiting is 'How many parts wait because the budget has no room for them.';
grant select on public.sms_budget to service_role;

create view public.sms_cost with (security_invoker=true) as
 SELECT day,
    template,
    (sum(messages))::integer AS messages,
    (sum(parts))::integer AS parts,
    ((sum(parts))::numeric * ( SELECT p.part_price
           FROM public.sms_settings p)) AS cost
   FROM ( SELECT p.day,
            p.template,
            p.messages,
            p.parts
           FROM public.sms_past p
        UNION ALL
         SELECT ((m.sent_at AT TIME ZONE z.time_zone))::date AS timezone,
            m.template,
            1,
            m.parts
           FROM (public.sms_messages m
             CROSS JOIN ( SELECT private.time_zone_of_costs() AS time_zone) z)
          WHERE (m.sent_at IS NOT NULL)) s
  GROUP BY day, template
  ORDER BY day DESC, template;
comment on view public.sms_cost is 'What was sent each day, in parts: the provider is paid for each.';
comment on column public.sms_cost.day is 'The day, in the time zone of the oldest clinic.';
comment on column public.sms_cost.template is 'Which message.';
comment on column public.sms_cost.messages is 'How many messages the provider took.';
comment on column public.sms_cost.parts is 'In how many parts together.';
comment on column public.sms_cost.cost is 'What these parts cost at the price in sms_settings, in its currency. Empty: no price stands there.';
grant select on public.sms_cost to service_role;

create view public.sms_failures with (security_invoker=true) as
 SELECT id,
    updated_at AS failed_at,
    template,
    to_phone,
    appointment_id,
        CASE
            WHEN outcome_unknown THEN 'may have arrived'::text
            WHEN (reported_at IS NOT NULL) THEN 'not delivered'::text
            WHEN (expires_at <= updated_at) THEN 'expired'::text
            ELSE 'not sent'::text
        END AS what,
    last_error AS reason,
    attempts,
    secret
   FROM public.sms_messages m
  WHERE ((status = 'failed'::text) OR (outcome_unknown AND (status = 'cancelled'::text)))
  ORDER BY updated_at DESC;
comment on view public.sms_failures is 'SMS that were given up, the latest first. To try one again set its status in sms_messages to queued.';
comment on column public.sms_failures.id is 'The row of sms_messages.';
comment on column public.sms_failures.failed_at is 'When it was given up.';
comment on column public.sms_failures.template is 'Which message.';
comment on column public.sms_failures.to_phone is 'Where it should have gone.';
comment on column public.sms_failures.appointment_id is 'Which appointment it tells of.';
comment on column public.sms_failures.what is 'not sent; not delivered (the provider had it); expired; or may have arrived: sending it broke off, and the provider could not be asked.';
comment on column public.sms_failures.reason is 'Why, in the provider''s words where it gave any.';
comment on column public.sms_failures.attempts is 'How often sending was tried.';
comment on column public.sms_failures.secret is 'It held a password or code, which is erased: have a new one made instead.';
grant select on public.sms_failures to service_role;

create view public.sms_queue with (security_invoker=true) as
 SELECT id,
    created_at,
    template,
    to_phone,
    status,
    attempts,
    outcome_unknown,
    next_attempt_at,
    expires_at,
    last_error
   FROM public.sms_messages m
  WHERE (status = ANY (ARRAY['queued'::text, 'sending'::text]))
  ORDER BY created_at;
comment on view public.sms_queue is 'What is not sent yet, the oldest first.';
comment on column public.sms_queue.id is 'The row of sms_messages.';
comment on column public.sms_queue.created_at is 'Since when it waits.';
comment on column public.sms_queue.template is 'Which message.';
comment on column public.sms_queue.to_phone is 'Where it goes.';
comment on column public.sms_queue.status is 'queued, or sending: a worker has it at this moment.';
comment on column public.sms_queue.attempts is 'How often sending was tried.';
comment on column public.sms_queue.outcome_unknown is 'The provider may have it: it is looked up there before it is sent again.';
comment on column public.sms_queue.next_attempt_at is 'When it is tried the next time.';
comment on column public.sms_queue.expires_at is 'After this it fails rather than arrives late.';
comment on column public.sms_queue.last_error is 'Why it was not sent so far.';
grant select on public.sms_queue to service_role;

create view public.sms_template_previews with (security_invoker=true) as
 WITH longest AS MATERIALIZED (
         SELECT l.locale,
            private.longest_names(l.locale) AS names
           FROM ( SELECT DISTINCT sms_templates.locale
                   FROM public.sms_templates) l
        )
 SELECT t.key,
    t.locale,
    r.text AS preview,
    private.sms_encoding(r.text) AS encoding,
    private.sms_units(r.text) AS places,
    private.sms_parts(r.text) AS parts,
    private.sms_parts_for_dependent(r.text, t.placeholders) AS parts_for_dependent,
    (t.body <> t.default_body) AS edited,
    t.description
   FROM ((public.sms_templates t
     JOIN longest n ON ((n.locale = t.locale)))
     CROSS JOIN LATERAL ( SELECT private.sms_preview(t.key, t.body, t.samples, n.names) AS text) r)
  ORDER BY t.key, t.locale;
comment on view public.sms_template_previews is 'Every template filled in with the longest names of doctor and clinic that there are and its samples for the rest, and what sending it takes.';
comment on column public.sms_template_previews.key is 'Which message.';
comment on column public.sms_template_previews.locale is 'Its language.';
comment on column public.sms_template_previews.preview is 'The text as a patient would read it.';
comment on column public.sms_template_previews.encoding is 'GSM-7 (160 places) or UCS-2 (70 places): one character beyond the GSM alphabet makes the whole text UCS-2.';
comment on column public.sms_template_previews.places is 'Length in places of that encoding.';
comment on column public.sms_template_previews.parts is 'As how many SMS it is sent and paid, at most.';
comment on column public.sms_template_previews.parts_for_dependent is 'The same for somebody for whom the patient books: a first name of twelve letters stands in front. Empty: the text is of no appointment.';
comment on column public.sms_template_previews.edited is 'Whether the words differ from those it came with.';
comment on column public.sms_template_previews.description is 'When it is sent.';
grant select on public.sms_template_previews to service_role;

create view public.sms_today with (security_invoker=true) as
 SELECT status,
    template,
    (count(*))::integer AS messages,
    (sum(parts))::integer AS parts,
    max(created_at) AS latest
   FROM public.sms_messages m
  WHERE (created_at >= ( SELECT private.today_began() AS today_began))
  GROUP BY status, template
  ORDER BY status, template;
comment on view public.sms_today is 'The SMS queued since midnight, by what became of them.';
comment on column public.sms_today.status is 'queued, sending, sent (the provider has it), delivered, failed or cancelled.';
comment on column public.sms_today.template is 'Which message.';
comment on column public.sms_today.messages is 'How many.';
comment on column public.sms_today.parts is 'In how many parts together.';
comment on column public.sms_today.latest is 'When the latest of them was queued.';
grant select on public.sms_today to service_role;

create view public.stranded_appointments with (security_invoker=true) as
 SELECT appointment_id,
    clinic_id,
    practitioner_id,
    practitioner,
    patient_id,
    patient,
    phone_end,
    on_date,
    starts_at,
    ends_at,
    token_number
   FROM private.stranded() s(appointment_id, clinic_id, practitioner_id, practitioner, patient_id, patient, phone_end, on_date, starts_at, ends_at, token_number)
  ORDER BY starts_at, appointment_id;
comment on view public.stranded_appointments is 'Who is booked outside the hours that hold now, until somebody hands them over, moves or cancels them. For staff those of their clinics.';
comment on column public.stranded_appointments.appointment_id is 'Which appointment.';
comment on column public.stranded_appointments.clinic_id is 'At which clinic.';
comment on column public.stranded_appointments.practitioner_id is 'With whom.';
comment on column public.stranded_appointments.practitioner is 'Their name.';
comment on column public.stranded_appointments.patient_id is 'Whose it is.';
comment on column public.stranded_appointments.patient is 'The name of who comes, if it is known.';
comment on column public.stranded_appointments.phone_end is 'The last four digits of their phone. Empty: none, so they cannot be texted.';
comment on column public.stranded_appointments.on_date is 'The day, in the clinic''s time zone.';
comment on column public.stranded_appointments.starts_at is 'Begins.';
comment on column public.stranded_appointments.ends_at is 'Ends.';
comment on column public.stranded_appointments.token_number is 'Number in the queue of the day.';
grant select on public.stranded_appointments to authenticated;
grant select on public.stranded_appointments to service_role;

-- Policies ------------------------------------------------------------------------------------------------------------

create policy "Patients can read their own appointments" on public.appointments as permissive for select to authenticated
  using (patient_id = ( SELECT private.current_patient_id() AS current_patient_id));

create policy "Managers can read the boards of their clinic" on public.boards as permissive for select to authenticated
  using (private.desk_role(clinic_id) = 'manager'::text);

create policy "Managers can open their clinic again" on public.clinic_closures as permissive for delete to authenticated
  using (private.desk_role(clinic_id) = 'manager'::text);

create policy "Staff can read when their clinic is closed" on public.clinic_closures as permissive for select to authenticated
  using (private.desk_role(clinic_id) IS NOT NULL);

create policy "Managers can add staff of their clinic" on public.clinic_staff as permissive for insert to authenticated
  with check (private.desk_role(clinic_id) = 'manager'::text);

create policy "Managers can edit staff of their clinic" on public.clinic_staff as permissive for update to authenticated
  using (private.desk_role(clinic_id) = 'manager'::text)
  with check (private.desk_role(clinic_id) = 'manager'::text);

create policy "Managers can remove staff of their clinic" on public.clinic_staff as permissive for delete to authenticated
  using (private.desk_role(clinic_id) = 'manager'::text);

create policy "Staff can read who works at their desk" on public.clinic_staff as permissive for select to authenticated
  using (private.desk_role(clinic_id) IS NOT NULL);

create policy "Anyone can read clinics" on public.clinics as permissive for select to anon, authenticated
  using true;

create policy "Managers can edit their clinic" on public.clinics as permissive for update to authenticated
  using (private.desk_role(id) = 'manager'::text)
  with check (private.desk_role(id) = 'manager'::text);

create policy "Staff can read what was done to the days of their clinic" on public.day_operations as permissive for select to authenticated
  using (private.desk_role(clinic_id) IS NOT NULL);

create policy "Patients can add for whom they book" on public.dependents as permissive for insert to authenticated
  with check (patient_id = ( SELECT private.current_patient_id() AS current_patient_id));

create policy "Patients can correct for whom they book" on public.dependents as permissive for update to authenticated
  using ((patient_id = ( SELECT private.current_patient_id() AS current_patient_id)) AND (removed_at IS NULL))
  with check (patient_id = ( SELECT private.current_patient_id() AS current_patient_id));

create policy "Patients can read for whom they book" on public.dependents as permissive for select to authenticated
  using (patient_id = ( SELECT private.current_patient_id() AS current_patient_id));

create policy "Patients can remove for whom they book" on public.dependents as permissive for delete to authenticated
  using ((patient_id = ( SELECT private.current_patient_id() AS current_patient_id)) AND (removed_at IS NULL));

create policy "Patients can read their own row" on public.patients as permissive for select to authenticated
  using (id = ( SELECT private.current_patient_id() AS current_patient_id));

create policy "Managers can add practitioners of their clinic" on public.practitioners as permissive for insert to authenticated
  with check (private.desk_role(clinic_id) = 'manager'::text);

create policy "Managers can edit practitioners of their clinic" on public.practitioners as permissive for update to authenticated
  using (private.desk_role(clinic_id) = 'manager'::text)
  with check (private.desk_role(clinic_id) = 'manager'::text);

create policy "Signed-in people can read all practitioners" on public.practitioners as permissive for select to authenticated
  using true;

create policy "Visitors can read active practitioners" on public.practitioners as permissive for select to anon
  using active;

create policy "Managers can read the other hours of their clinic" on public.schedule_exceptions as permissive for select to authenticated
  using (private.desk_role(( SELECT p.clinic_id
   FROM public.practitioners p
  WHERE (p.id = schedule_exceptions.practitioner_id))) = 'manager'::text);

create policy "Managers can read the weekly hours of their clinic" on public.schedules as permissive for select to authenticated
  using (private.desk_role(( SELECT p.clinic_id
   FROM public.practitioners p
  WHERE (p.id = schedules.practitioner_id))) = 'manager'::text);

create policy "Anyone can read translations" on public.translations as permissive for select to anon, authenticated
  using true;

create policy "Boards can listen to their own channel" on realtime.messages as permissive for select to anon, authenticated
  using ((extension = 'broadcast'::text) AND (( SELECT realtime.topic() AS topic) ~~ 'board:%'::text) AND ( SELECT private.hears_board(realtime.topic()) AS hears_board));

create policy "Patients can listen to the queue of a day on which they have an" on realtime.messages as permissive for select to authenticated
  using ((extension = 'broadcast'::text) AND (( SELECT realtime.topic() AS topic) ~~ 'queue:%'::text) AND ( SELECT private.waits_in_queue(realtime.topic()) AS waits_in_queue));

create policy "Patients can listen to their own channel" on realtime.messages as permissive for select to authenticated
  using ((extension = 'broadcast'::text) AND (( SELECT realtime.topic() AS topic) = ('patient:'::text || ( SELECT private.listening_patient_id() AS listening_patient_id))));

create policy "Patients can listen to which slots of a practitioner come and g" on realtime.messages as permissive for select to authenticated
  using ((extension = 'broadcast'::text) AND (( SELECT realtime.topic() AS topic) ~~ 'practitioner:%'::text) AND (( SELECT private.listening_patient_id() AS listening_patient_id) IS NOT NULL) AND (EXISTS ( SELECT
   FROM public.practitioners p
  WHERE (p.active AND (('practitioner:'::text || p.id) = ( SELECT realtime.topic() AS topic))))));

create policy "Staff can listen to the desk of their clinic once they have ope" on realtime.messages as permissive for select to authenticated
  using ((extension = 'broadcast'::text) AND (( SELECT realtime.topic() AS topic) ~~ 'desk:%'::text) AND ( SELECT private.hears_desk(realtime.topic()) AS hears_desk));

-- Triggers on tables of the platform ----------------------------------------------------------------------------------

CREATE TRIGGER medq_broadcast_end_of_session AFTER DELETE ON auth.sessions FOR EACH ROW EXECUTE FUNCTION private.tg_sessions__broadcast_end();

CREATE TRIGGER medq_sign_of_life AFTER INSERT OR UPDATE ON auth.sessions FOR EACH ROW EXECUTE FUNCTION private.tg_sessions__sign_of_life();

CREATE TRIGGER medq_change_is_permitted BEFORE UPDATE ON auth.users FOR EACH ROW WHEN ((((((((new.encrypted_password)::text IS DISTINCT FROM (old.encrypted_password)::text) OR (new.phone IS DISTINCT FROM old.phone)) OR (new.phone_change IS DISTINCT FROM old.phone_change)) OR ((new.email)::text IS DISTINCT FROM (old.email)::text)) OR ((new.email_change)::text IS DISTINCT FROM (old.email_change)::text)) AND ((new.deleted_at IS NULL) OR (old.deleted_at IS NOT NULL)))) EXECUTE FUNCTION private.tg_users__change_is_permitted();

CREATE TRIGGER medq_end_account_job AFTER UPDATE OF encrypted_password ON auth.users FOR EACH ROW WHEN ((((new.encrypted_password)::text IS DISTINCT FROM (old.encrypted_password)::text) AND ((new.encrypted_password)::text <> ''::text) AND (new.raw_app_meta_data ? 'account_job'::text))) EXECUTE FUNCTION private.tg_users__end_account_job();

CREATE TRIGGER medq_forget_devices AFTER UPDATE OF encrypted_password ON auth.users FOR EACH ROW WHEN (((new.encrypted_password)::text IS DISTINCT FROM (old.encrypted_password)::text)) EXECUTE FUNCTION private.tg_users__forget_devices();

CREATE TRIGGER medq_link_patient_of_confirmed_user AFTER UPDATE OF phone, phone_confirmed_at ON auth.users FOR EACH ROW WHEN (((new.phone IS NOT NULL) AND (new.phone_confirmed_at IS NOT NULL) AND (new.deleted_at IS NULL) AND ((old.phone_confirmed_at IS NULL) OR (old.phone IS DISTINCT FROM new.phone)))) EXECUTE FUNCTION private.tg_users__link_patient();

CREATE TRIGGER medq_link_patient_of_new_user AFTER INSERT ON auth.users FOR EACH ROW WHEN (((new.phone IS NOT NULL) AND (new.phone_confirmed_at IS NOT NULL))) EXECUTE FUNCTION private.tg_users__link_patient();

CREATE TRIGGER medq_one_by_phone_of_new_user BEFORE INSERT ON auth.users FOR EACH ROW WHEN ((new.phone IS NOT NULL)) EXECUTE FUNCTION private.tg_users__one_by_phone();

CREATE TRIGGER medq_one_by_phone_of_user BEFORE UPDATE OF phone ON auth.users FOR EACH ROW WHEN (((new.phone IS NOT NULL) AND (new.phone IS DISTINCT FROM old.phone))) EXECUTE FUNCTION private.tg_users__one_by_phone();

CREATE TRIGGER medq_password_chosen AFTER UPDATE OF encrypted_password ON auth.users FOR EACH ROW WHEN ((((new.encrypted_password)::text IS DISTINCT FROM (old.encrypted_password)::text) AND ((new.encrypted_password)::text <> ''::text))) EXECUTE FUNCTION private.tg_users__password_chosen();

CREATE TRIGGER medq_patient_keeps_phone AFTER UPDATE OF phone, phone_confirmed_at ON auth.users FOR EACH ROW WHEN (((new.deleted_at IS NULL) AND ((old.phone IS DISTINCT FROM new.phone) OR ((old.phone_confirmed_at IS NULL) IS DISTINCT FROM (new.phone_confirmed_at IS NULL))))) EXECUTE FUNCTION private.tg_users__keep_phone();

CREATE TRIGGER medq_unlink_patient_of_deleted_user AFTER UPDATE OF deleted_at ON auth.users FOR EACH ROW WHEN (((new.deleted_at IS NOT NULL) AND (old.deleted_at IS NULL))) EXECUTE FUNCTION private.tg_users__unlink_patient();

-- Functions -----------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION private.account_fingerprint(p_user_id uuid, p_session_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select private.account_state(s.user_id) from auth.sessions s where s.id = p_session_id and s.user_id = p_user_id
  );
end $function$;
comment on function private.account_fingerprint(uuid,uuid) is 'Another as soon as the account has another password or phone, and null once the session is signed out.';

CREATE OR REPLACE FUNCTION private.account_of_phone_on_device(p_phone text, p_device bytea)
 RETURNS TABLE(user_id uuid, known_device boolean, state text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select u.id, private.is_known_device(u.id, p_device), private.account_state(u.id)
    from (values (ltrim(p_phone, '+'))) as asked (phone) left join auth.users u on u.phone = asked.phone;
end $function$;
comment on function private.account_of_phone_on_device(text,bytea) is 'One row: the account of a phone (+E.164), null when it has none, whether that device has signed in to it before, and its private.account_state.';

CREATE OR REPLACE FUNCTION private.account_state(p_user_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select private.state_of_account(u.id, u.phone, u.encrypted_password, u.phone_confirmed_at)
    from auth.users u where u.id = p_user_id
  );
end $function$;
comment on function private.account_state(uuid) is 'Another as soon as the account has another password or phone; null while its phone is not proven.';

CREATE OR REPLACE FUNCTION private.active_practitioners(p_clinic_id uuid, p_specialty text, p_practitioner_id uuid)
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return array(
    select p.id from public.practitioners p
    where p.clinic_id = p_clinic_id and p.active
      and (p_specialty is null or p.specialty = p_specialty)
      and (p_practitioner_id is null or p.id = p_practitioner_id)
  );
end $function$;
comment on function private.active_practitioners(uuid,text,uuid) is 'Who can be booked at a clinic: of one specialty, one practitioner, or all (null).';

CREATE OR REPLACE FUNCTION private.alert_admins(p_what text, p_text text, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_settings public.security_settings;
begin
  select * into v_settings from public.security_settings s;
  insert into private.alerts (what, hour) values (p_what, date_trunc('hour', p_now, 'UTC')) on conflict do nothing;
  if not found then
    return;
  end if;
  if v_settings.alert_phone is not null then
    perform private.queue_sms('alert', v_settings.alert_phone, jsonb_build_object('text', p_text), null);
  end if;
  if v_settings.alert_url is not null then
    perform net.http_post(
      url := v_settings.alert_url, body := jsonb_build_object('what', p_what, 'text', p_text, 'at', p_now)
    );
  end if;
exception when others then
  -- News, not truth: what is being done goes on.
  raise warning 'Could not alert the admins: %', sqlerrm;
end $function$;
comment on function private.alert_admins(text,text,timestamp with time zone) is 'Tells whoever security_settings names, once an hour for each p_what.';

CREATE OR REPLACE FUNCTION private.alert_sms_budget(p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_budget record;
begin
  v_budget := private.sms_budget(p_now);
  if v_budget.used_in_hour * 100 >= v_budget.per_hour * v_budget.alert_percent
    or v_budget.used_in_day * 100 >= v_budget.per_day * v_budget.alert_percent then
    perform private.alert_admins('sms_budget', format(
      'SMS sent: %s of %s parts this hour, %s of %s in 24 hours. See sms_budget.',
      v_budget.used_in_hour, coalesce(v_budget.per_hour::text, 'any number of'),
      v_budget.used_in_day, coalesce(v_budget.per_day::text, 'any number of')
    ), p_now);
  end if;
end $function$;
comment on function private.alert_sms_budget(timestamp with time zone) is 'Tells the admins when so much of the budget is used as sms_settings says, once an hour.';

CREATE OR REPLACE FUNCTION private.appointments_by_clock(p_clinic_id uuid, p_was text, p_now timestamp with time zone)
 RETURNS TABLE(id uuid, is_told boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select a.id, a.status = 'booked' and a.starts_at > p_now and l.was <> l.becomes
    from public.appointments a
    join public.clinics c on c.id = a.clinic_id
    cross join lateral (select a.starts_at at time zone p_was as was, a.starts_at at time zone c.time_zone as becomes) l
    cross join lateral private.slot_at(a.practitioner_id, l.becomes::date, a.starts_at) s
    where a.clinic_id = p_clinic_id
      and (a.local_date <> l.becomes::date or (a.starts_at > p_now and a.active and l.was <> l.becomes))
    -- Every number should be free when it is its turn: first whoever has no slot any more gives theirs back, then come
    -- the others, from the side to which the numbers move.
    order by s.token_number is not null,
      case when s.token_number is not null and l.becomes > l.was then -extract(epoch from a.starts_at)
      else extract(epoch from a.starts_at) end;
end $function$;
comment on function private.appointments_by_clock(uuid,text,timestamp with time zone) is 'The appointments of a clinic whose day or token follows from its time zone, which was p_was before, in the order in which they are renumbered; and whether their patients are told.';

CREATE OR REPLACE FUNCTION private.appointments_link()
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (select regexp_replace(s.site_url, '^https?://', '') || '/a' from public.sms_settings s);
end $function$;
comment on function private.appointments_link() is 'Where a patient looks at their appointments, short enough for an SMS: medq.example/a. Null while nobody has told where the site is.';

CREATE OR REPLACE FUNCTION private.appointments_to_remind(p_template text, p_clinic public.clinics, p_from timestamp with time zone, p_until timestamp with time zone, p_early timestamp with time zone)
 RETURNS SETOF public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return query
    -- Subqueries, so that each stays one look into an index however many messages there are.
    select a.* from public.appointments a join public.patients p on p.id = a.patient_id and p.phone is not null
    where a.clinic_id = p_clinic.id and a.status = 'booked' and a.starts_at between p_from and p_until
      and (
        select m.id from public.sms_messages m
        where m.dedupe_key = p_template || ':' || a.id || ':' || extract(epoch from a.starts_at)::bigint
      ) is null
      -- Whoever was told of this time an hour before the reminder, or later, has no need of it.
      and coalesce((
        select max(m.created_at) from public.sms_messages m where m.appointment_id = a.id and m.priority < 3
      ), '-infinity')
        <= least(p_early, private.reminder_time(p_template, p_clinic, a.starts_at)) - interval '1 hour'
    order by a.starts_at
    -- So many a minute, so that nobody who cancels meanwhile waits for long.
    limit 200
    -- A cancellation that is under way is let through, and one that comes now finds the reminder and withdraws it. So is
    -- what is done to a patient, such as a merge, which waits for their appointments.
    for key share of p skip locked for share of a skip locked;
end $function$;
comment on function private.appointments_to_remind(text,public.clinics,timestamp with time zone,timestamp with time zone,timestamp with time zone) is 'Locks the appointments of a range of time whose patients have not been reminded, nor told of it just before.';

CREATE OR REPLACE FUNCTION private.are_one_person(p_was uuid, p_becomes uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from private.patient_merges m
    where (m.gone_id, m.keep_id) = (p_was, p_becomes) and m.undone_at is null
      or (m.gone_id, m.keep_id) = (p_becomes, p_was) and m.undone_at is not null
  );
end $function$;
comment on function private.are_one_person(uuid,uuid) is 'Whether rows of one patient may be given to another: they were merged, or that was undone.';

CREATE OR REPLACE FUNCTION private.are_theirs(p_patient_id uuid, p_what text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update private.patient_merges m set gave = array(select unnest(m.gave) except select unnest(p_what))
  where m.given_to = p_patient_id and m.undone_at is null and m.gave && p_what;
end $function$;
comment on function private.are_theirs(uuid,text[]) is 'Which of name, age and locale of a patient were said or written for themselves, if only once more what a merge gave them: they stay when it is undone. Names of what was not said may be null.';

CREATE OR REPLACE FUNCTION private.audit_values(p_row jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_kept jsonb := jsonb_strip_nulls(
    p_row - array['id', 'reference', 'call_id', 'token_hash', 'created_at', 'updated_at', 'version']
  );
  v_phones constant text[] := array['phone', 'reception_phone', 'alert_phone'];
begin
  -- Of an appointment it follows from the status. Of a practitioner it is news.
  if v_kept ? 'status' then
    v_kept := v_kept - 'active';
  end if;
  if not v_kept ?| v_phones then
    return v_kept;
  end if;
  return v_kept || (
    select jsonb_object_agg(phone, private.mask_phone(v_kept ->> phone)) from unnest(v_phones) phone where v_kept ? phone
  );
end $function$;
comment on function private.audit_values(jsonb) is 'What of a row the audit may keep.';

CREATE OR REPLACE FUNCTION private.auth_user_by_phone(p_phone text)
 RETURNS TABLE(id uuid, job_id text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select u.id, u.raw_app_meta_data ->> 'account_job' from auth.users u where u.phone = ltrim(p_phone, '+')
$function$;
comment on function private.auth_user_by_phone(text) is 'The account of a phone (+E.164) and the job that made it, if one did.';

CREATE OR REPLACE FUNCTION private.become_patient(p_dependent public.dependents, p_phone text)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient_id uuid;
begin
  perform private.require_own_phone(p_dependent, p_phone);
  v_patient_id := private.patient_at_desk(p_phone, p_dependent.name);
  perform from public.dependents d where d.id = p_dependent.id for update;
  update public.patients p
  -- None where the year of birth was mistyped, or they would be older than anybody.
  set age = coalesce(p.age, (
      select y.age from (select extract(year from now()) - p_dependent.birth_year) y (age) where y.age between 0 and 130
    )),
    locale = coalesce(p.locale, (select h.locale from public.patients h where h.id = p_dependent.patient_id))
  where p.id = v_patient_id;
  return v_patient_id;
end $function$;
comment on function private.become_patient(public.dependents,text) is 'The patient of a phone, who may be new, as which a dependent goes on; they and the dependent are locked. Refuses like private.require_own_phone.';

CREATE OR REPLACE FUNCTION private.begin_hours(p_practitioner_id uuid)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- One change after the other, also of operations on a day.
  perform from public.practitioners p where p.id = p_practitioner_id for no key update;
  return array(select s.appointment_id from private.stranding_of(p_practitioner_id) s);
end $function$;
comment on function private.begin_hours(uuid) is 'Locks the hours of a practitioner. Returns whose appointments are outside them already.';

CREATE OR REPLACE FUNCTION private.begin_registration(p_id uuid, p_purpose text, p_phone text, p_name text, p_age integer, p_username text, p_locale text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_verdict text;
begin
  -- Asked again after Auth gave no answer: it may have made the account all the same.
  if exists (
    select from auth.users u
    where u.phone = ltrim(p_phone, '+') and u.raw_app_meta_data ->> 'registration' = p_id::text
  ) then
    return 'made';
  end if;
  v_verdict := private.registration_verdict(p_purpose, p_phone, p_username);
  -- Only told to who has the phone.
  if v_verdict = 'allowed' and private.phone_is_dormant(p_phone) then
    v_verdict := 'phone_is_dormant';
  end if;
  -- What an earlier try kept stays, also when it is refused now: Auth may still be at it, and must meet the same refusal
  -- instead of making an account without name.
  if v_verdict = 'allowed' then
    insert into private.registrations (id, phone, name, age, username, locale)
    values (p_id, p_phone, p_name, p_age, p_username, p_locale)
    on conflict (id) do nothing;
  end if;
  return v_verdict;
end $function$;
comment on function private.begin_registration(uuid,text,text,text,integer,text,text) is 'Keeps what a new account''s patient will be called: allowed. Otherwise made, when an earlier try made the account, or the verdict that refuses it.';

CREATE OR REPLACE FUNCTION private.begin_run(p_function text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.mark_run(p_function, clock_timestamp() + interval '15 seconds');
end $function$;
comment on function private.begin_run(text) is 'A function is at work, and says so again every few seconds.';

CREATE OR REPLACE FUNCTION private.birth_year_from(p_year integer)
 RETURNS smallint
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- In some time zone the next year has begun.
  if p_year not between 1880 and extract(year from now() + interval '14 hours') then
    perform private.fail('invalid_birth_year');
  end if;
  return p_year;
end $function$;
comment on function private.birth_year_from(integer) is 'Refuses a year in which nobody who lives was born.';

CREATE OR REPLACE FUNCTION private.board_doctors(p_clinic_id uuid, p_on date, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', p.id, 'name', private.name_in(p.name, c.id, c.locale),
        'specialty', private.name_in(p.specialty, c.id, c.locale), 'sessions', s.sessions, 'queue', q.queue
      ) order by p.name, p.id
    ), '[]')
    from public.practitioners p join public.clinics c on c.id = p.clinic_id
    cross join lateral (select private.board_sessions(p.id, p_on) as sessions) s
    cross join lateral (
      select private.board_queue(p.id, p_on, (s.sessions -> -1 ->> 'until')::timestamptz, p_now) as queue
    ) q
    where p.clinic_id = p_clinic_id and (q.queue is not null or (p.active and s.sessions <> '[]'))
  );
end $function$;
comment on function private.board_doctors(uuid,date,timestamp with time zone) is 'Who sees patients at a clinic on a date, named as in the language of the clinic, and the queue of each, as a board shows it.';

CREATE OR REPLACE FUNCTION private.board_hash(p_token text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return encode(sha256(convert_to(
    translate(regexp_replace(lower(left(p_token, 100)), '[^0-9a-z]', '', 'g'), 'oil', '011'), 'UTF8'
  )), 'hex');
end $function$;
comment on function private.board_hash(text) is 'The hash of a board''s token, however it was typed: with or without dashes, in capitals, o for 0, l for 1.';

CREATE OR REPLACE FUNCTION private.board_queue(p_practitioner_id uuid, p_on date, p_ends timestamp with time zone, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_day record;
begin
  select max(coalesce(a.called_at, a.seen_at)) filter (where a.status in ('arrived', 'fulfilled')) as called_at,
    bool_or(a.status = 'arrived') as any_here, max(a.ends_at) filter (where a.active) as ends
  into v_day
  from public.appointments a where a.practitioner_id = p_practitioner_id and a.local_date = p_on;
  -- Nobody was marked yet, or all is over.
  if not private.queue_is_known(p_practitioner_id, p_on)
    or not (v_day.any_here or p_now < greatest(p_ends, v_day.ends)) then
    return null;
  end if;
  return jsonb_build_object(
    'serving', private.now_serving(p_practitioner_id, p_on), 'called_at', v_day.called_at, 'next', (
      select coalesce(jsonb_agg(
        jsonb_build_object('token', q.token_number, 'here', q.here) order by q.waits_from, q.starts_at, q.token_number
      ), '[]')
      from (select * from private.queue_of(p_practitioner_id, p_on, p_now) limit 5) q
    )
  );
end $function$;
comment on function private.board_queue(uuid,date,timestamp with time zone,timestamp with time zone) is 'The queue of a practitioner as a board shows it: {serving, called_at, next: [{token, here}]}: the token called or seen last, since when, and the next five. Null while nobody was marked, and once the hours (until p_ends) are over and nobody is there.';

CREATE OR REPLACE FUNCTION private.board_sessions(p_practitioner_id uuid, p_on date)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('from', h.opens, 'until', h.opens + h.slots * h.length) order by h.opens
    ), '[]')
    from private.hours_on(p_practitioner_id, p_on) h
  );
end $function$;
comment on function private.board_sessions(uuid,date) is 'When a practitioner sees patients on a date, as a board shows it: [{from, until}].';

CREATE OR REPLACE FUNCTION private.board_topic(p_board_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return 'board:' || p_board_id;
end $function$;
comment on function private.board_topic(uuid) is 'The channel on which a board hears that there is something to look at.';

CREATE OR REPLACE FUNCTION private.book(p_patient_id uuid, p_practitioner_id uuid, p_starts_at timestamp with time zone, p_channel text, p_call_id text, p_now timestamp with time zone, p_unproven boolean DEFAULT false, p_dependent_id uuid DEFAULT NULL::uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_person_id constant uuid := coalesce(p_dependent_id, p_patient_id);
  v_appointment public.appointments;
  v_slot record;
begin
  perform private.set_channel(p_channel);
  -- One booking of a patient after the other: the count below and the call's one booking rely on it.
  perform private.lock_patient(p_patient_id);
  if p_call_id is not null then
    select * into v_appointment from public.appointments a where a.call_id = p_call_id;
    if found then
      return v_appointment;
    end if;
  end if;
  select * into v_slot from private.require_slot(p_practitioner_id, p_starts_at, p_now);
  perform private.require_room(p_patient_id, v_slot.clinic_id, v_slot.max_active_bookings, p_now, p_unproven);
  perform private.count_change(p_patient_id, p_channel, p_now);
  -- "on conflict do nothing" lets two callers race without a deadlock: one inserts, the other is told.
  for v_try in 1..5 loop
    insert into public.appointments
      (patient_id, dependent_id, practitioner_id, starts_at, ends_at, channel, call_id, unproven, token_number)
    values (p_patient_id, p_dependent_id, p_practitioner_id, p_starts_at, v_slot.ends_at, p_channel, p_call_id, p_unproven,
      case when v_try = 1 then v_slot.token_number end)
    on conflict do nothing
    returning * into v_appointment;
    if found then
      return v_appointment;
    end if;
    perform private.require_no_overlap(p_practitioner_id, v_person_id, p_starts_at, v_slot.ends_at);
    -- Neither: the reference or the token number happened to be in use, or the other booking was undone. Try again.
  end loop;
  perform private.fail('slot_taken');
end $function$;
comment on function private.book(uuid,uuid,timestamp with time zone,text,text,timestamp with time zone,boolean,uuid) is 'Books one free slot for a patient, or for one of their dependents. Bookings of both count together. The same call_id again returns the booking that call made. p_unproven: the call did not prove its number.';

CREATE OR REPLACE FUNCTION private.book_at_desk(p_patient_id uuid, p_practitioner_id uuid, p_starts_at timestamp with time zone, p_now timestamp with time zone, p_dependent_id uuid DEFAULT NULL::uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_person_id constant uuid := coalesce(p_dependent_id, p_patient_id);
  v_gap record;
  v_appointment public.appointments;
begin
  for v_try in 1..5 loop
    select * into v_gap from private.require_gap(p_practitioner_id, p_starts_at, p_now, v_person_id);
    insert into public.appointments
      (patient_id, dependent_id, practitioner_id, starts_at, ends_at, channel, token_number)
    values (p_patient_id, p_dependent_id, p_practitioner_id, v_gap.starts_at, v_gap.ends_at, 'desk',
      case when v_try = 1 then v_gap.token_number end)
    on conflict do nothing
    returning * into v_appointment;
    if found then
      return v_appointment;
    end if;
    -- Somebody was faster. As soon as possible is then a little later.
    if p_starts_at is not null or v_try = 5 then
      perform private.require_no_overlap(p_practitioner_id, v_person_id, v_gap.starts_at, v_gap.ends_at);
    end if;
  end loop;
  perform private.fail('slot_taken');
end $function$;
comment on function private.book_at_desk(uuid,uuid,timestamp with time zone,timestamp with time zone,uuid) is 'Books at the desk for a patient or one of their dependents, at an instant or as soon as possible (null).';

CREATE OR REPLACE FUNCTION private.bookable_at(p_clinic_id uuid, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS TABLE(practitioner_id uuid, practitioner_name text, specialty text, next_starts_at timestamp with time zone, photo_url text, qualification text, languages text[], fee_amount numeric, fee_currency text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with clinic as materialized (
      select c.id, c.time_zone, c.booking_horizon_days, (p_now at time zone c.time_zone)::date as today,
        private.active_practitioners(c.id, null, null) as practitioners
      from public.clinics c where c.id = p_clinic_id
    ), first as materialized (
      select f.* from clinic c cross join lateral private.first_free_slots(
        c.practitioners, c.today, c.today + c.booking_horizon_days, c.time_zone, p_now, p_person_id
      ) f
    )
    select p.id, p.name, p.specialty, f.starts_at, p.photo_url, p.qualification, p.languages, p.fee_amount, p.fee_currency
    from clinic c
    join public.practitioners p on p.id = any (c.practitioners)
    left join first f on f.practitioner_id = p.id
    order by p.specialty, p.name, p.id;
end $function$;
comment on function private.bookable_at(uuid,timestamp with time zone,uuid) is 'Who can be booked at a clinic, what a page tells of them, and the first time that can be had (null: none).';

CREATE OR REPLACE FUNCTION private.broadcast_queue(p_practitioner_id uuid, p_on date)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform realtime.send(
    (select jsonb_build_object(
      'now_serving', private.now_serving(p_practitioner_id, p_on),
      'waiting', count(*) filter (where a.status = 'arrived')
    ) from public.appointments a where a.practitioner_id = p_practitioner_id and a.local_date = p_on),
    'queue', 'queue:' || p_practitioner_id || ':' || to_char(p_on, 'YYYY-MM-DD')
  );
  -- Boards in the waiting room hear that there is something to look at, and nothing else.
  perform realtime.send('{}', 'queue', private.board_topic(b.id))
  from public.practitioners p join public.boards b on b.clinic_id = p.clinic_id
  where p.id = p_practitioner_id and b.revoked_at is null;
end $function$;
comment on function private.broadcast_queue(uuid,date) is 'Broadcasts the token number called or seen last and how many wait, to those who wait for a practitioner on that date, and to the boards of the clinic that there is news.';

CREATE OR REPLACE FUNCTION private.budget_reason()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN 'waits: the budget of SMS is used up (sms_budget)'::text;
comment on function private.budget_reason() is 'Why a message waits that the budget has no room for.';
grant execute on function private.budget_reason() to service_role;

CREATE OR REPLACE FUNCTION private.call_function(p_name text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_url text;
  v_secret text;
begin
  select max(s.decrypted_secret) filter (where s.name = 'functions_url'),
    max(s.decrypted_secret) filter (where s.name = 'functions_secret')
  into v_url, v_secret
  from vault.decrypted_secrets s
  where s.name in ('functions_url', 'functions_secret');
  if v_url is null or v_secret is null then
    return; -- Not set up yet. Rows wait; nothing is lost.
  end if;
  perform net.http_post(
    url := rtrim(v_url, '/') || '/' || p_name,
    headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ' || v_secret),
    timeout_milliseconds := 60000
  );
exception when others then
  -- Only a hint that there is work: a wrong address must not undo a booking. The sweep comes back to it.
  raise warning 'Could not call the function %: %', p_name, sqlerrm;
end $function$;
comment on function private.call_function(text) is 'Calls one of our Edge Functions once the transaction has committed.';

CREATE OR REPLACE FUNCTION private.called_name(p_dependent_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_dependent_id is null then
    return null;
  end if;
  return (
    select case
      when exists (
        select from public.dependents o
        where o.patient_id = d.patient_id and o.id <> d.id and o.removed_at is null
          and lower(private.first_name(o.name)) = lower(private.first_name(d.name))
      ) then left(d.name, 40)
      else private.first_name(d.name)
    end
    from public.dependents d where d.id = p_dependent_id
  );
end $function$;
comment on function private.called_name(uuid) is 'What a dependent is called in calls and SMS: the first name, or more of it where two of a family have the same. Null for no dependent.';

CREATE OR REPLACE FUNCTION private.can_be_resent(p_sms public.sms_messages)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return p_sms.status = 'failed' and not p_sms.secret and coalesce(p_sms.expires_at > now(), true) and not exists (
    select from public.sms_messages n where n.appointment_id = p_sms.appointment_id and n.created_at > p_sms.created_at
  );
end $function$;
comment on function private.can_be_resent(public.sms_messages) is 'Whether the desk can send an SMS again: it failed, held no code or password, and is not out of date: nothing newer was told of the same appointment.';

CREATE OR REPLACE FUNCTION private.cancel(p_patient_id uuid, p_appointment_id uuid, p_channel text, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments;
begin
  perform private.set_channel(p_channel);
  v_appointment := private.lock_appointment(p_patient_id, p_appointment_id);
  if v_appointment.status = 'cancelled' then
    return v_appointment;
  end if;
  perform private.require_changeable(v_appointment, p_now);
  perform private.count_change(p_patient_id, p_channel, p_now, p_is_cancellation => true);
  update public.appointments a set status = 'cancelled' where a.id = p_appointment_id returning * into v_appointment;
  return v_appointment;
end $function$;
comment on function private.cancel(uuid,uuid,text,timestamp with time zone) is 'Cancels a patient''s own upcoming appointment. Cancelling twice is one cancellation.';

CREATE OR REPLACE FUNCTION private.cancel_plan(p_plan public.day_plan[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.appointments a set status = 'cancelled' where a.id in (select l.appointment_id from unnest(p_plan) l);
end $function$;
comment on function private.cancel_plan(public.day_plan[]) is 'Cancels all of a plan, which is locked.';

CREATE OR REPLACE FUNCTION private.channel()
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    nullif(current_setting('medq.channel', true), ''),
    case when session_user = 'supabase_auth_admin' then 'system' else 'desk' end
  );
end $function$;
comment on function private.channel() is 'Which way the current change came: web, ivr, system (also Supabase Auth), or desk for a hand edit.';

CREATE OR REPLACE FUNCTION private.check_code(p_id uuid, p_code_hash bytea, p_now timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_code private.phone_verifications;
  v_right boolean;
begin
  -- The guess is counted before it is looked at, and the row is locked: guesses in parallel are guesses one by one.
  update private.phone_verifications v set guesses = v.guesses + 1
  where v.id = p_id and v.used_at is null and v.expires_at > p_now and v.guesses < 5
  returning * into v_code;
  if v_code.short then
    v_right := private.take_short_guess(v_code.code_hash = p_code_hash, p_now);
  else
    v_right := coalesce(v_code.code_hash = p_code_hash, false);
  end if;
  if not v_right then
    return false;
  end if;
  update private.phone_verifications v set used_at = p_now where v.id = p_id;
  return true;
end $function$;
comment on function private.check_code(uuid,bytea,timestamp with time zone) is 'Takes one guess. The right one is true, once; everything else is false, whatever the reason.';

CREATE OR REPLACE FUNCTION private.check_hours(p_hours jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v record;
  v_rest interval;
begin
  for v in select * from private.hours_in(p_hours) loop
    if num_nulls(v.start_time, v.end_time, v.slot_minutes) > 0 or v.slot_minutes not between 5 and 480
      or extract(second from v.start_time) + extract(second from v.end_time) > 0 then
      perform private.fail('invalid_hours');
    elsif v.end_time <= v.start_time then
      perform private.fail('hours_backwards', left(v.end_time::text, 5), left(v.start_time::text, 5));
    end if;
    v_rest := make_interval(mins => mod(extract(epoch from v.end_time - v.start_time)::int / 60, v.slot_minutes::int));
    if v_rest > interval '0' then
      perform private.fail('hours_off_grid', v.slot_minutes::text, left((v.end_time - v_rest)::text, 5));
    end if;
  end loop;
end $function$;
comment on function private.check_hours(jsonb) is 'Refuses hours that are none: backwards, of no whole number of appointments, or with an appointment of less than 5 minutes or more than 8 hours. That they overlap is found by the tables.';

CREATE OR REPLACE FUNCTION private.check_phone(p_phone text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if p_phone !~ '^\+[1-9][0-9]{6,14}$'
    -- After the country code stands a 0: left over from dialling within the country.
    or (p_phone like '+' || private.country_code(p_phone) || '0%' and private.dials_zero(private.country_code(p_phone)))
  then
    perform private.fail('invalid_phone');
  end if;
  return true;
end $function$;
comment on function private.check_phone(text) is 'Refuses what is not written as +E.164. Every column that holds a phone number is checked with it.';
grant execute on function private.check_phone(text) to authenticated;
grant execute on function private.check_phone(text) to service_role;

CREATE OR REPLACE FUNCTION private.check_sms_text(p_template public.sms_templates)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_most_parts constant int := private.most_sms_parts();
  v_used constant text[] := private.placeholders_in(p_template.body);
  v_wrong text[];
  v_parts int;
begin
  if btrim(p_template.body, E' \t\r\n') = '' then
    perform private.fail('empty_template');
  end if;
  select array_agg(u) into v_wrong from unnest(v_used) u where u <> all (p_template.placeholders);
  if v_wrong is not null then
    perform private.fail('unknown_placeholder', left(v_wrong[1], 40),
      private.sms_placeholder_list(p_template.placeholders));
  end if;
  select array_agg(r order by r) into v_wrong from unnest(p_template.required) r where r <> all (v_used);
  if v_wrong is not null then
    perform private.fail('missing_placeholder', private.sms_placeholder_list(v_wrong));
  end if;
  v_parts := private.sms_parts(private.gsm_text(private.render_template(p_template.body, p_template.samples)));
  if v_parts > v_most_parts then
    perform private.fail('template_too_long', v_parts::text, v_most_parts::text);
  end if;
end $function$;
comment on function private.check_sms_text(public.sms_templates) is 'Refuses a text that is empty, has a placeholder that nothing would replace, lacks one that it must have, or is too long to be sent.';

CREATE OR REPLACE FUNCTION private.claim_account_jobs(p_limit integer, p_now timestamp with time zone DEFAULT now())
 RETURNS TABLE(job_id uuid, attempt integer, patient_id uuid, phone text, password_seed text)
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
#variable_conflict use_column
begin
  update private.account_jobs j set done_at = p_now
  from public.patients p
  where p.id = j.patient_id and j.done_at is null and p.user_id is not null
    -- An account this very job made still needs its SMS.
    and not exists (
      select from auth.users u where u.id = p.user_id and u.raw_app_meta_data ->> 'account_job' = j.id::text
    );

  return query
    with due as (
      select j.id from private.account_jobs j
      where j.done_at is null and j.next_attempt_at <= p_now
      order by j.next_attempt_at
      limit p_limit
      for update skip locked
    )
    update private.account_jobs j
    set attempts = j.attempts + 1, next_attempt_at = p_now + interval '1 minute'
    from due, public.patients p
    where j.id = due.id and p.id = j.patient_id
    returning j.id, j.attempts, p.id, p.phone, j.password_seed;
end $function$;
comment on function private.claim_account_jobs(integer,timestamp with time zone) is 'Takes due jobs for one worker, for a minute.';

CREATE OR REPLACE FUNCTION private.claim_sms(p_limit integer, p_now timestamp with time zone DEFAULT now())
 RETURNS SETOF public.sms_messages
 LANGUAGE plpgsql
 SET search_path TO ''
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_due record;
begin
  loop
    select count(*) as rows,
      array_agg(d.id) filter (where d.verdict = 'send') as send,
      array_agg(d.id) filter (where d.verdict = 'expired') as expired,
      array_agg(d.id) filter (where d.verdict = 'overtaken') as overtaken,
      array_agg(d.id) filter (where d.verdict = 'interrupted') as interrupted,
      array_agg(d.id) filter (where d.verdict = 'unwanted') as unwanted,
      array_agg(d.id) filter (where d.verdict = 'over cap') as over_cap
    into v_due
    from private.due_sms(p_limit, p_now) d;
    exit when v_due.rows = 0;

    if v_due.rows > coalesce(cardinality(v_due.send), 0) then
      perform private.set_sms_aside(
        v_due.expired, v_due.overtaken, v_due.interrupted, v_due.unwanted, v_due.over_cap, p_now
      );
    end if;
    if v_due.send is not null then
      v_due.send := private.spend_sms_budget(v_due.send, p_now);
    end if;
    return query
      update public.sms_messages m set status = 'sending', attempts = m.attempts + 1,
        next_attempt_at = p_now + interval '1 minute', counted_at = coalesce(m.counted_at, p_now),
        -- Still "sending" after its lease: that worker died, and nobody knows how far it came.
        outcome_unknown = m.outcome_unknown or m.status = 'sending'
      where m.id = any (v_due.send)
      returning m.*;
    -- None of these was to be sent? There may be more behind them.
    exit when found;
  end loop;
end $function$;
comment on function private.claim_sms(integer,timestamp with time zone) is 'Takes due messages for one worker, for a minute. What expired meanwhile fails here; what is over the limit of its number or the budget waits.';

CREATE OR REPLACE FUNCTION private.clinic_at_desk(p_patient_id uuid, p_dependent_id uuid DEFAULT NULL::uuid)
 RETURNS public.clinics
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_clinic public.clinics;
begin
  select c.* into v_clinic
  from (
    select a.clinic_id, 1 + (a.dependent_id is distinct from p_dependent_id)::int as place, a.starts_at
    from public.appointments a where a.patient_id = p_patient_id
    union all
    -- Who has had no appointment yet.
    select i.clinic_id, 3, null from private.introduced_patients i where i.patient_id = p_patient_id
  ) k
  join public.clinics c on c.id = k.clinic_id
  where private.sees_desk(c.id)
  order by k.place, k.starts_at desc, c.id limit 1;
  return v_clinic;
end $function$;
comment on function private.clinic_at_desk(uuid,uuid) is 'Of the clinics of whoever asks the one at which a patient was last, or one of their dependents where this one had appointments; else one at which the patient was introduced. All null: none.';

CREATE OR REPLACE FUNCTION private.clock_turn(p_instant timestamp with time zone, p_time_zone text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_local constant timestamp := p_instant at time zone p_time_zone;
  v_set_back constant interval := private.set_back_before(p_instant, p_time_zone);
begin
  return case
    -- Of two instants PostgreSQL takes the second.
    when v_local at time zone p_time_zone > p_instant then 'first'
    when v_set_back > interval '0' and (p_instant - v_set_back) at time zone p_time_zone = v_local then 'second'
  end;
end $function$;
comment on function private.clock_turn(timestamp with time zone,text) is 'first or second where the clocks show the time of an instant twice, before and after they are set back; else null.';

CREATE OR REPLACE FUNCTION private.close_days(p public.day_operations, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_now constant timestamp := private.local_time(p);
begin
  if p.only_stranded then
    return; -- The hours are right; these were booked before they were.
  end if;
  perform private.replace_hours(p.practitioner_id, p.on_date + n, case
    when n > 0 then '00:00'
    when p.on_date = v_now::date then greatest(p.from_time, v_now::time)
    else coalesce(p.from_time, '00:00')
  end, null, p_reason)
  from generate_series(0, p.until_date - p.on_date) n;
end $function$;
comment on function private.close_days(public.day_operations,text) is 'Nobody else is booked with a practitioner on the days of an operation, of today from now on.';

CREATE OR REPLACE FUNCTION private.close_door(p_user_id uuid, p_token text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  -- Auth empties the token that it took. One that is another by now is somebody else's to close.
  update auth.users u set confirmation_token = '', confirmation_sent_at = null
  where u.id = p_user_id
    and u.confirmation_token in ('', encode(sha224(convert_to(u.phone || p_token, 'UTF8')), 'hex'))
$function$;
comment on function private.close_door(uuid,text) is 'The token of private.open_door opens nothing any more, used or not.';

CREATE OR REPLACE FUNCTION private.close_sms(p_ids uuid[], p_status text, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_ids is not null then
    update public.sms_messages m set status = p_status, last_error = p_reason,
      outcome_unknown = m.outcome_unknown or m.status = 'sending'
    where m.id = any (p_ids);
  end if;
end $function$;
comment on function private.close_sms(uuid[],text,text) is 'Ends messages that are not to be sent any more, with a reason.';

CREATE OR REPLACE FUNCTION private.closing(p_clinic_id uuid, p_from date, p_until date, p_reason text DEFAULT NULL::text, p_id uuid DEFAULT gen_random_uuid())
 RETURNS public.day_operations
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v public.day_operations;
begin
  perform private.require_desk(p_clinic_id);
  perform private.set_channel('desk');
  if not exists (select from public.clinics c where c.id = p_clinic_id) then
    perform private.fail('unknown_clinic');
  end if;
  v := row(
    coalesce(p_id, gen_random_uuid()), p_clinic_id, null, 'close', p_from, p_until, null,
    null, null, false, coalesce(p_reason, ''), '{}', auth.uid(), now()
  );
  perform private.require_possible(v);
  return v;
end $function$;
comment on function private.closing(uuid,date,date,text,uuid) is 'The same of closing a clinic. Refuses with unknown_clinic or wrong_dates.';

CREATE OR REPLACE FUNCTION private.code_wait(p_phone text, p_purpose text, p_now timestamp with time zone DEFAULT now())
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- To sign in or reset a password codes go to accounts alone; who asks must not learn whether there is one.
  return private.sms_wait(
    case
      when p_purpose in ('reset', 'sign_in') or exists (select from public.patients p where p.phone = p_phone) then 100
      else 80
    end,
    p_now
  );
end $function$;
comment on function private.code_wait(text,text,timestamp with time zone) is 'After how many seconds to try again to have a code texted to a phone (+E.164), for a purpose of private.phone_verifications; 0: it can go now.';

CREATE OR REPLACE FUNCTION private.come_one_after_the_other(p_what text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_what, 0));
end $function$;
comment on function private.come_one_after_the_other(text) is 'Waits for every transaction that was here before with the same words; what they did is seen by the next statement.';

CREATE OR REPLACE FUNCTION private.count_change(p_patient_id uuid, p_channel text, p_now timestamp with time zone, p_is_cancellation boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_changes int;
begin
  -- Calls have limits of their own, and the clinic has none.
  if p_channel <> 'web' then
    return;
  end if;
  -- What is refused after all counts for nothing: it is rolled back.
  insert into private.rate_limits as r (bucket, window_start)
  values ('changes:' || p_patient_id, date_trunc('hour', p_now, 'UTC'))
  on conflict (bucket, window_start) do update set hits = r.hits + 1
  returning r.hits into v_changes;
  if not p_is_cancellation and v_changes > (select s.changes_per_hour from public.security_settings s) then
    perform private.fail('too_many_changes', (60 - extract(minute from p_now at time zone 'UTC'))::int::text);
  end if;
end $function$;
comment on function private.count_change(uuid,text,timestamp with time zone,boolean) is 'Counts what a patient books, moves or cancels in a session, and refuses with too_many_changes what is too much for an hour. A cancellation counts and is never refused: somebody who will not come should say so, and those who can book no more soon have nothing left to cancel.';

CREATE OR REPLACE FUNCTION private.count_desk_code(p_session_id uuid, p_phone text, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_wait constant int := greatest(
    private.code_wait(p_phone, 'desk', p_now),
    private.hit_limits('code', jsonb_build_object(
      'device', encode(sha256(convert_to('desk ' || p_session_id, 'UTF8')), 'hex'),
      'phone', encode(sha256(convert_to('desk ' || p_phone, 'UTF8')), 'hex')
    ), p_now)
  );
begin
  if v_wait > 0 then
    perform private.fail('too_many_codes', ceil(v_wait / 60.0)::int::text);
  end if;
end $function$;
comment on function private.count_desk_code(uuid,text,timestamp with time zone) is 'Counts a code for the desk by the rules for codes (limits), and refuses one too many, or one that could not come in time, with too_many_codes.';

CREATE OR REPLACE FUNCTION private.count_reassignment_codes(p_phone text, p_holder_phone text, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_hash constant jsonb := (
    select jsonb_object_agg(t.of, encode(sha256(convert_to('desk ' || coalesce(t.what, ''), 'UTF8')), 'hex'))
    from (values ('device', private.session_id()::text), ('phone', p_phone), ('holder', p_holder_phone)) t (of, what)
  );
  v_wait constant int := greatest(
    private.code_wait(p_phone, 'desk', p_now), private.code_wait(p_holder_phone, 'desk', p_now),
    private.hit_limits('code', v_hash - 'holder', p_now),
    private.hit_limits('code', jsonb_build_object('phone', v_hash -> 'holder'), p_now)
  );
begin
  if v_wait > 0 then
    perform private.fail('too_many_codes', ceil(v_wait / 60.0)::int::text);
  end if;
end $function$;
comment on function private.count_reassignment_codes(text,text,timestamp with time zone) is 'Counts the codes for two phones by the rules for codes (limits), and refuses with too_many_codes what is too much for a phone or a device.';

CREATE OR REPLACE FUNCTION private.count_sms(p_parts bigint, p_hour timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update private.sms_spending s set parts = s.parts + p_parts
  where s.hour = p_hour and s.slot = (
    select o.slot from private.sms_spending o where o.hour = p_hour limit 1 for update skip locked
  );
  if not found then
    insert into private.sms_spending as s (hour, slot, parts) values (p_hour, floor(random() * 1e9), p_parts)
    on conflict (hour, slot) do update set parts = s.parts + p_parts;
  end if;
end $function$;
comment on function private.count_sms(bigint,timestamp with time zone) is 'Counts parts in an hour, without waiting for others who do.';

CREATE OR REPLACE FUNCTION private.country_code(p_phone text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return substring(p_phone from
    '^\+([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[03578]|9[679])[0-9])');
end $function$;
comment on function private.country_code(text) is 'The country code of a phone (+E.164), of one, two or three digits.';

CREATE OR REPLACE FUNCTION private.current_patient_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return (
    select p.id
    from public.patients p
    where p.user_id = (select private.current_user_id())
      and not exists (select from private.temporary_passwords t where t.user_id = p.user_id)
  );
end $function$;
comment on function private.current_patient_id() is 'The patient who is signed in, or null: also when the session was signed out or the password is still temporary.';
grant execute on function private.current_patient_id() to authenticated;
grant execute on function private.current_patient_id() to service_role;

CREATE OR REPLACE FUNCTION private.current_user_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_session constant text := auth.jwt() ->> 'session_id';
begin
  -- A token outlives its session by up to an hour; signing out must count at once.
  return case when v_session is null then auth.uid() else private.user_of_session(v_session::uuid) end;
end $function$;
comment on function private.current_user_id() is 'The account that is signed in, or null: also when the session has ended.';

CREATE OR REPLACE FUNCTION private.cut_hours(p_practitioner_id uuid, p_on date, p_from time without time zone)
 RETURNS TABLE(start_time time without time zone, end_time time without time zone, slot_minutes smallint, is_later boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with cut as (
      -- Where the first slot from then on begins; the others keep their places before and after it.
      -- Not after the end, and so not around midnight.
      select h.*, h.start_time + least(h.end_time - h.start_time, make_interval(mins => h.slot_minutes
        * greatest(ceil(extract(epoch from p_from - h.start_time) / 60 / h.slot_minutes), 0)::int
      )) as cut_at
      from private.local_hours(p_practitioner_id, p_on) h
    )
    select c.start_time, c.cut_at, c.slot_minutes, false from cut c where c.cut_at > c.start_time
    union all
    select c.cut_at, c.end_time, c.slot_minutes, true from cut c where c.cut_at < c.end_time;
end $function$;
comment on function private.cut_hours(uuid,date,time without time zone) is 'The hours of a date in those before a time and those from it on (is_later), cut between two slots.';

CREATE OR REPLACE FUNCTION private.dates_in(p_from date, p_until date, p_hours jsonb)
 RETURNS TABLE(on_date date, start_time time without time zone, end_time time without time zone, slot_minutes smallint)
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select p_from + n, h.start_time, h.end_time, coalesce(h.slot_minutes, 15::smallint)
    from generate_series(0, p_until - p_from) n
    -- Closed is a row without hours.
    left join private.hours_in(p_hours) h on true
    where p_hours is not null;
end $function$;
comment on function private.dates_in(date,date,jsonb) is 'The rows that give dates these hours: of [] one without a time for each, of null none.';

CREATE OR REPLACE FUNCTION private.day_hits(p public.day_operations)
 RETURNS SETOF public.appointments
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select a.*
    from public.practitioners d
    join public.clinics c on c.id = d.clinic_id
    join public.appointments a on a.practitioner_id = d.id and a.local_date between p.on_date and p.until_date
    where d.clinic_id = p.clinic_id and d.id = coalesce(p.practitioner_id, d.id)
      and a.starts_at >= private.instant_of(p.on_date + coalesce(p.from_time, '00:00'), c.time_zone)
      -- Where nobody is marked, who was booked for this morning has long been seen.
      and (a.status = 'booked' and a.ends_at > p.done_at or a.status = 'arrived' and a.called_at is null)
      and (not p.only_stranded or a.id in (select s.appointment_id from private.stranded(p.done_at) s))
    order by a.starts_at, a.id;
end $function$;
comment on function private.day_hits(public.day_operations) is 'Who still waits, or is booked, with whom and when an operation is about.';

CREATE OR REPLACE FUNCTION private.day_operation(p_kind text, p_practitioner_id uuid, p_on date, p_from time without time zone, p_until date DEFAULT NULL::date, p_minutes integer DEFAULT NULL::integer, p_to uuid DEFAULT NULL::uuid, p_only_stranded boolean DEFAULT false, p_reason text DEFAULT NULL::text, p_id uuid DEFAULT gen_random_uuid())
 RETURNS public.day_operations
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v public.day_operations;
begin
  perform private.require_desk();
  perform private.set_channel('desk');
  select d.clinic_id into v.clinic_id from public.practitioners d
  where d.id = p_practitioner_id and private.sees_desk(d.clinic_id);
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  v := row(
    coalesce(p_id, gen_random_uuid()), v.clinic_id, p_practitioner_id, p_kind, p_on, coalesce(p_until, p_on), p_from,
    p_minutes, p_to, coalesce(p_only_stranded, false), coalesce(p_reason, ''), '{}', auth.uid(), now()
  );
  perform private.require_possible(v);
  return v;
end $function$;
comment on function private.day_operation(text,uuid,date,time without time zone,date,integer,uuid,boolean,text,uuid) is 'What somebody at the desk wants done to a day of a practitioner of theirs. Refuses with unknown_doctor and what private.require_possible refuses.';

CREATE OR REPLACE FUNCTION private.days_with_strays(p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_person_id uuid)
 RETURNS TABLE(practitioner_id uuid, on_date date)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with dates as materialized (
      select d.day::date as on_date, private.instant_of(d.day::date + 1, p_time_zone) as over
      from generate_series(p_from - 2, p_until, interval '1 day') as d (day)
    ), strays as (
      select p.id as practitioner_id, a.ends_at, (a.starts_at at time zone p_time_zone)::date as first_date
      from public.appointments a cross join unnest(p_practitioners) p (id)
      where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active
        and tstzrange(a.starts_at, a.ends_at)
          && tstzrange(private.instant_of(p_from, p_time_zone), private.instant_of(p_until + 1, p_time_zone))
      union all
      select a.practitioner_id, a.ends_at, a.local_date + 1
      from public.appointments a join dates d on d.on_date = a.local_date
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_from - 2 and p_until
        and a.ends_at > d.over
    )
    select t.practitioner_id, t.first_date + n
    from strays t
    cross join lateral generate_series(0, (t.ends_at at time zone p_time_zone)::date - t.first_date) n;
end $function$;
comment on function private.days_with_strays(uuid[],date,date,text,uuid) is 'Dates on which practitioners are not only kept from slots by appointments that begin then: one of the day before reaches into it, or the patient has an appointment somewhere.';

CREATE OR REPLACE FUNCTION private.delete_account(p_user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient_id uuid;
  v_merged uuid[];
begin
  perform private.set_channel('web');
  -- Locked in the order in which Auth's own writes lock them: first the user, then the patient.
  perform from auth.users u where u.id = p_user_id for update;
  -- A booking that is being made at this moment counts.
  select p.id into v_patient_id from public.patients p where p.user_id = p_user_id for update;
  -- Rows that were found to be the same person. Nobody merges or undoes it meanwhile, which takes the user's lock first.
  v_merged := array(select m.gone_id from private.patient_merges m where m.keep_id = v_patient_id and m.undone_at is null);
  delete from auth.users u where u.id = p_user_id;
  -- The clinic keeps the appointments and the phone they were booked for; everything told on the web goes.
  update public.patients p set name = null, age = null, locale = null where p.id = v_patient_id or p.id = any (v_merged);
  update public.dependents d set name = null, birth_year = null, removed_at = coalesce(d.removed_at, now())
  where d.patient_id = v_patient_id;
  delete from public.dependents d
  where d.patient_id = v_patient_id and not exists (select from public.appointments a where a.dependent_id = d.id);
  update private.account_jobs j set done_at = now() where j.patient_id = v_patient_id and j.done_at is null;
  -- Those of a deleted patient lose their patient_id.
  perform private.lock_sms(array(select m.id from public.sms_messages m where m.patient_id = v_patient_id));
  delete from public.patients p
  where (p.id = v_patient_id or p.id = any (v_merged))
    and not exists (select from public.appointments a where a.patient_id in (v_patient_id, p.id));
end $function$;
comment on function private.delete_account(uuid) is 'Deletes an account whose owner has given the password. Appointments stay with the clinic, without name and age, also those of dependents; with none the patient goes too. So do the names of patients who were merged into this one.';

CREATE OR REPLACE FUNCTION private.dependent_at_desk(p_patient_id uuid, p_name text, p_birth_year integer)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid;
begin
  perform private.lock_patient(p_patient_id);
  select d.id into v_id from public.dependents d
  where d.patient_id = p_patient_id and d.removed_at is null and lower(d.name) = lower(private.name_from(p_name))
    and (p_birth_year is null or d.birth_year is null or d.birth_year = p_birth_year)
  order by d.birth_year is distinct from p_birth_year, d.created_at limit 1;
  if not found then
    insert into public.dependents (patient_id, name, birth_year)
    values (p_patient_id, p_name, private.birth_year_from(p_birth_year)) returning id into v_id;
  end if;
  return v_id;
end $function$;
comment on function private.dependent_at_desk(uuid,text,integer) is 'The dependent of a patient with a name, who may be new. With another year of birth it is somebody else.';

CREATE OR REPLACE FUNCTION private.desk_numbers(p_now timestamp with time zone DEFAULT now())
 RETURNS TABLE(clinic_id uuid, day date, channel text, booked integer, came integer, seen integer, noshow integer, cancelled integer, waited integer, wait_minutes numeric, sms_parts integer, sms_cost numeric, currency text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
    select c.id, n.*
    from public.clinics c
    cross join lateral private.numbers_between(c.id, (p_now at time zone c.time_zone)::date - 399, 'infinity') n
    where private.sees_desk(c.id, true);
end $function$;
comment on function private.desk_numbers(timestamp with time zone) is 'What came of the appointments of the last 400 days and those to come, at the clinics that whoever asks is the manager of.';
grant execute on function private.desk_numbers(timestamp with time zone) to authenticated;
grant execute on function private.desk_numbers(timestamp with time zone) to service_role;

CREATE OR REPLACE FUNCTION private.desk_role(p_clinic_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return private.role_of_session((auth.jwt() ->> 'session_id')::uuid, p_clinic_id);
end $function$;
comment on function private.desk_role(uuid) is 'What the signed-in person is at the desk of a clinic, which their session has opened: desk or manager; else null.';
grant execute on function private.desk_role(uuid) to authenticated;
grant execute on function private.desk_role(uuid) to service_role;

CREATE OR REPLACE FUNCTION private.dials_zero(p_country_code text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return p_country_code not in ('225', '226', '229', '241', '242', '250', '378', '39', '992');
end $function$;
comment on function private.dials_zero(text) is 'Whether a 0 in front is only dialled within a country; not in the few where numbers begin with it (zeroBelongs in _shared/phone.ts).';

CREATE OR REPLACE FUNCTION private.due_sms(p_limit integer, p_now timestamp with time zone)
 RETURNS TABLE(id uuid, verdict text)
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_sending boolean;
  v_cap int;
begin
  select s.sending, s.daily_cap into v_sending, v_cap from public.sms_settings s;
  return query
    select d.id, case
      when d.expires_at <= p_now then 'expired'
      when d.overtaken then 'overtaken'
      -- It may be this very row that its workers die of.
      when d.status = 'sending' and d.attempts >= private.most_sms_attempts() then 'interrupted'
      when not d.secret and private.wants_no_sms(d.to_phone) then 'unwanted'
      when not d.secret and v_cap is not null and v_cap <
        private.sms_to_number(d.to_phone, d.id, p_now)
        + row_number() over (partition by d.to_phone order by d.priority, d.next_attempt_at) then 'over cap'
      else 'send'
    end
    from (
      select m.*, private.is_overtaken(m) as overtaken from public.sms_messages m
      where m.status in ('queued', 'sending') and m.next_attempt_at <= p_now
        -- While sending is stopped rows only expire.
        and (coalesce(v_sending, true) or m.expires_at <= p_now)
      order by m.priority, m.next_attempt_at
      limit p_limit
      for update skip locked
    ) d;
end $function$;
comment on function private.due_sms(integer,timestamp with time zone) is 'Locks due messages, the most urgent first, and says what is to be done with each: send, or why not. Passes over what others have locked.';

CREATE OR REPLACE FUNCTION private.end_day_operation(p public.day_operations, p_template text)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform set_config('medq.day_operation', '', true);
  perform private.queue_appointment_sms(p_template, a, p.id::text, greatest(a.ends_at, p.done_at + interval '1 hour'))
  from (
    -- One SMS for a person, about the first of several that they know of.
    select distinct on (a.patient_id, a.dependent_id, n.lost) a.* from public.appointments a
    cross join lateral (select case when private.lost_news(a.id) then a.id end as lost) n
    where a.id in (select l.appointment_id from unnest(p.outcome) l where l.waits and l.why_not is null)
    order by a.patient_id, a.dependent_id, n.lost, a.starts_at, a.id
  ) a;
  -- With the numbers they have by now.
  select coalesce(array_agg(row(
    l.appointment_id, l.patient_id, a.token_number, l.was_at, l.practitioner_id, l.starts_at, l.ends_at, l.why_not, l.waits
  )::public.day_plan order by l.was_at), '{}') into p.outcome
  from unnest(p.outcome) l join public.appointments a on a.id = l.appointment_id;
  insert into public.day_operations select (p).*;
  return query select l.* from unnest(p.outcome) l where l.waits;
end $function$;
comment on function private.end_day_operation(public.day_operations,text) is 'Tells each patient once what became of them, and writes down what was done.';

CREATE OR REPLACE FUNCTION private.end_hours(p_practitioner_id uuid, p_before uuid[], p_may_strand uuid[])
 RETURNS SETOF public.stranding
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_stranded constant public.stranding[] := array(select s from private.stranding_of(p_practitioner_id, p_before) s);
begin
  -- Without a list whoever it is. A null in it is nobody.
  if p_may_strand is not null and exists (
    select from unnest(v_stranded) s
    where not s.already and s.appointment_id = any (p_may_strand) is not true
  ) then
    perform private.fail('would_strand');
  end if;
  return query select s.* from unnest(v_stranded) s;
end $function$;
comment on function private.end_hours(uuid,uuid[],uuid[]) is 'Who is outside the hours of a practitioner now. Refuses with would_strand if somebody is who is not in the list, and was not before.';

CREATE OR REPLACE FUNCTION private.end_old_sessions()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_ended int;
begin
  delete from auth.sessions s where private.user_of_session(s.id) is null;
  get diagnostics v_ended = row_count;
  return v_ended;
end $function$;
comment on function private.end_old_sessions() is 'Removes sessions that have not been used for too long or are too old, so that they cannot be refreshed. Returns how many.';

CREATE OR REPLACE FUNCTION private.end_run(p_function text)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Asked for again and again, not waited for: behind somebody who waits everybody would wait. Whoever keeps a transaction
  -- open for a second is left to the sweep.
  for v_try in 1..20 loop
    exit when pg_try_advisory_xact_lock(hashtextextended('run of ' || p_function, 0));
    perform pg_sleep(0.05);
  end loop;
  perform private.mark_run(p_function, '-infinity');
  -- By the clock: what was left meanwhile is younger than this transaction.
  return private.has_due(p_function, clock_timestamp());
end $function$;
comment on function private.end_run(text) is 'A function has done all it found. From now on it is called again. True: those who relied on it have left more.';

CREATE OR REPLACE FUNCTION private.erased_sms_text()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN '(erased after sending)'::text;
comment on function private.erased_sms_text() is 'What stands where the text of a secret message was.';

CREATE OR REPLACE FUNCTION private.expire_temporary_passwords(p_now timestamp with time zone DEFAULT now())
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_users uuid[];
  v_expired int;
begin
  -- Lock first, look again after: a password that is being chosen at this moment must survive.
  select array_agg(late.id) into v_users
  from (
    select u.id
    from private.temporary_passwords t join auth.users u on u.id = t.user_id
    where t.expires_at <= p_now and u.encrypted_password <> ''
    for update of u skip locked
  ) late;
  -- The row in temporary_passwords stays: a session from before still has to choose a new password.
  update auth.users u set encrypted_password = ''
  where u.id = any (v_users)
    and exists (select from private.temporary_passwords t where t.user_id = u.id and t.expires_at <= p_now);
  get diagnostics v_expired = row_count;
  return v_expired;
end $function$;
comment on function private.expire_temporary_passwords(timestamp with time zone) is 'Makes texted passwords that were never replaced useless. Returns how many.';

CREATE OR REPLACE FUNCTION private.export_account(p_user_id uuid, p_now timestamp with time zone DEFAULT now())
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v public.patients;
begin
  select * into v from public.patients p where p.user_id = p_user_id;
  if not found then
    perform private.fail('not_signed_in');
  end if;
  insert into public.audit_events (channel, actor_id, action, table_name, row_id)
  values ('web', p_user_id, 'read', 'patients', v.id::text);
  return jsonb_build_object(
    'made_at', p_now,
    'you', jsonb_build_object(
      'name', v.name, 'age', v.age, 'phone', v.phone, 'username', v.username, 'language', v.locale,
      'account_since', v.created_at, 'account_made_by', v.account_origin,
      'wants_no_sms', private.wants_no_sms(v.phone)
    ),
    'you_book_for', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', d.name, 'birth_year', d.birth_year, 'since', d.created_at, 'removed_at', d.removed_at
      ) order by d.created_at, d.id), '[]')
      from public.dependents d where d.patient_id = v.id
    ),
    'appointments', private.export_appointments(v.id),
    'sms', private.export_messages(v.id),
    'calls', private.export_calls(v.id),
    'devices', private.export_devices(p_user_id),
    'history', private.export_history(v.id)
  );
end $function$;
comment on function private.export_account(uuid,timestamp with time zone) is 'All that is kept about the owner of an account who has given the password, themselves and the people they book for. It is written down that it was read.';

CREATE OR REPLACE FUNCTION private.export_appointments(p_patient_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'clinic', c.name, 'time_zone', c.time_zone, 'doctor', pr.name, 'specialty', pr.specialty, 'for', d.name,
    'starts_at', a.starts_at, 'ends_at', a.ends_at, 'status', a.status, 'booked_by', a.channel, 'token_number', a.token_number,
    'note', a.note, 'booked_at', a.created_at, 'confirmed_at', a.confirmed_at, 'arrived_at', a.arrived_at,
    'called_at', a.called_at, 'seen_at', a.seen_at, 'cancelled_at', a.cancelled_at
  ) order by a.starts_at, a.id), '[]')
  from public.appointments a
  join public.clinics c on c.id = a.clinic_id
  join public.practitioners pr on pr.id = a.practitioner_id
  left join public.dependents d on d.id = a.dependent_id
  where a.patient_id = p_patient_id
$function$;
comment on function private.export_appointments(uuid) is 'All appointments of a patient, with what the clinic noted. No references: with one an appointment can be changed by phone.';

CREATE OR REPLACE FUNCTION private.export_calls(p_patient_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'clinic', c.name, 'from', i.caller, 'started_at', i.started_at, 'seconds', i.duration_seconds, 'outcome', i.outcome,
    'steps', i.steps
  ) order by i.started_at, i.id), '[]')
  from public.ivr_calls i left join public.clinics c on c.id = i.clinic_id
  where i.patient_id = p_patient_id
$function$;
comment on function private.export_calls(uuid) is 'All calls from the number of a patient.';

CREATE OR REPLACE FUNCTION private.export_devices(p_user_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'signed_in', coalesce((
      select jsonb_agg(jsonb_build_object(
        'since', s.created_at, 'used_at', coalesce(s.refreshed_at at time zone 'UTC', s.updated_at, s.created_at),
        'browser', s.user_agent
      ) order by s.created_at)
      from auth.sessions s where s.user_id = p_user_id and private.user_of_session(s.id) is not null
    ), '[]'),
    'known', coalesce((
      select jsonb_agg(jsonb_build_object('signed_in_at', d.last_seen_at) order by d.last_seen_at)
      from private.known_devices d where d.user_id = p_user_id
    ), '[]')
  )
$function$;
comment on function private.export_devices(uuid) is 'Where an account is signed in, and when devices signed in to it that are known again.';

CREATE OR REPLACE FUNCTION private.export_history(p_patient_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'at', e.occurred_at, 'what', e.action, 'way', e.channel,
    'by', case when e.channel = 'desk' then e.actor end, 'changes', e.changes
  ) order by e.id), '[]')
  from public.audit_trail e
  where e.table_name = 'patients' and e.row_id = p_patient_id::text
$function$;
comment on function private.export_history(uuid) is 'Who opened the record of a patient at a desk, and what of it was changed by whom.';

CREATE OR REPLACE FUNCTION private.export_messages(p_patient_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'to', m.to_phone, 'about', m.template, 'status', m.status, 'queued_at', m.created_at, 'sent_at', m.sent_at,
    'text', case when not m.secret then replace(m.body, coalesce(a.reference, '****'), '****') end
  ) order by m.created_at, m.id), '[]')
  from public.sms_messages m left join public.appointments a on a.id = m.appointment_id
  where m.patient_id = p_patient_id
$function$;
comment on function private.export_messages(uuid) is 'All SMS to a patient; those with a code or password without their text, references as ****.';

CREATE OR REPLACE FUNCTION private.fail(p_word text, VARIADIC p_values text[] DEFAULT '{}'::text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_refusal private.refusals;
begin
  select * into v_refusal from private.refusals r where r.word = p_word;
  if not found then
    raise exception 'private.refusals has no word %', p_word;
  end if;
  raise exception using errcode = v_refusal.code, message = v_refusal.message, detail = v_refusal.word,
    hint = format(v_refusal.sentence, variadic p_values);
end $function$;
comment on function private.fail(text,text[]) is 'Refuses with a word of private.refusals. A function that people run with rights of their own has to be a definer to call it.';

CREATE OR REPLACE FUNCTION private.family_of(VARIADIC p_patients uuid[])
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select count(*) from public.dependents d where d.patient_id = any (p_patients) and d.removed_at is null
  );
end $function$;
comment on function private.family_of(uuid[]) is 'How many dependents patients have together, without those who were removed.';

CREATE OR REPLACE FUNCTION private.find_patients(p_clinic public.clinics, p_words text)
 RETURNS TABLE(patient_id uuid, rank real)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_words ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return query select p_words::uuid, 1::real;
  elsif p_words ~ '[0-9]' and p_words !~ '[[:alpha:]]' then
    return query select * from private.found_by_number(p_clinic, p_words);
  elsif length(p_words) >= 2 then
    return query select * from private.found_by_name(p_words);
  end if;
end $function$;
comment on function private.find_patients(public.clinics,text) is 'Patients of any clinic by what was typed: a number, or a name of two letters at least; or by the identifier of a record, as a page has it.';

CREATE OR REPLACE FUNCTION private.finish_account_job(p_job_id uuid, p_user_id uuid, p_password text, p_now timestamp with time zone DEFAULT now())
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient public.patients;
begin
  select p.* into v_patient
  from private.account_jobs j join public.patients p on p.id = j.patient_id
  where j.id = p_job_id and j.done_at is null
  for update of j;
  if not found then
    return 'already_done';
  end if;
  perform private.set_channel('system');
  if p_password is not null then
    perform private.welcome_patient(v_patient, p_user_id, p_password, p_job_id, p_now + interval '72 hours');
  end if;
  update private.account_jobs j set done_at = p_now, last_error = null where j.id = p_job_id;
  return case when p_password is null then 'already_done' else 'welcomed' end;
end $function$;
comment on function private.finish_account_job(uuid,uuid,text,timestamp with time zone) is 'The account is there: its patient is welcomed, once. Without a password the phone has an account of its own, and the job only ends.';

CREATE OR REPLACE FUNCTION private.first_free_slots(p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamp with time zone, p_person_id uuid)
 RETURNS TABLE(practitioner_id uuid, starts_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_missing uuid[] := p_practitioners;
  v_from date := p_from;
  v_until date;
begin
  -- Nearly everybody has a free time within days, and whoever has not is looked for in months.
  while v_missing <> '{}' and v_from <= p_until loop
    v_until := least(v_from + case when v_from = p_from then 2 else 30 end, p_until);
    for practitioner_id, starts_at in
      select d.practitioner_id, f.starts_at
      from (
        select o.practitioner_id, min(o.on_date) as on_date
        from private.offered_between(v_missing, v_from, v_until, p_time_zone, p_now, p_person_id) o
        where o.free > 0
        group by o.practitioner_id
      ) d
      cross join lateral (
        select min(s.starts_at) as starts_at from private.free_slots(d.practitioner_id, d.on_date, p_now, p_person_id) s
      ) f
    loop
      return next;
      v_missing := array_remove(v_missing, practitioner_id);
    end loop;
    v_from := v_until + 1;
  end loop;
end $function$;
comment on function private.first_free_slots(uuid[],date,date,text,timestamp with time zone,uuid) is 'The first free slot of each of many practitioners of one time zone within a range of dates; no row for whoever has none.';

CREATE OR REPLACE FUNCTION private.first_name(p_name text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return left(coalesce((
    select w.word from regexp_split_to_table(p_name, '\s+') with ordinality as w (word, place)
    -- Initials may stand in front: S. Meera is Meera.
    where length(w.word) > 1 and w.word not like '%.' order by w.place limit 1
  ), p_name), 30);
end $function$;
comment on function private.first_name(text) is 'The first name in a name, without initials.';

CREATE OR REPLACE FUNCTION private.forget_old_runs(p_before timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  delete from cron.job_run_details d where coalesce(d.end_time, d.start_time) < p_before;
exception when insufficient_privilege then
  raise warning 'cron.job_run_details cannot be pruned as %: let a superuser do it.', current_user;
end $function$;
comment on function private.forget_old_runs(timestamp with time zone) is 'Deletes the history of jobs that ended before an instant. Projects where that is not allowed keep it, with a warning.';

CREATE OR REPLACE FUNCTION private.forget_old_sms(p_before timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  with gone as (
    delete from public.sms_messages m
    where m.created_at < p_before and m.status not in ('queued', 'sending')
    returning m.sent_at, m.template, m.parts
  )
  insert into public.sms_past as p (day, template, messages, parts)
  select (g.sent_at at time zone private.time_zone_of_costs())::date, g.template, count(*), sum(g.parts)
  from gone g where g.sent_at is not null group by 1, 2
  on conflict (day, template) do update
    set messages = p.messages + excluded.messages, parts = p.parts + excluded.parts;
end $function$;
comment on function private.forget_old_sms(timestamp with time zone) is 'Deletes texts that were queued before an instant, but for what they cost.';

CREATE OR REPLACE FUNCTION private.forget_stale_registrations(p_now timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  delete from private.registrations r where r.created_at < p_now - interval '1 hour'
$function$;
comment on function private.forget_stale_registrations(timestamp with time zone) is 'Removes registrations whose account was never made.';

CREATE OR REPLACE FUNCTION private.forget_what_is_old(p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_kept public.security_settings;
begin
  select * into v_kept from public.security_settings s;
  delete from private.phone_verifications v where v.expires_at < p_now - interval '1 day';
  delete from private.rate_limits r where r.window_start < p_now - interval '2 days';
  delete from private.wrong_codes w where w.hour < p_now - interval '2 days';
  delete from private.known_devices d where d.last_seen_at < p_now - interval '400 days';
  delete from private.account_permits p where p.expires_at < p_now;
  update private.patient_merges m set moved = '[]'
  where m.merged_at < p_now - interval '1 day' and m.moved <> '[]';
  delete from private.reassignments r where r.expires_at < p_now - interval '1 day';
  delete from private.last_marks m where m.marked_at < p_now - interval '1 day';
  delete from private.desk_sessions d where greatest(d.code_expires_at, d.expires_at) < p_now - interval '1 day';
  delete from private.account_jobs j where j.done_at < p_now - interval '30 days';
  delete from public.day_operations o where o.done_at < p_now - interval '30 days';
  perform private.forget_stale_registrations(p_now);
  perform private.forget_old_runs(p_now - interval '7 days');
  perform private.forget_old_sms(p_now - make_interval(days => v_kept.sms_days));
  delete from private.sms_spending s where s.hour < p_now - interval '30 days';
  delete from public.ivr_calls c where c.last_step_at < p_now - make_interval(days => v_kept.calls_days);
  delete from public.security_events e where e.hour < p_now - make_interval(days => v_kept.events_days);
  delete from private.call_proofs c where c.created_at < p_now - make_interval(days => v_kept.events_days);
  delete from private.alerts a where a.hour < p_now - make_interval(days => v_kept.events_days);
end $function$;
comment on function private.forget_what_is_old(timestamp with time zone) is 'Deletes what has been kept for as long as docs/security.md says; days that an admin can change stand in security_settings.';

CREATE OR REPLACE FUNCTION private.found_by_name(p_words text)
 RETURNS TABLE(patient_id uuid, rank real)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- So much of what was typed has to sound like a part of the name: Laxmi finds Lakshmi, and Muhammad Mohammed. Not a
  -- setting of the function, which only a session that has used the extension could create.
  perform set_config('pg_trgm.word_similarity_threshold', '0.25', true);
  return query
    select p.id, case when p.name ilike v.anywhere then 0.7::real else 0 end
      + extensions.word_similarity(p_words, p.name) + extensions.similarity(p_words, p.name)
    from (
      select p.id, p.name from public.patients p
      union all
      select d.patient_id, d.name from public.dependents d where d.removed_at is null
    ) p
    cross join (select '%' || regexp_replace(p_words, '([\\%_])', '\\\1', 'g') || '%') v (anywhere)
    where p.name operator(extensions.%>) p_words or p.name ilike v.anywhere;
end $function$;
comment on function private.found_by_name(text) is 'Patients whose names, or those of whom they book for, are like what was typed, typing errors forgiven, and how much each is.';

CREATE OR REPLACE FUNCTION private.found_by_number(p_clinic public.clinics, p_words text)
 RETURNS TABLE(patient_id uuid, rank real)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_digits constant text := regexp_replace(p_words, '[^0-9]', '', 'g');
  v_phone constant text := private.phone_typed(p_words, p_clinic.phone);
begin
  return query
    select p.id, 1::real from public.patients p where p.phone = v_phone
    union all
    select m.gone_id, 1::real from private.patient_merges m where m.gone_phone = v_phone and m.undone_at is null
    union all
    select a.patient_id, 0.9::real from public.appointments a
    where a.clinic_id = p_clinic.id and a.reference = v_digits and a.status in ('booked', 'arrived')
    union all
    -- Three digits are the end of some numbers, two of far too many.
    select p.id, 0.8::real from public.patients p
    where length(v_digits) >= 3 and p.phone like '%' || v_digits and private.is_of_clinic(p.id, p_clinic.id)
    union all
    select m.gone_id, 0.8::real from private.patient_merges m
    where length(v_digits) >= 3 and m.gone_phone like '%' || v_digits and m.undone_at is null;
end $function$;
comment on function private.found_by_number(public.clinics,text) is 'Patients by a phone in any notation, the end of one, or the reference of an appointment to come, and how well each fits.';

CREATE OR REPLACE FUNCTION private.free_by_date(p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamp with time zone, p_person_id uuid)
 RETURNS TABLE(on_date date, free integer, open boolean, over boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select d.day::date, coalesce(sum(o.free), 0)::int, count(o.slots) > 0, coalesce(sum(o.slots) = 0, false)
    from generate_series(p_from, p_until, interval '1 day') as d (day)
    left join private.offered_between(p_practitioners, p_from, p_until, p_time_zone, p_now, p_person_id) o
      on o.on_date = d.day::date
    group by d.day
    order by d.day;
end $function$;
comment on function private.free_by_date(uuid[],date,date,text,timestamp with time zone,uuid) is 'What private.free_days tells, of practitioners of one time zone and all dates of a range.';

CREATE OR REPLACE FUNCTION private.free_days(p_clinic_id uuid, p_practitioner_id uuid, p_specialty text, p_from date, p_days integer, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS TABLE(on_date date, free integer, open boolean, over boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select f.*
    from public.clinics c
    cross join lateral (select (p_now at time zone c.time_zone)::date as today) t
    cross join lateral private.free_by_date(
      private.active_practitioners(c.id, p_specialty, p_practitioner_id),
      greatest(p_from, t.today),
      least(greatest(p_from, t.today) + p_days - 1, t.today + c.booking_horizon_days),
      c.time_zone, p_now, p_person_id
    ) f
    where c.id = p_clinic_id
    order by f.on_date;
end $function$;
comment on function private.free_days(uuid,uuid,text,date,integer,timestamp with time zone,uuid) is 'Days of a clinic that can be booked, from a date on: how many slots are free, whether patients are seen at all (open), and whether the last of them have had their turn by now (over).';

CREATE OR REPLACE FUNCTION private.free_slots(p_practitioner_id uuid, p_on date, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone, token_number integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_begins timestamptz;
  v_ends timestamptz;
begin
  select private.instant_of(p_on, c.time_zone), private.instant_of(p_on + 1, c.time_zone)
  into v_begins, v_ends
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = p_practitioner_id and p.active
    and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days;
  if not found or v_ends <= p_now then
    return;
  end if;
  return query
    with taken as (
      select a.starts_at, a.ends_at
      from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.active
        and a.starts_at < v_ends and a.ends_at > v_begins
        -- Some days around the date, so that an index serves it in every time zone.
        and a.local_date between p_on - 2 and p_on + 2
      union all
      select a.starts_at, a.ends_at
      from public.appointments a
      where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active
        and tstzrange(a.starts_at, a.ends_at) && tstzrange(v_begins, v_ends)
    )
    select s.starts_at, s.ends_at, s.token_number
    from private.slots_on(p_practitioner_id, p_on) s
    where s.starts_at > p_now
      and not exists (select from taken t where t.starts_at < s.ends_at and t.ends_at > s.starts_at);
end $function$;
comment on function private.free_slots(uuid,date,timestamp with time zone,uuid) is 'Slots of a practitioner on a date that can be booked now; with a person (patient or dependent), only those that fit their other appointments.';

CREATE OR REPLACE FUNCTION private.free_slots_of(p_practitioners uuid[], p_on date, p_time_zone text, p_from timestamp with time zone, p_most integer, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS TABLE(practitioner_id uuid, starts_at timestamp with time zone, ends_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_day constant tstzrange := tstzrange(private.instant_of(p_on, p_time_zone), private.instant_of(p_on + 1, p_time_zone));
  v_elsewhere tstzmultirange;
begin
  select range_agg(tstzrange(a.starts_at, a.ends_at)) into v_elsewhere
  from public.appointments a
  where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active and tstzrange(a.starts_at, a.ends_at) && v_day;
  return query
    with taken as materialized (
      select a.practitioner_id, range_agg(tstzrange(a.starts_at, a.ends_at)) as times
      from public.appointments a
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_on - 2 and p_on
        -- As && the day it would be looked up among the appointments of all clinics.
        and a.starts_at < upper(v_day) and a.ends_at > lower(v_day)
      group by a.practitioner_id
    )
    select s.practitioner_id, f.at, f.at + s.length
    from private.sessions_between(p_practitioners, p_on, p_on, p_time_zone, p_now) s
    left join taken t on t.practitioner_id = s.practitioner_id
    cross join lateral (
      select b.at
      from generate_series(0, s.slots - 1) n
      cross join lateral (select s.goes_on + n * s.length as at) b
      where b.at >= p_from
        and (t.times is null or not t.times && tstzrange(b.at, b.at + s.length))
        and (v_elsewhere is null or not v_elsewhere && tstzrange(b.at, b.at + s.length))
      order by n
      limit p_most
    ) f;
end $function$;
comment on function private.free_slots_of(uuid[],date,text,timestamp with time zone,integer,timestamp with time zone,uuid) is 'What private.free_slots tells, of many active practitioners of one time zone on a date within their booking horizon: of each session the first so many that begin at an instant or later (null: all).';

CREATE OR REPLACE FUNCTION private.free_slots_of_day(p_clinic_id uuid, p_on date, p_practitioner_id uuid, p_specialty text, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS SETOF public.slot
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at, f.ends_at
    from public.clinics c
    cross join lateral private.free_slots_of(
      private.active_practitioners(c.id, private.specialty_at(c.id, p_specialty), p_practitioner_id),
      p_on, c.time_zone, p_now, null, p_now, p_person_id
    ) f
    join public.practitioners p on p.id = f.practitioner_id
    where c.id = p_clinic_id and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days
    order by f.starts_at, p.name, p.id;
end $function$;
comment on function private.free_slots_of_day(uuid,date,uuid,text,timestamp with time zone,uuid) is 'Free slots of a clinic on a date, of one practitioner, one specialty or all (null).';

CREATE OR REPLACE FUNCTION private.gap_at(p_practitioner_id uuid, p_on date, p_starts_at timestamp with time zone, OUT starts_at timestamp with time zone, OUT ends_at timestamp with time zone, OUT token_number integer)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  starts_at := p_starts_at;
  select s.ends_at, s.token_number into ends_at, token_number
  from private.slot_at(p_practitioner_id, p_on, p_starts_at) s;
  if ends_at is null then
    select p_starts_at + l.length into ends_at from private.length_of_day(p_practitioner_id, p_on) l (length);
    -- Squeezed in before the next, if that leaves a few minutes.
    ends_at := least(ends_at, (
      select min(a.starts_at) from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.active and a.local_date between p_on - 1 and p_on + 1
        and a.starts_at >= p_starts_at + interval '5 minutes'
    ));
  end if;
end $function$;
comment on function private.gap_at(uuid,date,timestamp with time zone) is 'The slot that begins at an instant, or a time between the slots, which ends before the next patient. No end: the practitioner sees nobody on that date.';

CREATE OR REPLACE FUNCTION private.gap_now(p_practitioner_id uuid, p_today date, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid, OUT starts_at timestamp with time zone, OUT ends_at timestamp with time zone, OUT token_number integer)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  select f.* into starts_at, ends_at, token_number
  from private.free_slots(p_practitioner_id, p_today, p_now, p_person_id) f order by f.starts_at limit 1;
  if not found then
    -- After everybody else, and not in the minute that is running.
    select greatest(date_trunc('minute', p_now) + interval '1 minute', max(a.ends_at)) into starts_at
    from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_today and a.active;
    ends_at := starts_at + private.length_of_day(p_practitioner_id, p_today);
  end if;
end $function$;
comment on function private.gap_now(uuid,date,timestamp with time zone,uuid) is 'The next free slot of today, with a person one that fits their other appointments, else the time after everybody who is booked. No token number: it is no slot.';

CREATE OR REPLACE FUNCTION private.give_phone(p_patient public.patients, p_phone text)
 RETURNS public.patients
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient public.patients;
begin
  if p_phone is null then
    perform private.fail('invalid_phone');
  end if;
  perform private.require_no_staff_phone(p_patient.phone, p_phone);
  -- Whoever has the phone has the account, with what is booked elsewhere: one clinic cannot take that from the others.
  if p_patient.phone is not null and not private.is_admin() and exists (
    select from public.appointments a where a.patient_id = p_patient.id and not private.sees_desk(a.clinic_id)
  ) then
    perform private.fail('phone_of_others');
  end if;
  update public.patients p set phone = p_phone where p.id = p_patient.id returning * into v_patient;
  return v_patient;
exception when unique_violation then
  -- Somebody else got it at this moment.
  perform private.fail('other_patient_has_phone');
end $function$;
comment on function private.give_phone(public.patients,text) is 'Gives a patient, who is locked, another phone (+E.164) or their first. Refuses with invalid_phone, phone_of_staff, phone_of_others, or other_patient_has_phone.';

CREATE OR REPLACE FUNCTION private.give_what_lacks(p_keep public.patients, p_gone public.patients, p_merge_id uuid)
 RETURNS public.patients
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_keep public.patients;
begin
  update public.patients p set phone = null where p.id = p_gone.id;
  update public.patients p set phone = coalesce(p.phone, p_gone.phone), name = coalesce(p.name, p_gone.name),
    age = coalesce(p.age, p_gone.age), locale = coalesce(p.locale, p_gone.locale)
  where p.id = p_keep.id returning * into v_keep;
  update private.patient_merges m set given_to = p_keep.id, gave = array_remove(array[
    case when p_keep.name is null and p_gone.name is not null then 'name' end,
    case when p_keep.age is null and p_gone.age is not null then 'age' end,
    case when p_keep.locale is null and p_gone.locale is not null then 'locale' end
  ], null)
  where m.id = p_merge_id;
  return v_keep;
end $function$;
comment on function private.give_what_lacks(public.patients,public.patients,uuid) is 'Gives the one that stays what they lack of phone, name, age and language, and notes it with the merge. Returns them as they are then.';

CREATE OR REPLACE FUNCTION private.gsm_text(p_text text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_plain text;
begin
  if private.sms_encoding(p_text) = 'GSM-7' then
    return p_text;
  end if;
  v_plain := translate(normalize(p_text, nfc), '‘’‚‛′ʼ`´“”„‟″«»‐‑‒–—―−•·',
    repeat('''', 8) || repeat('"', 7) || repeat('-', 8) || '.');
  v_plain := regexp_replace(v_plain, '[\t\u00A0\u2000-\u200A\u202F\u205F\u3000]', ' ', 'g');
  -- Marks that show nothing.
  v_plain := regexp_replace(replace(v_plain, '…', '...'), '[\u00AD\u061C\u200B-\u200F\u2060\uFEFF]', '', 'g');
  return case private.sms_encoding(v_plain) when 'GSM-7' then v_plain else p_text end;
end $function$;
comment on function private.gsm_text(text) is 'A text with plain quotes, dashes and blanks for typographic ones if that alone makes it GSM-7; else as it is. Letters stay what they are.';

CREATE OR REPLACE FUNCTION private.guess_reassignment(p_id uuid, p_phone_code text, p_holder_code text, p_now timestamp with time zone, OUT reassignment private.reassignments, OUT wrong text[])
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_right boolean;
begin
  -- The guess is counted before it is looked at, and the row is locked: guesses in parallel are guesses one by one.
  update private.reassignments r set guesses = r.guesses + 1
  where r.id = p_id and r.expires_at > p_now and r.guesses < 5 and r.patient_id is null
  returning * into reassignment;
  if not found then
    wrong := '{phone,holder}';
    return;
  end if;
  wrong := array_remove(array[
    case when (reassignment.phone_code = extensions.crypt(p_phone_code, reassignment.phone_code)) is not true then 'phone' end,
    case when reassignment.holder_code is not null
      and (reassignment.holder_code = extensions.crypt(p_holder_code, reassignment.holder_code)) is not true then 'holder' end
  ], null);
  v_right := wrong = '{}';
  if reassignment.short then
    v_right := private.take_short_guess(v_right, p_now);
  end if;
  if wrong = '{}' and not v_right then
    wrong := '{phone,holder}';
  end if;
end $function$;
comment on function private.guess_reassignment(uuid,text,text,timestamp with time zone) is 'Takes one guess at the two codes: which of them are wrong; both, and no row, when it is too late or they were guessed at too often.';

CREATE OR REPLACE FUNCTION private.hand_over(p_plan public.day_plan[])
 RETURNS public.day_plan[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v public.day_plan;
  v_done public.day_plan[] := '{}';
begin
  foreach v in array p_plan loop
    if v.why_not is null then
      begin
        update public.appointments a set practitioner_id = v.practitioner_id where a.id = v.appointment_id;
      exception when exclusion_violation or unique_violation then
        v.why_not := 'slot_taken'; -- Just now.
      end;
    end if;
    v_done := v_done || v;
  end loop;
  return v_done;
end $function$;
comment on function private.hand_over(public.day_plan[]) is 'Gives those to the colleague who fit. Returns what came of each.';

CREATE OR REPLACE FUNCTION private.has_due(p_function text, p_now timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case p_function
    when 'sms-dispatch' then exists (
      select from public.sms_messages m where m.status in ('queued', 'sending') and m.next_attempt_at <= p_now
    )
    else exists (select from private.account_jobs j where j.done_at is null and j.next_attempt_at <= p_now)
  end;
end $function$;
comment on function private.has_due(text,timestamp with time zone) is 'Whether there is work for a function.';

CREATE OR REPLACE FUNCTION private.hears_board(p_topic text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return exists (select from public.boards b where private.board_topic(b.id) = p_topic and b.revoked_at is null);
end $function$;
comment on function private.hears_board(text) is 'Whether a topic is that of a board. Its id is known to who has opened it, and nothing is said there but that there is news.';
grant execute on function private.hears_board(text) to anon;
grant execute on function private.hears_board(text) to authenticated;

CREATE OR REPLACE FUNCTION private.hears_desk(p_topic text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.clinic_staff s
    where 'desk:' || s.clinic_id = p_topic and private.role_of_session(private.session_id(), s.clinic_id) is not null
  );
end $function$;
comment on function private.hears_desk(text) is 'Whether the session of a request, or of a token for listening, has opened the desk of a topic desk:<clinic>.';
grant execute on function private.hears_desk(text) to authenticated;

CREATE OR REPLACE FUNCTION private.hit_by_plan(p public.day_operations)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query select l.* from private.plan_shift(p) l where p.kind = 'shift'
    union all select l.* from private.plan_cancel(p) l where p.kind <> 'shift';
end $function$;
comment on function private.hit_by_plan(public.day_operations) is 'Whom an operation is about, without looking where they could go.';

CREATE OR REPLACE FUNCTION private.hit_limits(p_what text, p_subjects jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_limit record;
  v_hits int;
  v_slow boolean;
  v_wait int;
begin
  with counted as (
    select l.*, r.hits >= l.max as is_over, bool_or(l.mode = 'watch' and r.hits >= l.max) over () as is_slow
    from private.limit_windows(p_what, p_subjects, p_now) l
    left join private.rate_limits r on r.bucket = l.bucket and r.window_start = l.starts_at
  )
  select coalesce(bool_or(c.is_slow), false), coalesce(max(ceil(extract(epoch from c.starts_at + c.length - p_now)))
    filter (where c.is_over and (c.mode = 'refuse' or c.mode = 'slow' and c.is_slow)), 0)
  into v_slow, v_wait
  from counted c;
  -- A request that is over one limit counts in none of them: it uses up nothing that others share.
  if v_wait > 0 then
    return v_wait;
  end if;
  -- In one order everywhere, so that two requests with the same buckets never wait for each other in a circle.
  for v_limit in select * from private.limit_windows(p_what, p_subjects, p_now) order by bucket loop
    insert into private.rate_limits as r (bucket, window_start) values (v_limit.bucket, v_limit.starts_at)
    on conflict (bucket, window_start) do update set hits = r.hits + 1
    returning r.hits into v_hits;
    if v_hits > v_limit.max and (v_limit.mode = 'refuse' or v_limit.mode = 'slow' and v_slow) then
      v_wait := greatest(v_wait, ceil(extract(epoch from v_limit.starts_at + v_limit.length - p_now)));
    end if;
  end loop;
  return v_wait;
end $function$;
comment on function private.hit_limits(text,jsonb,timestamp with time zone) is 'Counts one use. p_subjects is {name: keyed hash}. Returns 0 when it is within all limits, else after how many seconds to try again.';

CREATE OR REPLACE FUNCTION private.hours_between(p_practitioners uuid[], p_from date, p_until date)
 RETURNS TABLE(practitioner_id uuid, on_date date, start_time time without time zone, end_time time without time zone, slot_minutes integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select h.practitioner_id, h.on_date, h.start_time, h.end_time, h.slot_minutes::int
    from (
      select e.practitioner_id, e.on_date, e.start_time, e.end_time, e.slot_minutes
      from public.schedule_exceptions e
      where e.practitioner_id = any (p_practitioners) and e.on_date between p_from and p_until and e.start_time is not null
      union all
      select s.practitioner_id, d.day::date, s.start_time, s.end_time, s.slot_minutes
      from public.schedules s join generate_series(p_from, p_until, interval '1 day') as d (day)
        on s.weekday = extract(isodow from d.day)
      where s.practitioner_id = any (p_practitioners) and not exists (
        select from public.schedule_exceptions e where e.practitioner_id = s.practitioner_id and e.on_date = d.day::date
      )
    ) h
    where not exists (
      select from public.practitioners p join public.clinic_closures o on o.clinic_id = p.clinic_id
      where p.id = h.practitioner_id and h.on_date between o.from_date and o.until_date
    );
end $function$;
comment on function private.hours_between(uuid[],date,date) is 'The hours of practitioners on all dates of a range, by the clock of the clinic: the week''s, or the exceptions of a date; none while the clinic is closed.';

CREATE OR REPLACE FUNCTION private.hours_in(p_hours jsonb)
 RETURNS TABLE(weekday smallint, start_time time without time zone, end_time time without time zone, slot_minutes smallint)
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select h.* from jsonb_to_recordset(p_hours) as h (weekday smallint, start_time time, end_time time, slot_minutes smallint);
exception when data_exception then
  perform private.fail('invalid_hours');
end $function$;
comment on function private.hours_in(jsonb) is 'A list of hours as rows. Those of a date have no weekday.';

CREATE OR REPLACE FUNCTION private.hours_on(p_practitioner_id uuid, p_on date)
 RETURNS TABLE(opens timestamp with time zone, length interval, slots integer, slots_before integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_session record;
begin
  slots_before := 0;
  for v_session in
    select make_interval(mins => h.slot_minutes) as length,
      private.instant_of(p_on + h.start_time, c.time_zone) as opens,
      private.instant_of(p_on + h.end_time, c.time_zone) as closes
    from public.practitioners p join public.clinics c on c.id = p.clinic_id
    cross join lateral (
      select e.start_time, e.end_time, e.slot_minutes
      from public.schedule_exceptions e
      where e.practitioner_id = p_practitioner_id and e.on_date = p_on and e.start_time is not null
      union all
      select s.start_time, s.end_time, s.slot_minutes
      from public.schedules s
      where s.practitioner_id = p_practitioner_id and s.weekday = extract(isodow from p_on)::smallint
        and not exists (
          select from public.schedule_exceptions e where e.practitioner_id = p_practitioner_id and e.on_date = p_on
        )
    ) h
    where p.id = p_practitioner_id and not exists (
      select from public.clinic_closures o where o.clinic_id = p.clinic_id and p_on between o.from_date and o.until_date
    )
    order by opens
  loop
    opens := v_session.opens;
    length := v_session.length;
    slots := div(extract(epoch from v_session.closes - opens), extract(epoch from length));
    continue when slots = 0;
    return next;
    slots_before := slots_before + slots;
  end loop;
end $function$;
comment on function private.hours_on(uuid,date) is 'When a practitioner sees patients on a date of the clinic: sessions of so many slots, and how many slots came before.';

CREATE OR REPLACE FUNCTION private.in_day_operation()
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(current_setting('medq.day_operation', true), '') <> '';
end $function$;
comment on function private.in_day_operation() is 'Whether a whole day is being moved or cancelled at the desk, which keeps everybody''s place and tells them itself.';

CREATE OR REPLACE FUNCTION private.instant_of(p_local timestamp without time zone, p_time_zone text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_instant constant timestamptz := p_local at time zone p_time_zone;
  v_set_back interval;
begin
  if not isfinite(p_local) then
    return v_instant;
  end if;
  v_set_back := private.set_back_before(v_instant, p_time_zone);
  if v_set_back > interval '0' and p_local::time = '00:00'
    and (v_instant - v_set_back) at time zone p_time_zone = p_local then
    return v_instant - v_set_back;
  elsif v_set_back < interval '0' and v_instant at time zone p_time_zone <> p_local then
    return (
      select min(m) from generate_series(v_instant + v_set_back, v_instant + interval '1 minute', '1 minute') m
      where m at time zone p_time_zone >= p_local
    );
  end if;
  return v_instant;
end $function$;
comment on function private.instant_of(timestamp without time zone,text) is 'The instant at which the clocks of a time zone show a time: the only way from a date and time to an instant. Of a time that comes twice it is the second, but of midnight the first, with which the day begins. A time that is skipped is the moment at which the clocks jump over it.';

CREATE OR REPLACE FUNCTION private.is_admin()
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return current_setting('role') = 'service_role'
    or (session_user = 'postgres' and current_setting('role') in ('none', 'postgres'));
end $function$;
comment on function private.is_admin() is 'Whether an admin asks: in the SQL editor of the dashboard (logged in as postgres, and nobody else for the moment, as our own functions are), or with the secret key where that is granted.';

CREATE OR REPLACE FUNCTION private.is_dormant(p_patient_id uuid, p_now timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(l.seen_at, p.created_at) < p_now - make_interval(days => n.dormant_days)
    from public.patients p
    cross join public.security_settings n
    left join private.signs_of_life l on l.patient_id = p.id
    where p.id = p_patient_id
  );
end $function$;
comment on function private.is_dormant(uuid,timestamp with time zone) is 'Whether a patient was silent for so long (security_settings) that their phone may be somebody else''s.';

CREATE OR REPLACE FUNCTION private.is_known_device(p_user_id uuid, p_device bytea)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (select from private.known_devices d where d.user_id = p_user_id and d.device_hash = p_device);
end $function$;
comment on function private.is_known_device(uuid,bytea) is 'Whether a device has signed in to an account before.';

CREATE OR REPLACE FUNCTION private.is_of_clinic(p_patient_id uuid, p_clinic_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.appointments a where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id
  ) or exists (
    select from private.introduced_patients i where i.patient_id = p_patient_id and i.clinic_id = p_clinic_id
  );
end $function$;
comment on function private.is_of_clinic(uuid,uuid) is 'Whether a patient has or had an appointment at a clinic, or was introduced there.';

CREATE OR REPLACE FUNCTION private.is_overtaken(p_sms public.sms_messages)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return p_sms.appointment_id is not null and p_sms.priority = 2 and private.was_put_off(p_sms) and exists (
    select from public.sms_messages n
    where n.appointment_id = p_sms.appointment_id and n.priority = 2 and n.created_at > p_sms.created_at
  );
end $function$;
comment on function private.is_overtaken(public.sms_messages) is 'Whether news of an appointment was put off while newer news of it was waiting already, which did not withdraw it.';

CREATE OR REPLACE FUNCTION private.is_sms_of_others(p_sms public.sms_messages)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_sms.appointment_id is not null then
    return not exists (
      select from public.appointments a where a.id = p_sms.appointment_id and private.sees_desk(a.clinic_id)
    );
  end if;
  -- Of a deleted appointment nobody knows any more at which clinic it was.
  return exists (select from public.sms_templates t where t.key = p_sms.template and 'clinic' = any (t.placeholders))
    and exists (select from public.clinics c where not private.sees_desk(c.id));
end $function$;
comment on function private.is_sms_of_others(public.sms_messages) is 'Whether an SMS is about another clinic than those of whoever asks, or may be.';

CREATE OR REPLACE FUNCTION private.ivr_again(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_noted constant jsonb := private.ivr_noted(p_call);
  v_proof private.call_proofs;
begin
  if v_noted ?| '{appointment_id,refused,reference,proof}' is not true then
    return null;
  elsif v_noted ? 'appointment_id' and p_task ->> 'kind' = 'check_reference' then
    return coalesce(private.ivr_details((v_noted ->> 'appointment_id')::uuid, p_patient_id), '{}');
  elsif v_noted ? 'appointment_id' then
    -- As it stands: it may have been moved or cancelled since, or deleted.
    return coalesce((
      select jsonb_build_object('appointment', private.ivr_appointment(a) - case when p_call -> 'proven' = 'true' then '' else 'who' end)
      from public.appointments a where a.id = (v_noted ->> 'appointment_id')::uuid
    ), '{}');
  elsif v_noted ? 'reference' then
    return jsonb_build_object('no_more_tries', coalesce(
      case when p_patient_id is not null then private.ivr_tries_over(p_call, p_patient_id, p_now) = 'call' end, false
    ));
  elsif v_noted ->> 'refused' = 'impossible' then
    return '{}';
  elsif v_noted ? 'refused' then
    return private.ivr_slot_instead(p_clinic, p_task, private.ivr_person(p_task, p_patient_id), p_now)
      || jsonb_build_object('error', v_noted -> 'refused');
  elsif v_noted ->> 'proof' = 'right' then
    return private.ivr_own_appointments(p_clinic.id, p_patient_id, p_now);
  end if;
  select * into v_proof from private.call_proofs c where c.call_id = p_call ->> 'call_id';
  return private.ivr_proof_answer(v_proof, v_noted ->> 'proof');
end $function$;
comment on function private.ivr_again(jsonb,jsonb,public.clinics,uuid,timestamp with time zone) is 'The answer to a request that comes once more, by what its turn noted and whatever its keys: nothing is done again. Null: it did nothing yet that must not be done twice.';

CREATE OR REPLACE FUNCTION private.ivr_alert_flood(p_clinic public.clinics, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.alert_admins('calls:' || p_clinic.id, format(
    '%s has had %s phone bookings by numbers never seen before within an hour. Further ones are asked for a code. See phone_bookings.',
    p_clinic.name, p_clinic.new_callers_per_hour
  ), p_now);
end $function$;
comment on function private.ivr_alert_flood(public.clinics,timestamp with time zone) is 'Tells admins that a clinic has as many bookings of new numbers as it takes without proof.';

CREATE OR REPLACE FUNCTION private.ivr_appointment(p_appointment public.appointments)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'id', p_appointment.id, 'patient_id', p_appointment.patient_id,
      'practitioner_id', p_appointment.practitioner_id, 'status', p_appointment.status,
      'starts_at', p_appointment.starts_at, 'token_number', p_appointment.token_number,
      'spoken_name', private.ivr_spoken(p.name, p.clinic_id, p.spoken_name),
      'who', private.called_name(p_appointment.dependent_id)
    )
    from public.practitioners p where p.id = p_appointment.practitioner_id
  );
end $function$;
comment on function private.ivr_appointment(public.appointments) is 'An appointment as it is told to a caller who may know all of it.';

CREATE OR REPLACE FUNCTION private.ivr_ask_proof(p_call jsonb, p_codes jsonb, p_clinic public.clinics, p_patient_id uuid, p_why text, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_short constant boolean := private.short_codes_are_safe(p_now);
  v_code constant jsonb := p_codes -> case when v_short then 'short' else 'long' end;
  v_proof private.call_proofs;
begin
  -- One code for a call, however often it is asked for: the first is on its way.
  insert into private.call_proofs (call_id, clinic_id, patient_id, asked_at)
  values (p_call ->> 'call_id', p_clinic.id, p_patient_id, p_now) on conflict (call_id) do nothing;
  if found then
    if p_why = 'flood' then
      perform private.ivr_alert_flood(p_clinic, p_now);
    end if;
    perform private.note_security_event('call_proof_asked', p_call ->> 'caller', null, p_now);
    if private.ivr_text_code(p_call, p_codes ->> 'phone', v_code ->> 'text', p_clinic, p_patient_id, p_now) then
      update private.call_proofs c set short = v_short, code_hash = decode(v_code ->> 'hash', 'hex')
      where c.call_id = p_call ->> 'call_id';
    end if;
  end if;
  select * into v_proof from private.call_proofs c where c.call_id = p_call ->> 'call_id';
  return private.ivr_proof_answer(v_proof, case
    when v_proof.code_hash is not null and v_proof.guesses < 3 and v_proof.asked_at > p_now - interval '10 minutes'
      then 'asked' else 'refused' end);
end $function$;
comment on function private.ivr_ask_proof(jsonb,jsonb,public.clinics,uuid,text,timestamp with time zone) is 'Asks for the proof of a number, once a call: {proof} is asked, or refused when no code can be texted or guessed any more. p_codes: {short, long, phone}, either code as {text, hash}, hashes keyed and in hexadecimal. p_why as in private.ivr_standing, or reference.';

CREATE OR REPLACE FUNCTION private.ivr_before_reference(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_over text;
begin
  if p_call -> 'proven' = 'true' then
    return private.ivr_own_appointments(p_clinic.id, p_patient_id, p_now);
  end if;
  v_over := private.ivr_tries_over(p_call, p_patient_id, p_now);
  -- Who wants no SMS was texted no reference. A code they still get.
  if v_over = 'day' or private.wants_no_sms(p_call ->> 'caller') then
    return private.ivr_ask_proof(p_call, p_task -> 'code', p_clinic, p_patient_id, 'reference', p_now);
  end if;
  return jsonb_build_object('no_more_tries', v_over is not null);
end $function$;
comment on function private.ivr_before_reference(jsonb,jsonb,public.clinics,uuid,timestamp with time zone) is 'Whether a caller has a try left to give a reference: {no_more_tries}. {proof}: the code is asked for instead. {appointments}: neither is needed.';

CREATE OR REPLACE FUNCTION private.ivr_book(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_state text;
  v_why text;
begin
  -- What is refused leaves no patient behind, and takes no place of those for new phones.
  begin
    return private.ivr_try_to_book(p_call, p_task, p_clinic, p_now);
  exception when sqlstate 'PROVE' or sqlstate 'PT404' or sqlstate 'PT409' then
    get stacked diagnostics v_state = returned_sqlstate, v_why = pg_exception_detail;
  end;
  if v_state = 'PROVE' then
    -- The time is not held meanwhile: forged calls would hold all of them.
    return private.ivr_ask_proof(p_call, p_task -> 'code', p_clinic, p_patient_id, v_why, p_now);
  end if;
  return private.ivr_slot_instead(p_clinic, p_task, private.ivr_person(p_task, p_patient_id), p_now)
    || jsonb_build_object('error', v_why);
end $function$;
comment on function private.ivr_book(jsonb,jsonb,public.clinics,uuid,timestamp with time zone) is 'Books for the calling number, or asks for it to be proven first: {proof}. A refusal comes as error, with the next slot to offer.';

CREATE OR REPLACE FUNCTION private.ivr_cancel(p_appointment_id uuid, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object('appointment', private.ivr_appointment(
    private.cancel(p_patient_id, p_appointment_id, 'ivr', p_now)
  ));
exception when sqlstate 'PT404' or sqlstate 'PT409' then
  return '{}';
end $function$;
comment on function private.ivr_cancel(uuid,uuid,timestamp with time zone) is 'Cancels an appointment whose reference the caller gave before; empty when it cannot be cancelled any more.';

CREATE OR REPLACE FUNCTION private.ivr_change(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_kind constant text := p_task ->> 'kind';
begin
  return case
    when v_kind = 'book' then private.ivr_book(p_call, p_task, p_clinic, p_patient_id, p_now)
    when v_kind = 'prove' then private.ivr_prove(p_call, p_task, p_clinic, p_patient_id, p_now)
    -- What follows is about appointments that only a known patient has.
    when p_patient_id is null then null
    when v_kind = 'count_tries' then private.ivr_before_reference(p_call, p_task, p_clinic, p_patient_id, p_now)
    when v_kind = 'check_reference' then
      private.ivr_check_reference(p_call, p_task, p_clinic, p_patient_id, p_now)
    when v_kind = 'cancel' then private.ivr_cancel((p_task ->> 'appointment_id')::uuid, p_patient_id, p_now)
    when v_kind = 'move' then private.ivr_move(p_task, p_clinic, p_patient_id, p_now)
  end;
end $function$;
comment on function private.ivr_change(jsonb,jsonb,public.clinics,uuid,timestamp with time zone) is 'Does a task that changes something, and is done once: what it notes keeps it from being done again.';

CREATE OR REPLACE FUNCTION private.ivr_check_code(p_call jsonb, p_code jsonb, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_proof private.call_proofs;
  v_right boolean;
begin
  select * into v_proof from private.call_proofs c where c.call_id = p_call ->> 'call_id';
  if v_proof.proven_at is not null then
    return private.ivr_proof_answer(v_proof, 'right');
  elsif v_proof.code_hash is null or v_proof.guesses >= 3 or v_proof.asked_at <= p_now - interval '10 minutes' then
    return private.ivr_proof_answer(v_proof, 'refused');
  end if;
  v_right := v_proof.code_hash = decode(p_code ->> 'hash', 'hex');
  if v_proof.short then
    v_right := private.take_short_guess(v_right, p_now);
  end if;
  update private.call_proofs c
  set guesses = c.guesses + 1, patient_id = p_patient_id, proven_at = case when v_right then p_now end
  where c.call_id = v_proof.call_id returning * into v_proof;
  return private.ivr_proof_answer(v_proof, case
    when v_right then 'right' when v_proof.guesses < 3 then 'wrong' else 'refused' end);
end $function$;
comment on function private.ivr_check_code(jsonb,jsonb,uuid,timestamp with time zone) is 'Takes one guess at the code of a call: {proof} is right, wrong, or refused when there is no further guess. p_code: {hash}.';

CREATE OR REPLACE FUNCTION private.ivr_check_reference(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_over text := private.ivr_tries_over(p_call, p_patient_id, p_now);
  v_noted jsonb;
  v_appointment public.appointments;
begin
  if v_over = 'day' then
    return private.ivr_ask_proof(p_call, p_task -> 'code', p_clinic, p_patient_id, 'reference', p_now);
  elsif v_over = 'call' then
    v_noted := '{"reference": "refused"}';
  else
    v_appointment := private.ivr_referred(p_task ->> 'reference', p_clinic.id, p_patient_id, p_now);
    if v_appointment.id is not null then
      v_noted := jsonb_build_object('reference', 'right', 'appointment_id', v_appointment.id);
      perform private.ivr_prove_by_reference(p_call, p_clinic.id, p_patient_id, p_now);
    else
      v_noted := '{"reference": "wrong"}';
      v_over := private.ivr_tries_over(p_call, p_patient_id, p_now, p_wrong => 1);
      perform private.note_security_event('call_reference_wrong', p_call ->> 'caller', null, p_now);
    end if;
  end if;
  return jsonb_build_object('noted', v_noted) || case
    when v_appointment.id is not null then jsonb_build_object('appointment', private.ivr_opened(v_appointment))
    else jsonb_build_object('no_more_tries', coalesce(v_over = 'call', false)) end;
end $function$;
comment on function private.ivr_check_reference(jsonb,jsonb,public.clinics,uuid,timestamp with time zone) is 'Which of the caller''s upcoming appointments has the reference that was entered; counts wrong ones. Returns {appointment}, {no_more_tries} or {proof}, and as noted what is written down with the step.';

CREATE OR REPLACE FUNCTION private.ivr_come_alone(p_call jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.come_one_after_the_other('call ' || (p_call ->> 'call_id'));
  -- The patient before all that is theirs. Should the number be given to another meanwhile, that one.
  loop
    perform from public.patients p where p.phone = p_call ->> 'caller' for key share;
    exit when found or not exists (select from public.patients p where p.phone = p_call ->> 'caller');
  end loop;
end $function$;
comment on function private.ivr_come_alone(jsonb) is 'Turns of a call that change something come one after the other, so that a request that comes twice finds what was noted; and nobody merges or deletes the patient of the number meanwhile.';

CREATE OR REPLACE FUNCTION private.ivr_days(p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_today constant date := (p_now at time zone p_clinic.time_zone)::date;
  v_last constant date := v_today + p_clinic.booking_horizon_days;
  v_from date := v_today;
  v_practitioners uuid[];
  v_days date[] := '{}';
begin
  v_practitioners := array(
    select p.id from public.practitioners p
    where p.clinic_id = p_clinic.id and p.active
      and (not v_preference ? 'practitioner_id' or p.id = (v_preference ->> 'practitioner_id')::uuid)
      and (not v_preference ? 'specialty' or private.ivr_specialty_key(p.specialty) = v_preference ->> 'specialty')
  );
  -- Mostly the next week has them all.
  while cardinality(v_practitioners) > 0 and cardinality(v_days) < 3 and v_from <= v_last loop
    v_days := v_days || array(
      select f.on_date
      from private.free_by_date(
        v_practitioners, v_from, least(v_from + 6, v_last), p_clinic.time_zone, p_now, p_person_id
      ) f
      where f.free > 0 order by f.on_date limit 3 - cardinality(v_days)
    );
    v_from := v_from + 7;
  end loop;
  return jsonb_build_object('days', to_jsonb(v_days));
end $function$;
comment on function private.ivr_days(public.clinics,jsonb,uuid,timestamp with time zone) is 'The next three days on which something is free: {days}. p_task: {preference?}.';

CREATE OR REPLACE FUNCTION private.ivr_details(p_appointment_id uuid, p_patient_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object('appointment', private.ivr_opened(a)) from public.appointments a
    where a.id = p_appointment_id and a.patient_id = p_patient_id and a.status in ('booked', 'arrived')
  );
end $function$;
comment on function private.ivr_details(uuid,uuid) is 'An appointment whose reference the caller gave before, once more; null when it does not stand any more.';

CREATE OR REPLACE FUNCTION private.ivr_earliest_slot(p_clinic_id uuid, p_preference jsonb, p_from timestamp with time zone, p_person_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_specialty text;
  v_practitioner_id uuid;
  v_active boolean;
  v_found jsonb := '{}';
begin
  if p_preference ? 'practitioner_id' then
    select p.id, p.specialty, p.active into v_practitioner_id, v_specialty, v_active
    from public.practitioners p
    where p.id = (p_preference ->> 'practitioner_id')::uuid and p.clinic_id = p_clinic_id;
    if v_active is not true then
      v_practitioner_id := null;
      v_found := '{"error": "doctor_inactive"}';
    end if;
  elsif p_preference ? 'specialty' then
    select p.specialty into v_specialty from public.practitioners p
    where p.clinic_id = p_clinic_id and p.active
      and private.ivr_specialty_key(p.specialty) = p_preference ->> 'specialty' limit 1;
    if not found then
      return '{"slot": null}';
    end if;
  end if;
  return v_found || jsonb_build_object('slot', (
    select jsonb_build_object(
      'practitioner_id', s.practitioner_id, 'spoken_name', private.ivr_spoken(s.practitioner_name, p_clinic_id, s.spoken_name),
      'specialty', private.ivr_specialty_key(s.specialty), 'starts_at', s.starts_at
    )
    from private.next_free_slots(p_clinic_id, v_specialty, v_practitioner_id, p_from, 1, p_now, p_person_id) s
  ));
end $function$;
comment on function private.ivr_earliest_slot(uuid,jsonb,timestamp with time zone,uuid,timestamp with time zone) is 'The earliest slot to offer from an instant on: {slot, error?}. A practitioner who is away is replaced by whoever has the same specialty. p_preference: {specialty? (its key), practitioner_id?}.';

CREATE OR REPLACE FUNCTION private.ivr_free_on(p_clinic_id uuid, p_preference jsonb, p_on date, p_person_id uuid, p_now timestamp with time zone, OUT practitioners jsonb, OUT specialties jsonb)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  select jsonb_agg(
      jsonb_build_object(
        'id', p.id, 'spoken_name', private.ivr_spoken(p.name, p_clinic_id, p.spoken_name),
        'specialty', private.ivr_spoken(p.specialty, p_clinic_id)
      ) order by p.name, p.id),
    (select jsonb_agg(jsonb_build_object(
        'key', private.ivr_specialty_key(s.name), 'name', private.ivr_spoken(s.name, p_clinic_id)
      ) order by s.name)
     from (select distinct x as name from unnest(array_agg(p.specialty)) x) s)
  into practitioners, specialties
  from public.clinics c
  cross join lateral (
    select distinct f.practitioner_id
    from private.free_slots_of(
      private.active_practitioners(c.id, null, null),
      p_on, c.time_zone, p_now, 1, p_now, p_person_id
    ) f
  ) f
  join public.practitioners p on p.id = f.practitioner_id
  where c.id = p_clinic_id and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days
    and (not p_preference ? 'practitioner_id' or p.id = (p_preference ->> 'practitioner_id')::uuid)
    and (not p_preference ? 'specialty' or private.ivr_specialty_key(p.specialty) = p_preference ->> 'specialty');
end $function$;
comment on function private.ivr_free_on(uuid,jsonb,date,uuid,timestamp with time zone) is 'Who has a free slot on a day, and which specialties that are; both null when nobody has.';

CREATE OR REPLACE FUNCTION private.ivr_keep_language(p_call jsonb, p_patient_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_call ->> 'language' is not null then
    perform private.set_channel('ivr');
    update public.patients p set locale = p_call ->> 'language'
    where p.id = p_patient_id and p.locale is distinct from p_call ->> 'language'
      -- Whoever reads a language that no call is answered in has chosen only for this call.
      and coalesce(p_call -> 'spoken' ? p.locale, true);
  end if;
end $function$;
comment on function private.ivr_keep_language(jsonb,uuid) is 'Keeps the language chosen in a call with its patient.';

CREATE OR REPLACE FUNCTION private.ivr_language(p_call jsonb, p_of_patient text, p_of_clinic text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(
    p_call ->> 'language', case when p_call -> 'spoken' ? p_of_patient then p_of_patient end,
    case when p_call -> 'spoken' ? p_of_clinic then p_of_clinic end, 'en-IN'
  );
end $function$;
comment on function private.ivr_language(jsonb,text,text) is 'The language in which a call is answered: the chosen one, else the first of the patient''s and the clinic''s that calls speak.';

CREATE OR REPLACE FUNCTION private.ivr_later_slot(p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_than constant timestamptz := (p_task ->> 'starts_at')::timestamptz;
  v_day constant date := (v_than at time zone p_clinic.time_zone)::date;
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_gap interval;
  v_found jsonb;
begin
  -- An hour on, so that a long day is not walked through in quarters of an hour; or whatever is left of the day.
  foreach v_gap in array '{01:00,00:01}'::interval[] loop
    v_found := private.ivr_earliest_slot(p_clinic.id, v_preference, v_than + v_gap, p_person_id, p_now);
    if ((v_found #>> '{slot,starts_at}')::timestamptz at time zone p_clinic.time_zone)::date = v_day then
      return v_found;
    end if;
  end loop;
  return v_found || '{"error": "none_later"}';
end $function$;
comment on function private.ivr_later_slot(public.clinics,jsonb,uuid,timestamp with time zone) is 'A later slot on the day of the one that was offered, else the next on another day.';

CREATE OR REPLACE FUNCTION private.ivr_look_up(p_call jsonb, p_now timestamp with time zone, OUT clinic_id uuid, OUT patient_id uuid, OUT is_shared boolean, OUT has_new_language boolean, OUT is_proven boolean, OUT speaks text, OUT facts jsonb)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  select c.id, p.id,
    p_call ->> 'clinic' is null and exists (select from public.clinics o where o.phone = c.phone and o.id <> c.id),
    -- A caller ID can be forged: the language kept with an account is changed by whoever proves the number.
    p_call ->> 'language' <> coalesce(p.locale, '') and (p.user_id is null or pr.proven_at is not null),
    pr.proven_at is not null, s.locale,
    jsonb_build_object(
      'clinic', jsonb_build_object(
        'id', c.id, 'name', private.spoken_in(c.name, null, c.id, s.locale), 'time_zone', c.time_zone,
        'today', l.moment::date, 'horizon', c.booking_horizon_days, 'takes_bookings', c.phone_booking <> 'closed',
        'reception', case when c.reception_phone is not null then jsonb_build_object(
          'phone', c.reception_phone, 'opens', c.reception_opens, 'closes', c.reception_closes, 'days', c.reception_days,
          'open', extract(isodow from l.moment) = any (c.reception_days) and (c.reception_opens is null
            or (l.moment::time >= c.reception_opens and l.moment::time < c.reception_closes))
        ) end),
      'clinics', '[]'::jsonb, 'locales', c.locale || c.other_locales, 'upcoming', coalesce(u.upcoming, '[]'),
      'language', coalesce(p_call ->> 'language', p.locale), 'wants_no_sms', private.wants_no_sms(p_call ->> 'caller')
    -- Whoever has the number after years of silence is not told of the family of who had it before.
    ) || case when exists (select from public.dependents d where d.patient_id = p.id) and not private.is_dormant(p.id, p_now)
      then private.ivr_others(p.id, pr.proven_at is not null) else '{}' end
  into clinic_id, patient_id, is_shared, has_new_language, is_proven, speaks, facts
  from public.clinics c
  cross join lateral (select p_now at time zone c.time_zone as moment) l
  left join public.patients p on p.phone = p_call ->> 'caller'
  cross join lateral (select private.ivr_language(p_call, p.locale, c.locale) as locale) s
  left join private.call_proofs pr on pr.call_id = p_call ->> 'call_id'
  left join lateral (
    select jsonb_agg(a.starts_at order by a.starts_at) as upcoming from public.appointments a
    where a.patient_id = p.id and a.clinic_id = c.id and a.status in ('booked', 'arrived') and a.ends_at > p_now
      and a.starts_at > p_now - interval '2 days'
  ) u on true
  where c.phone = p_call ->> 'dialled' and c.id = coalesce((p_call ->> 'clinic')::uuid, c.id)
  order by c.name, c.id limit 1;
end $function$;
comment on function private.ivr_look_up(jsonb,timestamp with time zone) is 'The clinic and the patient of a call, and the facts that every turn tells; all null for a number that no clinic has.';

CREATE OR REPLACE FUNCTION private.ivr_move(p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_why text;
begin
  return jsonb_build_object('appointment', private.ivr_appointment(private.reschedule(
    p_patient_id, (p_task ->> 'appointment_id')::uuid, (p_task ->> 'starts_at')::timestamptz, 'ivr', p_now
  )));
exception when sqlstate 'PT404' or sqlstate 'PT409' then
  get stacked diagnostics v_why = pg_exception_detail;
  if v_why in ('unknown_appointment', 'already_cancelled', 'already_seen', 'already_begun') then
    return '{}';
  end if;
  return private.ivr_slot_instead(p_clinic, p_task, private.ivr_person(p_task, p_patient_id), p_now)
    || jsonb_build_object('error', v_why);
end $function$;
comment on function private.ivr_move(jsonb,public.clinics,uuid,timestamp with time zone) is 'Gives an appointment whose reference the caller gave before another time. A refusal comes as error, with the next slot to offer; empty when it cannot be changed any more.';

CREATE OR REPLACE FUNCTION private.ivr_noted(p_call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select nullif(s - '{turn,step,keys,at}'::text[], '{}')
    from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
    where c.call_id = p_call ->> 'call_id' and s -> 'turn' = p_call -> 'turn'
  );
end $function$;
comment on function private.ivr_noted(jsonb) is 'What was written down of this very turn, if its request came before and did something; else null.';

CREATE OR REPLACE FUNCTION private.ivr_offer_next(p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_from constant timestamptz := coalesce((p_task ->> 'from')::timestamptz, p_now);
  v_specialties text[];
begin
  if v_preference = '{}' then
    select array_agg(distinct p.specialty) into v_specialties
    from public.practitioners p where p.clinic_id = p_clinic.id and p.active;
    if cardinality(v_specialties) > 1 then
      -- Nobody is to choose what then is not there.
      return coalesce((
        select jsonb_build_object(
          'specialties', jsonb_agg(
            jsonb_build_object('key', private.ivr_specialty_key(s), 'name', private.ivr_spoken(s, p_clinic.id)) order by s)
        )
        from unnest(v_specialties) s
        where exists (select from private.next_free_slots(p_clinic.id, s, null, v_from, 1, p_now, p_person_id))
        having count(*) > 0
      ), '{"slot": null}');
    end if;
  end if;
  return private.ivr_earliest_slot(p_clinic.id, v_preference, v_from, p_person_id, p_now);
end $function$;
comment on function private.ivr_offer_next(public.clinics,jsonb,uuid,timestamp with time zone) is 'The next available slot, or the specialties that have one to choose from first. p_task: {preference?, from?}.';

CREATE OR REPLACE FUNCTION private.ivr_offer_on(p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_on constant date := (p_task ->> 'on')::date;
  v_from constant timestamptz := private.instant_of(v_on, p_clinic.time_zone);
  v_preference jsonb := coalesce(p_task -> 'preference', '{}');
  v_free record;
begin
  select * into v_free from private.ivr_free_on(p_clinic.id, v_preference, v_on, p_person_id, p_now);
  if v_free.practitioners is null then
    return private.ivr_earliest_slot(p_clinic.id, v_preference, v_from, p_person_id, p_now)
      || jsonb_build_object('error', private.ivr_why_none_on(p_clinic.id, v_preference, v_on, p_now));
  elsif jsonb_array_length(v_free.practitioners) = 1 then
    v_preference := jsonb_build_object('practitioner_id', v_free.practitioners #> '{0,id}');
  elsif p_task -> 'any_practitioner' is distinct from 'true' then
    return jsonb_build_object('practitioners', v_free.practitioners);
  elsif jsonb_array_length(v_free.specialties) > 1 then
    return jsonb_build_object('specialties', v_free.specialties);
  else
    v_preference := jsonb_build_object('specialty', v_free.specialties #> '{0,key}');
  end if;
  return private.ivr_earliest_slot(p_clinic.id, v_preference, v_from, p_person_id, p_now);
end $function$;
comment on function private.ivr_offer_on(public.clinics,jsonb,uuid,timestamp with time zone) is 'A slot on a day, or what to choose from first; else, with the reason as error, the next one after it. p_task: {preference?, on, any_practitioner?}.';

CREATE OR REPLACE FUNCTION private.ivr_opened(p_appointment public.appointments)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.ivr_appointment(p_appointment) || jsonb_build_object(
    -- Nobody is marked before the day.
    'now_serving', private.now_serving(p_appointment.practitioner_id, p_appointment.local_date)
  );
end $function$;
comment on function private.ivr_opened(public.appointments) is 'An appointment that a caller has opened, with the token that is being seen: on its day, where the clinic marks who comes.';

CREATE OR REPLACE FUNCTION private.ivr_others(p_patient_id uuid, p_named boolean)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object('others', coalesce(jsonb_agg(jsonb_build_object(
      'id', d.id, 'name', case when p_named then private.called_name(d.id) end
    ) order by d.created_at, d.id), '[]'))
    from public.dependents d where d.patient_id = p_patient_id and d.removed_at is null
  );
end $function$;
comment on function private.ivr_others(uuid,boolean) is 'For whom a caller books too, in the order in which they were added: {others: [{id, name}]}. Without names unless the call has proved its number.';

CREATE OR REPLACE FUNCTION private.ivr_outcome(p_kind text, p_facts jsonb)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case
    -- Reception is where a caller goes who asks for it, or has guessed too often.
    when p_kind = 'reception' or p_facts ->> 'proof' = 'refused'
      or (p_facts -> 'no_more_tries' = 'true' and p_facts -> 'upcoming' <> '[]') then case when p_facts #> '{clinic,reception,open}' = 'true' then 'transferred' else 'informed' end
    when p_kind in ('book', 'prove') and p_facts ? 'appointment' then 'booked'
    when p_kind = 'cancel' and p_facts ? 'appointment' then 'cancelled'
    when p_kind = 'move' and p_facts ? 'appointment' then 'moved'
    when p_kind in ('inform', 'count_tries', 'check_reference') or p_facts ? 'appointments' then 'informed'
    else 'abandoned'
  end;
end $function$;
comment on function private.ivr_outcome(text,jsonb) is 'What came of a turn, by its kind of task and what is told.';

CREATE OR REPLACE FUNCTION private.ivr_own_appointments(p_clinic_id uuid, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'appointments', coalesce(jsonb_agg(private.ivr_opened(a) order by a.starts_at), '[]')
    )
    from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id and a.status in ('booked', 'arrived')
      and a.ends_at > p_now and a.starts_at > p_now - interval '2 days'
  );
end $function$;
comment on function private.ivr_own_appointments(uuid,uuid,timestamp with time zone) is 'The upcoming appointments of a caller who proved the number in this call: {appointments}.';

CREATE OR REPLACE FUNCTION private.ivr_patient(p_call jsonb)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid;
begin
  insert into public.patients (phone, locale) values (p_call ->> 'caller', p_call ->> 'language')
  on conflict (phone) do nothing;
  -- Locked until the end: what the phone has booked is counted for one call after the other.
  select p.id into v_id from public.patients p where p.phone = p_call ->> 'caller' for no key update;
  if not found then
    -- At this moment it was given up: their record was merged, or its phone corrected.
    return private.ivr_patient(p_call);
  end if;
  return v_id;
end $function$;
comment on function private.ivr_patient(jsonb) is 'The patient of the calling number, made if it is new; locked.';

CREATE OR REPLACE FUNCTION private.ivr_perform(p_call jsonb, p_task jsonb, p_clinic_id uuid, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_kind constant text := p_task ->> 'kind';
  v_person_id constant uuid := private.ivr_person(p_task, p_patient_id);
  v_clinic public.clinics;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  return coalesce(case
    when v_clinic.phone_booking = 'closed'
      and (v_kind in ('days', 'offer', 'later', 'book', 'move') or (v_kind = 'prove' and p_task ? 'practitioner_id')) then null
    when v_kind = 'days' then private.ivr_days(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'offer' and p_task ->> 'on' is null then
      private.ivr_offer_next(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'offer' then private.ivr_offer_on(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'later' then private.ivr_later_slot(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'details' then private.ivr_details((p_task ->> 'appointment_id')::uuid, p_patient_id)
    when v_kind = 'goodbye' then
      jsonb_build_object('texted', private.ivr_text_link(p_call, v_clinic, p_patient_id, p_now))
    else coalesce(
      private.ivr_again(p_call, p_task, v_clinic, p_patient_id, p_now),
      private.ivr_change(p_call, p_task, v_clinic, p_patient_id, p_now)
    )
  end, '{}');
end $function$;
comment on function private.ivr_perform(jsonb,jsonb,uuid,uuid,timestamp with time zone) is 'Does the task of a turn, and returns what there is to tell of it.';

CREATE OR REPLACE FUNCTION private.ivr_person(p_task jsonb, p_patient_id uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- Nobody needs to be looked up for nearly every caller.
  if not (p_task ? 'dependent_id' or p_task -> 'preference' ? 'moving') then
    return p_patient_id;
  end if;
  return coalesce(
    (select d.id from public.dependents d
     where d.id = (p_task ->> 'dependent_id')::uuid and d.patient_id = p_patient_id),
    (select a.dependent_id from public.appointments a
     where a.id = (p_task #>> '{preference,moving}')::uuid and a.patient_id = p_patient_id),
    p_patient_id
  );
end $function$;
comment on function private.ivr_person(jsonb,uuid) is 'Whose other appointments keep from times: of the dependent for whom is booked, of whoever comes to the appointment that is moved, or of the caller.';

CREATE OR REPLACE FUNCTION private.ivr_proof_answer(p_proof private.call_proofs, p_answer text)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object(
    'proof', p_answer, 'code_length', case when p_proof.short then 6 else 10 end,
    'noted', jsonb_build_object('proof', p_answer)
  );
end $function$;
comment on function private.ivr_proof_answer(private.call_proofs,text) is 'What a turn tells of a proof: {proof, code_length}, and as noted what is written down with the step.';

CREATE OR REPLACE FUNCTION private.ivr_prove(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_checked constant jsonb := private.ivr_check_code(p_call, p_task -> 'code', p_patient_id, p_now);
begin
  if v_checked ->> 'proof' <> 'right' then
    perform private.note_security_event('call_proof_refused', p_call ->> 'caller', null, p_now);
    return v_checked;
  end if;
  perform private.ivr_keep_language(p_call, p_patient_id);
  return jsonb_build_object('noted', v_checked -> 'noted') || case
    when p_task ? 'practitioner_id' then
      private.ivr_book(p_call || '{"proven": true}', p_task, p_clinic, p_patient_id, p_now)
    else private.ivr_own_appointments(p_clinic.id, p_patient_id, p_now)
  end;
end $function$;
comment on function private.ivr_prove(jsonb,jsonb,public.clinics,uuid,timestamp with time zone) is 'Takes the code that was keyed in. With the right one it books what the caller wanted, or returns the appointments there are; otherwise {proof}: wrong or refused.';

CREATE OR REPLACE FUNCTION private.ivr_prove_by_reference(p_call jsonb, p_clinic_id uuid, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.call_proofs as c (call_id, clinic_id, patient_id, proven_at)
  values (p_call ->> 'call_id', p_clinic_id, p_patient_id, p_now)
  on conflict (call_id) do update
  set patient_id = excluded.patient_id, proven_at = coalesce(c.proven_at, excluded.proven_at);
  perform private.ivr_keep_language(p_call, p_patient_id);
  perform private.note_sign_of_life(p_patient_id, false, p_now);
end $function$;
comment on function private.ivr_prove_by_reference(jsonb,uuid,uuid,timestamp with time zone) is 'The reference was right, and it was texted to the calling number: this call has proved it.';

CREATE OR REPLACE FUNCTION private.ivr_record_end(p_call jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.ivr_calls c
  set ended_at = greatest(c.started_at, least(p_now, coalesce((p_call ->> 'ended_at')::timestamptz, p_now))),
    updated_at = now()
  where c.call_id = p_call ->> 'call_id' and c.ended_at is null;
end $function$;
comment on function private.ivr_record_end(jsonb,timestamp with time zone) is 'Writes down that the voice provider reported the end of a call: {call_id, ended_at?}. Unknown calls are passed over.';

CREATE OR REPLACE FUNCTION private.ivr_record_failure(p_call jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.ivr_record_step(p_call, null, null, 'failed', '{}', p_now);
end $function$;
comment on function private.ivr_record_failure(jsonb,timestamp with time zone) is 'Writes down a turn that failed on our side: takes the call as private.ivr_turn does.';

CREATE OR REPLACE FUNCTION private.ivr_record_step(p_call jsonb, p_clinic_id uuid, p_patient_id uuid, p_outcome text, p_noted jsonb, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  -- From least to most: the best that came of a call is its outcome, whatever followed.
  v_ranks constant text[] := '{abandoned,failed,informed,transferred,cancelled,moved,booked}';
begin
  insert into public.ivr_calls as c (call_id, clinic_id, patient_id, caller, steps, outcome, started_at, last_step_at)
  values (
    p_call ->> 'call_id', p_clinic_id, p_patient_id, private.mask_phone(p_call ->> 'caller'),
    jsonb_build_array(jsonb_build_object(
      'turn', p_call -> 'turn', 'step', p_call -> 'step', 'at', p_now,
      'keys', case when p_call ->> 'step' in ('reference', 'code') then repeat('*', length(p_call ->> 'keys'))
        else p_call ->> 'keys' end
    ) || p_noted),
    p_outcome, p_now, p_now
  )
  on conflict (call_id) do update set
    clinic_id = coalesce(excluded.clinic_id, c.clinic_id), patient_id = coalesce(excluded.patient_id, c.patient_id),
    -- The same request may come twice.
    steps = case
      when c.steps @> jsonb_build_array(jsonb_build_object('turn', p_call -> 'turn')) then c.steps
      else c.steps || excluded.steps
    end,
    outcome = v_ranks[greatest(array_position(v_ranks, excluded.outcome), array_position(v_ranks, c.outcome))],
    last_step_at = greatest(c.last_step_at, excluded.last_step_at),
    updated_at = now();
end $function$;
comment on function private.ivr_record_step(jsonb,uuid,uuid,text,jsonb,timestamp with time zone) is 'Writes down one turn of a call, once: p_noted is what its step holds beside the keys.';

CREATE OR REPLACE FUNCTION private.ivr_referred(p_reference text, p_clinic_id uuid, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments;
begin
  select a.* into v_appointment from public.appointments a
  where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id and a.status in ('booked', 'arrived')
    and a.ends_at > p_now and a.reference = p_reference;
  return v_appointment;
end $function$;
comment on function private.ivr_referred(text,uuid,uuid,timestamp with time zone) is 'The upcoming appointment of a patient at a clinic that has a reference; all null when none has.';

CREATE OR REPLACE FUNCTION private.ivr_require_bookable(p_clinic public.clinics, p_patient_id uuid, p_person_id uuid, p_practitioner_id uuid, p_starts_at timestamp with time zone, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_slot record;
begin
  select * into v_slot from private.require_slot(p_practitioner_id, p_starts_at, p_now);
  perform private.require_room(p_patient_id, p_clinic.id, p_clinic.max_active_bookings, p_now);
  perform private.require_no_overlap(p_practitioner_id, p_person_id, p_starts_at, v_slot.ends_at);
end $function$;
comment on function private.ivr_require_bookable(public.clinics,uuid,uuid,uuid,timestamp with time zone,timestamp with time zone) is 'Refuses, before a code is texted, what could not be booked with it either.';

CREATE OR REPLACE FUNCTION private.ivr_shared_number(p_call jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select jsonb_build_object(
      'clinic', null,
      'clinics', jsonb_agg(jsonb_build_object('id', c.id, 'name', private.ivr_spoken(c.name, c.id)) order by c.name, c.id),
      'locales', (select jsonb_agg(l) from public.clinics o, unnest(o.locale || o.other_locales) l
        where o.phone = p_call ->> 'dialled'),
      'upcoming', '[]'::jsonb
    )
    from public.clinics c where c.phone = p_call ->> 'dialled'
  );
end $function$;
comment on function private.ivr_shared_number(jsonb) is 'The clinics to choose from, in place of what one clinic would tell.';

CREATE OR REPLACE FUNCTION private.ivr_slot_instead(p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_found jsonb := private.ivr_earliest_slot(
    p_clinic.id, v_preference, (p_task ->> 'starts_at')::timestamptz, p_person_id, p_now
  );
begin
  if v_found -> 'slot' = 'null' then
    v_found := private.ivr_earliest_slot(p_clinic.id, v_preference, p_now, p_person_id, p_now);
  end if;
  return v_found;
end $function$;
comment on function private.ivr_slot_instead(public.clinics,jsonb,uuid,timestamp with time zone) is 'The next slot after one that could not be booked, else the earliest of all.';

CREATE OR REPLACE FUNCTION private.ivr_specialty_key(p_specialty text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return left(md5(private.specialty_key(p_specialty)), 8);
end $function$;
comment on function private.ivr_specialty_key(text) is 'A specialty as the URLs of a call hold it: short, and the same length for all.';

CREATE OR REPLACE FUNCTION private.ivr_spoken(p_name text, p_clinic_id uuid, p_spoken_name text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- private.ivr_turn says which language it is.
  return private.spoken_in(p_name, p_spoken_name, p_clinic_id, current_setting('medq.call_language', true));
end $function$;
comment on function private.ivr_spoken(text,uuid,text) is 'A name at a clinic as it is spoken in the language of the call. p_spoken_name: how the usual name is spoken.';

CREATE OR REPLACE FUNCTION private.ivr_standing(p_call jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_standing text;
begin
  -- One statement, because every booking by phone comes along here.
  select case
    when p_call -> 'proven' = 'true' then 'known'
    when exists (select from public.appointments a where a.call_id = p_call ->> 'call_id') then 'known'
    when p_clinic.phone_booking = 'proven' then 'always'
    when (
      -- Should it be the clinic's own number that is reached, no proof helps.
      select count(*) filter (where a.unproven) >= p_clinic.max_unproven_bookings
        and count(*) < p_clinic.max_active_bookings
      from public.appointments a
      where a.patient_id = p_patient_id and a.clinic_id = p_clinic.id
        and a.status in ('booked', 'arrived') and a.ends_at > p_now and a.starts_at > p_now - interval '2 days'
    ) then 'quota'
    when private.was_seen(p_patient_id) then 'known'
    else 'new'
  end into v_standing;
  if v_standing = 'new' and not private.ivr_take_place(p_call, p_clinic, p_now) then
    return 'flood';
  end if;
  return v_standing;
end $function$;
comment on function private.ivr_standing(jsonb,public.clinics,uuid,timestamp with time zone) is 'Whether a caller may book as things are: known, or new (a number never seen before, which has taken a place of the hour). Otherwise why the number has to be proven: always (the clinic says so), quota (of unproven bookings) or flood (of new numbers). The patient is locked.';

CREATE OR REPLACE FUNCTION private.ivr_take_place(p_call jsonb, p_clinic public.clinics, p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- One after the other at a clinic. Whoever gets no place lets go at once: what they try is undone.
  perform pg_advisory_xact_lock(hashtextextended('new_callers:' || p_clinic.id, 0));
  insert into private.call_proofs as c (call_id, clinic_id, newcomer_at)
  select p_call ->> 'call_id', p_clinic.id, p_now
  where p_clinic.new_callers_per_hour > (
    select count(*) from private.call_proofs o
    where o.clinic_id = p_clinic.id and o.newcomer_at > p_now - interval '1 hour' and o.call_id <> p_call ->> 'call_id'
  )
  -- Asked before at another clinic of the number, and counted here.
  on conflict (call_id) do update
  set clinic_id = excluded.clinic_id, newcomer_at = coalesce(c.newcomer_at, excluded.newcomer_at);
  return found;
end $function$;
comment on function private.ivr_take_place(jsonb,public.clinics,timestamp with time zone) is 'Takes one of the bookings that a clinic gives to numbers never seen before within an hour, however many call at once. False: there is none left.';

CREATE OR REPLACE FUNCTION private.ivr_text_code(p_call jsonb, p_phone_hash text, p_code text, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- The number may be forged, and its owner is not to be flooded. Nor is a code promised that would come too late.
  if p_code is null or private.code_wait(p_call ->> 'caller', 'call', p_now) > 0
    or private.hit_limits('call_code', jsonb_build_object('phone', p_phone_hash), p_now) > 0
  then
    return false;
  end if;
  return private.queue_sms(
    'call_code', p_call ->> 'caller', jsonb_build_object('code', p_code), 'call_code:' || (p_call ->> 'call_id'),
    p_patient_id, null,
    coalesce(
      p_call ->> 'language', (select p.locale from public.patients p where p.id = p_patient_id), p_clinic.locale
    ),
    true, p_now + interval '10 minutes'
  ) is not null;
end $function$;
comment on function private.ivr_text_code(jsonb,text,text,public.clinics,uuid,timestamp with time zone) is 'Texts a code to the calling number. False: it has had as many as it may, or gets no SMS now. p_phone_hash is a keyed hash that stands for the number.';

CREATE OR REPLACE FUNCTION private.ivr_text_link(p_call jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_caller constant text := p_call ->> 'caller';
  v_locale constant text := coalesce(
    p_call ->> 'language', (select p.locale from public.patients p where p.id = p_patient_id), p_clinic.locale
  );
begin
  if v_caller is null or p_call ->> 'site_url' is null
    or private.wants_no_sms(v_caller) then
    return false;
  end if;
  -- Once a day for a phone: a number may be forged, and its owner is not to be flooded.
  perform private.queue_sms(
    'ivr_link', v_caller,
    jsonb_build_object('clinic', private.name_in(p_clinic.name, p_clinic.id, v_locale), 'url', p_call ->> 'site_url'),
    'ivr_link:' || v_caller || ':' || (p_now at time zone p_clinic.time_zone)::date, p_patient_id, null,
    v_locale, false, p_now + interval '1 day'
  );
  return true;
end $function$;
comment on function private.ivr_text_link(jsonb,public.clinics,uuid,timestamp with time zone) is 'Texts a caller who pressed nothing where to book online. False: this phone gets no SMS.';

CREATE OR REPLACE FUNCTION private.ivr_to_note(p_kind text, p_facts jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(p_facts -> 'noted', '{}') || case
    when (p_kind in ('book', 'prove', 'cancel', 'move')) is not true or p_facts ?| '{proof,appointments}' then '{}'
    when p_facts ? 'appointment' then jsonb_build_object('appointment_id', p_facts #> '{appointment,id}')
    else jsonb_build_object('refused', coalesce(p_facts ->> 'error', 'impossible'))
  end;
end $function$;
comment on function private.ivr_to_note(text,jsonb) is 'What is written down with the step of a turn beside its keys: what its task noted, and the appointment that was booked, moved or cancelled, or why none was.';

CREATE OR REPLACE FUNCTION private.ivr_tries_over(p_call jsonb, p_patient_id uuid, p_now timestamp with time zone, p_wrong integer DEFAULT 0)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_in_call int;
  v_today int;
begin
  -- The row of the phone stays locked until the end: guesses made in several calls at the same time are counted in turn.
  select count(*) into v_in_call
  from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
  where c.call_id = p_call ->> 'call_id' and s ->> 'reference' = 'wrong';
  insert into private.rate_limits as r (bucket, window_start, hits)
  values ('ivr_reference:' || p_patient_id, date_trunc('day', p_now, 'UTC'), p_wrong)
  on conflict (bucket, window_start) do update set hits = r.hits + p_wrong
  returning r.hits into v_today;
  return case
    when v_in_call + p_wrong >= 3 then 'call'
    when v_today >= (select s.reference_tries_per_day from public.security_settings s) then 'day'
  end;
end $function$;
comment on function private.ivr_tries_over(jsonb,uuid,timestamp with time zone,integer) is 'Whether too many wrong references were given in this call (call) or from this phone today (day), after counting p_wrong more; else null.';

CREATE OR REPLACE FUNCTION private.ivr_try_to_book(p_call jsonb, p_task jsonb, p_clinic public.clinics, p_now timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_practitioner_id constant uuid := p_task ->> 'practitioner_id';
  v_starts_at constant timestamptz := p_task ->> 'starts_at';
  v_is_unproven constant boolean := p_call -> 'proven' is distinct from 'true';
  v_patient_id uuid;
  v_standing text;
begin
  perform private.set_channel('ivr');
  if not exists (
    select from public.practitioners p where p.id = v_practitioner_id and p.clinic_id = p_clinic.id
  ) then
    perform private.fail('unknown_doctor');
  end if;
  v_patient_id := private.ivr_patient(p_call);
  v_standing := private.ivr_standing(p_call, p_clinic, v_patient_id, p_now);
  if v_standing not in ('known', 'new') then
    perform private.ivr_require_bookable(
      p_clinic, v_patient_id, private.ivr_person(p_task, v_patient_id), v_practitioner_id, v_starts_at, p_now
    );
    raise exception using errcode = 'PROVE', detail = v_standing;
  end if;
  -- Nobody is named to whoever may have forged the number.
  return jsonb_build_object('appointment', private.ivr_appointment(private.book(
    v_patient_id, v_practitioner_id, v_starts_at, 'ivr', p_call ->> 'call_id', p_now, v_is_unproven,
    (p_task ->> 'dependent_id')::uuid
  )) - case when v_is_unproven then 'who' else '' end) || case v_standing when 'new' then '{"noted": {"new_phone": true}}' else '{}' end::jsonb;
end $function$;
comment on function private.ivr_try_to_book(jsonb,jsonb,public.clinics,timestamp with time zone) is 'Books for the calling number, making it a patient if it is new. Raises PROVE, with the reason as detail, when the number has to be proven first.';

CREATE OR REPLACE FUNCTION private.ivr_turn(p_call jsonb, p_task jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET lock_timeout TO '3s'
AS $function$
declare
  v_kind constant text := p_task ->> 'kind';
  v record;
begin
  -- A turn that only reads need not wait until its record has reached the disk.
  if v_kind in ('welcome', 'inform', 'reception', 'days', 'offer', 'later') then
    perform set_config('synchronous_commit', 'off', true);
  else
    perform private.ivr_come_alone(p_call);
  end if;
  v := private.ivr_look_up(p_call, p_now);
  if v.clinic_id is null then
    perform private.ivr_record_failure(p_call, p_now);
    return '{"clinic": null}';
  end if;
  perform set_config('medq.call_language', v.speaks, true);
  if v.has_new_language then
    perform private.ivr_keep_language(p_call, v.patient_id);
  end if;
  if v.is_shared then
    v.facts := v.facts || private.ivr_shared_number(p_call);
  end if;
  if v_kind = 'goodbye' or (v_kind not in ('welcome', 'inform', 'reception') and not v.is_shared) then
    v.facts := v.facts || private.ivr_perform(
      p_call || jsonb_build_object('proven', v.is_proven), p_task, v.clinic_id, v.patient_id, p_now
    );
  end if;
  perform private.ivr_record_step(
    p_call, case when not v.is_shared then v.clinic_id end,
    coalesce((v.facts #>> '{appointment,patient_id}')::uuid, v.patient_id), -- Whoever booked may be new.
    private.ivr_outcome(v_kind, v.facts), private.ivr_to_note(v_kind, v.facts), p_now
  );
  return v.facts - 'noted';
end $function$;
comment on function private.ivr_turn(jsonb,jsonb,timestamp with time zone) is 'One turn of a call: one round trip to the database. Doing it twice is doing it once.';

CREATE OR REPLACE FUNCTION private.ivr_why_none_on(p_clinic_id uuid, p_preference jsonb, p_on date, p_now timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case
      when count(*) = 0 then 'day_closed'
      when bool_or(h.opens + (h.slots - 1) * h.length > p_now) then 'day_full'
      else 'day_over'
    end
    from public.practitioners p cross join lateral private.hours_on(p.id, p_on) h
    where p.clinic_id = p_clinic_id and p.active
      and (not p_preference ? 'practitioner_id' or p.id = (p_preference ->> 'practitioner_id')::uuid)
      and (not p_preference ? 'specialty' or private.ivr_specialty_key(p.specialty) = p_preference ->> 'specialty')
  );
end $function$;
comment on function private.ivr_why_none_on(uuid,jsonb,date,timestamp with time zone) is 'Why nothing is free on a day: day_full, day_over when no slot begins any more, or day_closed when nobody sees patients.';

CREATE OR REPLACE FUNCTION private.know_device(p_user_id uuid, p_device bytea, p_now timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.known_devices as d (user_id, device_hash, last_seen_at) values (p_user_id, p_device, p_now)
  on conflict (user_id, device_hash) do nothing;
  if found then
    return true;
  end if;
  update private.known_devices d set last_seen_at = p_now where d.user_id = p_user_id and d.device_hash = p_device;
  return false;
end $function$;
comment on function private.know_device(uuid,bytea,timestamp with time zone) is 'A device has proven that it is the owner''s. True when it was not known before.';

CREATE OR REPLACE FUNCTION private.known_at_desk(p_patient_id uuid, p_clinic_id uuid, p_phone text, p_name text)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient public.patients := (private.lock_patients_at_desk(p_patient_id, p_patient_id)).one;
begin
  if not private.is_of_clinic(v_patient.id, p_clinic_id) then
    perform private.fail('unknown_patient');
  elsif v_patient.phone <> p_phone then
    perform private.fail('has_other_phone');
  elsif v_patient.phone is null and p_phone is not null then
    v_patient := private.give_phone(v_patient, p_phone);
  end if;
  update public.patients p set name = p_name where p.id = v_patient.id and p.name is null and p_name is not null;
  return v_patient.id;
end $function$;
comment on function private.known_at_desk(uuid,uuid,text,text) is 'The patient of a record of a clinic, or the one that it was merged into, locked. What the record lacks of phone and name it gets. Refuses with unknown_patient, has_other_phone, and like change_patient_phone.';

CREATE OR REPLACE FUNCTION private.language_of(p_patient_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(p.locale, (
      select c.locale from public.appointments a join public.clinics c on c.id = a.clinic_id
      where a.patient_id = p.id order by a.starts_at desc limit 1
    ))
    from public.patients p where p.id = p_patient_id
  );
end $function$;
comment on function private.language_of(uuid) is 'The language a patient is written to about their account: the one they chose, else that of the clinic of their last appointment. Null: nothing is known.';

CREATE OR REPLACE FUNCTION private.length_of_day(p_practitioner_id uuid, p_on date)
 RETURNS interval
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (select h.length from private.hours_on(p_practitioner_id, p_on) h order by h.opens limit 1);
end $function$;
comment on function private.length_of_day(uuid,date) is 'How long an appointment of a practitioner takes on a date; null: they see nobody then.';

CREATE OR REPLACE FUNCTION private.limit_windows(p_what text, p_subjects jsonb, p_now timestamp with time zone)
 RETURNS TABLE(bucket text, max integer, mode text, starts_at timestamp with time zone, length interval)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- The length is part of the name: a quarter of an hour and a day may begin at the same moment.
  return query
    select l.what || ':' || l.by || ':' || s.hashes || '/' || l.seconds, l.max, l.mode,
      date_bin(make_interval(secs => l.seconds), p_now, timestamptz '2020-01-01 00:00:00Z'),
      make_interval(secs => l.seconds)
    from public.limits l
    cross join lateral (
      select string_agg(p_subjects ->> n.name, '+' order by n.place) as hashes
      from string_to_table(l.by, '+') with ordinality as n (name, place)
    ) s
    where l.what = p_what and p_subjects ?& string_to_array(l.by, '+');
end $function$;
comment on function private.limit_windows(text,jsonb,timestamp with time zone) is 'The rules that hold for these subjects, {name: keyed hash}, each with its bucket and the window that an instant falls into.';

CREATE OR REPLACE FUNCTION private.link_patient(p_user_id uuid, p_phone text, p_made_by jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_told constant private.registrations := private.take_proof(p_phone, p_made_by);
  v_patient public.patients;
begin
  insert into public.patients as p (phone, user_id, account_origin, name, age, username, locale)
  values (
    p_phone, p_user_id, case when p_made_by ? 'account_job' then 'ivr' else 'web' end,
    v_told.name, v_told.age, v_told.username, v_told.locale
  )
  on conflict (phone) do update
    -- What was told on the web wins, but for a language that was chosen in a call.
    set user_id = excluded.user_id, account_origin = excluded.account_origin,
      name = coalesce(excluded.name, p.name), age = coalesce(excluded.age, p.age),
      username = coalesce(excluded.username, p.username), locale = coalesce(p.locale, excluded.locale)
    where p.user_id is null
  returning * into v_patient;
  if not found then
    perform private.fail('other_account_has_phone');
  end if;
  perform private.are_theirs(v_patient.id, array[
    case when v_told.name is not null then 'name' end, case when v_told.age is not null then 'age' end
  ]);

  if v_told.id is not null and exists (select from public.appointments a where a.patient_id = v_patient.id) then
    perform private.queue_sms(
      'account_linked', p_phone, '{}', 'account_linked:' || p_user_id, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN')
    );
  end if;
end $function$;
comment on function private.link_patient(uuid,text,jsonb) is 'Creates the patient of a confirmed phone, or gives the patient there is the account. p_made_by is the account''s app_metadata: its registration or account_job.';

CREATE OR REPLACE FUNCTION private.listening_patient_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return coalesce(private.current_patient_id(), (
    select p.id
    from public.patients p
    where p.user_id = (select private.user_of_session((auth.jwt() ->> 'listens_for')::uuid))
      and not exists (select from private.temporary_passwords t where t.user_id = p.user_id)
  ));
end $function$;
comment on function private.listening_patient_id() is 'The patient for whom channels are heard: who is signed in, or whose session a token for listening names.';
grant execute on function private.listening_patient_id() to authenticated;

CREATE OR REPLACE FUNCTION private.live_verification(p_id uuid, p_now timestamp with time zone DEFAULT now())
 RETURNS TABLE(purpose text, sealed_request bytea)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select v.purpose, v.sealed_request from private.phone_verifications v
    where v.id = p_id and v.used_at is null and v.expires_at > p_now and v.guesses < 5;
end $function$;
comment on function private.live_verification(uuid,timestamp with time zone) is 'The sealed request of a code that may still be guessed. Only who can open it may take a guess.';

CREATE OR REPLACE FUNCTION private.local_hours(p_practitioner_id uuid, p_on date)
 RETURNS TABLE(start_time time without time zone, end_time time without time zone, slot_minutes smallint)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select e.start_time, e.end_time, e.slot_minutes from public.schedule_exceptions e
    where e.practitioner_id = p_practitioner_id and e.on_date = p_on and e.start_time is not null
    union all
    select s.start_time, s.end_time, s.slot_minutes from public.schedules s
    where s.practitioner_id = p_practitioner_id and s.weekday = extract(isodow from p_on)
      and not exists (
        select from public.schedule_exceptions e where e.practitioner_id = p_practitioner_id and e.on_date = p_on
      );
end $function$;
comment on function private.local_hours(uuid,date) is 'When a practitioner sees patients on a date, by the clock of the clinic.';

CREATE OR REPLACE FUNCTION private.local_time(p public.day_operations)
 RETURNS timestamp without time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (select p.done_at at time zone c.time_zone from public.clinics c where c.id = p.clinic_id);
end $function$;
comment on function private.local_time(public.day_operations) is 'When an operation is done, by the clock of the clinic.';

CREATE OR REPLACE FUNCTION private.lock_appointment(p_patient_id uuid, p_appointment_id uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments;
begin
  -- The patient first, as whoever merges or deletes them has it: what follows on a change, such as an SMS, refers to them.
  perform from public.patients p where p.id = p_patient_id for key share;
  select * into v_appointment from public.appointments a
  where a.id = p_appointment_id and a.patient_id = p_patient_id for no key update;
  if not found then
    perform private.fail('unknown_appointment');
  end if;
  return v_appointment;
end $function$;
comment on function private.lock_appointment(uuid,uuid) is 'A patient''s own appointment, locked until the end of the transaction, and they are kept. Refuses with unknown_appointment.';

CREATE OR REPLACE FUNCTION private.lock_at_desk(p_appointment_id uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments;
  v_patient_id uuid;
begin
  perform private.require_desk();
  perform private.set_channel('desk');
  loop
    select a.patient_id into v_patient_id from public.appointments a
    where a.id = p_appointment_id and private.sees_desk(a.clinic_id);
    if not found then
      perform private.fail('unknown_appointment');
    end if;
    begin
      -- The patient first, as in private.lock_appointment.
      perform from public.patients p where p.id = v_patient_id for key share;
      select * into v_appointment from public.appointments a
      where a.id = p_appointment_id and a.patient_id = v_patient_id for no key update;
      if found then
        return v_appointment;
      end if;
      -- It was given to another patient while we waited. Lets go of the one before.
      raise sqlstate 'MOVED';
    exception when sqlstate 'MOVED' then
      null;
    end;
  end loop;
end $function$;
comment on function private.lock_at_desk(uuid) is 'An appointment of a clinic at whose desk one works, locked until the end of the transaction, and its patient is kept. Refuses with unknown_appointment, also for those of others.';

CREATE OR REPLACE FUNCTION private.lock_dependent_at_desk(p_dependent_id uuid, p_phone text)
 RETURNS public.dependents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_dependent public.dependents;
begin
  loop
    v_dependent := private.require_dependent_at_desk(p_dependent_id);
    perform private.lock_patients(v_dependent.patient_id, (select p.id from public.patients p where p.phone = p_phone));
    -- Unless they were merged or removed while we waited for the lock, that is who books for them.
    exit when exists (
      select from public.dependents d where (d.id, d.patient_id) = (v_dependent.id, v_dependent.patient_id)
    );
  end loop;
  return v_dependent;
end $function$;
comment on function private.lock_dependent_at_desk(uuid,text) is 'A dependent as private.require_dependent_at_desk has them; whoever books for them is locked until the end of the transaction, and who has the phone.';

CREATE OR REPLACE FUNCTION private.lock_hit_by_plan(p public.day_operations)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patients uuid[];
begin
  loop
    v_patients := array(select distinct l.patient_id from private.hit_by_plan(p) l);
    begin
      -- The patients first, as in private.lock_appointment.
      perform from public.patients t where t.id = any (v_patients) order by t.id for key share;
      perform from public.appointments a
      where a.id in (select l.appointment_id from private.hit_by_plan(p) l) and a.patient_id = any (v_patients)
      order by a.id for no key update;
      exit when not exists (select from private.hit_by_plan(p) l where l.patient_id <> all (v_patients));
      -- While we waited one was given to another patient, or came. Lets go of all.
      raise sqlstate 'MOVED';
    exception when sqlstate 'MOVED' then
      null;
    end;
  end loop;
end $function$;
comment on function private.lock_hit_by_plan(public.day_operations) is 'Locks whom an operation is about until the end of the transaction, and keeps their patients.';

CREATE OR REPLACE FUNCTION private.lock_patient(p_patient_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform from public.patients p where p.id = p_patient_id for no key update;
end $function$;
comment on function private.lock_patient(uuid) is 'One change of a patient''s family and bookings after the other: until the end of the transaction.';

CREATE OR REPLACE FUNCTION private.lock_patients(p_one uuid, p_other uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- In one order, and users before patients, as Auth's own writes lock them.
  perform from auth.users u join public.patients p on p.user_id = u.id
  where p.id in (p_one, p_other) order by u.id for update of u;
  perform from public.patients p where p.id in (p_one, p_other) order by p.id for update;
end $function$;
comment on function private.lock_patients(uuid,uuid) is 'Locks two patients and their accounts until the end of the transaction.';

CREATE OR REPLACE FUNCTION private.lock_patients_at_desk(p_one uuid, p_other uuid, OUT one public.patients, OUT other public.patients)
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  loop
    one := private.require_patient_at_desk(p_one);
    other := private.require_patient_at_desk(p_other);
    perform private.lock_patients(one.id, other.id);
    -- Unless one was merged while we waited for the lock, that is who they are.
    exit when private.merged_into(one.id) is null and private.merged_into(other.id) is null;
  end loop;
  one := private.require_patient_at_desk(one.id);
  other := private.require_patient_at_desk(other.id);
end $function$;
comment on function private.lock_patients_at_desk(uuid,uuid) is 'Two patients (or twice the same) as private.require_patient_at_desk has them, locked until the end of the transaction.';

CREATE OR REPLACE FUNCTION private.lock_sms(p_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_taken uuid;
begin
  loop
    begin
      perform from public.sms_messages m where m.id = v_taken for update;
      with free as (
        select m.id from public.sms_messages m where m.id = any (p_ids) for update skip locked
      )
      select m.id into v_taken from public.sms_messages m
      where m.id = any (p_ids) and not exists (select from free f where f.id = m.id)
      limit 1;
      exit when not found;
      -- Lets go of what this block has locked.
      raise sqlstate 'TAKEN';
    exception when sqlstate 'TAKEN' then
      null;
    end;
  end loop;
end $function$;
comment on function private.lock_sms(uuid[]) is 'Locks messages, all of them or none: while it waits for one that somebody else has, it holds none of the others.';

CREATE OR REPLACE FUNCTION private.locked_plan(p public.day_operations)
 RETURNS public.day_plan[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- One operation after the other; bookings go on.
  perform from public.practitioners d
  where d.clinic_id = p.clinic_id and (p.practitioner_id is null or d.id in (p.practitioner_id, p.to_practitioner_id))
  order by d.id for no key update;
  if exists (select from public.day_operations o where o.id = p.id) then
    perform private.fail('day_changed');
  end if;
  perform set_config('medq.day_operation', p.id::text, true);
  perform private.lock_hit_by_plan(p);
  -- As it is by now.
  return array(select l from private.plan(p) l);
end $function$;
comment on function private.locked_plan(public.day_operations) is 'What becomes of whom, whose appointments are locked. From here on changes of appointments are those of an operation on a day: they keep their token, and the operation tells patients itself. Refuses with day_changed what was done before.';

CREATE OR REPLACE FUNCTION private.login_account(p_username text, p_phone text, p_device bytea, p_decoy text, p_now timestamp with time zone DEFAULT now())
 RETURNS TABLE(user_id uuid, phone text, temporary boolean, known_device boolean, decoy_ready boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select a.user_id, a.phone, coalesce(a.temporary, false), private.is_known_device(a.user_id, p_device),
      exists (select from auth.users u where u.phone = ltrim(p_decoy, '+') and u.encrypted_password <> '')
    from (values (true)) as one_row left join lateral (
      select p.user_id, p.phone, t.user_id is not null as temporary
      from public.patients p
      join auth.users u on u.id = p.user_id
      left join private.temporary_passwords t on t.user_id = p.user_id
      where (p.phone = p_phone or lower(p.username) = lower(p_username))
        and (t.user_id is null or t.expires_at > p_now)
        -- Auth answers about others before it hashes.
        and u.encrypted_password <> '' and (u.banned_until is null or u.banned_until <= p_now)
      order by p.phone = p_phone desc nulls last
      limit 1
    ) a on true;
end $function$;
comment on function private.login_account(text,text,bytea,text,timestamp with time zone) is 'One row: the account of a username or a phone whose password may be tried (null: none, or it is banned or its texted password has expired), whether its password was texted and that device has signed in to it before, and whether the decoy is there, whose phone is p_decoy.';

CREATE OR REPLACE FUNCTION private.longest_names(p_locale text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(n.names), '[{}]')
  from (
    select distinct on (private.sms_encoding(t.text))
      jsonb_strip_nulls(jsonb_build_object(
        'doctor', n.doctor, 'clinic', n.clinic, 'clinic_phone', private.phone_to_dial(c.phone, c.phone),
        'url', private.appointments_link()
      )) as names
    from public.clinics c left join public.practitioners p on p.clinic_id = c.id and p.active
    cross join lateral (
      select private.name_in(p.name, c.id, p_locale) as doctor, private.name_in(c.name, c.id, p_locale) as clinic
    ) n
    cross join lateral (select private.gsm_text(concat(n.doctor, n.clinic)) as text) t
    order by private.sms_encoding(t.text), private.sms_units(t.text) desc, p.id
  ) n
$function$;
comment on function private.longest_names(text) is 'The doctors whose names in a language, with those of their clinics, are the longest, with where to look and whom to call: a list of values of an SMS, empty ones where there are none.';
grant execute on function private.longest_names(text) to service_role;

CREATE OR REPLACE FUNCTION private.lost_news(p_appointment_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.sms_messages m
    where m.appointment_id = p_appointment_id and m.priority = 2 and m.template <> 'ivr_synced'
      and m.status = 'cancelled' and m.updated_at = now()
  );
end $function$;
comment on function private.lost_news(uuid) is 'Whether this transaction has withdrawn news of an appointment, of which the patient may not know by any other.';

CREATE OR REPLACE FUNCTION private.manages_all()
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.is_admin() or not exists (
    select from public.clinics c where private.desk_role(c.id) is distinct from 'manager'
  );
end $function$;
comment on function private.manages_all() is 'Whether whoever asks manages every clinic there is, and has opened the desk.';

CREATE OR REPLACE FUNCTION private.mark(p_appointment public.appointments, p_step text, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_marked public.appointments := p_appointment;
begin
  v_marked.status := case p_step when 'seen' then 'fulfilled' when 'noshow' then 'noshow' else 'arrived' end;
  if p_step = 'called' then
    v_marked.called_at := p_now;
  elsif p_step = 'waiting' then
    v_marked.called_at := null;
    v_marked.waits_from := coalesce(private.place_behind_next(p_appointment), p_appointment.waits_from);
  end if;
  v_marked := private.write_mark(v_marked, p_now);
  insert into private.last_marks as m (appointment_id, version, before, actor_id, marked_at)
  values (v_marked.id, v_marked.version, jsonb_build_object(
    'status', p_appointment.status, 'arrived_at', p_appointment.arrived_at, 'called_at', p_appointment.called_at,
    'seen_at', p_appointment.seen_at, 'waits_from', p_appointment.waits_from,
    'starts_at', p_appointment.starts_at, 'ends_at', p_appointment.ends_at
  ), auth.uid(), p_now)
  on conflict (appointment_id) do update
    set version = excluded.version, before = excluded.before, actor_id = excluded.actor_id, marked_at = excluded.marked_at;
  return v_marked;
end $function$;
comment on function private.mark(public.appointments,text,timestamp with time zone) is 'Marks a step of an appointment that is locked, and keeps what was before.';

CREATE OR REPLACE FUNCTION private.mark_run(p_function text, p_busy_until timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- Whoever has the row is marking it as well; nobody waits for a mark.
  update private.function_runs r set busy_until = p_busy_until
  where r.function in (
    select f.function from private.function_runs f where f.function = p_function for update skip locked
  );
end $function$;
comment on function private.mark_run(text,timestamp with time zone) is 'Notes until when a function can be relied on.';

CREATE OR REPLACE FUNCTION private.mask_phone(p_phone text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return left(p_phone, 3) || repeat('*', greatest(length(p_phone) - 5, 0)) || right(p_phone, 2);
end $function$;
comment on function private.mask_phone(text) is 'A phone number that logs and audit rows may hold: +91********99.';

CREATE OR REPLACE FUNCTION private.may_choose_password(p_user_id uuid, p_session_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (select from private.temporary_passwords t where t.user_id = p_user_id)
    and exists (
      select from auth.mfa_amr_claims c join auth.sessions s on s.id = c.session_id
      where c.session_id = p_session_id and s.user_id = p_user_id
        and c.authentication_method = 'otp' and c.created_at > now() - interval '10 minutes'
    );
end $function$;
comment on function private.may_choose_password(uuid,uuid) is 'Whether a session may replace a texted password without giving it: it was opened with a code within ten minutes.';

CREATE OR REPLACE FUNCTION private.may_end_desk_session(p_session private.desk_sessions)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.is_admin() or p_session.user_id = private.current_user_id() or coalesce((
    -- A manager can enter anybody's phone; whoever works elsewhere too is no business of theirs.
    select bool_and(coalesce(private.desk_role(s.clinic_id) = 'manager', false))
    from public.clinic_staff s where s.user_id = p_session.user_id
  ), false);
end $function$;
comment on function private.may_end_desk_session(private.desk_sessions) is 'Whether a session at a desk is one''s own, or that of somebody whom one is the manager of wherever they work.';

CREATE OR REPLACE FUNCTION private.merge(p_keep public.patients, p_gone public.patients, p_now timestamp with time zone)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_keep public.patients;
  v_merge_id uuid;
begin
  perform private.require_mergeable(p_keep, p_gone);
  insert into private.patient_merges (keep_id, gone_id, gone_phone, clinic_ids, actor_id, merged_at)
  values (p_keep.id, p_gone.id, p_gone.phone, array(
    select a.clinic_id from public.appointments a where a.patient_id = p_gone.id
    union select i.clinic_id from private.introduced_patients i where i.patient_id = p_gone.id
  ), auth.uid(), p_now) returning id into v_merge_id;
  -- An account that was about to be made for a phone that is nobody's any more, or is about to be made anyway.
  update private.account_jobs j set done_at = p_now
  where j.patient_id = p_gone.id and j.done_at is null and (p_keep.phone is not null or exists (
    select from private.account_jobs k where k.patient_id = p_keep.id and k.done_at is null
  ));
  perform private.lock_sms(array(select m.id from public.sms_messages m where m.patient_id = p_gone.id));
  -- The gone one's phone is told that it gets no more.
  perform private.redirect_sms(p_gone.id, p_gone.phone, p_keep.phone) where p_keep.phone <> p_gone.phone;
  update private.patient_merges m set moved = private.move_references(p_gone.id, p_keep.id) where m.id = v_merge_id;
  v_keep := private.give_what_lacks(p_keep, p_gone, v_merge_id);
  perform private.tell_of_merge(v_keep, p_gone.phone);
  return v_merge_id;
end $function$;
comment on function private.merge(public.patients,public.patients,timestamp with time zone) is 'Makes two patients one, who are both locked. Of phone, name, age and language those of the one that stays win.';

CREATE OR REPLACE FUNCTION private.merge_clashes(p_keep_id uuid, p_gone_id uuid)
 RETURNS TABLE(keep_appointment uuid, gone_appointment uuid, clinic_id uuid, starts_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select k.id, g.id, g.clinic_id, greatest(k.starts_at, g.starts_at)
    from public.appointments k
    join public.appointments g on g.patient_id = p_gone_id and g.dependent_id is null and g.active
      and tstzrange(g.starts_at, g.ends_at) && tstzrange(k.starts_at, k.ends_at)
    where k.patient_id = p_keep_id and k.dependent_id is null and k.active;
end $function$;
comment on function private.merge_clashes(uuid,uuid) is 'Appointments of two patients themselves at the same time, which one person could not keep, and the clinic of the one that is to go.';

CREATE OR REPLACE FUNCTION private.merge_clashes_at_desk(p_keep_id uuid, p_gone_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'keep_appointment', c.keep_appointment, 'gone_appointment', c.gone_appointment, 'starts_at', c.starts_at,
      'keep_practitioner', case when private.sees_desk(k.clinic_id) then kp.name end,
      'gone_practitioner', case when private.sees_desk(g.clinic_id) then gp.name end
    ) order by c.starts_at), '[]')
    from private.merge_clashes(p_keep_id, p_gone_id) c
    join public.appointments k on k.id = c.keep_appointment join public.practitioners kp on kp.id = k.practitioner_id
    join public.appointments g on g.id = c.gone_appointment join public.practitioners gp on gp.id = g.practitioner_id
  );
end $function$;
comment on function private.merge_clashes_at_desk(uuid,uuid) is 'The clashes as the preview of a merge names them: with the practitioners, but for those of clinics of others.';

CREATE OR REPLACE FUNCTION private.merge_side(p_patient public.patients)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return jsonb_build_object(
    'patient_id', p_patient.id, 'name', p_patient.name, 'phone_end', private.phone_end(p_patient.phone),
    'age', p_patient.age, 'has_account', p_patient.user_id is not null
  ) || (
    select jsonb_build_object(
      'appointments', count(*), 'last_at', max(a.starts_at) filter (where a.starts_at <= now()),
      'next_at', min(a.starts_at) filter (where a.starts_at > now() and a.status = 'booked')
    )
    from public.appointments a where a.patient_id = p_patient.id and private.sees_desk(a.clinic_id)
  );
end $function$;
comment on function private.merge_side(public.patients) is 'One of two patients as the preview of a merge shows them, with their appointments at the clinics of whoever asks.';

CREATE OR REPLACE FUNCTION private.merged_into(p_patient_id uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (select m.keep_id from private.patient_merges m where m.gone_id = p_patient_id and m.undone_at is null);
end $function$;
comment on function private.merged_into(uuid) is 'The patient that a gone one is by now; null: this one is not gone.';

CREATE OR REPLACE FUNCTION private.most_dependents()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN 8;
comment on function private.most_dependents() is 'For how many a patient can book besides themselves.';

CREATE OR REPLACE FUNCTION private.most_sms_attempts()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN 12;
comment on function private.most_sms_attempts() is 'After so many attempts an SMS is given up.';

CREATE OR REPLACE FUNCTION private.most_sms_parts()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN 9;
comment on function private.most_sms_parts() is 'The provider takes no more parts for one text.';

CREATE OR REPLACE FUNCTION private.move_at_desk(p_appointment public.appointments, p_practitioner_id uuid, p_starts_at timestamp with time zone, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_gap record;
  v_moved public.appointments;
begin
  for v_try in 1..3 loop
    select * into v_gap from private.require_gap(p_practitioner_id, p_starts_at, p_now);
    begin
      update public.appointments a
      set practitioner_id = p_practitioner_id, starts_at = v_gap.starts_at, ends_at = v_gap.ends_at,
        -- Who has come, and is to come on another day, has not come for that.
        status = case when a.status = 'arrived' and (v_gap.starts_at at time zone c.time_zone)::date > a.local_date
          then 'booked' else a.status end
      from public.clinics c
      where a.id = p_appointment.id and c.id = a.clinic_id returning a.* into v_moved;
      return v_moved;
    exception when exclusion_violation or unique_violation or deadlock_detected then
      perform private.require_no_overlap(
        p_practitioner_id, coalesce(p_appointment.dependent_id, p_appointment.patient_id), v_gap.starts_at,
        v_gap.ends_at, p_appointment.id
      );
      -- Nobody has it: two waited for each other, or the other gave it up again.
    end;
  end loop;
  perform private.fail('slot_taken');
end $function$;
comment on function private.move_at_desk(public.appointments,uuid,timestamp with time zone,timestamp with time zone) is 'Gives an appointment that is locked another time or practitioner.';

CREATE OR REPLACE FUNCTION private.move_back(p_merge private.patient_merges)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v jsonb;
begin
  for v in select jsonb_array_elements(p_merge.moved) loop
    -- What was given away meanwhile stays where it is.
    execute format(
      'update %s set %I = $1 where %I::text = $2 and %I = $3', v ->> 'table', v ->> 'column', v ->> 'key', v ->> 'column'
    ) using p_merge.gone_id, v ->> 'id', p_merge.keep_id;
  end loop;
end $function$;
comment on function private.move_back(private.patient_merges) is 'Gives back to the gone one what was moved.';

CREATE OR REPLACE FUNCTION private.move_on(p public.day_operations)
 RETURNS public.day_plan[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v public.day_plan;
  v_done public.day_plan[] := '{}';
begin
  foreach v in array p.outcome loop
    -- Somebody may be faster; then the next.
    for v_try in 1..5 loop
      exit when v.why_not = 'day_is_full';
      begin
        update public.appointments a set starts_at = v.starts_at, ends_at = v.ends_at, status = 'booked'
        where a.id = v.appointment_id;
        v.why_not := null;
        exit;
      exception when exclusion_violation or unique_violation then
        v := private.next_time(p, v, v.ends_at);
        v.why_not := coalesce(v.why_not, 'slot_taken');
      end;
    end loop;
    v_done := v_done || v;
  end loop;
  return v_done;
end $function$;
comment on function private.move_on(public.day_operations) is 'Gives everybody, the first first, the time that is planned, or the next if that was just taken. Returns what came of each.';

CREATE OR REPLACE FUNCTION private.move_references(p_from uuid, p_to uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v record;
  v_id text;
  v_moved jsonb := '[]';
begin
  for v in select * from private.references_to_patients() loop
    for v_id in execute format('select %I::text from %s where %I = $1', v.key, v.relation, v.column_name) using p_from loop
      begin
        execute format(
          'update %s set %I = $1 where %I = $2 and %I::text = $3', v.relation, v.column_name, v.column_name, v.key
        ) using p_to, p_from, v_id;
        v_moved := v_moved || jsonb_build_object(
          'table', v.relation::text, 'column', v.column_name, 'key', v.key,
          'id', case when v.key = v.column_name then p_to::text else v_id end
        );
      exception when unique_violation then
        null; -- There is only one of it for a patient, and the one that stays has theirs.
      end;
    end loop;
  end loop;
  return v_moved;
end $function$;
comment on function private.move_references(uuid,uuid) is 'Gives all that points to a patient to another. Returns what was moved: a list of {table, column, key, id}.';

CREATE OR REPLACE FUNCTION private.name_from(p_text text, p_column text DEFAULT 'name'::text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_longest constant int := 100;
  v_name constant text := private.without_invisible_ends(p_text);
begin
  -- Control characters, line breaks, and what turns the direction of the text around it.
  if v_name collate pg_c_utf8 ~ '[[:cntrl:]\u2028\u2029\u202A-\u202E\u2066-\u2069]' then
    perform private.fail('untypable_name', p_column);
  end if;
  -- The fillers are letters to Unicode.
  if v_name collate pg_c_utf8 !~ '(?![\u115F\u1160\u3164\uFFA0])[[:alpha:]]' or length(v_name) > v_longest then
    perform private.fail('invalid_name', p_column);
  end if;
  return v_name;
end $function$;
comment on function private.name_from(text,text) is 'A name as it is kept, of what was typed; joiners inside stay. Refuses what is none: without a letter, of over 100 characters, or with characters that are no text. p_column is what the refusal calls it.';

CREATE OR REPLACE FUNCTION private.name_in(p_name text, p_clinic_id uuid, p_locale text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce((private.translation_of(p_name, p_clinic_id, p_locale)).translation, p_name);
end $function$;
comment on function private.name_in(text,uuid,text) is 'A name at a clinic as it is written in a language; the usual name where there is no other.';

CREATE OR REPLACE FUNCTION private.nearest_free_slots(p_practitioner_id uuid, p_starts_at timestamp with time zone, p_limit integer, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS SETOF public.slot
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at, f.ends_at
    from public.practitioners p
    join public.clinics c on c.id = p.clinic_id
    cross join lateral (select (p_starts_at at time zone c.time_zone)::date as day) l
    cross join lateral (
      select s.starts_at, s.ends_at
      from generate_series(-1, 1) n
      cross join lateral private.free_slots(p.id, l.day + n, p_now, p_person_id) s
      union all
      -- Should those three days be full.
      select s.starts_at, s.ends_at
      from private.next_free_slots(
        c.id, null, p.id, private.instant_of(l.day + 2, c.time_zone), p_limit, p_now, p_person_id
      ) s
    ) f
    where p.id = p_practitioner_id
    order by abs(extract(epoch from f.starts_at - p_starts_at)), f.starts_at
    limit p_limit;
end $function$;
comment on function private.nearest_free_slots(uuid,timestamp with time zone,integer,timestamp with time zone,uuid) is 'The free slots of a practitioner that are closest to an instant, the closest first.';

CREATE OR REPLACE FUNCTION private.new_board_token()
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_bytes constant bytea := extensions.gen_random_bytes(16);
begin
  return (
    select string_agg(
      substr('0123456789abcdefghjkmnpqrstvwxyz', (get_byte(v_bytes, n) & 31) + 1, 1) || case when n in (3, 7, 11) then '-' else '' end,
      '' order by n
    )
    from generate_series(0, 15) n
  );
end $function$;
comment on function private.new_board_token() is 'What opens a board, at random: k3xd-09ra-m7tz-4hqp.';

CREATE OR REPLACE FUNCTION private.next_free_day(p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamp with time zone, p_person_id uuid)
 RETURNS date
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_from date := p_from;
  v_day date;
begin
  while v_day is null and v_from <= p_until loop
    select min(f.on_date) into v_day
    from private.free_by_date(p_practitioners, v_from, least(v_from + 30, p_until), p_time_zone, p_now, p_person_id) f
    where f.free > 0;
    v_from := v_from + 31;
  end loop;
  return v_day;
end $function$;
comment on function private.next_free_day(uuid[],date,date,text,timestamp with time zone,uuid) is 'The first date of a range on which one of the practitioners has a free slot; null when none has.';

CREATE OR REPLACE FUNCTION private.next_free_slots(p_clinic_id uuid, p_specialty text, p_practitioner_id uuid, p_from timestamp with time zone, p_limit integer, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid)
 RETURNS TABLE(practitioner_id uuid, practitioner_name text, spoken_name text, specialty text, starts_at timestamp with time zone, ends_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_clinic public.clinics;
  v_day date;
  v_last date;
  v_practitioners constant uuid[] := private.active_practitioners(p_clinic_id, p_specialty, p_practitioner_id);
  v_missing int := p_limit;
  v_found int;
  v_empty_days int := 0;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  v_day := (greatest(p_from, p_now) at time zone v_clinic.time_zone)::date;
  v_last := (p_now at time zone v_clinic.time_zone)::date + v_clinic.booking_horizon_days;

  -- Day by day, so that the usual answer (today or tomorrow) costs one day's work; where days are full, many at once.
  while v_day <= v_last and v_missing > 0 and v_practitioners <> '{}' loop
    return query
      select p.id, p.name, coalesce(p.spoken_name, p.name), p.specialty, f.starts_at, f.ends_at
      from private.free_slots_of(v_practitioners, v_day, v_clinic.time_zone, p_from, v_missing, p_now, p_person_id) f
      join public.practitioners p on p.id = f.practitioner_id
      order by f.starts_at, p.name, p.id
      limit v_missing;
    get diagnostics v_found = row_count;
    v_missing := v_missing - v_found;
    v_empty_days := case when v_found = 0 then v_empty_days + 1 else 0 end;
    v_day := case when v_empty_days < 3 then v_day + 1
      else private.next_free_day(v_practitioners, v_day + 1, v_last, v_clinic.time_zone, p_now, p_person_id) end;
  end loop;
end $function$;
comment on function private.next_free_slots(uuid,text,uuid,timestamp with time zone,integer,timestamp with time zone,uuid) is 'The earliest free slots of a clinic from an instant on, of one specialty or practitioner or of all (null).';

CREATE OR REPLACE FUNCTION private.next_quiet_hours(p_clinic public.clinics, p_now timestamp with time zone, OUT quiet_now boolean, OUT begin_at timestamp with time zone, OUT end_at timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_local constant timestamp := p_now at time zone p_clinic.time_zone;
  v_begin timestamp;
begin
  if p_clinic.quiet_from is null then
    select false, 'infinity', 'infinity' into quiet_now, begin_at, end_at;
    return;
  end if;
  quiet_now := case
    when p_clinic.quiet_from < p_clinic.quiet_until
      then v_local::time >= p_clinic.quiet_from and v_local::time < p_clinic.quiet_until
    else v_local::time >= p_clinic.quiet_from or v_local::time < p_clinic.quiet_until
  end;
  v_begin := v_local::date + p_clinic.quiet_from
    + case when v_local::time >= p_clinic.quiet_from then interval '1 day' else interval '0' end;
  begin_at := private.instant_of(v_begin, p_clinic.time_zone);
  end_at := private.instant_of(
    v_begin::date + p_clinic.quiet_until
      + case when p_clinic.quiet_until < p_clinic.quiet_from then interval '1 day' else interval '0' end,
    p_clinic.time_zone
  );
end $function$;
comment on function private.next_quiet_hours(public.clinics,timestamp with time zone) is 'Whether a clinic''s quiet hours are on, and when they begin and end the next time.';

CREATE OR REPLACE FUNCTION private.next_time(p public.day_operations, p_of public.day_plan, p_from timestamp with time zone)
 RETURNS public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_from timestamptz := p_of.was_at;
begin
  if not p.only_stranded then
    select private.instant_of(p.until_date + 1, c.time_zone) into v_from from public.clinics c where c.id = p.clinic_id;
  end if;
  select f.starts_at, f.ends_at into p_of.starts_at, p_of.ends_at
  from private.next_free_slots(
    p.clinic_id, null, p_of.practitioner_id, greatest(v_from, p_from), 1, p.done_at,
    (select coalesce(a.dependent_id, a.patient_id) from public.appointments a where a.id = p_of.appointment_id)
  ) f;
  p_of.why_not := case when p_of.starts_at is null then 'day_is_full' end;
  return p_of;
end $function$;
comment on function private.next_time(public.day_operations,public.day_plan,timestamp with time zone) is 'Gives one of a plan the next free time from an instant on, after the days it is about; who is stranded, after their own.';

CREATE OR REPLACE FUNCTION private.next_token(p_practitioner_id uuid, p_on date, p_except uuid)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(max(t.token_number), 0) + 1
    from (
      select a.token_number from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.id <> p_except
      union all
      select s.token_number from private.slots_on(p_practitioner_id, p_on) s
    ) t
  );
end $function$;
comment on function private.next_token(uuid,date,uuid) is 'The number after those of all slots and all other appointments of a day.';

CREATE OR REPLACE FUNCTION private.note_from(p_text text, p_column text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_longest constant int := 300;
  v_note constant text := private.without_invisible_ends(regexp_replace(
    regexp_replace(p_text, '\r\n|[\r\v\f\u0085\u2028\u2029]', E'\n', 'g') collate pg_c_utf8,
    '(?!\n)[[:cntrl:]\u202A-\u202E\u2066-\u2069]', '', 'g'
  ));
begin
  if length(v_note) > v_longest then
    perform private.fail('note_too_long', p_column, v_longest::text);
  end if;
  return v_note;
end $function$;
comment on function private.note_from(text,text) is 'A text of some lines as it is kept, of what was typed: without control characters. Refuses what has over 300 characters.';

CREATE OR REPLACE FUNCTION private.note_read(p_patient_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.audit_events (channel, actor_id, action, table_name, row_id)
  values ('desk', auth.uid(), 'read', 'patients', p_patient_id::text);
end $function$;
comment on function private.note_read(uuid) is 'Writes down that somebody at the desk opened the record of a patient.';

CREATE OR REPLACE FUNCTION private.note_security_event(p_kind text, p_phone text DEFAULT NULL::text, p_client text DEFAULT NULL::text, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
  v_phone text := coalesce(private.mask_phone(p_phone), '');
  v_client text := coalesce(p_client, '');
begin
  update public.security_events e set count = e.count + 1, latest_at = p_now
  where (e.hour, e.kind, e.phone, e.client) = (v_hour, p_kind, v_phone, v_client);
  if found then
    return;
  end if;
  -- Whoever comes from ever other addresses must not fill the table.
  if (
    select count(*) >= s.events_per_hour
    from public.security_settings s join public.security_events e on (e.hour, e.kind) = (v_hour, p_kind)
    group by s.events_per_hour
  ) then
    v_phone := '';
    v_client := 'others';
  end if;
  insert into public.security_events as e (hour, kind, phone, client, latest_at)
  values (v_hour, p_kind, v_phone, v_client, p_now)
  on conflict (hour, kind, phone, client) do update set count = e.count + 1, latest_at = p_now;
end $function$;
comment on function private.note_security_event(text,text,text,timestamp with time zone) is 'Counts something that an admin may want to see. p_phone is +E.164 and kept masked; p_client is a keyed hash.';

CREATE OR REPLACE FUNCTION private.note_sign_in(p_user_id uuid, p_device bytea, p_client text, p_what text, p_subjects jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_is_first constant boolean := not exists (select from private.known_devices d where d.user_id = p_user_id);
  v_is_new constant boolean := private.know_device(p_user_id, p_device, p_now);
begin
  perform private.take_back_hit(p_what, p_subjects, p_now);
  perform private.note_security_event(
    case when v_is_new and not v_is_first then 'signed_in_new_device' else 'signed_in' end,
    (select p.phone from public.patients p where p.user_id = p_user_id), p_client, p_now
  );
  if v_is_new and not v_is_first then
    perform private.tell_of_new_device(p_user_id, p_now);
  end if;
end $function$;
comment on function private.note_sign_in(uuid,bytea,text,text,jsonb,timestamp with time zone) is 'Somebody signed in: their try does not count, their device is known from now on, and the owner is told of a further one.';

CREATE OR REPLACE FUNCTION private.note_sign_of_life(p_patient_id uuid, p_wakes boolean, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.signs_of_life as l (patient_id, seen_at)
  select p_patient_id, p_now where p_wakes or not private.is_dormant(p_patient_id, p_now)
  -- A day more or less does not matter, and a row that stays costs nothing.
  on conflict (patient_id) do update set seen_at = excluded.seen_at where l.seen_at < excluded.seen_at - interval '1 day';
end $function$;
comment on function private.note_sign_of_life(uuid,boolean,timestamp with time zone) is 'The patient is there. p_wakes: it shows that they are who they were (a password, the clinic); what only shows who has the phone now does not wake a dormant one.';

CREATE OR REPLACE FUNCTION private.now_serving(p_practitioner_id uuid, p_on date)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select a.token_number from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.status in ('arrived', 'fulfilled')
      and coalesce(a.called_at, a.seen_at) is not null
    order by coalesce(a.called_at, a.seen_at) desc limit 1
  );
end $function$;
comment on function private.now_serving(uuid,date) is 'The token of a day that was called last, or seen last where nobody is called; null: none yet. Numbers need not come in order.';

CREATE OR REPLACE FUNCTION private.numbers_between(p_clinic_id uuid, p_from date, p_until date)
 RETURNS TABLE(day date, channel text, booked integer, came integer, seen integer, noshow integer, cancelled integer, waited integer, wait_minutes numeric, sms_parts integer, sms_cost numeric, currency text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select a.local_date, a.channel, count(*)::int,
      (count(*) filter (where a.status in ('arrived', 'fulfilled')))::int,
      (count(*) filter (where a.status = 'fulfilled'))::int,
      (count(*) filter (where a.status = 'noshow'))::int,
      (count(*) filter (where a.status = 'cancelled'))::int,
      count(a.seen_at - a.arrived_at)::int,
      round((avg(extract(epoch from a.seen_at - a.arrived_at)) / 60)::numeric, 1),
      coalesce(sum(m.parts), 0)::int, coalesce(sum(m.parts), 0) * c.part_price, c.currency
    from public.sms_settings c
    cross join public.practitioners p
    join public.appointments a on a.practitioner_id = p.id and a.local_date between p_from and p_until
    left join lateral (
      select sum(s.parts) as parts from public.sms_messages s where s.appointment_id = a.id and s.sent_at is not null
    ) m on true
    where p.clinic_id = p_clinic_id
    group by a.local_date, a.channel, c.part_price, c.currency;
end $function$;
comment on function private.numbers_between(uuid,date,date) is 'What came of the appointments of a clinic on the dates of a range, by day and channel, as desk_numbers tells it.';

CREATE OR REPLACE FUNCTION private.offered_between(p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamp with time zone, p_person_id uuid)
 RETURNS TABLE(practitioner_id uuid, on_date date, slots integer, free integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with sessions as materialized (
      select s.* from private.sessions_between(p_practitioners, p_from, p_until, p_time_zone, p_now) s
    ), taken as materialized (
      -- Nearly every appointment is one slot, so that they need only be counted.
      select s.practitioner_id, s.on_date, s.opens, count(*) filter (where a.starts_at >= s.goes_on) as slots,
        bool_and(a.ends_at - a.starts_at = s.length and date_part('epoch', a.starts_at - s.opens)::int % s.seconds = 0) as whole
      from public.appointments a
      join sessions s on s.practitioner_id = a.practitioner_id and s.on_date = a.local_date
        and a.ends_at > s.opens and a.starts_at < s.closes
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_from and p_until
      group by s.practitioner_id, s.on_date, s.opens
    ), uneven as materialized (
      select t.practitioner_id, t.on_date from taken t where not t.whole
      union
      select d.* from private.days_with_strays(p_practitioners, p_from, p_until, p_time_zone, p_person_id) d
    )
    select s.practitioner_id, s.on_date, s.slots,
      case when u.on_date is null then s.slots - coalesce(t.slots, 0) else 0 end::int
    from sessions s
    left join taken t on t.practitioner_id = s.practitioner_id and t.on_date = s.on_date and t.opens = s.opens
    left join uneven u on u.practitioner_id = s.practitioner_id and u.on_date = s.on_date
    union all
    select u.practitioner_id, u.on_date, null,
      (select count(*) from private.free_slots(u.practitioner_id, u.on_date, p_now, p_person_id))::int
    from uneven u;
end $function$;
comment on function private.offered_between(uuid[],date,date,text,timestamp with time zone,uuid) is 'What each of many practitioners of one time zone offers on the dates of a range, in rows that add up: slots that have not begun (null: none of its own), and how many of them are free.';

CREATE OR REPLACE FUNCTION private.offered_to()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id constant uuid := private.require_patient();
begin
  return case when private.family_of(v_patient_id) = 0 then v_patient_id end;
end $function$;
comment on function private.offered_to() is 'Whose other appointments keep from times: those of whoever is signed in. Null where they book for others too: who comes is chosen after the time. Refuses like private.require_patient.';

CREATE OR REPLACE FUNCTION private.open_door(p_phone text, p_state text, p_token text)
 RETURNS TABLE(user_id uuid, opened boolean)
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  select u.id into user_id from auth.users u
  where u.phone = ltrim(p_phone, '+') and private.account_state(u.id) = p_state;
  -- Looked at as the row is once it is locked: two codes may be proven at the same moment, and a password chosen.
  update auth.users u
  set confirmation_token = encode(sha224(convert_to(u.phone || p_token, 'UTF8')), 'hex'), confirmation_sent_at = now()
  where u.id = open_door.user_id
    and private.state_of_account(u.id, u.phone, u.encrypted_password, u.phone_confirmed_at) = p_state
    -- One that nobody has closed was left by a request that died.
    and (
      coalesce(u.confirmation_token, '') = ''
      or coalesce(u.confirmation_sent_at, '-infinity') < now() - interval '15 seconds'
    );
  opened := found;
  return next;
end $function$;
comment on function private.open_door(text,text,text) is 'Lets Auth take a token, which nobody else may know, for a session of the account of a phone (+E.164), if that is still in p_state (private.account_state). Returns whose account it is, null if there is none in that state; and whether it was opened, which it is not while it is open for somebody else. Close it again.';

CREATE OR REPLACE FUNCTION private.open_hours(p_clinic_id uuid, p_now timestamp with time zone)
 RETURNS TABLE(open_until timestamp with time zone, opens_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_hours tstzmultirange;
  v_days int;
begin
  -- Tomorrow nearly always tells, and two weeks where a clinic is closed over the holidays. What touches becomes one.
  foreach v_days in array '{1,14}'::int[] loop
    select range_agg(tstzrange(s.opens, s.closes)) into v_hours
    from public.clinics c
    cross join lateral (select (p_now at time zone c.time_zone)::date as today) t
    cross join lateral private.sessions_between(
      array(select p.id from public.practitioners p where p.clinic_id = c.id and p.active),
      t.today, t.today + v_days, c.time_zone, p_now
    ) s
    where c.id = p_clinic_id;
    exit when exists (select from unnest(v_hours) as h (hours) where lower(h.hours) > p_now);
  end loop;
  return query
    select max(upper(h.hours)) filter (where h.hours @> p_now), min(lower(h.hours)) filter (where lower(h.hours) > p_now)
    from unnest(v_hours) as h (hours);
end $function$;
comment on function private.open_hours(uuid,timestamp with time zone) is 'Until when somebody sees patients at a clinic without a break (null: nobody does now), and when somebody does next (null: not within two weeks): by the weekly hours, their exceptions and the days on which the clinic is closed.';

CREATE OR REPLACE FUNCTION private.patient_at_desk(p_phone text, p_name text)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient public.patients;
begin
  if p_phone is null then
    -- All that is known of them.
    insert into public.patients (name) values (coalesce(p_name, '')) returning * into v_patient;
    return v_patient.id;
  end if;
  insert into public.patients (phone, name) values (p_phone, p_name) on conflict (phone) do nothing;
  select * into v_patient from public.patients p where p.phone = p_phone for no key update;
  if not found then
    -- At this moment it was given up: their record was merged, or its phone corrected.
    return private.patient_at_desk(p_phone, p_name);
  end if;
  -- What a patient calls themselves stays.
  update public.patients p set name = p_name where p.id = v_patient.id and p.name is null and p_name is not null;
  return v_patient.id;
end $function$;
comment on function private.patient_at_desk(text,text) is 'The patient of a phone (+E.164), who may be new, locked; without a phone always a new one, who needs a name.';

CREATE OR REPLACE FUNCTION private.permit_change(p_user_id uuid, p_what text, p_phone text DEFAULT NULL::text, p_for interval DEFAULT '00:01:00'::interval, p_state text DEFAULT NULL::text)
 RETURNS uuid
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  insert into private.account_permits (user_id, what, phone, state, expires_at)
  select p_user_id, p_what, p_phone, p_state, now() + p_for
  where p_state is null or p_state = private.account_state(p_user_id)
  returning id
$function$;
comment on function private.permit_change(uuid,text,text,interval,text) is 'Lets the password, the e-mail or the phone (to p_phone, +E.164) of an account be changed, once and soon, as long as it is in p_state (private.account_state; null: whatever it is in). Returns the permit, or null when it is in another.';

CREATE OR REPLACE FUNCTION private.phone_end(p_phone text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return right(p_phone, 4);
end $function$;
comment on function private.phone_end(text) is 'The last four digits of a phone, as lists at the desk show it.';

CREATE OR REPLACE FUNCTION private.phone_is_dormant(p_phone text, p_now timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce((select private.is_dormant(p.id, p_now) from public.patients p where p.phone = p_phone), false);
end $function$;
comment on function private.phone_is_dormant(text,timestamp with time zone) is 'The same of the patient of a phone (+E.164), if there is one.';

CREATE OR REPLACE FUNCTION private.phone_state(p_phone text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_patient public.patients;
begin
  if exists (select from auth.users u where u.phone = ltrim(p_phone, '+')) then
    return 'registered';
  end if;
  select * into v_patient from public.patients p where p.phone = p_phone;
  if not found then
    return 'unknown';
  end if;
  return case
    when v_patient.user_id is not null then 'registered'
    when exists (select from public.appointments a where a.patient_id = v_patient.id)
      or exists (select from private.account_jobs j where j.patient_id = v_patient.id and j.done_at is null)
      then 'has_bookings'
    else 'no_bookings'
  end;
end $function$;
comment on function private.phone_state(text) is 'registered (has an account), has_bookings (a patient without account), no_bookings (the same, nothing booked) or unknown.';

CREATE OR REPLACE FUNCTION private.phone_to_dial(p_phone text, p_from text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
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
end $function$;
comment on function private.phone_to_dial(text,text) is 'A number (+E.164) as somebody dials it from a phone: 044 4000 1000 in the same country, where a 0 is dialled in front; +914440001000 from abroad and where we do not know.';

CREATE OR REPLACE FUNCTION private.phone_typed(p_text text, p_at_home text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_digits constant text := regexp_replace(p_text, '[^0-9]', '', 'g');
  v_code constant text := private.country_code(p_at_home);
begin
  return case
    when v_digits = '' then null
    when btrim(p_text) like '+%' then '+' || v_digits
    when v_digits like '00%' then '+' || substr(v_digits, 3)
    -- The country code without its plus: as long as the numbers of the country are with it.
    when v_digits like v_code || '%' and length(v_digits) >= length(p_at_home) - 1 then '+' || v_digits
    when private.dials_zero(v_code) then '+' || v_code || regexp_replace(v_digits, '^0', '')
    else '+' || v_code || v_digits
  end;
end $function$;
comment on function private.phone_typed(text,text) is 'A phone as +E.164, of what was typed at a desk in whatever notation: without a country code it is of the country of p_at_home, the clinic''s own number. Null: no digit in it.';

CREATE OR REPLACE FUNCTION private.place_behind_next(p_appointment public.appointments)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_own constant timestamptz := coalesce(p_appointment.waits_from, p_appointment.starts_at);
begin
  -- Just behind them, and before whoever comes after them.
  return (
    select min(coalesce(a.waits_from, a.starts_at)) + interval '1 microsecond'
    from public.appointments a
    where a.practitioner_id = p_appointment.practitioner_id and a.local_date = p_appointment.local_date
      and a.status = 'arrived' and a.called_at is null and a.id <> p_appointment.id
      and (coalesce(a.waits_from, a.starts_at), a.starts_at) > (v_own, p_appointment.starts_at)
  );
end $function$;
comment on function private.place_behind_next(public.appointments) is 'Where somebody waits who was called and was not there: behind the next who is. Null: nobody else waits behind them.';

CREATE OR REPLACE FUNCTION private.placeholders_in(p_body text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct case
    when strpos(t.piece, '}}') > 0 then split_part(t.piece, '}}', 1) else t.piece || ' (never closed)' end), '{}')
  from string_to_table(p_body, '{{') with ordinality as t (piece, place)
  where t.place > 1
$function$;
comment on function private.placeholders_in(text) is 'What stands between {{ and }} in a text, as it is written.';

CREATE OR REPLACE FUNCTION private.plan(p public.day_operations)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  case p.kind
    when 'shift' then return query select * from private.plan_shift(p);
    when 'hand_over' then return query select * from private.plan_hand_over(p);
    when 'move' then return query select * from private.plan_move(p);
    else return query select * from private.plan_cancel(p);
  end case;
end $function$;
comment on function private.plan(public.day_operations) is 'What would become of whom.';

CREATE OR REPLACE FUNCTION private.plan_cancel(p public.day_operations)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select a.id, a.patient_id, a.token_number, a.starts_at, a.practitioner_id, a.starts_at, a.ends_at, null, true
    from private.day_hits(p) a;
end $function$;
comment on function private.plan_cancel(public.day_operations) is 'All who still wait, or are booked.';

CREATE OR REPLACE FUNCTION private.plan_hand_over(p public.day_operations)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with hours as materialized (
      select h.opens, h.opens + h.slots * h.length as closes
      from generate_series(0, p.until_date - p.on_date) n
      cross join lateral private.hours_on(p.to_practitioner_id, p.on_date + n) h
    )
    select a.id, a.patient_id, a.token_number, a.starts_at, p.to_practitioner_id, a.starts_at, a.ends_at, case
      when not exists (select from hours h where a.starts_at >= h.opens and a.ends_at <= h.closes) then 'outside_hours'
      when exists (
        select from public.appointments o
        where o.practitioner_id = p.to_practitioner_id and o.active
          and o.local_date between a.local_date - 1 and a.local_date + 1
          and o.starts_at < a.ends_at and o.ends_at > a.starts_at
      ) then 'slot_taken'
    end, true
    from private.day_hits(p) a order by a.starts_at;
end $function$;
comment on function private.plan_hand_over(public.day_operations) is 'All who still wait, at the same time with a colleague who sees patients then and has nobody.';

CREATE OR REPLACE FUNCTION private.plan_move(p public.day_operations)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v public.day_plan;
  v_from timestamptz := '-infinity';
begin
  for v in select l.* from private.plan_cancel(p) l loop
    v := private.next_time(p, v, v_from);
    -- Nobody overtakes who comes before them.
    v_from := coalesce(v.ends_at, v_from);
    return next v;
  end loop;
end $function$;
comment on function private.plan_move(public.day_operations) is 'All who still wait, the first first, at the next free times of their practitioner.';

CREATE OR REPLACE FUNCTION private.plan_shift(p public.day_operations)
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with waiting as materialized (
      select h.id, h.starts_at from private.day_hits(p) h
    ), hits as materialized (
      select a.*, a.starts_at + v.by as new_start, a.ends_at + v.by as new_end, a.id in (select w.id from waiting w) as waits
      from public.appointments a cross join (select make_interval(mins => p.minutes)) v (by)
      where a.practitioner_id = p.practitioner_id and a.local_date = p.on_date and (
        a.id in (select w.id from waiting w)
        -- Who was seen before their turn would be in the way of the others.
        or (a.status in ('arrived', 'fulfilled') and a.starts_at > (select min(w.starts_at) from waiting w))
      )
    )
    select h.id, h.patient_id, h.token_number, h.starts_at, h.practitioner_id, h.new_start, h.new_end, case
      when (h.new_start at time zone c.time_zone)::date <> p.on_date then 'past_midnight'
      when exists (
        select from public.appointments a
        where a.practitioner_id = h.practitioner_id and a.active and a.local_date between p.on_date - 1 and p.on_date + 1
          and a.starts_at < h.new_end and a.ends_at > h.new_start and a.id not in (select o.id from hits o)
      ) then 'slot_taken'
      when exists (
        select from public.appointments a
        where coalesce(a.dependent_id, a.patient_id) = coalesce(h.dependent_id, h.patient_id)
          and a.active and tstzrange(a.starts_at, a.ends_at) && tstzrange(h.new_start, h.new_end)
          and a.id not in (select o.id from hits o)
      ) then 'own_appointment'
    end, h.waits
    from hits h join public.clinics c on c.id = h.clinic_id order by h.starts_at;
end $function$;
comment on function private.plan_shift(public.day_operations) is 'All who still wait from a time on, so many minutes later, and with them those after the first who were seen already. Nobody is squeezed between those who stay.';

CREATE OR REPLACE FUNCTION private.postpone_sms(p_ids uuid[], p_until timestamp with time zone, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_ids is not null then
    update public.sms_messages m set status = 'queued', outcome_unknown = m.outcome_unknown or m.status = 'sending',
      next_attempt_at = least(p_until, m.expires_at), last_error = p_reason
    where m.id = any (p_ids);
  end if;
end $function$;
comment on function private.postpone_sms(uuid[],timestamp with time zone,text) is 'Lets messages wait until an instant, or until they expire, with a reason.';

CREATE OR REPLACE FUNCTION private.profile_of(p_user_id uuid)
 RETURNS TABLE(id uuid, username text, name text, age smallint, phone_number text, locale text, must_change_password boolean, password_expired boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select p.user_id, p.username, p.name, p.age, p.phone, p.locale, t.user_id is not null, coalesce(t.expires_at <= now(), false)
    from public.patients p left join private.temporary_passwords t on t.user_id = p.user_id
    where p.user_id = p_user_id;
end $function$;
comment on function private.profile_of(uuid) is 'What the account API tells of a signed-in patient, and their language.';

CREATE OR REPLACE FUNCTION private.prove_desk_session(p_user_id uuid, p_session_id uuid, p_code text, p_now timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_open_until constant timestamptz := p_now + interval '12 hours';
  v_code private.desk_sessions;
  v_right boolean;
begin
  -- The guess is counted before it is looked at, and the row is locked: guesses in parallel are guesses one by one.
  update private.desk_sessions d set guesses = d.guesses + 1
  where d.session_id = p_session_id and d.user_id = p_user_id and d.code_hash is not null
    and d.code_expires_at > p_now and d.guesses < 5
  returning * into v_code;
  v_right := coalesce(v_code.code_hash = extensions.crypt(p_code, v_code.code_hash), false);
  if v_code.short then
    v_right := private.take_short_guess(v_right, p_now);
  end if;
  if not v_right then
    perform private.note_security_event('code_refused', p.phone, null, p_now)
    from public.patients p where p.user_id = p_user_id;
    return null;
  end if;
  update private.desk_sessions d set code_hash = null, proven_at = p_now, expires_at = v_open_until
  where d.session_id = p_session_id;
  return v_open_until;
end $function$;
comment on function private.prove_desk_session(uuid,uuid,text,timestamp with time zone) is 'Takes one guess at the code of a session. The right one opens the desk for twelve hours, until when is returned; null: it was not right, or too late.';

CREATE OR REPLACE FUNCTION private.queue_appointment_sms(p_template text, p_appointment public.appointments, p_cause text DEFAULT NULL::text, p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v record;
begin
  select p.phone, private.name_in(pr.name, c.id, l.locale) as doctor, private.name_in(c.name, c.id, l.locale) as clinic,
    private.phone_to_dial(c.phone, p.phone) as clinic_phone,
    p_appointment.starts_at at time zone c.time_zone as local_start,
    private.clock_turn(p_appointment.starts_at, c.time_zone) as turn,
    l.locale,
    -- A deleted appointment cannot be referred to.
    (select a.id from public.appointments a where a.id = p_appointment.id) as appointment_id
  into v
  from public.patients p
  join public.practitioners pr on pr.id = p_appointment.practitioner_id
  join public.clinics c on c.id = p_appointment.clinic_id
  left join public.sms_templates t on t.key = p_template and t.locale = coalesce(p.locale, c.locale)
  -- The language it will be in: the one wanted, or en-IN where there is no text in it.
  cross join lateral (select coalesce(t.locale, 'en-IN') as locale) l
  where p.id = p_appointment.patient_id;

  perform private.queue_sms(
    p_template, v.phone,
    jsonb_build_object(
      'who', private.called_name(p_appointment.dependent_id),
      'doctor', v.doctor, 'clinic', v.clinic, 'clinic_phone', v.clinic_phone,
      'day', private.sms_day(v.local_start, v.locale),
      'time', private.sms_time(v.local_start, v.locale, v.turn),
      'token', p_appointment.token_number, 'reference', p_appointment.reference,
      'url', private.appointments_link()
    ),
    p_template || ':' || p_appointment.id || ':' || coalesce(p_cause, p_appointment.version::text),
    p_appointment.patient_id, v.appointment_id, v.locale,
    p_expires_at => coalesce(p_expires_at, p_appointment.ends_at)
  ) where v.phone is not null;
end $function$;
comment on function private.queue_appointment_sms(text,public.appointments,text,timestamp with time zone) is 'Queues an SMS that tells of an appointment, in the patient''s language and the clinic''s time zone; once for each cause. It is worthless when the appointment is over.';

CREATE OR REPLACE FUNCTION private.queue_is_known(p_practitioner_id uuid, p_on date)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on
      and a.status in ('arrived', 'fulfilled', 'noshow')
  );
end $function$;
comment on function private.queue_is_known(uuid,date) is 'Whether the clinic has marked anybody of a practitioner''s day.';

CREATE OR REPLACE FUNCTION private.queue_of(p_practitioner_id uuid, p_on date, p_now timestamp with time zone)
 RETURNS TABLE(token_number integer, waits_from timestamp with time zone, starts_at timestamp with time zone, here boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with day as (
      select a.* from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.local_date = p_on
    ), progress as (
      select max(d.starts_at) filter (where coalesce(d.called_at, d.seen_at) is not null) as reached from day d
    )
    select d.token_number, coalesce(d.waits_from, d.starts_at), d.starts_at, d.status = 'arrived'
    from day d cross join progress p
    where case d.status
      when 'arrived' then d.called_at is null
      -- May still come, unless the queue has gone past them, or their time has long passed.
      when 'booked' then d.ends_at > p_now - interval '2 hours'
        and (d.starts_at > p_now or p.reached is null or p.reached < d.starts_at)
      else false end
    order by 2, 3, 1;
end $function$;
comment on function private.queue_of(uuid,date,timestamp with time zone) is 'Who is still to be seen by a practitioner that day, in the order in which they are called (waits_from, else their own time): who waits (here), and who may still come: not once somebody of a later time was called or seen after their time had come, nor two hours after their end.';

CREATE OR REPLACE FUNCTION private.queue_place(p_patient_id uuid, p_appointment_id uuid, p_now timestamp with time zone)
 RETURNS TABLE(ahead integer, now_serving integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_own public.appointments;
begin
  select * into v_own from public.appointments a where a.id = p_appointment_id and a.patient_id = p_patient_id;
  if not found then
    perform private.fail('unknown_appointment');
  end if;
  return query
    select case when private.queue_is_known(v_own.practitioner_id, v_own.local_date) then (
      select count(*)::int from private.queue_of(v_own.practitioner_id, v_own.local_date, p_now) q
      where (q.waits_from, q.starts_at) < (coalesce(v_own.waits_from, v_own.starts_at), v_own.starts_at)
    ) end, private.now_serving(v_own.practitioner_id, v_own.local_date);
end $function$;
comment on function private.queue_place(uuid,uuid,timestamp with time zone) is 'How many of the queue are before a patient with the same practitioner that day, and the token called or seen last. Null: the clinic has marked nobody that day.';

CREATE OR REPLACE FUNCTION private.queue_reminders(p_now timestamp with time zone DEFAULT now())
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_clinic public.clinics;
  v_due record;
  v_appointment public.appointments;
  v_queued int := 0;
begin
  for v_clinic in select * from public.clinics loop
    for v_due in select * from private.reminders_due(v_clinic, p_now) loop
      for v_appointment in
        select * from private.appointments_to_remind(
          v_due.template, v_clinic, v_due.starts_from, v_due.starts_until, v_due.early
        )
      loop
        perform private.queue_appointment_sms(
          v_due.template, v_appointment, extract(epoch from v_appointment.starts_at)::bigint::text,
          least(v_due.expires_at, v_appointment.starts_at)
        );
        v_queued := v_queued + 1;
      end loop;
    end loop;
  end loop;
  return v_queued;
end $function$;
comment on function private.queue_reminders(timestamp with time zone) is 'Queues the reminders that are due and returns how many. Once for each appointment and time, however often it runs.';

CREATE OR REPLACE FUNCTION private.queue_sms(p_template text, p_to_phone text, p_values jsonb, p_dedupe_key text, p_patient_id uuid DEFAULT NULL::uuid, p_appointment_id uuid DEFAULT NULL::uuid, p_locale text DEFAULT 'en-IN'::text, p_secret boolean DEFAULT false, p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid;
  v_template public.sms_templates;
begin
  select * into v_template from public.sms_templates t
  where t.key = p_template and t.locale in (p_locale, 'en-IN')
  order by t.locale = p_locale desc limit 1;
  if not found then
    raise exception 'There is no SMS template named %.', p_template;
  end if;
  insert into public.sms_messages
    (template, locale, to_phone, body, dedupe_key, patient_id, appointment_id, secret, expires_at)
  values
    (p_template, v_template.locale, p_to_phone,
     -- In front of whatever an admin has written: a family has to know whom it is about.
     private.sms_text(case when p_values ->> 'who' is null then '' else '{{who}}: ' end || v_template.body, p_values),
     p_dedupe_key, p_patient_id, p_appointment_id, p_secret, p_expires_at)
  on conflict (dedupe_key) do nothing
  returning id into v_id;
  return v_id;
end $function$;
comment on function private.queue_sms(text,text,jsonb,text,uuid,uuid,text,boolean,timestamp with time zone) is 'Queues one SMS from a template; with who among the values it begins with that name. Returns its id, or null when its cause has queued it already.';

CREATE OR REPLACE FUNCTION private.random_digits(p_length integer)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- 60 random bits of a v4 uuid; gen_random_uuid() draws from the system's secure source.
  return lpad((('x' || substr(replace(gen_random_uuid()::text, '-', ''), 18, 15))::bit(60)::bigint
    % (10 ^ p_length)::bigint)::text, p_length, '0');
end $function$;
comment on function private.random_digits(integer) is 'A random string of digits, for references.';

CREATE OR REPLACE FUNCTION private.redirect_sms(p_patient_id uuid, p_from text, p_to text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_sms(array(
    select m.id from public.sms_messages m
    where m.patient_id = p_patient_id and m.to_phone = p_from and m.status = 'queued' and not private.stays_with_phone(m)
  ));
  -- A code or password was for the old phone alone.
  update public.sms_messages m
  set to_phone = case when m.secret then m.to_phone else p_to end,
    status = case when m.secret then 'cancelled' else m.status end,
    last_error = case when m.secret then 'the patient was given another phone' else m.last_error end
  where m.patient_id = p_patient_id and m.to_phone = p_from and m.status = 'queued' and not private.stays_with_phone(m);
end $function$;
comment on function private.redirect_sms(uuid,text,text) is 'What waits to be texted to a patient goes to their new phone; codes and passwords are withdrawn, and warnings stay with the phone they are for.';

CREATE OR REPLACE FUNCTION private.references_to_patients()
 RETURNS TABLE(relation regclass, column_name name, key name)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select c.conrelid::regclass, a.attname, k.attname
  from pg_catalog.pg_constraint c
  join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
  join pg_catalog.pg_constraint p on p.conrelid = c.conrelid and p.contype = 'p'
  join pg_catalog.pg_attribute k on k.attrelid = p.conrelid and k.attnum = p.conkey[1]
  where c.contype = 'f' and c.confrelid = 'public.patients'::regclass
    -- Who is gone stays so.
    and (c.conrelid, a.attname) <> ('private.patient_merges'::regclass, 'gone_id')
  -- Dependents take their appointments along.
  order by c.conrelid <> 'public.dependents'::regclass, c.conrelid::regclass::text
$function$;
comment on function private.references_to_patients() is 'Every column that points to a patient, as the catalogue knows them, with the primary key of its table, in the order in which they can be given to another.';

CREATE OR REPLACE FUNCTION private.registration_verdict(p_purpose text, p_phone text, p_username text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_state constant text := private.phone_state(p_phone);
begin
  return case
    when v_state = 'registered' then 'phone_already_registered'
    when p_purpose = 'register' and v_state = 'has_bookings' then 'ivr_account_exists'
    when p_purpose = 'link' and v_state <> 'has_bookings' then 'no_ivr_bookings'
    when private.username_is_taken(p_username, p_phone) then 'username_taken'
    else 'allowed'
  end;
end $function$;
comment on function private.registration_verdict(text,text,text) is 'allowed, or why a phone cannot register or link as asked, as a word of the account API.';

CREATE OR REPLACE FUNCTION private.release_code(p_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update private.phone_verifications v set used_at = null, guesses = v.guesses - 1
  where v.id = p_id and v.used_at is not null;
end $function$;
comment on function private.release_code(uuid) is 'The work behind the right code failed on our side: the guess does not count, and the code may be used again within its time.';

CREATE OR REPLACE FUNCTION private.reminder_time(p_template text, p_clinic public.clinics, p_starts_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case p_template
    when 'reminder_day_before'
      then private.instant_of(p_starts_at at time zone p_clinic.time_zone - interval '1 day', p_clinic.time_zone)
    else p_starts_at - make_interval(hours => p_clinic.reminder_hours_before)
  end;
end $function$;
comment on function private.reminder_time(text,public.clinics,timestamp with time zone) is 'When an appointment is reminded of where no quiet hours are in the way.';

CREATE OR REPLACE FUNCTION private.reminders_due(p_clinic public.clinics, p_now timestamp with time zone)
 RETURNS TABLE(template text, starts_from timestamp with time zone, starts_until timestamp with time zone, early timestamp with time zone, expires_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_quiet record;
  v_early timestamptz;
  v_hours constant interval := make_interval(hours => p_clinic.reminder_hours_before);
  v_local constant timestamp := p_now at time zone p_clinic.time_zone;
  v_midnight constant timestamptz := private.instant_of(v_local::date + 1, p_clinic.time_zone);
begin
  v_quiet := private.next_quiet_hours(p_clinic, p_now);
  if v_quiet.quiet_now then
    return;
  end if;
  -- The last half hour before the quiet hours: what they would make too late goes now.
  if p_now >= v_quiet.begin_at - interval '30 minutes' then
    v_early := v_quiet.begin_at - interval '30 minutes';
  end if;
  if p_clinic.reminder_day_before then
    return query select 'reminder_day_before', v_midnight,
      case when v_early is not null and v_quiet.end_at > v_midnight
        then private.instant_of(v_local::date + 2, p_clinic.time_zone) - interval '1 microsecond'
        else private.instant_of(v_local + interval '1 day', p_clinic.time_zone) end,
      v_early, least(v_quiet.begin_at, v_midnight);
  end if;
  if v_hours is not null then
    -- In the last quarter of an hour the patient is on the way.
    return query select 'reminder_hours_before', p_now + interval '15 minutes',
      greatest(p_now + v_hours,
        case when v_early is not null then v_quiet.end_at + interval '1 hour' - interval '1 microsecond' end),
      v_early, v_quiet.begin_at;
  end if;
end $function$;
comment on function private.reminders_due(public.clinics,timestamp with time zone) is 'Which appointments of a clinic are to be reminded of at an instant: those that begin in a range of time. None in quiet hours.';

CREATE OR REPLACE FUNCTION private.render_template(p_body text, p_values jsonb)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- One pass over the pieces between the braces, so that a value is never read as a template itself.
  return (
    select string_agg(
      case when t.place = 1 then t.piece
      else coalesce(p_values ->> split_part(t.piece, '}}', 1), '') || substr(t.piece, strpos(t.piece, '}}') + 2)
      end, '' order by t.place)
    from string_to_table(p_body, '{{') with ordinality as t (piece, place)
  );
end $function$;
comment on function private.render_template(text,jsonb) is 'A template''s body with its {{placeholders}} replaced.';

CREATE OR REPLACE FUNCTION private.replace_hours(p_practitioner_id uuid, p_on date, p_from time without time zone, p_minutes integer, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_hours jsonb;
begin
  select jsonb_agg(h) into v_hours from private.cut_hours(p_practitioner_id, p_on, p_from) h;
  if v_hours is null then
    return;
  elsif exists (
    select from jsonb_to_recordset(v_hours) as h (end_time interval, is_later boolean)
    where h.is_later and h.end_time + make_interval(mins => p_minutes) >= interval '24 hours'
  ) then
    perform private.fail('past_midnight');
  end if;
  delete from public.schedule_exceptions e where e.practitioner_id = p_practitioner_id and e.on_date = p_on;
  insert into public.schedule_exceptions (practitioner_id, on_date, start_time, end_time, slot_minutes, reason)
  select p_practitioner_id, p_on, h.start_time + v.by, h.end_time + v.by, h.slot_minutes, p_reason
  from jsonb_to_recordset(v_hours) as h (start_time time, end_time time, slot_minutes smallint, is_later boolean)
  cross join lateral (select case when h.is_later then make_interval(mins => p_minutes) else interval '0' end) v (by)
  -- Without minutes what is later goes.
  where not h.is_later or p_minutes is not null;
  if not found then
    insert into public.schedule_exceptions (practitioner_id, on_date, reason) values (p_practitioner_id, p_on, p_reason);
  end if;
end $function$;
comment on function private.replace_hours(uuid,date,time without time zone,integer,text) is 'Has the hours of a date, from a time on, begin so many minutes later; without minutes those hours go.';

CREATE OR REPLACE FUNCTION private.report_sms(p_id uuid, p_token text, p_status text, p_at timestamp with time zone, p_error text DEFAULT NULL::text, p_provider_id text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_final constant boolean := p_status in ('delivered', 'expired', 'delivery_failed');
  v_message public.sms_messages;
begin
  select * into v_message from public.sms_messages m where m.id = p_id and m.report_token = p_token for update;
  if not found then
    return 'unknown';
  end if;
  -- Delivered and reported failures are final; of the rest the newest counts, in whatever order they come.
  if v_message.status = 'delivered'
    or (v_message.status = 'failed' and v_message.reported_at is not null)
    or p_status not in ('scheduled', 'sent', 'buffered', 'delivered', 'expired', 'delivery_failed')
    or (not v_final and p_at <= v_message.reported_at) then
    return 'ignored';
  end if;
  -- A report proves that the provider has it, whatever we believed.
  update public.sms_messages m set
    status = case p_status when 'delivered' then 'delivered' when 'expired' then 'failed'
      when 'delivery_failed' then 'failed' else 'sent' end,
    delivered_at = case when p_status = 'delivered' then p_at else m.delivered_at end,
    sent_at = coalesce(m.sent_at, p_at),
    reported_at = greatest(m.reported_at, p_at),
    outcome_unknown = false,
    provider_id = coalesce(p_provider_id, m.provider_id),
    last_error = case when p_status in ('expired', 'delivery_failed') then coalesce(p_error, p_status) end
  where m.id = p_id;
  return 'updated';
end $function$;
comment on function private.report_sms(uuid,text,text,timestamp with time zone,text,text) is 'Takes a status report of the provider. Repeated and late reports never move a final state back.';

CREATE OR REPLACE FUNCTION private.request_account(p_patient_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.account_jobs (patient_id)
  select p.id from public.patients p
  where p.id = p_patient_id and p.user_id is null and p.phone is not null and not private.is_dormant(p.id)
  on conflict do nothing;
end $function$;
comment on function private.request_account(uuid) is 'Queues an account for a patient who has none, unless the phone may be somebody else''s by now.';

CREATE OR REPLACE FUNCTION private.require_changeable(p_appointment public.appointments, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if p_appointment.status <> 'booked' or p_appointment.starts_at <= p_now then
    perform private.fail(case p_appointment.status
      when 'cancelled' then 'already_cancelled'
      when 'fulfilled' then 'already_seen'
      else 'already_begun'
    end);
  end if;
end $function$;
comment on function private.require_changeable(public.appointments,timestamp with time zone) is 'Refuses what its patient cannot move or cancel any more: already_cancelled, already_seen, or already_begun (its time has come, or the patient is there).';

CREATE OR REPLACE FUNCTION private.require_colleague(p public.day_operations)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_active boolean;
begin
  select d.active into v_active from public.practitioners d where d.id = p.to_practitioner_id and d.clinic_id = p.clinic_id;
  if not found then
    perform private.fail('unknown_doctor');
  elsif p.to_practitioner_id = p.practitioner_id then
    perform private.fail('same_practitioner');
  elsif not v_active then
    perform private.fail('doctor_inactive');
  elsif not exists (
    select from generate_series(0, p.until_date - p.on_date) n
    cross join lateral private.hours_on(p.to_practitioner_id, p.on_date + n)
  ) then
    perform private.fail('colleague_without_hours');
  end if;
end $function$;
comment on function private.require_colleague(public.day_operations) is 'Refuses a colleague who cannot take anybody: unknown_doctor (also of another clinic), same_practitioner, doctor_inactive or colleague_without_hours.';

CREATE OR REPLACE FUNCTION private.require_confirmable(p_appointment public.appointments, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.require_changeable(p_appointment, p_now);
  -- Not sooner: what is so far away can still change. Reminders go out on the day before at the earliest.
  if p_appointment.local_date - 1 > (
    select (p_now at time zone c.time_zone)::date from public.clinics c where c.id = p_appointment.clinic_id
  ) then
    perform private.fail('too_early_to_confirm');
  end if;
end $function$;
comment on function private.require_confirmable(public.appointments,timestamp with time zone) is 'Refuses what its patient cannot confirm: too_early_to_confirm before the day before it, and what private.require_changeable refuses.';

CREATE OR REPLACE FUNCTION private.require_dependent_at_desk(p_dependent_id uuid)
 RETURNS public.dependents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_dependent public.dependents;
begin
  perform private.require_desk();
  select * into v_dependent from public.dependents d where d.id = p_dependent_id and d.name is not null;
  if not found then
    perform private.fail('unknown_dependent');
  end if;
  perform private.require_patient_at_desk(v_dependent.patient_id);
  return v_dependent;
end $function$;
comment on function private.require_dependent_at_desk(uuid) is 'A dependent of a patient as private.require_patient_at_desk has them; refuses with unknown_dependent or unknown_patient.';

CREATE OR REPLACE FUNCTION private.require_desk()
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_user_id uuid;
begin
  if private.is_admin() then
    return;
  end if;
  v_user_id := private.require_staff();
  if not exists (
    select from private.desk_sessions d
    where d.session_id = private.session_id() and d.user_id = v_user_id and d.expires_at > now()
  ) then
    perform private.fail('desk_proof_required');
  end if;
end $function$;
comment on function private.require_desk() is 'Lets pass who works at the desk of any clinic and has opened it, and admins: for what then asks private.sees_desk of each row. Refuses with not_signed_in, password_change_required, not_staff or desk_proof_required.';

CREATE OR REPLACE FUNCTION private.require_desk(p_clinic_id uuid, p_manager_only boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_role text;
begin
  perform private.require_desk();
  if p_clinic_id is null then
    -- Whoever asks says which. No clinic is none, and not whichever: rows of none are everybody's.
    perform private.fail('unknown_clinic');
  elsif private.is_admin() then
    return;
  end if;
  v_role := private.desk_role(p_clinic_id);
  if v_role is null then
    perform private.fail('not_staff');
  elsif p_manager_only and v_role <> 'manager' then
    perform private.fail('manager_only');
  end if;
end $function$;
comment on function private.require_desk(uuid,boolean) is 'Lets pass who works at the desk of this clinic, or manages it, and has opened it, and admins. Refuses like private.require_desk() of any desk, and with unknown_clinic (null) or manager_only.';

CREATE OR REPLACE FUNCTION private.require_gap(p_practitioner_id uuid, p_starts_at timestamp with time zone, p_now timestamp with time zone, p_person_id uuid DEFAULT NULL::uuid, OUT starts_at timestamp with time zone, OUT ends_at timestamp with time zone, OUT token_number integer)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v record;
begin
  select p.active, (p_now at time zone c.time_zone)::date as today,
    (coalesce(p_starts_at, p_now) at time zone c.time_zone)::date as on_date, c.time_zone into v
  from public.practitioners p join public.clinics c on c.id = p.clinic_id where p.id = p_practitioner_id;
  if not v.active then
    perform private.fail('doctor_inactive');
  elsif v.on_date > v.today + 366 then
    perform private.fail('beyond_horizon');
  elsif p_starts_at is null then
    select g.* into starts_at, ends_at, token_number
    from private.gap_now(p_practitioner_id, v.today, p_now, p_person_id) g;
  else
    select g.* into starts_at, ends_at, token_number from private.gap_at(p_practitioner_id, v.on_date, p_starts_at) g;
  end if;
  if ends_at is null then
    perform private.fail('outside_hours');
  elsif ends_at <= p_now then
    perform private.fail('slot_in_past');
  elsif (starts_at at time zone v.time_zone)::date <> v.on_date then
    perform private.fail('day_is_full');
  end if;
end $function$;
comment on function private.require_gap(uuid,timestamp with time zone,timestamp with time zone,uuid) is 'When the desk can put somebody: at an instant, or (null) as soon as possible today, with a person in a slot that fits their other appointments. A slot that has begun can still be had. Refuses with doctor_inactive, beyond_horizon, outside_hours, slot_in_past or day_is_full.';

CREATE OR REPLACE FUNCTION private.require_manager_of(p_practitioner_id uuid, OUT clinic_id uuid, OUT today date)
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk();
  select c.id, (now() at time zone c.time_zone)::date into clinic_id, today
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = p_practitioner_id and private.sees_desk(c.id);
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  perform private.require_desk(clinic_id, true);
  perform private.set_channel('desk');
end $function$;
comment on function private.require_manager_of(uuid) is 'The clinic of a practitioner, which one manages, and what day it is there. Refuses like private.require_desk, and with unknown_doctor.';

CREATE OR REPLACE FUNCTION private.require_mergeable(p_keep public.patients, p_gone public.patients)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_clash text;
begin
  if p_keep.id = p_gone.id then
    perform private.fail('same_patient');
  elsif p_keep.user_id is not null and p_gone.user_id is not null then
    perform private.fail('both_have_accounts');
  elsif p_gone.user_id is not null then
    perform private.fail('gone_has_account');
  elsif not private.is_admin() and exists (
    select from public.appointments a where a.patient_id = p_gone.id and not private.sees_desk(a.clinic_id)
  ) then
    perform private.fail('patient_of_others');
  end if;
  perform private.require_no_staff_phone(p_gone.phone);
  if private.family_of(p_keep.id, p_gone.id) > private.most_dependents() then
    perform private.fail('family_too_large', private.most_dependents()::text);
  end if;
  select to_char(m.starts_at at time zone c.time_zone, 'YYYY-MM-DD HH24:MI') into v_clash
  from private.merge_clashes(p_keep.id, p_gone.id) m join public.clinics c on c.id = m.clinic_id
  order by m.starts_at limit 1;
  if found then
    perform private.fail('appointments_clash', v_clash);
  end if;
end $function$;
comment on function private.require_mergeable(public.patients,public.patients) is 'Refuses with same_patient, both_have_accounts, gone_has_account, patient_of_others, phone_of_staff (of the one that is to go), family_too_large or appointments_clash.';

CREATE OR REPLACE FUNCTION private.require_no_overlap(p_practitioner_id uuid, p_person_id uuid, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_except uuid DEFAULT NULL::uuid)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_taken boolean;
  v_own boolean;
begin
  select bool_or(a.practitioner_id = p_practitioner_id), bool_or(coalesce(a.dependent_id, a.patient_id) = p_person_id)
  into v_taken, v_own
  from public.appointments a
  where (a.practitioner_id = p_practitioner_id or coalesce(a.dependent_id, a.patient_id) = p_person_id)
    and a.active and a.id is distinct from p_except
    and tstzrange(a.starts_at, a.ends_at) && tstzrange(p_starts_at, p_ends_at);
  if not v_own then
    perform private.fail('slot_taken');
  elsif v_own then
    if exists (select from public.dependents d where d.id = p_person_id) then
      perform private.fail(case when v_taken then 'dependent_slot' else 'dependent_appointment' end);
    end if;
    perform private.fail(case when v_taken then 'own_slot' else 'own_appointment' end);
  end if;
end $function$;
comment on function private.require_no_overlap(uuid,uuid,timestamp with time zone,timestamp with time zone,uuid) is 'Refuses a time at which the practitioner (slot_taken), the person (own_appointment, dependent_appointment) or both (own_slot, dependent_slot) have an appointment. A person is a patient or one of their dependents.';

CREATE OR REPLACE FUNCTION private.require_no_staff_phone(VARIADIC p_phones text[])
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- Rights at a desk go with the phone: they are not for colleagues to move.
  if not private.is_admin() and exists (select from public.clinic_staff s where s.phone = any (p_phones)) then
    perform private.fail('phone_of_staff');
  end if;
end $function$;
comment on function private.require_no_staff_phone(text[]) is 'Refuses with phone_of_staff, but for admins, to give or take the phone of somebody who works at a desk.';

CREATE OR REPLACE FUNCTION private.require_open(p_appointment public.appointments)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_appointment.status not in ('booked', 'arrived') or p_appointment.called_at is not null then
    perform private.fail('changed_meanwhile', private.what_happened(p_appointment));
  end if;
end $function$;
comment on function private.require_open(public.appointments) is 'Refuses with changed_meanwhile what the desk can no longer move or cancel: who is with the doctor, was seen, is gone or cancelled.';

CREATE OR REPLACE FUNCTION private.require_own_phone(p_dependent public.dependents, p_phone text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_clash text;
begin
  if p_phone is null then
    perform private.fail('invalid_phone');
  elsif exists (select from public.patients p where p.id = p_dependent.patient_id and p.phone = p_phone) then
    perform private.fail('phone_of_holder');
  elsif private.phone_is_dormant(p_phone) then
    -- Whose it was before is then not theirs to see.
    perform private.fail('dormant_phone');
  end if;
  select to_char(greatest(a.starts_at, o.starts_at) at time zone c.time_zone, 'YYYY-MM-DD HH24:MI') into v_clash
  from public.appointments a
  join public.clinics c on c.id = a.clinic_id
  join public.patients p on p.phone = p_phone
  join public.appointments o on o.patient_id = p.id and o.dependent_id is null and o.active
    and tstzrange(o.starts_at, o.ends_at) && tstzrange(a.starts_at, a.ends_at)
  where a.dependent_id = p_dependent.id and a.active order by a.starts_at limit 1;
  if found then
    perform private.fail('appointments_clash', v_clash);
  end if;
end $function$;
comment on function private.require_own_phone(public.dependents,text) is 'Refuses a phone that a dependent cannot have: invalid_phone, phone_of_holder, dormant_phone, or appointments_clash with those of the patient who has it.';

CREATE OR REPLACE FUNCTION private.require_patient()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id uuid := private.current_patient_id();
begin
  if v_patient_id is null then
    if exists (select from private.temporary_passwords t where t.user_id = private.current_user_id()) then
      perform private.fail('password_change_required');
    end if;
    perform private.fail('not_signed_in');
  end if;
  return v_patient_id;
end $function$;
comment on function private.require_patient() is 'The patient who is signed in; refuses with not_signed_in or password_change_required.';

CREATE OR REPLACE FUNCTION private.require_patient_at_desk(p_patient_id uuid)
 RETURNS public.patients
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_patient public.patients;
begin
  perform private.require_desk();
  perform private.set_channel('desk');
  select * into v_patient from public.patients p
  where p.id = coalesce(private.merged_into(p_patient_id), p_patient_id) and (private.is_admin() or exists (
    select from public.appointments a where a.patient_id = p.id and private.sees_desk(a.clinic_id)
  ) or exists (
    select from private.introduced_patients i where i.patient_id = p.id and private.sees_desk(i.clinic_id)
  ));
  if not found then
    perform private.fail('unknown_patient');
  end if;
  return v_patient;
end $function$;
comment on function private.require_patient_at_desk(uuid) is 'A patient, or the one that they were merged into, who has or had an appointment at a desk that one has opened, or was introduced there; of admins any. Refuses with unknown_patient, also for those of others.';

CREATE OR REPLACE FUNCTION private.require_possible(p public.day_operations)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p.on_date is null or p.on_date < private.local_time(p)::date then
    perform private.fail(case p.kind when 'close' then 'wrong_dates' else 'day_is_over' end);
  elsif not coalesce(isfinite(p.on_date) and p.until_date between p.on_date and p.on_date + 366, false) then
    perform private.fail('wrong_dates');
  elsif p.kind = 'shift' and not coalesce(p.minutes between 1 and 600, false) then
    perform private.fail('wrong_minutes');
  elsif p.kind = 'hand_over' then
    perform private.require_colleague(p);
  end if;
end $function$;
comment on function private.require_possible(public.day_operations) is 'Refuses what nobody can mean: day_is_over, wrong_dates, wrong_minutes, or a colleague who cannot take anybody.';

CREATE OR REPLACE FUNCTION private.require_room(p_patient_id uuid, p_clinic_id uuid, p_max_active_bookings integer, p_now timestamp with time zone, p_unproven boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_max_active_bookings <= (
    select count(*) from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id
      and a.status in ('booked', 'arrived') and a.ends_at > p_now
      -- A patient who comes for years has hundreds of appointments behind them, and a clinic may never have marked them
      -- as seen. None that began two days ago can still be to come: with that said an index finds the few that are.
      and a.starts_at > p_now - interval '2 days'
      -- Whoever forges a caller ID takes nothing from its owner.
      and (p_unproven or not a.unproven)
  ) then
    perform private.fail('too_many_bookings');
  end if;
end $function$;
comment on function private.require_room(uuid,uuid,integer,timestamp with time zone,boolean) is 'Refuses with too_many_bookings when the patient has as many appointments to come as the clinic allows. Those booked in unproven calls count only for one more such call (p_unproven).';

CREATE OR REPLACE FUNCTION private.require_slot(p_practitioner_id uuid, p_starts_at timestamp with time zone, p_now timestamp with time zone, OUT clinic_id uuid, OUT max_active_bookings integer, OUT ends_at timestamp with time zone, OUT token_number integer)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_refusal text;
begin
  if p_starts_at <= p_now then
    perform private.fail('slot_in_past');
  end if;
  select c.id, c.max_active_bookings, s.ends_at, s.token_number, case
      when not p.active then 'doctor_inactive'
      when l.on_date > (p_now at time zone c.time_zone)::date + c.booking_horizon_days then 'beyond_horizon'
      when s.ends_at is null then 'outside_hours'
    end
  into clinic_id, max_active_bookings, ends_at, token_number, v_refusal
  from public.practitioners p
  join public.clinics c on c.id = p.clinic_id
  cross join lateral (select (p_starts_at at time zone c.time_zone)::date as on_date) l
  cross join lateral private.slot_at(p.id, l.on_date, p_starts_at) s
  where p.id = p_practitioner_id;
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  if v_refusal is not null then
    perform private.fail(v_refusal);
  end if;
end $function$;
comment on function private.require_slot(uuid,timestamp with time zone,timestamp with time zone) is 'The slot that begins then, taken or not. Refuses with slot_in_past, unknown_doctor, doctor_inactive, beyond_horizon or outside_hours.';

CREATE OR REPLACE FUNCTION private.require_staff()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_user_id constant uuid := private.current_user_id();
begin
  if v_user_id is null then
    perform private.fail('not_signed_in');
  elsif exists (select from private.temporary_passwords t where t.user_id = v_user_id) then
    perform private.fail('password_change_required');
  elsif not exists (select from public.clinic_staff s where s.user_id = v_user_id) then
    perform private.fail('not_staff');
  end if;
  return v_user_id;
end $function$;
comment on function private.require_staff() is 'The signed-in account, which is somebody''s who works at a desk. Refuses with not_signed_in, password_change_required or not_staff.';

CREATE OR REPLACE FUNCTION private.reschedule(p_patient_id uuid, p_appointment_id uuid, p_starts_at timestamp with time zone, p_channel text, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments;
  v_slot record;
begin
  perform private.set_channel(p_channel);
  v_appointment := private.lock_appointment(p_patient_id, p_appointment_id);
  perform private.require_changeable(v_appointment, p_now);
  if v_appointment.starts_at = p_starts_at then
    return v_appointment;
  end if;

  select * into v_slot from private.require_slot(v_appointment.practitioner_id, p_starts_at, p_now);
  perform private.count_change(p_patient_id, p_channel, p_now);
  for v_try in 1..3 loop
    begin
      update public.appointments a set starts_at = p_starts_at, ends_at = v_slot.ends_at
      where a.id = p_appointment_id returning * into v_appointment;
      return v_appointment;
    exception when exclusion_violation or unique_violation or deadlock_detected then
      perform private.require_no_overlap(
        v_appointment.practitioner_id, coalesce(v_appointment.dependent_id, p_patient_id), p_starts_at, v_slot.ends_at, p_appointment_id
      );
      -- Nobody has it: two waited for each other, or the other gave it up again.
    end;
  end loop;
  perform private.fail('slot_taken');
end $function$;
comment on function private.reschedule(uuid,uuid,timestamp with time zone,text,timestamp with time zone) is 'Moves a patient''s own upcoming appointment to another free slot of the same practitioner.';

CREATE OR REPLACE FUNCTION private.retry_account_job(p_job_id uuid, p_attempt integer, p_error text, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  update private.account_jobs j
  set last_error = p_error,
    next_attempt_at = p_now + least(interval '10 seconds' * 2 ^ least(p_attempt - 1, 20), interval '1 hour') * (0.75 + random() / 2)
  where j.id = p_job_id and j.attempts = p_attempt and j.done_at is null
$function$;
comment on function private.retry_account_job(uuid,integer,text,timestamp with time zone) is 'An attempt failed; the job comes back later. It never gives up.';

CREATE OR REPLACE FUNCTION private.role_of_session(p_session_id uuid, p_clinic_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select s.role
    from private.desk_sessions d join public.clinic_staff s on s.user_id = d.user_id
    where d.session_id = p_session_id and d.expires_at > now() and s.clinic_id = p_clinic_id
      and d.user_id = private.user_of_session(p_session_id)
      and not exists (select from private.temporary_passwords t where t.user_id = d.user_id)
  );
end $function$;
comment on function private.role_of_session(uuid,uuid) is 'desk or manager, when a session belongs to staff of a clinic and has opened the desk; else null.';

CREATE OR REPLACE FUNCTION private.sample_of(p_placeholder text, p_locale text DEFAULT 'en-IN'::text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_local constant timestamp := '2026-10-21 10:30';
begin
  return case p_placeholder
    when 'doctor' then 'Dr. Karthik Subramanian'
    when 'clinic' then 'Lakeside Clinic'
    when 'clinic_phone' then '044 4000 1000'
    when 'day' then private.sms_day(v_local, p_locale)
    when 'time' then private.sms_time(v_local, p_locale)
    when 'token' then '12'
    when 'reference' then '4821'
    when 'username' then '+919999999999'
    when 'password' then 'ABC12345'
    when 'code' then '482193'
    when 'phone' then '+91********99'
    when 'url' then 'medq.example/a'
    when 'name' then 'Lakshmi Narayanan'
    when 'who' then 'Ramachandran'
    when 'text' then '80 % of the SMS of today are sent. See sms_budget.'
    else upper(p_placeholder)
  end;
end $function$;
comment on function private.sample_of(text,text) is 'What a placeholder may look like when it is filled in. One that is not known here is its name in capitals.';

CREATE OR REPLACE FUNCTION private.seen_clinics(p_asked jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'open_until', o.open_until, 'opens_at', o.opens_at)), '[]')
    from public.clinics c cross join lateral private.open_hours(c.id, p_now) o
    where c.id in (select a.id::uuid from jsonb_array_elements_text(p_asked -> 'clinic_ids') a (id))
  );
end $function$;
comment on function private.seen_clinics(jsonb,timestamp with time zone) is 'Whether clinics are open, for anybody. Asked {clinic_ids}; tells [{id, open_until, opens_at}] as private.open_hours does.';

CREATE OR REPLACE FUNCTION private.seen_days(p_asked jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_clinic_id constant uuid := p_asked ->> 'clinic_id';
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(d) order by d.on_date), '[]')
    from private.free_days(
      v_clinic_id, (p_asked ->> 'practitioner_id')::uuid, private.specialty_at(v_clinic_id, p_asked ->> 'specialty'),
      coalesce((p_asked ->> 'from_date')::date, '-infinity'), least(greatest((p_asked ->> 'days')::int, 1), 31), p_now
    ) d
  );
end $function$;
comment on function private.seen_days(jsonb,timestamp with time zone) is 'What public.available_days tells a patient, for anybody. Asked {clinic_id, practitioner_id, specialty, from_date, days}.';

CREATE OR REPLACE FUNCTION private.seen_practitioners(p_asked jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(b) order by b.specialty, b.practitioner_name, b.practitioner_id), '[]')
    from private.bookable_at((p_asked ->> 'clinic_id')::uuid, p_now) b
  );
end $function$;
comment on function private.seen_practitioners(jsonb,timestamp with time zone) is 'What public.bookable_practitioners tells a patient, for anybody. Asked {clinic_id}.';

CREATE OR REPLACE FUNCTION private.seen_slots(p_asked jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(s)), '[]')
    from private.free_slots_of_day(
      (p_asked ->> 'clinic_id')::uuid, (p_asked ->> 'on_date')::date, (p_asked ->> 'practitioner_id')::uuid,
      p_asked ->> 'specialty', p_now
    ) s
  );
end $function$;
comment on function private.seen_slots(jsonb,timestamp with time zone) is 'What public.available_slots_of_day tells a patient, for anybody. Asked {clinic_id, on_date, practitioner_id, specialty}.';

CREATE OR REPLACE FUNCTION private.sees_desk(p_clinic_id uuid, p_manager_only boolean DEFAULT false)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return private.is_admin() or coalesce(
    private.desk_role(p_clinic_id) = 'manager' or (private.desk_role(p_clinic_id) = 'desk' and not p_manager_only), false
  );
end $function$;
comment on function private.sees_desk(uuid,boolean) is 'Whether whoever asks may see what the desk of a clinic sees, or its manager. Views ask it, functions private.require_desk.';
grant execute on function private.sees_desk(uuid,boolean) to authenticated;
grant execute on function private.sees_desk(uuid,boolean) to service_role;

CREATE OR REPLACE FUNCTION private.sees_merge(p_merge private.patient_merges)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return private.is_admin() or exists (select from unnest(p_merge.clinic_ids) c (id) where private.sees_desk(c.id));
end $function$;
comment on function private.sees_merge(private.patient_merges) is 'Whether whoever asks works at the desk of a clinic where the gone one had been.';

CREATE OR REPLACE FUNCTION private.session_id()
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce(auth.jwt() ->> 'session_id', auth.jwt() ->> 'listens_for')::uuid;
end $function$;
comment on function private.session_id() is 'The session that a request was made with, or that a token for listening names.';

CREATE OR REPLACE FUNCTION private.sessions_between(p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamp with time zone)
 RETURNS TABLE(practitioner_id uuid, on_date date, opens timestamp with time zone, goes_on timestamp with time zone, closes timestamp with time zone, length interval, seconds integer, slots integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with hours as materialized (
      select h.* from private.hours_between(p_practitioners, p_from, p_until) h
    ), clock as materialized (
      -- Most practitioners begin and end at the same times: each is looked up once.
      select l.local, private.instant_of(l.local, p_time_zone) as instant
      from (select h.on_date + h.start_time from hours h union select h.on_date + h.end_time from hours h) l (local)
    )
    select h.practitioner_id, h.on_date, o.instant, o.instant + b.begun * l.length, o.instant + n.slots * l.length,
      l.length, l.seconds, n.slots - b.begun
    from hours h
    join clock o on o.local = h.on_date + h.start_time
    join clock c on c.local = h.on_date + h.end_time
    cross join lateral (select make_interval(mins => h.slot_minutes) as length, h.slot_minutes * 60 as seconds) l
    cross join lateral (select div(extract(epoch from c.instant - o.instant), l.seconds)::int as slots) n
    cross join lateral (
      select least(greatest(floor(extract(epoch from p_now - o.instant) / l.seconds) + 1, 0), n.slots)::int as begun
    ) b
    where n.slots > 0;
end $function$;
comment on function private.sessions_between(uuid[],date,date,text,timestamp with time zone) is 'What private.hours_on tells, of many practitioners of one time zone and all dates of a range: when a session opens, goes on with the first slot that has not begun, and closes with its last whole slot; how long a slot is, and how many have not begun.';

CREATE OR REPLACE FUNCTION private.set_back_before(p_instant timestamp with time zone, p_time_zone text)
 RETURNS interval
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return (p_instant - interval '24 hours') at time zone p_time_zone + interval '24 hours'
    - p_instant at time zone p_time_zone;
end $function$;
comment on function private.set_back_before(timestamp with time zone,text) is 'By how much the clocks were set back within the day before an instant; negative: forward.';

CREATE OR REPLACE FUNCTION private.set_channel(p_channel text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform set_config('medq.channel', p_channel, true);
end $function$;
comment on function private.set_channel(text) is 'Says for the rest of the transaction which way a change came: web, ivr or system.';

CREATE OR REPLACE FUNCTION private.set_sms_aside(p_expired uuid[], p_overtaken uuid[], p_interrupted uuid[], p_unwanted uuid[], p_over_cap uuid[], p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.close_sms(p_expired, 'failed', 'expired before it could be sent');
  perform private.close_sms(p_overtaken, 'cancelled', 'the appointment was changed before it was sent');
  perform private.close_sms(p_interrupted, 'failed', 'given up: its sending was interrupted every time');
  perform private.close_sms(p_unwanted, 'cancelled', 'this number wants no SMS');
  perform private.postpone_sms(p_over_cap, p_now + interval '1 hour', format(
    'waits: this number has had %s SMS in 24 hours', (select s.daily_cap from public.sms_settings s)
  ));
end $function$;
comment on function private.set_sms_aside(uuid[],uuid[],uuid[],uuid[],uuid[],timestamp with time zone) is 'Ends or postpones due messages that are not to be sent, by the verdicts of private.due_sms.';

CREATE OR REPLACE FUNCTION private.settle_free_sms(p_attempts jsonb)
 RETURNS TABLE(id uuid, settled boolean)
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_free uuid[];
begin
  v_free := array(
    select m.id from public.sms_messages m
    where m.id in (select (a ->> 'id')::uuid from jsonb_array_elements(p_attempts) a) for update skip locked
  );
  return query
    with settled as (
      select s.id from private.settle_many_sms(
        (select jsonb_agg(a) from jsonb_array_elements(p_attempts) a where (a ->> 'id')::uuid = any (v_free)), now()
      ) s (id)
    )
    select f.id, exists (select from settled s where s.id = f.id) from unnest(v_free) f (id);
end $function$;
comment on function private.settle_free_sms(jsonb) is 'Settles many attempts like settle_sms and without waiting. Passes over messages that somebody else has locked: their ids do not come back.';

CREATE OR REPLACE FUNCTION private.settle_many_sms(p_attempts jsonb, p_now timestamp with time zone)
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_outcome text;
begin
  for v_outcome in select a ->> 'outcome' from jsonb_array_elements(p_attempts) a loop
    if v_outcome not in ('sent', 'rejected', 'retry', 'unknown', 'hold') then
      raise exception 'private.settle_sms knows no outcome named %', v_outcome;
    end if;
  end loop;
  -- The claim reached the disk before anything was sent. Should this be lost in a crash, the row comes back after its
  -- lease and is looked up, as if its worker had died: no need to wait for the disk again.
  perform set_config('synchronous_commit', 'off', true);
  return query
    update public.sms_messages m set
      status = case
        when a.outcome = 'sent' then 'sent'
        when a.outcome = 'rejected' or (a.outcome <> 'hold' and a.attempt >= private.most_sms_attempts()) then 'failed'
        else 'queued'
      end,
      attempts = case when a.outcome = 'hold' then m.attempts - 1 else m.attempts end,
      -- No later than it expires: a secret is not kept for longer.
      next_attempt_at = least(m.expires_at, case a.outcome
        when 'retry' then p_now + private.sms_pause(a.attempt)
        -- Long enough for an accepted message to show up at the provider before it is looked for.
        when 'unknown' then p_now + greatest(private.sms_pause(a.attempt), interval '20 seconds')
        when 'hold' then p_now + interval '15 minutes'
        else m.next_attempt_at
      end),
      outcome_unknown = a.outcome = 'unknown' or (a.outcome = 'hold' and m.outcome_unknown),
      provider_id = coalesce(a.provider_id, m.provider_id),
      last_error = case when a.outcome = 'sent' then null else a.reason end,
      sent_at = case when a.outcome = 'sent' then p_now else m.sent_at end
    from jsonb_to_recordset(p_attempts) as a (id uuid, attempt int, outcome text, provider_id text, reason text)
    where m.id = a.id and m.status = 'sending' and m.attempts = a.attempt
    returning m.id;
end $function$;
comment on function private.settle_many_sms(jsonb,timestamp with time zone) is 'Says what came of attempts: [{id, attempt, outcome, provider_id, reason}]. Returns the ids; one is missing if another worker has its row by now.';

CREATE OR REPLACE FUNCTION private.settle_sms(p_id uuid, p_attempt integer, p_outcome text, p_provider_id text DEFAULT NULL::text, p_error text DEFAULT NULL::text, p_now timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return exists (select from private.settle_many_sms(jsonb_build_array(jsonb_build_object(
    'id', p_id, 'attempt', p_attempt, 'outcome', p_outcome, 'provider_id', p_provider_id, 'reason', p_error
  )), p_now));
end $function$;
comment on function private.settle_sms(uuid,integer,text,text,text,timestamp with time zone) is 'Says what came of an attempt: sent, rejected, retry, unknown or hold. False: another worker has the row by now.';

CREATE OR REPLACE FUNCTION private.shift(p_plan public.day_plan[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v public.day_plan;
begin
  -- The last first, so that everybody moves into what has just become free.
  for v in select l.* from unnest(p_plan) l order by l.was_at desc loop
    update public.appointments a set starts_at = v.starts_at, ends_at = v.ends_at where a.id = v.appointment_id;
  end loop;
exception when exclusion_violation then
  perform private.fail('slot_taken'); -- Just now.
end $function$;
comment on function private.shift(public.day_plan[]) is 'Moves all of a plan, or refuses with slot_taken.';

CREATE OR REPLACE FUNCTION private.short_codes_are_safe(p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(sum(w.guesses), 0) < (select s.wrong_codes_a_day from public.security_settings s)
    from private.wrong_codes w where w.hour > p_now - interval '25 hours'
  );
end $function$;
comment on function private.short_codes_are_safe(timestamp with time zone) is 'Whether so few guesses were wrong within a day that six digits are enough.';

CREATE OR REPLACE FUNCTION private.short_name(p_name text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  -- Whole words, if the first are not too short themselves.
  return case when length(p_name) <= 40 then p_name
    else coalesce(substring(left(p_name, 41) from '^(.{20,40})\s'), left(p_name, 40)) end;
end $function$;
comment on function private.short_name(text) is 'A name, or as much of it as fits into 40 characters.';

CREATE OR REPLACE FUNCTION private.shown_plan(p_plan public.day_plan[])
 RETURNS SETOF public.day_preview
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select l.appointment_id, l.patient_id, l.token_number, private.who_comes(a, p), private.phone_end(p.phone),
      p.phone is not null and not private.wants_no_sms(p.phone),
      l.was_at, d.name, l.starts_at, l.why_not is null, l.why_not
    from unnest(p_plan) l
    join public.patients p on p.id = l.patient_id
    join public.appointments a on a.id = l.appointment_id
    join public.practitioners d on d.id = l.practitioner_id
    where l.waits
    order by l.was_at, l.token_number;
end $function$;
comment on function private.shown_plan(public.day_plan[]) is 'A plan as people read it, the first first.';

CREATE OR REPLACE FUNCTION private.slot_at(p_practitioner_id uuid, p_on date, p_starts_at timestamp with time zone, OUT ends_at timestamp with time zone, OUT token_number integer)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  select p_starts_at + h.length, h.slots_before + div(s.offset, s.length)::int + 1
  into ends_at, token_number
  from private.hours_on(p_practitioner_id, p_on) h
  cross join lateral (
    select extract(epoch from p_starts_at - h.opens) as offset, extract(epoch from h.length) as length
  ) s
  where s.offset >= 0 and mod(s.offset, s.length) = 0 and div(s.offset, s.length) < h.slots;
end $function$;
comment on function private.slot_at(uuid,date,timestamp with time zone) is 'The one slot of private.slots_on that begins at an instant; nulls where none does.';

CREATE OR REPLACE FUNCTION private.slots_at_desk(p_practitioner_id uuid, p_on date, p_person_id uuid, p_instead_of uuid, p_now timestamp with time zone)
 RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    with taken as materialized (
      select a.id, a.practitioner_id, a.starts_at, a.ends_at
      from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.active and a.local_date between p_on - 2 and p_on + 2
      union all
      select a.id, a.practitioner_id, a.starts_at, a.ends_at
      from public.appointments a
      where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active
        and tstzrange(a.starts_at, a.ends_at) && tstzrange(p_on - interval '2 days', p_on + interval '3 days')
    )
    select s.starts_at, s.ends_at
    from private.slots_on(p_practitioner_id, p_on) s
    where s.ends_at > p_now and not exists (
      select from taken t
      where t.starts_at < s.ends_at and t.ends_at > s.starts_at
        -- Who is moved leaves a time, and it is no other time to be moved to.
        and (t.id is distinct from p_instead_of or (t.practitioner_id, t.starts_at) = (p_practitioner_id, s.starts_at))
    )
    order by s.starts_at;
end $function$;
comment on function private.slots_at_desk(uuid,date,uuid,uuid,timestamp with time zone) is 'Slots of a practitioner on a date that the desk can give to a person, a patient or a dependent (null: to somebody new), or instead of an appointment that they have. One that has begun can still be had.';

CREATE OR REPLACE FUNCTION private.slots_on(p_practitioner_id uuid, p_on date)
 RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone, token_number integer)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select h.opens + n * h.length, h.opens + (n + 1) * h.length, h.slots_before + n + 1
    from private.hours_on(p_practitioner_id, p_on) h
    cross join lateral generate_series(0, h.slots - 1) n
    order by 1;
end $function$;
comment on function private.slots_on(uuid,date) is 'All slots of a practitioner on a date of the clinic, taken or not, with the token number each has in the day.';

CREATE OR REPLACE FUNCTION private.sms_beginning(p_text text, p_parts integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_end constant int := (private.sms_part_ends(p_text))[p_parts];
begin
  return coalesce(left(p_text, length(replace(left(private.sms_places(p_text), v_end), '>', ''))), p_text);
end $function$;
comment on function private.sms_beginning(text,integer) is 'As much of a text as so many parts hold.';

CREATE OR REPLACE FUNCTION private.sms_budget(p_now timestamp with time zone DEFAULT now(), OUT per_hour bigint, OUT used_in_hour bigint, OUT per_day bigint, OUT used_in_day bigint, OUT alert_percent integer)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
begin
  select s.parts_per_hour, s.parts_per_day, s.budget_alert_percent into per_hour, per_day, alert_percent
  from public.sms_settings s;
  select coalesce(sum(s.parts) filter (where s.hour = v_hour), 0), coalesce(sum(s.parts), 0)
  into used_in_hour, used_in_day
  from private.sms_spending s where s.hour between v_hour - interval '23 hours' and v_hour;
end $function$;
comment on function private.sms_budget(timestamp with time zone) is 'How many parts may be sent in an hour and a day (null: any number), and how many were: in this hour, and in it and the 23 before.';
grant execute on function private.sms_budget(timestamp with time zone) to service_role;

CREATE OR REPLACE FUNCTION private.sms_day(p_local timestamp without time zone, p_locale text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  if p_locale like 'ta%' then
    return (array['திங்கள்', 'செவ்வாய்', 'புதன்', 'வியாழன்', 'வெள்ளி', 'சனி', 'ஞாயிறு'])[extract(isodow from p_local)]
      || ', ' || extract(day from p_local) || ' '
      || (array['ஜனவரி', 'பிப்ரவரி', 'மார்ச்', 'ஏப்ரல்', 'மே', 'ஜூன்', 'ஜூலை', 'ஆகஸ்ட்', 'செப்டம்பர்', 'அக்டோபர்',
        'நவம்பர்', 'டிசம்பர்'])[extract(month from p_local)];
  elsif p_locale like 'hi%' then
    return (array['सोमवार', 'मंगलवार', 'बुधवार', 'गुरुवार', 'शुक्रवार', 'शनिवार', 'रविवार'])[extract(isodow from p_local)]
      || ', ' || extract(day from p_local) || ' '
      || (array['जनवरी', 'फ़रवरी', 'मार्च', 'अप्रैल', 'मई', 'जून', 'जुलाई', 'अगस्त', 'सितंबर', 'अक्टूबर', 'नवंबर',
        'दिसंबर'])[extract(month from p_local)];
  end if;
  return to_char(p_local, 'FMDy FMDD Mon');
end $function$;
comment on function private.sms_day(timestamp without time zone,text) is 'A day as an SMS tells it: Mon 5 Oct.';

CREATE OR REPLACE FUNCTION private.sms_encoding(p_text text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return case when p_text ~ (
      '^[][@£$¥èéùìòÇ\n\r\fØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\~|€-]*$'
    ) then 'GSM-7' else 'UCS-2' end;
end $function$;
comment on function private.sms_encoding(text) is 'GSM-7, or UCS-2 as soon as one character (Tamil, Hindi, an emoji) has no place in the GSM alphabet.';
grant execute on function private.sms_encoding(text) to service_role;

CREATE OR REPLACE FUNCTION private.sms_part_ends(p_text text)
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_places constant text := private.sms_places(p_text);
  -- Alone, and as a part of several.
  v_fits constant int[] := case private.sms_encoding(p_text) when 'GSM-7' then '{160,153}' else '{70,67}' end;
  v_ends int[] := '{}';
  v_end int := 0;
begin
  if length(v_places) <= v_fits[1] then
    return array[length(v_places)];
  end if;
  while v_end < length(v_places) loop
    v_end := least(v_end + v_fits[2], length(v_places));
    -- A character of two places that would be cut begins the next part.
    if substr(v_places, v_end, 1) = '<' then
      v_end := v_end - 1;
    end if;
    v_ends := v_ends || v_end;
  end loop;
  return v_ends;
end $function$;
comment on function private.sms_part_ends(text) is 'After which place each part of a text ends: one of 160 places, or several of up to 153 each; 70 and 67 in UCS-2.';

CREATE OR REPLACE FUNCTION private.sms_parts(p_text text)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return cardinality(private.sms_part_ends(p_text));
end $function$;
comment on function private.sms_parts(text) is 'In how many parts a text is sent, and paid.';
grant execute on function private.sms_parts(text) to service_role;

CREATE OR REPLACE FUNCTION private.sms_parts_for_dependent(p_text text, p_placeholders text[])
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
RETURN CASE WHEN ('reference'::text = ANY (p_placeholders)) THEN LEAST(private.sms_parts(((private.sample_of('who'::text) || ': '::text) || p_text)), private.most_sms_parts()) ELSE NULL::integer END;
comment on function private.sms_parts_for_dependent(text,text[]) is 'In how many parts an SMS is sent with the first name of a dependent in front, of twelve letters; null: one that is of no appointment.';
grant execute on function private.sms_parts_for_dependent(text,text[]) to service_role;

CREATE OR REPLACE FUNCTION private.sms_pause(p_attempt integer)
 RETURNS interval
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- Chance keeps a crowd from coming back together.
  return least(interval '10 seconds' * 2 ^ least(p_attempt - 1, 20), interval '15 minutes') * (0.75 + random() / 2);
end $function$;
comment on function private.sms_pause(integer) is 'How long to wait after an attempt that failed: about 10 s, 20 s, 40 s, up to 15 minutes.';

CREATE OR REPLACE FUNCTION private.sms_placeholder_list(p_names text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN (SELECT COALESCE(string_agg((('{{'::text || n.n) || '}}'::text), ', '::text), 'none'::text) AS "coalesce" FROM unnest(sms_placeholder_list.p_names) n(n));
comment on function private.sms_placeholder_list(text[]) is 'Placeholders as they are written in a text.';

CREATE OR REPLACE FUNCTION private.sms_places(p_text text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  -- In GSM-7 these nine take two places; in UCS-2 so does what is beyond the first 65536 characters.
  v_double constant text := case private.sms_encoding(p_text)
    when 'GSM-7' then '{}\\\[~\]|€\f^' else '\U00010000-\U0010FFFF' end;
begin
  -- Hardly a text has any of them.
  if p_text !~ ('[' || v_double || ']') then
    return repeat('-', length(p_text));
  end if;
  return regexp_replace(regexp_replace(p_text, '[^' || v_double || '-]', '-', 'g'), '[^-]', '<>', 'g');
end $function$;
comment on function private.sms_places(text) is 'The places that a text takes in its encoding, a sign for each: - is a character of one place, <> one of two.';

CREATE OR REPLACE FUNCTION private.sms_preview(p_key text, p_body text, p_samples jsonb, p_names jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select t.text
  from jsonb_array_elements(p_names) n
  -- The link that callers are sent leads to the front page.
  cross join lateral (
    select private.sms_text(p_body, p_samples || case p_key when 'ivr_link' then n - 'url' else n end) as text
  ) t
  order by private.sms_parts(t.text) desc, private.sms_units(t.text) desc
  limit 1
$function$;
comment on function private.sms_preview(text,text,jsonb,jsonb) is 'A body filled in with those of the names that make it the longest, and with its samples for the rest.';
grant execute on function private.sms_preview(text,text,jsonb,jsonb) to service_role;

CREATE OR REPLACE FUNCTION private.sms_rooms(p_now timestamp with time zone)
 RETURNS TABLE(percent integer, room bigint)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select p.percent, least(
      b.per_hour * p.percent / 100 - b.used_in_hour, b.per_day * p.percent / 100 - b.used_in_day
    )
    from private.sms_budget(p_now) b cross join unnest('{70,80,90,100}'::int[]) p (percent);
end $function$;
comment on function private.sms_rooms(timestamp with time zone) is 'How many parts may still be sent by messages of each sms_messages.budget_percent; null: any number.';

CREATE OR REPLACE FUNCTION private.sms_template(p_key text, p_locale text)
 RETURNS public.sms_templates
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_template public.sms_templates;
begin
  select * into v_template from public.sms_templates t where t.key = p_key and t.locale = p_locale;
  if not found then
    perform private.fail('unknown_template');
  end if;
  return v_template;
end $function$;
comment on function private.sms_template(text,text) is 'The template of an SMS in a language. Refuses with unknown_template.';

CREATE OR REPLACE FUNCTION private.sms_text(p_body text, p_values jsonb)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_most constant int := private.most_sms_parts();
  v_body constant text := case p_values -> 'url' when 'null' then private.without_link(p_body) else p_body end;
  v_text constant text := private.gsm_text(private.render_template(v_body, p_values));
begin
  -- Nearly every text is short enough whatever places its characters take: 67 for a part, two for a character.
  if length(v_text) <= v_most * 67 / 2 or private.sms_parts(v_text) <= v_most then
    return v_text;
  end if;
  return private.sms_beginning(private.gsm_text(private.render_template(v_body, p_values || jsonb_strip_nulls(
    jsonb_build_object(
      'doctor', private.short_name(p_values ->> 'doctor'), 'clinic', private.short_name(p_values ->> 'clinic')
    )
  ))), v_most);
end $function$;
comment on function private.sms_text(text,jsonb) is 'What is sent: a body filled in, with plain signs where those make it GSM-7. What would be too long for the provider has its names shortened, and if that is not enough ends after the last part.';

CREATE OR REPLACE FUNCTION private.sms_time(p_local timestamp without time zone, p_locale text, p_turn text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  if p_locale like 'ta%' then
    return case p_turn
      when 'first' then 'கடிகாரம் மாறுவதற்கு முன் ' when 'second' then 'கடிகாரம் மாறிய பின் ' else '' end
    || case
      when extract(hour from p_local) between 4 and 11 then 'காலை'
      when extract(hour from p_local) between 12 and 15 then 'மதியம்'
      when extract(hour from p_local) between 16 and 18 then 'மாலை'
      else 'இரவு'
    end || ' ' || to_char(p_local, 'FMHH12:MI');
  elsif p_locale like 'hi%' then
    return case p_turn
      when 'first' then 'घड़ी पीछे होने से पहले ' when 'second' then 'घड़ी पीछे होने के बाद ' else '' end
    || case
      when extract(hour from p_local) between 4 and 11 then 'सुबह'
      when extract(hour from p_local) between 12 and 15 then 'दोपहर'
      when extract(hour from p_local) between 16 and 19 then 'शाम'
      else 'रात'
    end || ' ' || to_char(p_local, 'FMHH12:MI');
  end if;
  return to_char(p_local, 'FMHH12:MI am') || case p_turn
    when 'first' then ' before the clocks go back' when 'second' then ' after the clocks go back' else '' end;
end $function$;
comment on function private.sms_time(timestamp without time zone,text,text) is 'A time of day as an SMS tells it: 10:30 am. In the hour that comes twice, with p_turn (private.clock_turn) which one it is.';

CREATE OR REPLACE FUNCTION private.sms_to_number(p_phone text, p_except uuid, p_now timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select count(*) from public.sms_messages m
    where m.to_phone = p_phone and m.id <> p_except
      and (m.sent_at > p_now - interval '1 day' or (m.sent_at is null and m.status = 'sending'))
  );
end $function$;
comment on function private.sms_to_number(text,uuid,timestamp with time zone) is 'How many SMS, beside one, a number was sent in the last 24 hours or is being sent.';

CREATE OR REPLACE FUNCTION private.sms_units(p_text text)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return length(private.sms_places(p_text));
end $function$;
comment on function private.sms_units(text) is 'How many places of its encoding a text takes.';
grant execute on function private.sms_units(text) to service_role;

CREATE OR REPLACE FUNCTION private.sms_wait(p_percent integer, p_now timestamp with time zone DEFAULT now())
 RETURNS integer
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case when coalesce(r.room > (
      -- What was promised before, and is not counted yet.
      select coalesce(sum(m.parts), 0) from public.sms_messages m
      where m.status = 'queued' and m.priority = 1 and m.next_attempt_at <= p_now and m.counted_at is null
    ), true) then 0 else ceil(extract(epoch from date_trunc('hour', p_now, 'UTC') + interval '1 hour' - p_now)) end
    from private.sms_rooms(p_now) r where r.percent = p_percent
  );
end $function$;
comment on function private.sms_wait(integer,timestamp with time zone) is 'After how many seconds to try again to have a code sent that has this budget_percent (sms_messages); 0: it can go now.';

CREATE OR REPLACE FUNCTION private.specialty_at(p_clinic_id uuid, p_specialty text, p_except uuid DEFAULT NULL::uuid)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return coalesce((
    select p.specialty from public.practitioners p
    where p.clinic_id = p_clinic_id and private.specialty_key(p.specialty) = private.specialty_key(p_specialty)
      and p.id is distinct from p_except
    limit 1
  ), p_specialty);
end $function$;
comment on function private.specialty_at(uuid,text,uuid) is 'A specialty as the clinic spells it; unchanged where nobody, but for one practitioner, has it there.';

CREATE OR REPLACE FUNCTION private.specialty_key(p_specialty text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return lower(regexp_replace(private.without_invisible_ends(p_specialty) collate pg_c_utf8, '\s+', ' ', 'g'));
end $function$;
comment on function private.specialty_key(text) is 'What is the same for all spellings of a specialty.';

CREATE OR REPLACE FUNCTION private.spend_scarce_sms_budget(p_ids uuid[], p_now timestamp with time zone)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
  v record;
begin
  -- Workers that spend what is scarce do so one after the other.
  perform pg_advisory_xact_lock(hashtextextended('private.spend_scarce_sms_budget', 0));
  select array_agg(j.id) filter (where j.fits) as send,
    array_agg(j.id) filter (where not j.fits and j.is_urgent) as too_late,
    array_agg(j.id) filter (where not j.fits and not j.is_urgent) as wait,
    sum(j.parts) filter (where j.fits and j.counted_at is null) as parts
  into v
  from (
    select m.id, m.parts, m.counted_at,
      coalesce(m.secret and m.expires_at < v_hour + interval '1 hour', false) as is_urgent,
      m.counted_at is not null or coalesce(r.room >= sum(m.parts) filter (where m.counted_at is null)
        over (order by m.budget_percent desc, m.priority, m.next_attempt_at, m.id), true) as fits
    from public.sms_messages m join private.sms_rooms(p_now) r on r.percent = m.budget_percent
    where m.id = any (p_ids)
  ) j;
  if v.parts > 0 then
    perform private.count_sms(v.parts, v_hour);
  end if;
  perform private.close_sms(v.too_late, 'failed', 'the budget of SMS was used up');
  perform private.postpone_sms(v.wait, v_hour + interval '1 hour', private.budget_reason());
  return v.send;
end $function$;
comment on function private.spend_scarce_sms_budget(uuid[],timestamp with time zone) is 'Of messages that are about to be sent, those the budget has room for, the most important first; counts them. The others wait for the next hour, but for codes and passwords that would come too late: they fail.';

CREATE OR REPLACE FUNCTION private.spend_sms_budget(p_ids uuid[], p_now timestamp with time zone)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_send uuid[] := p_ids;
  v_parts bigint;
begin
  -- Where there is more than all workers have in their hands none waits for another.
  if exists (select from private.sms_rooms(p_now) r where r.room < 500) then
    v_send := private.spend_scarce_sms_budget(p_ids, p_now);
  else
    v_parts := (select sum(m.parts) from public.sms_messages m where m.id = any (p_ids) and m.counted_at is null);
    if v_parts > 0 then
      perform private.count_sms(v_parts, date_trunc('hour', p_now, 'UTC'));
    end if;
  end if;
  perform private.alert_sms_budget(p_now);
  return v_send;
end $function$;
comment on function private.spend_sms_budget(uuid[],timestamp with time zone) is 'Counts messages that are about to be sent, and returns those the budget has room for.';

CREATE OR REPLACE FUNCTION private.spoken_in(p_name text, p_spoken_name text, p_clinic_id uuid, p_locale text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_found constant public.translations := private.translation_of(p_name, p_clinic_id, p_locale);
begin
  return coalesce(v_found.spoken_as, v_found.translation, p_spoken_name, p_name);
end $function$;
comment on function private.spoken_in(text,text,uuid,text) is 'A name at a clinic as a caller hears it in a language; p_spoken_name is the usual name as it is spoken, or null.';

CREATE OR REPLACE FUNCTION private.start_desk_session(p_user_id uuid, p_session_id uuid, p_now timestamp with time zone)
 RETURNS TABLE(expires_at timestamp with time zone, code_length integer)
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
#variable_conflict use_column
declare
  v_short constant boolean := private.short_codes_are_safe(p_now);
  v_length constant int := case when v_short then 6 else 10 end;
  v_code constant text := private.random_digits(v_length);
  v_expires_at constant timestamptz := p_now + interval '10 minutes';
  v_patient public.patients;
begin
  select * into v_patient from public.patients p where p.user_id = p_user_id;
  perform private.count_desk_code(p_session_id, v_patient.phone, p_now);
  insert into private.desk_sessions as d (session_id, user_id, code_hash, short, code_expires_at)
  values (p_session_id, p_user_id, extensions.crypt(v_code, extensions.gen_salt('bf', 8)), v_short, v_expires_at)
  on conflict (session_id) do update
    set code_hash = excluded.code_hash, short = excluded.short, guesses = 0, code_expires_at = excluded.code_expires_at;
  perform private.queue_sms(
    'code', v_patient.phone, jsonb_build_object('code', v_code), null, v_patient.id, null,
    coalesce(private.language_of(v_patient.id), 'en-IN'), true, v_expires_at
  );
  perform private.note_security_event('code_sent', v_patient.phone, null, p_now);
  return query select v_expires_at, v_length;
end $function$;
comment on function private.start_desk_session(uuid,uuid,timestamp with time zone) is 'Texts a code to the phone of an account, which opens the desk to one of its sessions. A further code replaces the one before.';

CREATE OR REPLACE FUNCTION private.start_reassignment(p_dependent public.dependents, p_phone text, p_clinic text, p_now timestamp with time zone)
 RETURNS private.reassignments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_short constant boolean := private.short_codes_are_safe(p_now);
  v_length constant int := case when v_short then 6 else 10 end;
  v_codes constant text[] := array[private.random_digits(v_length), private.random_digits(v_length)];
  v_holder_phone constant text := (select p.phone from public.patients p where p.id = p_dependent.patient_id);
  v_started private.reassignments;
begin
  perform private.count_reassignment_codes(p_phone, v_holder_phone, p_now);
  -- The codes of before are good for nothing any more.
  delete from private.reassignments r where r.dependent_id = p_dependent.id;
  insert into private.reassignments (dependent_id, phone, phone_code, holder_code, short, expires_at)
  values (
    p_dependent.id, p_phone, extensions.crypt(v_codes[1], extensions.gen_salt('bf', 8)),
    case when v_holder_phone is not null then extensions.crypt(v_codes[2], extensions.gen_salt('bf', 8)) end,
    v_short, p_now + interval '10 minutes'
  ) returning * into v_started;
  perform private.text_reassignment_codes(v_started, p_dependent, p_clinic, v_codes, p_now);
  return v_started;
end $function$;
comment on function private.start_reassignment(public.dependents,text,text,timestamp with time zone) is 'Texts both phones a code. Further ones replace those before.';

CREATE OR REPLACE FUNCTION private.start_verification(p_id uuid, p_purpose text, p_code_hash bytea, p_long_code_hash bytea, p_sealed_request bytea, p_phone text, p_code text, p_long_code text, p_locale text DEFAULT NULL::text, p_now timestamp with time zone DEFAULT now())
 RETURNS TABLE(wait integer, expires_at timestamp with time zone, code_length integer)
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_wait constant int := private.code_wait(p_phone, p_purpose, p_now);
  v_expires_at constant timestamptz := p_now + interval '10 minutes';
  v_short constant boolean := private.short_codes_are_safe(p_now);
  v_patient public.patients;
begin
  if v_wait > 0 then
    return query select v_wait, null::timestamptz, null::int;
    return;
  end if;
  insert into private.phone_verifications (id, purpose, short, code_hash, sealed_request, expires_at)
  values (
    p_id, p_purpose, v_short, case when v_short then p_code_hash else p_long_code_hash end,
    p_sealed_request, v_expires_at
  );
  select * into v_patient from public.patients p where p.phone = p_phone;
  -- Without a code to text (an unknown phone wants to sign in) everything else is done all the same.
  if p_code is not null then
    perform private.queue_sms(
      'code', p_phone, jsonb_build_object('code', case when v_short then p_code else p_long_code end), 'code:' || p_id,
      v_patient.id, null, coalesce(v_patient.locale, p_locale, 'en-IN'), true, v_expires_at
    );
    perform private.note_security_event('code_sent', p_phone, null, p_now);
  end if;
  return query select 0, v_expires_at, case when v_short then 6 else 10 end;
end $function$;
comment on function private.start_verification(uuid,text,bytea,bytea,bytea,text,text,text,text,timestamp with time zone) is 'Keeps a sealed request until its code comes back, and texts the code, of the two the one that is long enough for today: in the patient''s own language, else in p_locale. Returns when both expire, and how many digits it has; or, where no code can be texted now, after how many seconds to try again (wait).';

CREATE OR REPLACE FUNCTION private.state_of_account(p_id uuid, p_phone text, p_hash text, p_proven_at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select case when p_proven_at is not null then
    encode(sha256(convert_to(concat_ws(':', p_id::text, p_phone, p_hash), 'UTF8')), 'hex')
  end
$function$;
comment on function private.state_of_account(uuid,text,text,timestamp with time zone) is 'private.account_state of a row of auth.users that is at hand, as a trigger has it.';

CREATE OR REPLACE FUNCTION private.stays_with_phone(p_sms public.sms_messages)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN ((p_sms).template = ANY (ARRAY['signed_in_new_device'::text, 'password_changed'::text, 'phone_changed'::text, 'phone_moved_here'::text, 'account_linked'::text]));
comment on function private.stays_with_phone(public.sms_messages) is 'Whether a message is for whoever has the phone it was queued for, and not for the patient, should they have another one.';

CREATE OR REPLACE FUNCTION private.step_follows(p_appointment public.appointments, p_step text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return case p_step
    when 'arrived' then p_appointment.status in ('booked', 'noshow')
    -- Also who went in without passing by the desk.
    when 'called' then p_appointment.status in ('booked', 'arrived') and p_appointment.called_at is null
    when 'waiting' then p_appointment.status = 'arrived' and p_appointment.called_at is not null
    when 'seen' then p_appointment.status in ('booked', 'arrived')
    when 'noshow' then p_appointment.status in ('booked', 'arrived')
  end;
end $function$;
comment on function private.step_follows(public.appointments,text) is 'Whether a step at the desk can follow on how an appointment stands; null: there is no such step.';

CREATE OR REPLACE FUNCTION private.stop_sms(p_id uuid, p_token text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.set_channel('system');
  insert into public.sms_opt_outs (phone, reason)
  select m.to_phone, 'answered STOP' from public.sms_messages m where m.id = p_id and m.report_token = p_token
  on conflict (phone) do nothing;
end $function$;
comment on function private.stop_sms(uuid,text) is 'Notes that the recipient of a message answered STOP. The token proves that the provider says so.';

CREATE OR REPLACE FUNCTION private.stranded(p_now timestamp with time zone DEFAULT now())
 RETURNS TABLE(appointment_id uuid, clinic_id uuid, practitioner_id uuid, practitioner text, patient_id uuid, patient text, phone_end text, on_date date, starts_at timestamp with time zone, ends_at timestamp with time zone, token_number integer)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
    with upcoming as materialized (
      select a.* from public.appointments a join public.clinics c on c.id = a.clinic_id
      where a.status = 'booked' and a.ends_at > p_now and private.sees_desk(c.id)
    ), hours as materialized (
      select d.practitioner_id, d.local_date, h.opens, h.opens + h.slots * h.length as closes
      from (select distinct u.practitioner_id, u.local_date from upcoming u) d
      cross join lateral private.hours_on(d.practitioner_id, d.local_date) h
    )
    select u.id, u.clinic_id, u.practitioner_id, d.name, u.patient_id,
      case when u.dependent_id is null then p.name else o.name end, private.phone_end(p.phone), u.local_date,
      u.starts_at, u.ends_at, u.token_number
    from upcoming u
    join public.practitioners d on d.id = u.practitioner_id
    join public.patients p on p.id = u.patient_id
    left join public.dependents o on o.id = u.dependent_id
    where not exists (
      select from hours h
      where h.practitioner_id = u.practitioner_id and h.local_date = u.local_date
        -- Whom the desk has squeezed in before or after the hours is there on purpose.
        and (u.outside_hours or (u.starts_at >= h.opens and u.ends_at <= h.closes))
    );
end $function$;
comment on function private.stranded(timestamp with time zone) is 'Appointments to come outside the hours that hold now, at the desks of whoever asks.';
grant execute on function private.stranded(timestamp with time zone) to authenticated;
grant execute on function private.stranded(timestamp with time zone) to service_role;

CREATE OR REPLACE FUNCTION private.stranding_of(p_practitioner_id uuid, p_before uuid[] DEFAULT '{}'::uuid[])
 RETURNS SETOF public.stranding
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select s.appointment_id, s.patient_id, s.patient, s.phone_end, s.starts_at, s.token_number, s.appointment_id = any (p_before)
    from private.stranded() s where s.practitioner_id = p_practitioner_id
    order by s.starts_at, s.appointment_id;
end $function$;
comment on function private.stranding_of(uuid,uuid[]) is 'Who is booked with a practitioner outside the hours that hold now. p_before: who was so before.';

CREATE OR REPLACE FUNCTION private.sweep(p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.expire_temporary_passwords(p_now);
  perform private.call_function(r.function) from private.function_runs r where private.has_due(r.function, p_now);
  update private.phone_verifications v set sealed_request = ''
  where v.expires_at <= p_now and v.sealed_request <> '';
end $function$;
comment on function private.sweep(timestamp with time zone) is 'Picks up whatever is due: lost wake-ups, retries, dead workers, expired passwords and requests.';

CREATE OR REPLACE FUNCTION private.take_back(p_merge private.patient_merges)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_holder uuid := p_merge.given_to;
  v_gave text[] := p_merge.gave;
  v_next private.patient_merges;
begin
  loop
    select * into v_next from private.patient_merges m where m.gone_id = v_holder and m.undone_at is null;
    update public.patients p set
      name = case when 'name' = any (v_gave) then null else p.name end,
      age = case when 'age' = any (v_gave) then null else p.age end,
      locale = case when 'locale' = any (v_gave) then null else p.locale end
    where p.id = v_holder and v_gave <> '{}';
    exit when v_next.id is null;
    -- Who got it was merged too, and may have passed it on. The phone is not theirs any more to be given back.
    update private.patient_merges m set gone_phone = null
    where m.id = v_next.id and m.gone_phone = p_merge.gone_phone;
    v_gave := array(select unnest(v_gave) intersect select unnest(v_next.gave));
    v_holder := v_next.given_to;
  end loop;
end $function$;
comment on function private.take_back(private.patient_merges) is 'Takes back what a merge gave of name, age and language, also from those to whom later merges passed it on.';

CREATE OR REPLACE FUNCTION private.take_back_hit(p_what text, p_subjects jsonb, p_now timestamp with time zone DEFAULT now())
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_limit record;
begin
  for v_limit in select * from private.limit_windows(p_what, p_subjects, p_now) order by bucket loop
    update private.rate_limits r set hits = r.hits - 1
    where r.bucket = v_limit.bucket and r.window_start = v_limit.starts_at and r.hits > 0;
  end loop;
end $function$;
comment on function private.take_back_hit(text,jsonb,timestamp with time zone) is 'The use was a right one and does not count: however many patients share a network, only what is wrong adds up.';

CREATE OR REPLACE FUNCTION private.take_history(p_dependent public.dependents, p_patient public.patients)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_taken constant uuid[] := array(select a.id from public.appointments a where a.dependent_id = p_dependent.id order by a.id);
  v_holder_phone constant text := (select p.phone from public.patients p where p.id = p_dependent.patient_id);
begin
  perform private.lock_sms(array(
    select m.id from public.sms_messages m where m.appointment_id = any (v_taken) and m.status = 'queued'
  ));
  update public.appointments a set patient_id = p_patient.id, dependent_id = null where a.id = any (v_taken);
  update public.sms_messages m set patient_id = p_patient.id, to_phone = p_patient.phone
  where m.appointment_id = any (v_taken) and m.status = 'queued';
  delete from public.dependents d where d.id = p_dependent.id;
  -- The page of whoever booked them fetches, and has them no more.
  perform realtime.send(
    jsonb_build_object('id', a.id, 'version', a.version, 'operation', 'DELETE'), 'DELETE',
    'patient:' || p_dependent.patient_id
  ) from public.appointments a where a.id = any (v_taken);
  perform private.queue_sms(
    'phone_moved_here', p_patient.phone, jsonb_build_object('phone', private.mask_phone(v_holder_phone)), null,
    p_patient.id, null, coalesce(private.language_of(p_patient.id), 'en-IN')
  ) where v_holder_phone is not null;
  -- With the references, which went to the other phone.
  perform private.queue_appointment_sms('appointment_booked', a, 'reassigned')
  from public.appointments a where a.id = any (v_taken) and a.status = 'booked' and a.starts_at > now();
end $function$;
comment on function private.take_history(public.dependents,public.patients) is 'Gives all appointments of a dependent to the patient that they have become, who is told of those to come, and removes the dependent.';

CREATE OR REPLACE FUNCTION private.take_proof(p_phone text, p_made_by jsonb)
 RETURNS private.registrations
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_registration private.registrations;
begin
  delete from private.registrations r
  where r.id::text = p_made_by ->> 'registration' and r.phone = p_phone
  returning * into v_registration;
  if found then
    perform private.set_channel('web');
  elsif not exists (
    select from private.account_jobs j join public.patients p on p.id = j.patient_id
    where j.id::text = p_made_by ->> 'account_job' and j.done_at is null and p.phone = p_phone
  ) then
    perform private.fail('unproven_account');
  end if;
  return v_registration;
end $function$;
comment on function private.take_proof(text,jsonb) is 'Refuses an account whose phone neither a registration nor an open account job has proven. Returns what was told on the web; all null of a job.';

CREATE OR REPLACE FUNCTION private.take_short_guess(p_right boolean, p_now timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
  v_safe boolean;
begin
  -- Locks the hour, so that guesses in parallel are looked at one by one.
  insert into private.wrong_codes as w (hour, guesses) values (v_hour, 0)
  on conflict (hour) do update set guesses = w.guesses;
  v_safe := private.short_codes_are_safe(p_now);
  update private.wrong_codes w set guesses = w.guesses + 1 where w.hour = v_hour and v_safe and not p_right;
  return v_safe and p_right;
end $function$;
comment on function private.take_short_guess(boolean,timestamp with time zone) is 'Counts a guess at a code of six digits, and says whether it opens: not after too many wrong ones today.';

CREATE OR REPLACE FUNCTION private.tell_of_merge(p_keep public.patients, p_gone_phone text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_locale constant text := coalesce(private.language_of(p_keep.id), 'en-IN');
begin
  if p_keep.phone <> p_gone_phone then
    perform private.queue_sms('phone_changed', p_gone_phone, jsonb_build_object('phone', private.mask_phone(p_keep.phone)),
      null, p_keep.id, null, v_locale);
    perform private.queue_sms('phone_moved_here', p_keep.phone, jsonb_build_object('phone', private.mask_phone(p_gone_phone)),
      null, p_keep.id, null, v_locale);
  end if;
end $function$;
comment on function private.tell_of_merge(public.patients,text) is 'Where the two had different phones, both are told that appointments are kept under one of them.';

CREATE OR REPLACE FUNCTION private.tell_of_new_device(p_user_id uuid, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_most constant int := (select s.new_device_sms_a_day from public.security_settings s);
  v_patient public.patients;
begin
  select * into v_patient from public.patients p where p.user_id = p_user_id;
  if v_most > (
    select count(*) from public.sms_messages m
    where m.patient_id = v_patient.id and m.template = 'signed_in_new_device' and m.created_at > p_now - interval '1 day'
  ) then
    perform private.queue_sms(
      'signed_in_new_device', v_patient.phone, '{}', null, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN')
    );
  end if;
end $function$;
comment on function private.tell_of_new_device(uuid,timestamp with time zone) is 'Texts the owner of an account that another device signed in, unless they were told often enough today.';

CREATE OR REPLACE FUNCTION private.text_reassignment_codes(p_reassignment private.reassignments, p_dependent public.dependents, p_clinic text, p_codes text[], p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_holder public.patients;
  v_patient public.patients;
  v_locale text;
begin
  select * into v_holder from public.patients p where p.id = p_dependent.patient_id;
  select * into v_patient from public.patients p where p.phone = p_reassignment.phone;
  v_locale := coalesce(private.language_of(v_holder.id), 'en-IN');
  perform private.queue_sms(
    'reassign_code', p_reassignment.phone, jsonb_build_object('code', p_codes[1], 'clinic', p_clinic), null, v_patient.id,
    null, coalesce(private.language_of(v_patient.id), v_locale), true, p_reassignment.expires_at
  );
  perform private.queue_sms(
    'reassign_holder_code', v_holder.phone,
    jsonb_build_object('code', p_codes[2], 'clinic', p_clinic, 'name', private.called_name(p_dependent.id)), null,
    v_holder.id, null, v_locale, true, p_reassignment.expires_at
  ) where v_holder.phone is not null;
  perform private.note_security_event('code_sent', f.phone, null, p_now)
  from (values (p_reassignment.phone), (v_holder.phone)) f (phone) where f.phone is not null;
end $function$;
comment on function private.text_reassignment_codes(private.reassignments,public.dependents,text,text[],timestamp with time zone) is 'Texts the two codes: the first to the phone the dependent gets, the second to that of whoever booked for them.';

CREATE OR REPLACE FUNCTION private.tg_account_jobs__forget_seed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.password_seed := '';
  return new;
end $function$;
comment on function private.tg_account_jobs__forget_seed() is 'The job is done, so nobody has to find its password again.';

CREATE OR REPLACE FUNCTION private.tg_account_jobs__wake_provisioner()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if exists (select from changed) then
    perform private.wake('provision-accounts');
  end if;
  return null;
end $function$;
comment on function private.tg_account_jobs__wake_provisioner() is 'Wakes the provisioner: once for all rows of a statement.';

CREATE OR REPLACE FUNCTION private.tg_appointments__broadcast()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments := coalesce(new, old);
begin
  -- News, not truth: a page fetches again after every connection. A failure in there is only a warning.
  perform realtime.send(
    jsonb_build_object('id', v_appointment.id, 'version', v_appointment.version, 'operation', tg_op),
    tg_op, t.topic
  )
  from (values
    ('patient:' || v_appointment.patient_id), ('desk:' || v_appointment.clinic_id),
    -- From whom it was taken.
    (case when new.patient_id <> old.patient_id then 'patient:' || old.patient_id end),
    (case when new.clinic_id <> old.clinic_id then 'desk:' || old.clinic_id end)
  ) as t (topic)
  where t.topic is not null;
  return null;
end $function$;
comment on function private.tg_appointments__broadcast() is 'Tells the open pages of the patient and of the clinic''s desk which appointment changed, also of those whose it was before.';

CREATE OR REPLACE FUNCTION private.tg_appointments__broadcast_queue()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_today date := (now() at time zone 'UTC')::date;
begin
  -- Most appointments are for another day, in whatever time zone: that is known without looking up the clinic's.
  if least(abs(new.local_date - v_today), abs(old.local_date - v_today)) > 1 then
    return null;
  end if;
  select (now() at time zone c.time_zone)::date into v_today
  from public.clinics c where c.id = coalesce(new.clinic_id, old.clinic_id);
  if tg_op <> 'DELETE' and new.local_date = v_today then
    perform private.broadcast_queue(new.practitioner_id, new.local_date);
  end if;
  if tg_op <> 'INSERT' and old.local_date = v_today
    and (tg_op = 'DELETE' or (old.practitioner_id, old.local_date) is distinct from (new.practitioner_id, new.local_date))
  then
    perform private.broadcast_queue(old.practitioner_id, old.local_date);
  end if;
  return null;
end $function$;
comment on function private.tg_appointments__broadcast_queue() is 'Tells those who wait today that their place in the queue may have changed.';

CREATE OR REPLACE FUNCTION private.tg_appointments__broadcast_slot()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op <> 'INSERT' and old.active and old.ends_at > now() then
    perform realtime.send(
      jsonb_build_object('starts_at', old.starts_at, 'ends_at', old.ends_at, 'taken', false),
      'slot', 'practitioner:' || old.practitioner_id
    );
  end if;
  if tg_op <> 'DELETE' and new.active and new.ends_at > now() then
    perform realtime.send(
      jsonb_build_object('starts_at', new.starts_at, 'ends_at', new.ends_at, 'taken', true),
      'slot', 'practitioner:' || new.practitioner_id
    );
  end if;
  return null;
end $function$;
comment on function private.tg_appointments__broadcast_slot() is 'Tells pages that show free times of a practitioner which one went or came back, not whose it is.';

CREATE OR REPLACE FUNCTION private.tg_appointments__dependent()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- Shared, so that whoever removes them at this moment comes before or after.
  perform from public.dependents d
  where d.id = new.dependent_id and d.patient_id = new.patient_id
    and (d.removed_at is null or (tg_op = 'UPDATE' and old.dependent_id = new.dependent_id))
  for share;
  if not found then
    perform private.fail('unknown_dependent');
  end if;
  return new;
end $function$;
comment on function private.tg_appointments__dependent() is 'Refuses somebody for whom this patient does not book, whoever writes the row.';

CREATE OR REPLACE FUNCTION private.tg_appointments__follow_merge()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id uuid;
begin
  loop
    -- A merge that is under way comes first.
    perform from public.patients p where p.id = new.patient_id for key share;
    v_patient_id := private.merged_into(new.patient_id);
    exit when v_patient_id is null;
    new.patient_id := v_patient_id;
  end loop;
  return new;
end $function$;
comment on function private.tg_appointments__follow_merge() is 'What is booked for a patient who was merged is for the one that stays.';

CREATE OR REPLACE FUNCTION private.tg_appointments__moments()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- By the clock and not the transaction, so that of several marked in one go the last is the last.
  new.arrived_at := case
    when new.status = 'arrived' then coalesce(new.arrived_at, clock_timestamp())
    when new.status = 'fulfilled' then new.arrived_at
  end;
  new.waits_from := case when new.status = 'arrived' then new.waits_from end;
  new.called_at := case when new.status in ('arrived', 'fulfilled') then new.called_at end;
  new.seen_at := case when new.status = 'fulfilled' then coalesce(new.seen_at, clock_timestamp()) end;
  return new;
end $function$;
comment on function private.tg_appointments__moments() is 'Notes when a patient came and was seen, and forgets it when that is undone.';

CREATE OR REPLACE FUNCTION private.tg_appointments__outside_hours()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.outside_hours := not exists (
    select from private.hours_on(new.practitioner_id, new.local_date) h
    where new.starts_at >= h.opens and new.ends_at <= h.opens + h.slots * h.length
  )
  -- Who is shifted with a whole day is there on purpose if they were before.
  and (tg_op = 'INSERT' or old.outside_hours or not private.in_day_operation());
  return new;
end $function$;
comment on function private.tg_appointments__outside_hours() is 'Notes whether somebody is put outside the hours on purpose, once the day and the end of their time are known.';

CREATE OR REPLACE FUNCTION private.tg_appointments__possible()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_was constant text := case tg_op when 'INSERT' then 'booked' else old.status end;
  v_today date;
  v_from_its_day boolean;
begin
  select s.from_its_day into v_from_its_day from private.status_changes s
  where s.was = v_was and s.becomes = new.status;
  if not found then
    perform private.fail('impossible_status', v_was, new.status);
  end if;
  select (now() at time zone c.time_zone)::date into v_today from public.clinics c where c.id = new.clinic_id;
  if v_from_its_day and new.local_date > v_today then
    perform private.fail('before_its_day', to_char(new.local_date, 'YYYY-MM-DD'), new.status);
  end if;
  return new;
end $function$;
comment on function private.tg_appointments__possible() is 'Refuses a status that cannot follow the one before (impossible_status), or not yet (before_its_day).';

CREATE OR REPLACE FUNCTION private.tg_appointments__queue_sms()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_cancelled constant text :=
    case private.channel() when 'desk' then 'appointment_cancelled_by_clinic' else 'appointment_cancelled' end;
  -- Of a time that runs, only that there is another, or none: they may be waiting, or on their way.
  v_is_change constant boolean := tg_op = 'UPDATE' and new.ends_at > now() and (
    new.status = 'cancelled' or (new.practitioner_id, new.starts_at) <> (old.practitioner_id, old.starts_at)
  );
begin
  if tg_op = 'DELETE' then
    if old.status = 'booked' and old.ends_at > now() then
      perform private.queue_appointment_sms(v_cancelled, old, p_expires_at => greatest(old.ends_at, now() + interval '1 hour'));
    end if;
  elsif new.starts_at <= now() and not v_is_change then
    null; -- What has begun is not news: whoever is booked for it stands at the desk.
  elsif tg_op = 'UPDATE' and private.in_day_operation() then
    null; -- One SMS for the whole operation.
  elsif new.status = 'booked' and (tg_op = 'INSERT' or old.status = 'cancelled') then
    perform private.queue_appointment_sms('appointment_booked', new);
    if tg_op = 'INSERT' and new.channel = 'ivr' then
      perform private.queue_sms('ivr_synced', p.phone, '{}', 'ivr_synced:' || new.id, p.id, new.id, coalesce(p.locale, c.locale))
      from public.patients p, public.clinics c
      where p.id = new.patient_id and c.id = new.clinic_id and p.user_id is not null and not private.is_dormant(p.id);
    end if;
  elsif tg_op = 'UPDATE' and new.status = 'cancelled' and old.active then
    perform private.queue_appointment_sms(
      v_cancelled, new, p_expires_at => greatest(new.ends_at, now() + interval '1 hour')
    );
  elsif tg_op = 'UPDATE' and new.status = 'booked'
    and (new.starts_at <> old.starts_at or new.practitioner_id <> old.practitioner_id) then
    perform private.queue_appointment_sms('appointment_moved', new);
  end if;
  return null;
end $function$;
comment on function private.tg_appointments__queue_sms() is 'Queues the SMS of a booking, move or cancellation, and the one that a phone booking is in the web account.';

CREATE OR REPLACE FUNCTION private.tg_appointments__reference()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  while new.reference is null or exists (
    select from public.appointments a
    where a.patient_id = new.patient_id and a.reference = new.reference
      and a.status in ('booked', 'arrived') and a.id <> new.id
  ) loop
    new.reference := private.random_digits(4);
  end loop;
  return new;
end $function$;
comment on function private.tg_appointments__reference() is 'Gives a reference that no other upcoming appointment of the patient has.';

CREATE OR REPLACE FUNCTION private.tg_appointments__request_account()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.request_account(new.patient_id);
  return null;
end $function$;
comment on function private.tg_appointments__request_account() is 'Whoever books by phone gets an account.';

CREATE OR REPLACE FUNCTION private.tg_appointments__sign_of_life()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.note_sign_of_life(new.patient_id, false);
  return null;
end $function$;
comment on function private.tg_appointments__sign_of_life() is 'Coming to an appointment is a sign of life.';

CREATE OR REPLACE FUNCTION private.tg_appointments__slot()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_zone text;
  v_slot record;
  v_length interval := interval '15 minutes';
begin
  select p.clinic_id, c.time_zone into new.clinic_id, v_zone
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = new.practitioner_id;
  new.local_date := (new.starts_at at time zone v_zone)::date;

  if tg_op = 'UPDATE' and (new.practitioner_id, new.starts_at) is distinct from (old.practitioner_id, old.starts_at) then
    if new.ends_at = old.ends_at then
      v_length := old.ends_at - old.starts_at;
      new.ends_at := null;
    end if;
    new.token_number := case when private.in_day_operation()
      and (new.practitioner_id, new.local_date) = (old.practitioner_id, old.local_date) then old.token_number end;
  elsif tg_op = 'UPDATE' and (new.local_date <> old.local_date
    -- Taken up again after its number was given to another.
    or private.token_is_taken(new.practitioner_id, new.local_date, new.token_number, new.id)) then
    new.token_number := null;
  end if;

  if new.token_number is null or new.ends_at is null then
    select * into v_slot from private.slot_at(new.practitioner_id, new.local_date, new.starts_at);
    new.ends_at := coalesce(new.ends_at, v_slot.ends_at, new.starts_at + v_length);
    new.token_number := v_slot.token_number;
    -- Outside the slots (squeezed in at the desk), or where changed hours gave the number to someone already.
    if new.token_number is null
      or private.token_is_taken(new.practitioner_id, new.local_date, new.token_number, new.id) then
      new.token_number := private.next_token(new.practitioner_id, new.local_date, new.id);
    end if;
  end if;
  return new;
end $function$;
comment on function private.tg_appointments__slot() is 'Fills in clinic, day, end and token number of what is booked, moved, numbered anew, or holds its slot again. Who comes later because the doctor does keeps their number.';

CREATE OR REPLACE FUNCTION private.tg_appointments__status()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' then
    new.cancelled_at := case when new.status = 'cancelled' then coalesce(new.cancelled_at, now()) end;
    return new;
  end if;
  if new.patient_id is distinct from old.patient_id and not private.are_one_person(old.patient_id, new.patient_id)
    and not private.was_reassigned(old.dependent_id, new.patient_id) then
    perform private.fail('patient_is_fixed');
  end if;
  new.version := old.version + 1;
  new.updated_at := now();
  new.cancelled_at := case
    when new.status <> 'cancelled' then null
    when old.status = 'cancelled' then old.cancelled_at
    else now()
  end;
  new.clinic_id := old.clinic_id;
  if (new.practitioner_id, new.starts_at) is distinct from (old.practitioner_id, old.starts_at) then
    new.confirmed_at := null;
    new.waits_from := case when private.in_day_operation() then new.waits_from + (new.starts_at - old.starts_at) end;
  end if;
  return new;
end $function$;
comment on function private.tg_appointments__status() is 'Keeps the version and when it was cancelled; another time is not confirmed yet. The clinic changes only with the practitioner, the patient only when two rows turn out to be one, or a dependent becomes a patient.';

CREATE OR REPLACE FUNCTION private.tg_appointments__withdraw_sms()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if old.status <> 'cancelled' or new.status = 'booked' then
    perform private.withdraw_sms(old.id, tg_op = 'DELETE');
  else
    -- That it is off stays true, whatever is done to its row, and nothing else will tell of it.
    perform private.lock_sms(array(select m.id from public.sms_messages m where m.appointment_id = old.id));
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $function$;
comment on function private.tg_appointments__withdraw_sms() is 'Withdraws the SMS that are no longer true.';

CREATE OR REPLACE FUNCTION private.tg_audit()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_row constant jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  v_old constant jsonb := case tg_op
    when 'INSERT' then '{}' when 'DELETE' then private.audit_values(v_row) else private.audit_values(to_jsonb(old)) end;
  v_new constant jsonb := case when tg_op = 'DELETE' then '{}' else private.audit_values(v_row) end;
begin
  insert into public.audit_events (channel, actor_id, action, table_name, row_id, changes)
  select private.channel(), auth.uid(), lower(tg_op), tg_table_name,
    coalesce(
      v_row ->> 'id', (v_row ->> 'key') || '/' || (v_row ->> 'locale'),
      concat_ws('/', v_row ->> 'what', v_row ->> 'by', v_row ->> 'seconds')
    ),
    coalesce(jsonb_object_agg(k, jsonb_build_array(v_old -> k, v_new -> k)), '{}')
  from (select jsonb_object_keys(v_old || v_new) as k) keys
  where v_old -> k is distinct from v_new -> k;
  return null;
end $function$;
comment on function private.tg_audit() is 'Writes down a change of a row.';

CREATE OR REPLACE FUNCTION private.tg_audit_events__append_only()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- An update that a trigger makes is looked at row by row.
  if tg_op <> 'UPDATE' or pg_trigger_depth() = 1 then
    perform private.fail('audit_is_append_only');
  end if;
  return null;
end $function$;
comment on function private.tg_audit_events__append_only() is 'Refuses every change, whoever asks, but for what the deletion of an account does to rows.';

CREATE OR REPLACE FUNCTION private.tg_audit_events__only_erase()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  old.changes := private.without_names(old.changes);
  if new is distinct from old then
    perform private.fail('audit_is_append_only');
  end if;
  return new;
end $function$;
comment on function private.tg_audit_events__only_erase() is 'Refuses an update that does anything but erase names.';

CREATE OR REPLACE FUNCTION private.tg_boards__broadcast_end()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform realtime.send('{}', 'revoked', private.board_topic(old.id));
  return null;
end $function$;
comment on function private.tg_boards__broadcast_end() is 'Tells a board that was revoked to look: what it asks for then is refused, and it says so.';

CREATE OR REPLACE FUNCTION private.tg_clean_names()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(a.name, private.name_from(to_jsonb(new) ->> a.name, replace(a.name, '_', ' ')))
    from unnest(tg_argv) as a (name)
  ));
end $function$;
comment on function private.tg_clean_names() is 'Keeps names in the columns that are its arguments. Empty ones stay empty.';

CREATE OR REPLACE FUNCTION private.tg_clean_notes()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(a.name, private.note_from(to_jsonb(new) ->> a.name, a.name)) from unnest(tg_argv) as a (name)
  ));
end $function$;
comment on function private.tg_clean_notes() is 'Keeps notes in the columns that are its arguments.';

CREATE OR REPLACE FUNCTION private.tg_clinic_staff__account()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_account constant uuid := (select p.user_id from public.patients p where p.phone = new.phone);
begin
  if tg_op = 'INSERT' or new.phone <> old.phone then
    new.vacated_at := null;
  elsif v_account is distinct from old.user_id and old.user_id is not null then
    new.vacated_at := now();
  end if;
  new.user_id := case when new.vacated_at is null then v_account end;
  return new;
end $function$;
comment on function private.tg_clinic_staff__account() is 'Fills in the account of the phone, whatever was entered; not another one than it was, as phones change hands.';

CREATE OR REPLACE FUNCTION private.tg_clinic_staff__end_sessions()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from private.desk_sessions d
  where d.user_id = old.user_id and not exists (select from public.clinic_staff s where s.user_id = old.user_id);
  return null;
end $function$;
comment on function private.tg_clinic_staff__end_sessions() is 'Closes the desk on all devices of who works at none any more: who comes back needs a code again.';

CREATE OR REPLACE FUNCTION private.tg_clinic_staff__keep_manager()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if private.is_admin() then
    return null;
  end if;
  -- Locked: of two managers who give it up at once the second is told.
  perform from public.clinics c where c.id = old.clinic_id for no key update;
  if not exists (
    select from public.clinic_staff s
    where s.clinic_id = old.clinic_id and s.role = 'manager' and s.user_id is not null
  ) then
    perform private.fail('last_manager');
  end if;
  return null;
end $function$;
comment on function private.tg_clinic_staff__keep_manager() is 'A manager leaves, or is one no more: refused with last_manager when none stays who has an account. Admins may do it.';

CREATE OR REPLACE FUNCTION private.tg_clinic_staff__phone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_at_home text;
begin
  -- Locked: of two who add the same phone at once the second is told.
  select c.phone into v_at_home from public.clinics c where c.id = new.clinic_id for no key update;
  new.phone := coalesce(private.phone_typed(new.phone, v_at_home), '');
  -- Whom the policies will refuse does not learn who works there.
  if private.sees_desk(new.clinic_id, true) and exists (
    select from public.clinic_staff s where s.clinic_id = new.clinic_id and s.phone = new.phone and s.id <> new.id
  ) then
    perform private.fail('already_staff');
  end if;
  return new;
end $function$;
comment on function private.tg_clinic_staff__phone() is 'Keeps a phone as +E.164 that was entered in whatever notation. Refuses one that is there already with already_staff.';

CREATE OR REPLACE FUNCTION private.tg_clinics__check_time_zone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- PostgreSQL takes more than names: to it IST is Israel, and UTC+5 is west of Greenwich.
  if new.time_zone !~ '^(UTC|[A-Za-z_]+(/[A-Za-z_-]+)+)$' then
    raise invalid_parameter_value;
  end if;
  perform now() at time zone new.time_zone;
  return new;
exception when invalid_parameter_value then
  perform private.fail('unknown_time_zone', new.time_zone);
end $function$;
comment on function private.tg_clinics__check_time_zone() is 'Refuses what is no IANA name of a time zone.';

CREATE OR REPLACE FUNCTION private.tg_clinics__follow_time_zone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v record;
  v_appointment public.appointments;
begin
  -- What is being booked by the old clock comes first and is found; what is booked after this follows the new one.
  lock table public.appointments in share row exclusive mode;
  for v in select * from private.appointments_by_clock(new.id, old.time_zone, now()) loop
    update public.appointments a set token_number = null where a.id = v.id returning * into v_appointment;
    if v.is_told then
      perform private.withdraw_sms(v.id);
      perform private.queue_appointment_sms('clock_corrected', v_appointment);
    end if;
  end loop;
  return null;
end $function$;
comment on function private.tg_clinics__follow_time_zone() is 'The clinic''s clock was corrected: days and tokens follow, and whose time is another by the clock is told, once for each appointment.';

CREATE OR REPLACE FUNCTION private.tg_dependents__birth_year()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.birth_year := private.birth_year_from(new.birth_year);
  return new;
end $function$;
comment on function private.tg_dependents__birth_year() is 'Refuses an impossible year of birth, whoever writes it.';

CREATE OR REPLACE FUNCTION private.tg_dependents__by_holder()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.set_channel('web');
  return null;
end $function$;
comment on function private.tg_dependents__by_holder() is 'What a holder changes in their session came by the web; our own functions say for themselves.';

CREATE OR REPLACE FUNCTION private.tg_dependents__keep_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.lock_patient(old.patient_id);
  if exists (
    select from public.appointments a
    where a.dependent_id = old.id and a.status in ('booked', 'arrived') and a.ends_at > now()
  ) then
    perform private.fail('dependent_has_appointments');
  elsif exists (select from public.appointments a where a.dependent_id = old.id) then
    update public.dependents d set removed_at = now() where d.id = old.id and d.removed_at is null;
    return null;
  end if;
  return old;
end $function$;
comment on function private.tg_dependents__keep_history() is 'Keeps whoever has appointments to come; of those who had some before only the offer to book for them goes.';

CREATE OR REPLACE FUNCTION private.tg_dependents__lock_holder()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.lock_patient(private.current_patient_id());
  return null;
end $function$;
comment on function private.tg_dependents__lock_holder() is 'Whoever removes somebody and books for them at the same time does one after the other.';

CREATE OR REPLACE FUNCTION private.tg_dependents__not_too_many()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.lock_patient(new.patient_id);
  if private.family_of(new.patient_id) > private.most_dependents() then
    perform private.fail('too_many_dependents', private.most_dependents()::text);
  end if;
  return null;
end $function$;
comment on function private.tg_dependents__not_too_many() is 'Refuses one more than a patient can book for.';

CREATE OR REPLACE FUNCTION private.tg_erase_audit()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.audit_events e set changes = private.without_names(e.changes)
  where e.table_name = tg_table_name and e.row_id = old.id::text and e.changes <> private.without_names(e.changes);
  return null;
end $function$;
comment on function private.tg_erase_audit() is 'Erases names from the audit of a patient or dependent who was deleted, or whose account or name was.';

CREATE OR REPLACE FUNCTION private.tg_keep_settings()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.fail('settings_are_needed');
end $function$;
comment on function private.tg_keep_settings() is 'Keeps the one row of a table of settings.';

CREATE OR REPLACE FUNCTION private.tg_patients__are_theirs()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.are_theirs(new.id, array[
    case when new.name is distinct from old.name then 'name' end,
    case when new.age is distinct from old.age then 'age' end,
    case when new.locale is distinct from old.locale then 'locale' end
  ]);
  return null;
end $function$;
comment on function private.tg_patients__are_theirs() is 'What is written of a patient after a merge is theirs, whoever writes it.';

CREATE OR REPLACE FUNCTION private.tg_patients__check_account()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'UPDATE' and new.phone is distinct from old.phone then
    if exists (select from public.patients p where p.phone = new.phone) then
      perform private.fail('other_patient_has_phone');
    elsif exists (
      select from auth.users u where u.phone = ltrim(new.phone, '+') and u.id is distinct from new.user_id
    ) then
      perform private.fail('other_account_has_phone');
    elsif new.phone is null and new.user_id is not null then
      perform private.fail('account_has_other_phone');
    end if;
  end if;
  if tg_op = 'UPDATE' and old.user_id is not null and new.user_id is distinct from old.user_id then
    if exists (select from auth.users u where u.id = old.user_id and u.deleted_at is null) then
      perform private.fail('account_still_there');
    end if;
    -- A name to sign in with is of no use without an account, and keeps others from having it.
    new.account_origin := null;
    new.username := null;
  end if;
  if new.user_id is not null and (tg_op = 'INSERT' or new.user_id is distinct from old.user_id) and not exists (
    select from auth.users u
    where u.id = new.user_id and u.phone = ltrim(new.phone, '+') and u.phone_confirmed_at is not null
      and u.deleted_at is null
  ) then
    perform private.fail('account_has_other_phone');
  end if;
  return new;
end $function$;
comment on function private.tg_patients__check_account() is 'Refuses a phone that somebody else has, an account with another phone, and parting from an account that is still there.';

CREATE OR REPLACE FUNCTION private.tg_patients__delete_account()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from auth.users u where u.id = old.user_id;
  return null;
end $function$;
comment on function private.tg_patients__delete_account() is 'The patient was deleted: an account without patient could not do anything.';

CREATE OR REPLACE FUNCTION private.tg_patients__follow_staff()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- Filled in anew from the phone, also of the phone that was given up. The rights do not move to the other phone: its code
  -- opens the desk, and who has stolen a password could then bring their own.
  update public.clinic_staff s set user_id = null
  where s.phone in (new.phone, case when tg_op = 'UPDATE' then old.phone end);
  return null;
end $function$;
comment on function private.tg_patients__follow_staff() is 'The phone of somebody at a desk got an account, or lost it: so do they get or lose their rights.';

CREATE OR REPLACE FUNCTION private.tg_patients__move_account()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_number constant text := ltrim(new.phone, '+');
  v_locale constant text := coalesce(private.language_of(new.id), 'en-IN');
begin
  if exists (select from auth.users u where u.id = new.user_id and u.phone is distinct from v_number) then
    perform private.permit_change(new.user_id, 'phone', new.phone);
    update auth.users u set phone = v_number, updated_at = now() where u.id = new.user_id;
    -- Edited here and not by Auth: nobody has proven anything, so whoever is signed in does it again.
    delete from auth.sessions s where s.user_id = new.user_id;
  end if;
  update auth.identities i set identity_data = i.identity_data || jsonb_build_object('phone', v_number), updated_at = now()
  where i.user_id = new.user_id and i.provider = 'phone' and i.identity_data ->> 'phone' is distinct from v_number;

  -- Whoever changed it has asked the patient.
  perform private.note_sign_of_life(new.id, true);
  perform private.redirect_sms(new.id, old.phone, new.phone);
  perform private.queue_sms(
    'phone_changed', old.phone, jsonb_build_object('phone', private.mask_phone(new.phone)), null, new.id, null, v_locale
  );
  perform private.queue_sms(
    'phone_moved_here', new.phone, jsonb_build_object('phone', private.mask_phone(old.phone)), null, new.id, null, v_locale
  );
  return null;
end $function$;
comment on function private.tg_patients__move_account() is 'The patient has another phone: the account moves along, sessions end unless Auth moved it, and both phones are told.';

CREATE OR REPLACE FUNCTION private.tg_patients__not_merged()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if private.merged_into(new.id) is not null then
    perform private.fail('patient_is_merged');
  end if;
  return new;
end $function$;
comment on function private.tg_patients__not_merged() is 'Refuses a phone for a patient who was merged: nobody would find the one that stays by it, and undoing would fail.';

CREATE OR REPLACE FUNCTION private.tg_patients__one_by_phone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.come_one_after_the_other('patient of ' || new.phone);
  return new;
end $function$;
comment on function private.tg_patients__one_by_phone() is 'Of two patients who are given one phone at once the second waits, and _100_check_account refuses it.';

CREATE OR REPLACE FUNCTION private.tg_patients__one_by_username()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.come_one_after_the_other('username ' || lower(new.username));
  if private.username_is_taken(new.username, new.phone) then
    perform private.fail('username_taken');
  end if;
  return new;
end $function$;
comment on function private.tg_patients__one_by_username() is 'Of two patients who want one username at once the second is refused.';

CREATE OR REPLACE FUNCTION private.tg_practitioners__keep_clinic()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if exists (select from public.appointments a where a.practitioner_id = new.id) then
    perform private.fail('practitioner_is_fixed');
  end if;
  return new;
end $function$;
comment on function private.tg_practitioners__keep_clinic() is 'Refuses to move a practitioner with appointments to another clinic, which would leave the appointments behind.';

CREATE OR REPLACE FUNCTION private.tg_practitioners__respell()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.practitioners p set specialty = new.specialty
  where p.clinic_id = new.clinic_id and p.specialty = old.specialty
    and private.specialty_key(new.specialty) = private.specialty_key(old.specialty);
  return null;
end $function$;
comment on function private.tg_practitioners__respell() is 'Whose specialty is only spelt otherwise by hand brings along everybody at the clinic who has it.';

CREATE OR REPLACE FUNCTION private.tg_practitioners__spell()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' or new.clinic_id <> old.clinic_id
    or private.specialty_key(new.specialty) <> private.specialty_key(old.specialty) then
    -- One after the other at a clinic, so that two who come at once are spelt alike.
    perform from public.clinics c where c.id = new.clinic_id for no key update;
    new.specialty := private.specialty_at(new.clinic_id, new.specialty, new.id);
  end if;
  return new;
end $function$;
comment on function private.tg_practitioners__spell() is 'Spells a specialty as the clinic does already: the first spelling wins.';

CREATE OR REPLACE FUNCTION private.tg_sessions__broadcast_end()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform realtime.send('{}', 'signed_out', 'patient:' || p.id)
  from public.patients p where p.user_id = old.user_id;
  return null;
end $function$;
comment on function private.tg_sessions__broadcast_end() is 'Tells the open pages of a patient that one of their sessions has ended, not which.';

CREATE OR REPLACE FUNCTION private.tg_sessions__sign_of_life()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.note_sign_of_life(p.id, true) from public.patients p where p.user_id = new.user_id;
  return null;
end $function$;
comment on function private.tg_sessions__sign_of_life() is 'Signing in and going on with a session are signs of life.';

CREATE OR REPLACE FUNCTION private.tg_sms_messages__doubt()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.outcome_unknown := true;
  return new;
end $function$;
comment on function private.tg_sms_messages__doubt() is 'A message taken out of a worker''s hands may be on its way: it is looked up at the provider before it is sent again.';

CREATE OR REPLACE FUNCTION private.tg_sms_messages__keep_secrets()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.body := private.erased_sms_text();
  return new;
end $function$;
comment on function private.tg_sms_messages__keep_secrets() is 'Erases the text of a secret message once it is sent or given up.';

CREATE OR REPLACE FUNCTION private.tg_sms_messages__measure()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.parts := private.sms_parts(new.body);
  if new.parts > private.most_sms_parts() then
    perform private.fail('sms_too_long', new.parts::text, private.most_sms_parts()::text);
  end if;
  return new;
end $function$;
comment on function private.tg_sms_messages__measure() is 'Counts the parts while the text is there: of a secret it is erased later. Refuses a text typed by hand that is too long to be sent.';

CREATE OR REPLACE FUNCTION private.tg_sms_messages__reopen()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if new.body = private.erased_sms_text() then
    perform private.fail('secret_erased');
  end if;
  if new.status = 'queued' then
    new.attempts := 0;
    new.next_attempt_at := now();
    new.expires_at := case when new.expires_at > now() then new.expires_at end;
    new.sent_at := null;
    new.counted_at := null;
    new.delivered_at := null;
    new.reported_at := null;
    -- Late reports about the first sending must not be taken for reports about this one. Where nobody knows whether
    -- there was a first sending, they are welcome.
    if not new.outcome_unknown then
      new.report_token := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    end if;
  end if;
  return new;
end $function$;
comment on function private.tg_sms_messages__reopen() is 'Has a message that was over begin anew when it is queued again by hand; refuses one whose text is erased.';

CREATE OR REPLACE FUNCTION private.tg_sms_messages__wake_dispatcher()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.wake('sms-dispatch');
  return null;
end $function$;
comment on function private.tg_sms_messages__wake_dispatcher() is 'Wakes the dispatcher for messages that are due: new ones, and those queued again or made due by hand.';

CREATE OR REPLACE FUNCTION private.tg_sms_settings__more_budget()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.sms_messages m set next_attempt_at = now()
  where m.status = 'queued' and m.last_error = private.budget_reason();
  return null;
end $function$;
comment on function private.tg_sms_settings__more_budget() is 'The budget is another: what waited for it is tried at once.';

CREATE OR REPLACE FUNCTION private.tg_sms_settings__wake_dispatcher()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.wake('sms-dispatch');
  return null;
end $function$;
comment on function private.tg_sms_settings__wake_dispatcher() is 'Sending is on again: what waited goes at once.';

CREATE OR REPLACE FUNCTION private.tg_sms_templates__check()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_original public.sms_templates;
begin
  if new.locale <> 'en-IN' then
    select * into v_original from public.sms_templates t where t.key = new.key and t.locale = 'en-IN';
    if found then
      new.placeholders := v_original.placeholders;
      new.required := v_original.required;
      new.description := coalesce(nullif(new.description, ''), v_original.description);
    end if;
  end if;
  new.default_body := coalesce(new.default_body, new.body);
  new.required := coalesce(new.required, private.placeholders_in(new.body));
  select jsonb_object_agg(p, coalesce(new.samples ->> p, private.sample_of(p, new.locale))) into new.samples
  from unnest(new.placeholders) p;
  new.samples := coalesce(new.samples, '{}');
  perform private.check_sms_text(new);
  return new;
end $function$;
comment on function private.tg_sms_templates__check() is 'Fills in what an admin need not, and refuses a text that could not be sent.';

CREATE OR REPLACE FUNCTION private.tg_sms_templates__keep()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.fail('template_is_needed');
end $function$;
comment on function private.tg_sms_templates__keep() is 'Keeps the en-IN templates, which every other language falls back to.';

CREATE OR REPLACE FUNCTION private.tg_touch()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.updated_at := now();
  return new;
end $function$;
comment on function private.tg_touch() is 'Keeps updated_at.';

CREATE OR REPLACE FUNCTION private.tg_users__change_is_permitted()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_state constant text :=
    private.state_of_account(old.id, old.phone, old.encrypted_password, old.phone_confirmed_at);
begin
  -- Taking a password away opens nothing.
  if new.encrypted_password is distinct from old.encrypted_password and new.encrypted_password is distinct from '' then
    perform private.use_permit(new.id, v_state, 'password');
  end if;
  if new.phone is distinct from old.phone then
    perform private.use_permit(new.id, v_state, 'phone', '+' || new.phone);
  elsif new.phone_change is distinct from old.phone_change and new.phone_change <> '' then
    perform private.use_permit(new.id, v_state, 'phone', '+' || new.phone_change);
  end if;
  if new.email is distinct from old.email
    or (new.email_change is distinct from old.email_change and new.email_change <> '')
  then
    perform private.use_permit(new.id, v_state, 'email');
  end if;
  return new;
end $function$;
comment on function private.tg_users__change_is_permitted() is 'Refuses another password, phone or e-mail of an account, also one that only begins, unless it was permitted just before.';

CREATE OR REPLACE FUNCTION private.tg_users__end_account_job()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update private.account_jobs j set done_at = now()
  where j.done_at is null and j.id::text = new.raw_app_meta_data ->> 'account_job';
  return null;
end $function$;
comment on function private.tg_users__end_account_job() is 'The owner has a password, so the one of the job is not texted any more.';

CREATE OR REPLACE FUNCTION private.tg_users__forget_devices()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from private.known_devices d where d.user_id = new.id;
  return null;
end $function$;
comment on function private.tg_users__forget_devices() is 'The password is another: no device is known any more.';

CREATE OR REPLACE FUNCTION private.tg_users__keep_phone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if exists (
    select from public.patients p
    where p.user_id = new.id and (p.phone is distinct from '+' || new.phone or new.phone_confirmed_at is null)
  ) then
    perform private.fail('account_has_other_phone');
  end if;
  return null;
end $function$;
comment on function private.tg_users__keep_phone() is 'Refuses an account of a patient without their phone, or with one that is not confirmed.';

CREATE OR REPLACE FUNCTION private.tg_users__link_patient()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_phone constant text := '+' || new.phone;
begin
  if exists (select from public.patients p where p.user_id = new.id) then
    update public.patients p set phone = v_phone where p.user_id = new.id and p.phone <> v_phone;
  else
    perform private.link_patient(new.id, v_phone, new.raw_app_meta_data);
  end if;
  return null;
end $function$;
comment on function private.tg_users__link_patient() is 'An account belongs to the patient of its phone once that phone is confirmed; one with a new phone takes its patient along.';

CREATE OR REPLACE FUNCTION private.tg_users__one_by_phone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.come_one_after_the_other('account of ' || new.phone);
  if exists (select from auth.users u where u.phone = new.phone and u.id <> new.id) then
    perform private.fail('other_account_has_phone');
  end if;
  return new;
end $function$;
comment on function private.tg_users__one_by_phone() is 'Of two accounts that are made for one phone at once the second is refused.';

CREATE OR REPLACE FUNCTION private.tg_users__password_chosen()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  delete from private.temporary_passwords t where t.user_id = new.id;
  perform private.queue_sms(
    'password_changed', p.phone, '{}', null, p.id, null, coalesce(private.language_of(p.id), 'en-IN')
  )
  from public.patients p where p.user_id = new.id;
  return null;
end $function$;
comment on function private.tg_users__password_chosen() is 'The account has another password: it is temporary no more, and its owner is told, who may know nothing of it.';

CREATE OR REPLACE FUNCTION private.tg_users__unlink_patient()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.patients p set user_id = null where p.user_id = new.id;
  return null;
end $function$;
comment on function private.tg_users__unlink_patient() is 'The account was deleted: its patient and their appointments stay, and may get a new one.';

CREATE OR REPLACE FUNCTION private.time_zone_of_costs()
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce((select c.time_zone from public.clinics c order by c.created_at, c.id limit 1), 'UTC')
$function$;
comment on function private.time_zone_of_costs() is 'The time zone of the oldest clinic: its days are those of sms_cost.';
grant execute on function private.time_zone_of_costs() to service_role;

CREATE OR REPLACE FUNCTION private.timeline(p_patient_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_agg(t.entry || jsonb_build_object('at', t.at) order by t.at desc), '[]')
    from (
      select l.* from (
        select * from private.timeline_of_appointments(p_patient_id)
        union all select * from private.timeline_of_calls(p_patient_id)
        union all select * from private.timeline_of_sms(p_patient_id)
        union all select * from private.timeline_of_changes(p_patient_id)
      ) l order by l.at desc limit 500
    ) t
  );
end $function$;
comment on function private.timeline(uuid) is 'What happened with a patient, the latest first, 500 entries at most; each has kind and at.';

CREATE OR REPLACE FUNCTION private.timeline_of_appointments(p_patient_id uuid)
 RETURNS TABLE(at timestamp with time zone, entry jsonb)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select a.starts_at, jsonb_build_object(
      'kind', 'appointment', 'id', a.id, 'clinic_id', a.clinic_id, 'practitioner', p.name, 'starts_at', a.starts_at,
      'dependent_id', a.dependent_id, 'dependent_name', d.name, 'status', a.status, 'channel', a.channel,
      'token_number', a.token_number, 'reference', a.reference,
      'note', a.note, 'booked_at', a.created_at, 'arrived_at', a.arrived_at, 'seen_at', a.seen_at
    )
    from public.appointments a
    join public.practitioners p on p.id = a.practitioner_id
    left join public.dependents d on d.id = a.dependent_id
    where a.patient_id = p_patient_id and private.sees_desk(a.clinic_id);
end $function$;
comment on function private.timeline_of_appointments(uuid) is 'Appointments of a patient and their dependents at the clinics of whoever asks: {kind: appointment, ...}. Nothing as dependent_id: the patient comes.';

CREATE OR REPLACE FUNCTION private.timeline_of_calls(p_patient_id uuid)
 RETURNS TABLE(at timestamp with time zone, entry jsonb)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select c.started_at, jsonb_build_object(
      'kind', 'call', 'id', c.id, 'clinic_id', c.clinic_id, 'outcome', c.outcome, 'seconds', c.duration_seconds
    )
    from public.ivr_calls c where c.patient_id = p_patient_id and private.sees_desk(c.clinic_id);
end $function$;
comment on function private.timeline_of_calls(uuid) is 'Calls of a patient to the clinics of whoever asks: {kind: call, ...}.';

CREATE OR REPLACE FUNCTION private.timeline_of_changes(p_patient_id uuid)
 RETURNS TABLE(at timestamp with time zone, entry jsonb)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select e.occurred_at, jsonb_build_object(
      'kind', 'change', 'id', e.id, 'table', e.table_name, 'row', e.row_id, 'action', e.action, 'channel', e.channel,
      'actor', e.actor, 'changes', e.changes
    )
    from public.audit_trail e
    where e.action <> 'read' and (
      (e.table_name = 'patients' and e.row_id = p_patient_id::text)
      or (e.table_name = 'dependents' and e.row_id = any (
        select d.id::text from public.dependents d where d.patient_id = p_patient_id
      ))
      or (e.table_name = 'appointments' and e.row_id = any (
        select a.id::text from public.appointments a
        where a.patient_id = p_patient_id and private.sees_desk(a.clinic_id)
      ))
    );
end $function$;
comment on function private.timeline_of_changes(uuid) is 'What was changed of a patient, their dependents and appointments, and by whom: {kind: change, ...}.';

CREATE OR REPLACE FUNCTION private.timeline_of_sms(p_patient_id uuid)
 RETURNS TABLE(at timestamp with time zone, entry jsonb)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
    select m.created_at, jsonb_build_object(
      'kind', 'sms', 'id', m.id, 'appointment_id', m.appointment_id, 'template', m.template,
      'text', case when not m.secret then m.body end, 'status', m.status, 'reason', m.last_error,
      'can_be_resent', private.can_be_resent(m)
    )
    from public.sms_messages m
    where m.patient_id = p_patient_id and not private.is_sms_of_others(m);
end $function$;
comment on function private.timeline_of_sms(uuid) is 'SMS to a patient, but for those about appointments at clinics of others: {kind: sms, ...}. What held a code or password has no text.';

CREATE OR REPLACE FUNCTION private.today_began(p_now timestamp with time zone DEFAULT now())
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(
    (select private.instant_of((p_now at time zone c.time_zone)::date, c.time_zone)
     from public.clinics c order by c.created_at, c.id limit 1),
    date_trunc('day', p_now, 'UTC')
  )
$function$;
comment on function private.today_began(timestamp with time zone) is 'When the day began in the time zone of the oldest clinic.';
grant execute on function private.today_began(timestamp with time zone) to service_role;

CREATE OR REPLACE FUNCTION private.token_is_taken(p_practitioner_id uuid, p_on date, p_token_number integer, p_except uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.token_number = p_token_number
      and a.active and a.id <> p_except
  );
end $function$;
comment on function private.token_is_taken(uuid,date,integer,uuid) is 'Whether another appointment of that day holds a slot with that token number.';

CREATE OR REPLACE FUNCTION private.translation_of(p_name text, p_clinic_id uuid, p_locale text)
 RETURNS public.translations
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select t from public.translations t
    where lower(t.name collate pg_c_utf8) = lower(p_name collate pg_c_utf8) and t.locale = p_locale
      and (t.clinic_id is null or t.clinic_id = p_clinic_id)
    order by t.clinic_id nulls last limit 1
  );
end $function$;
comment on function private.translation_of(text,uuid,text) is 'What a name at a clinic is in a language, of the clinic''s own words if it has any; null where there is none.';

CREATE OR REPLACE FUNCTION private.translations_in(p_names jsonb)
 RETURNS TABLE(name text, translation text, address text)
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
#variable_conflict use_column
begin
  if p_names is null or jsonb_path_exists(p_names, '$[*] ? (!exists (@.name) || @.name == null)') then
    perform private.fail('invalid_name', 'name');
  end if;
  return query
    -- As they are kept, and capitals do not matter: of two that are one, the first that says something.
    select distinct on (lower(k.name collate pg_c_utf8)) k.name, coalesce(n.translation, ''), nullif(n.address, '')
    from rows from (jsonb_to_recordset(p_names) as (name text, translation text, address text))
      with ordinality as n (name, translation, address, place)
    cross join lateral (select private.without_invisible_ends(n.name) as name) k
    order by lower(k.name collate pg_c_utf8), coalesce(n.translation, '') = '', n.place;
exception when data_exception then
  perform private.fail('invalid_name', 'name');
end $function$;
comment on function private.translations_in(jsonb) is 'A list of what names are called as rows, one for each name. Refuses with invalid_name what is none, or has a name that is null.';

CREATE OR REPLACE FUNCTION private.undo_mark(p_appointment public.appointments, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_before public.appointments;
begin
  delete from private.last_marks m
  where m.appointment_id = p_appointment.id and m.version = p_appointment.version
    -- What a colleague has just marked is not what somebody takes back who looks at an older screen.
    and (m.actor_id is not distinct from auth.uid() or m.marked_at < p_now - interval '1 minute')
  returning (jsonb_populate_record(p_appointment, m.before)).* into v_before;
  if not found then
    perform private.fail('changed_meanwhile', private.what_happened(p_appointment));
  end if;
  return private.write_mark(v_before, p_now);
end $function$;
comment on function private.undo_mark(public.appointments,timestamp with time zone) is 'Takes the last step back that was marked at the desk, if nothing followed on it. Refuses with changed_meanwhile.';

CREATE OR REPLACE FUNCTION private.undo_merge(p_merge private.patient_merges, p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_keep public.patients;
begin
  if p_merge.undone_at is not null or p_merge.merged_at <= p_now - interval '1 day' then
    perform private.fail('too_late_to_undo');
  end if;
  perform private.require_no_staff_phone(p_merge.gone_phone);
  select * into v_keep from public.patients p where p.id = p_merge.keep_id;
  if v_keep.phone = p_merge.gone_phone and v_keep.user_id is not null then
    perform private.fail('gone_has_account');
  end if;
  update private.patient_merges m set undone_at = p_now where m.id = p_merge.id;
  perform private.lock_sms(array(select m.id from public.sms_messages m where m.patient_id = p_merge.keep_id));
  perform private.move_back(p_merge);
  perform private.redirect_sms(p_merge.gone_id, v_keep.phone, p_merge.gone_phone) where v_keep.phone <> p_merge.gone_phone;
  update public.patients p set phone = null where p.id = p_merge.keep_id and p.phone = p_merge.gone_phone;
  perform private.take_back(p_merge);
  update public.patients p set phone = p_merge.gone_phone where p.id = p_merge.gone_id;
  -- An account was about to be made when the merge ended that.
  delete from private.account_jobs j where (j.patient_id, j.done_at) = (p_merge.gone_id, p_merge.merged_at);
  if found then
    perform private.request_account(p_merge.gone_id);
  end if;
end $function$;
comment on function private.undo_merge(private.patient_merges,timestamp with time zone) is 'Makes one patient two again, who are both locked. What the one that stayed has got meanwhile stays theirs.';

CREATE OR REPLACE FUNCTION private.use_permit(p_user_id uuid, p_state text, p_what text, p_phone text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- One, and one that is for this very state before one that an admin gave.
  delete from private.account_permits p
  where p.id = (
    select q.id from private.account_permits q
    where q.user_id = p_user_id and q.what = p_what and q.phone is not distinct from p_phone
      and (q.state is null or q.state = p_state) and q.expires_at > now()
    order by q.state is null, q.created_at
    limit 1
    for update
  );
  if not found then
    perform private.fail('change_not_permitted', p_what);
  end if;
end $function$;
comment on function private.use_permit(uuid,text,text,text) is 'Uses a permit up for an account that is in p_state; refuses when there is none.';

CREATE OR REPLACE FUNCTION private.user_of_session(p_session_id uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select s.user_id
    from auth.sessions s, public.security_settings n
    where s.id = p_session_id
      and s.created_at > now() - make_interval(days => n.session_days)
      and coalesce(s.refreshed_at at time zone 'UTC', s.created_at) > now() - make_interval(days => n.session_idle_days)
      and (s.not_after is null or s.not_after > now())
  );
end $function$;
comment on function private.user_of_session(uuid) is 'Whose session it is; null when it was signed out, has not been used for too long, or is too old (security_settings).';

CREATE OR REPLACE FUNCTION private.username_is_taken(p_username text, p_phone text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.patients p where lower(p.username) = lower(p_username) and p.phone is distinct from p_phone
  );
end $function$;
comment on function private.username_is_taken(text,text) is 'Whether somebody with another phone has that username, in whatever case.';

CREATE OR REPLACE FUNCTION private.waits_in_queue(p_topic text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.appointments a
    where a.patient_id = private.listening_patient_id() and a.active
      and 'queue:' || a.practitioner_id || ':' || to_char(a.local_date, 'YYYY-MM-DD') = p_topic
  );
end $function$;
comment on function private.waits_in_queue(text) is 'Whether the listening patient has an appointment on the day and with the practitioner of a topic queue:<practitioner>:<date>.';
grant execute on function private.waits_in_queue(text) to authenticated;

CREATE OR REPLACE FUNCTION private.wake(p_function text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  -- A run that ends waits for all who hold this lock: what they have queued, relying on it, is still done.
  perform pg_advisory_xact_lock_shared(hashtextextended('run of ' || p_function, 0));
  if (select r.busy_until > clock_timestamp() from private.function_runs r where r.function = p_function) then
    return;
  end if;
  perform private.call_function(p_function);
  perform private.mark_run(p_function, clock_timestamp() + interval '5 seconds');
end $function$;
comment on function private.wake(text) is 'Calls a function that works through a queue once the transaction has committed, unless it is at work anyway.';

CREATE OR REPLACE FUNCTION private.wants_no_sms(p_phone text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (select from public.sms_opt_outs o where o.phone = p_phone);
end $function$;
comment on function private.wants_no_sms(text) is 'Whether a phone (+E.164) gets only the codes and passwords that are asked for. Of none it is not known: false.';

CREATE OR REPLACE FUNCTION private.was_put_off(p_sms public.sms_messages)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
RETURN ((p_sms).next_attempt_at > (p_sms).created_at);
comment on function private.was_put_off(public.sms_messages) is 'Whether a message does not go out in its turn any more: it was tried, or had to wait, or was queued again by hand.';

CREATE OR REPLACE FUNCTION private.was_reassigned(p_dependent_id uuid, p_patient_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from private.reassignments r where r.dependent_id = p_dependent_id and r.patient_id = p_patient_id
  );
end $function$;
comment on function private.was_reassigned(uuid,uuid) is 'Whether appointments of a dependent may be given to a patient: this is who they have become.';

CREATE OR REPLACE FUNCTION private.was_seen(p_patient_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.patients p left join auth.users u on u.id = p.user_id
    where p.id = p_patient_id and (
      u.last_sign_in_at is not null
      or exists (select from private.call_proofs c where c.patient_id = p.id and c.proven_at is not null)
      or exists (
        select from public.appointments a
        where a.patient_id = p.id
          and (a.status in ('arrived', 'fulfilled') or (a.channel = 'ivr' and not a.unproven))
      )
    )
  );
end $function$;
comment on function private.was_seen(uuid) is 'Whether somebody stood behind the patient''s phone before: signed in, proved it in a call, or came to the clinic.';

CREATE OR REPLACE FUNCTION private.welcome_patient(p_patient public.patients, p_user_id uuid, p_password text, p_job_id uuid, p_expires_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.patients p set user_id = p_user_id, account_origin = 'ivr'
  where p.id = p_patient.id
    and (p.user_id is null or (p.user_id = p_user_id and p.account_origin is distinct from 'ivr'));
  insert into private.temporary_passwords (user_id, expires_at) values (p_user_id, p_expires_at)
  on conflict (user_id) do nothing;
  -- In the language of the clinic that was called, unless the caller chose another.
  perform private.queue_sms(
    'welcome', p_patient.phone, jsonb_build_object('username', p_patient.phone, 'password', p_password),
    'welcome:' || p_job_id, p_patient.id, null,
    coalesce(private.language_of(p_patient.id), 'en-IN'), true, p_expires_at
  );
end $function$;
comment on function private.welcome_patient(public.patients,uuid,text,uuid,timestamp with time zone) is 'Gives a patient who booked by phone their account, marks its password temporary and texts it.';

CREATE OR REPLACE FUNCTION private.what_happened(p_appointment public.appointments)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case
        when p_appointment.status = 'arrived' and p_appointment.called_at is not null then 'called'
        when p_appointment.status = 'fulfilled' then 'seen'
        when p_appointment.status = 'noshow' then 'not there'
        else p_appointment.status
      end
      || ' (' || coalesce(e.actor || ', ', '')
      || to_char(p_appointment.updated_at at time zone c.time_zone, 'HH24:MI') || ')'
    from public.clinics c left join lateral (
      select t.actor from public.audit_trail t
      where t.table_name = 'appointments' and t.row_id = p_appointment.id::text order by t.id desc limit 1
    ) e on true
    where c.id = p_appointment.clinic_id
  );
end $function$;
comment on function private.what_happened(public.appointments) is 'How an appointment stands, and who made it so and when: arrived (Priya, 10:02).';

CREATE OR REPLACE FUNCTION private.who_comes(p_appointment public.appointments, p_holder public.patients)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case
    when p_appointment.dependent_id is null then p_holder.name
    else (select d.name from public.dependents d where d.id = p_appointment.dependent_id)
  end;
end $function$;
comment on function private.who_comes(public.appointments,public.patients) is 'The name of who comes to an appointment: of the holder of the phone, or the dependent.';

CREATE OR REPLACE FUNCTION private.withdraw_permit(p_id uuid)
 RETURNS void
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  delete from private.account_permits p where p.id = p_id
$function$;
comment on function private.withdraw_permit(uuid) is 'The change is done or will not be: nobody else may use its permit.';

CREATE OR REPLACE FUNCTION private.withdraw_sms(p_appointment_id uuid, p_deleting boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.lock_sms(array(
    select m.id from public.sms_messages m
    -- Deleting an appointment also changes what was sent: it no longer refers to it.
    where m.appointment_id = p_appointment_id and (p_deleting or m.status in ('queued', 'sending'))
  ));
  update public.sms_messages m
  set status = 'cancelled', last_error = 'the appointment was changed before it was sent',
    -- Its cause is gone, and may come back: an appointment that is moved back is reminded of.
    dedupe_key = null
  where m.appointment_id = p_appointment_id and m.status = 'queued' and (private.was_put_off(m) or m.priority = 3);
  -- Out of our hands, unless the attempt fails: then it is not made again.
  update public.sms_messages m set expires_at = now()
  where m.appointment_id = p_appointment_id and m.status = 'sending' and (m.expires_at > now()) is not false;
end $function$;
comment on function private.withdraw_sms(uuid,boolean) is 'Withdraws reminders of an appointment that is moved, cancelled, over, or at another time by the clock, and news of it that was put off.';

CREATE OR REPLACE FUNCTION private.without_invisible_ends(p_text text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  -- White space, and what Unicode calls default ignorable: marks of direction, joiners, fillers that look like a blank.
  -- But not the overrides of direction, which nobody pastes by accident.
  v_nothing constant text := '[\s\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202C'
    || '\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFF8\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A'
    || '\U000E0000-\U000E0FFF]*';
begin
  -- After a virama a joiner at the end of a word is part of its last letter (Malayalam, Bengali).
  return regexp_replace(
    regexp_replace(normalize(p_text, nfc) collate pg_c_utf8, '^' || v_nothing, ''),
    '([\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA]\u200D)?' || v_nothing || '$', '\1'
  );
end $function$;
comment on function private.without_invisible_ends(text) is 'A text in Unicode''s composed form (NFC), without blanks and characters that show nothing at its beginning and end.';

CREATE OR REPLACE FUNCTION private.without_link(p_body text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select string_agg(l.line, E'\n' order by l.place)
    from string_to_table(p_body, E'\n') with ordinality as l (line, place)
    where l.place = 1 or strpos(l.line, '{{url}}') = 0
  );
end $function$;
comment on function private.without_link(text) is 'A body without the lines after the first that tell the address of the site, for while nobody has told where it is.';

CREATE OR REPLACE FUNCTION private.without_names(p_changes jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select p_changes || coalesce(jsonb_object_agg(k, '"(erased)"'::jsonb), '{}')
  from unnest(array['name', 'username', 'age', 'birth_year']) k
  where p_changes ? k
$function$;
comment on function private.without_names(jsonb) is 'Changes of a patient or dependent as the audit keeps them once the account is deleted: a column of names says (erased).';

CREATE OR REPLACE FUNCTION private.write_dates(p_practitioner_id uuid, p_from date, p_until date, p_hours jsonb, p_reason text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_reason constant text := private.note_from(coalesce(p_reason, ''), 'reason');
begin
  perform private.check_hours(coalesce(p_hours, '[]'));
  -- Only what differs, so that the audit says what has changed.
  delete from public.schedule_exceptions e
  where e.practitioner_id = p_practitioner_id and e.on_date between p_from and p_until and not exists (
    select from private.dates_in(p_from, p_until, p_hours) d
    where d.on_date = e.on_date and v_reason = e.reason
      and (d.start_time, d.end_time, d.slot_minutes) is not distinct from (e.start_time, e.end_time, e.slot_minutes)
  );
  insert into public.schedule_exceptions (practitioner_id, on_date, start_time, end_time, slot_minutes, reason)
  select p_practitioner_id, d.*, v_reason from private.dates_in(p_from, p_until, p_hours) d
  where not exists (
    select from public.schedule_exceptions e
    where e.practitioner_id = p_practitioner_id and e.on_date = d.on_date
      and (d.start_time, d.end_time, d.slot_minutes) is not distinct from (e.start_time, e.end_time, e.slot_minutes)
  );
exception when exclusion_violation then
  perform private.fail('hours_overlap');
end $function$;
comment on function private.write_dates(uuid,date,date,jsonb,text) is 'Replaces the hours of some dates: [] is closed, null the weekly hours again.';

CREATE OR REPLACE FUNCTION private.write_mark(p_becomes public.appointments, p_now timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_is_today constant boolean := p_becomes.local_date = (
    select (p_now at time zone c.time_zone)::date from public.clinics c where c.id = p_becomes.clinic_id
  );
  v_person_id constant uuid := coalesce(p_becomes.dependent_id, p_becomes.patient_id);
begin
  for v_try in 1..3 loop
    begin
      update public.appointments a
      set status = p_becomes.status, arrived_at = p_becomes.arrived_at, called_at = p_becomes.called_at,
        seen_at = p_becomes.seen_at, waits_from = p_becomes.waits_from,
        starts_at = p_becomes.starts_at, ends_at = p_becomes.ends_at
      where a.id = p_becomes.id returning * into p_becomes;
      return p_becomes;
    exception when exclusion_violation or unique_violation then
      if v_try = 3 or not v_is_today then
        perform private.require_no_overlap(
          p_becomes.practitioner_id, v_person_id, p_becomes.starts_at, p_becomes.ends_at, p_becomes.id
        );
        perform private.fail('slot_taken');
      end if;
      -- While they were given up, their time went to somebody else, or they booked another doctor at it.
      select g.starts_at, g.ends_at into p_becomes.starts_at, p_becomes.ends_at
      from private.require_gap(p_becomes.practitioner_id, null, p_now, v_person_id) g;
    end;
  end loop;
end $function$;
comment on function private.write_mark(public.appointments,timestamp with time zone) is 'Writes how an appointment stands after a step. Who comes back after all and has lost their time is squeezed in as soon as possible, on its day; else refuses like private.require_no_overlap, or private.require_gap.';

CREATE OR REPLACE FUNCTION private.write_week(p_practitioner_id uuid, p_week jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.check_hours(p_week);
  if p_week is null or exists (select from private.hours_in(p_week) h where h.weekday between 1 and 7 is not true) then
    perform private.fail('invalid_hours');
  end if;
  -- Only what differs, so that the audit says what has changed.
  delete from public.schedules s
  where s.practitioner_id = p_practitioner_id and not exists (
    select from private.hours_in(p_week) h
    where (h.weekday, h.start_time, h.end_time, h.slot_minutes) = (s.weekday, s.start_time, s.end_time, s.slot_minutes)
  );
  insert into public.schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
  select p_practitioner_id, h.* from private.hours_in(p_week) h
  where not exists (
    select from public.schedules s
    where s.practitioner_id = p_practitioner_id
      and (h.weekday, h.start_time, h.end_time, h.slot_minutes) = (s.weekday, s.start_time, s.end_time, s.slot_minutes)
  );
exception when exclusion_violation then
  perform private.fail('hours_overlap');
end $function$;
comment on function private.write_week(uuid,jsonb) is 'Replaces the weekly hours of a practitioner.';

CREATE OR REPLACE FUNCTION public.account_status()
 RETURNS TABLE(user_id uuid, phone text, patient_id uuid, username text, must_change_password boolean, works_at_desk boolean)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
    select u.id, '+' || u.phone, p.id, p.username,
      exists (select from private.temporary_passwords t where t.user_id = u.id),
      exists (select from public.clinic_staff s where s.user_id = u.id)
    from auth.users u left join public.patients p on p.user_id = u.id
    where u.id = (select private.current_user_id()) and (u.banned_until is null or u.banned_until <= now());
end $function$;
comment on function public.account_status() is 'What the site must know before it can show anything: whose account this is, whether its password is temporary, and whether they work at a desk. No row: nobody is signed in, as after the session has ended or the account was banned.';
grant execute on function public.account_status() to authenticated;
grant execute on function public.account_status() to service_role;

CREATE OR REPLACE FUNCTION public.available_days(clinic_id uuid, practitioner_id uuid DEFAULT NULL::uuid, specialty text DEFAULT NULL::text, from_date date DEFAULT NULL::date, days integer DEFAULT 14)
 RETURNS TABLE(on_date date, free integer, open boolean, over boolean)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_person_id uuid := private.offered_to();
begin
  if not exists (select from public.clinics c where c.id = available_days.clinic_id) then
    perform private.fail('unknown_clinic');
  end if;
  return query
    select f.on_date, f.free, f.open, f.over
    from private.free_days(
      available_days.clinic_id, available_days.practitioner_id,
      private.specialty_at(available_days.clinic_id, available_days.specialty),
      coalesce(available_days.from_date, '-infinity'), least(greatest(available_days.days, 1), 31), now(), v_person_id
    ) f;
end $function$;
comment on function public.available_days(uuid,uuid,text,date,integer) is 'Free slots of each day for the signed-in patient, of one practitioner, one specialty or the clinic; whether patients are seen then, and whether that is over for today. At most 31 days, and none after booking ends.';
grant execute on function public.available_days(uuid,uuid,text,date,integer) to authenticated;

CREATE OR REPLACE FUNCTION public.available_slots(practitioner_id uuid, on_date date)
 RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_person_id uuid := private.offered_to();
begin
  return query
    select f.starts_at, f.ends_at
    from private.free_slots(available_slots.practitioner_id, available_slots.on_date, now(), v_person_id) f
    order by f.starts_at;
end $function$;
comment on function public.available_slots(uuid,date) is 'Free slots of a practitioner on a date of the clinic that the signed-in patient can book.';
grant execute on function public.available_slots(uuid,date) to authenticated;

CREATE OR REPLACE FUNCTION public.available_slots_of_day(clinic_id uuid, on_date date, practitioner_id uuid DEFAULT NULL::uuid, specialty text DEFAULT NULL::text)
 RETURNS SETOF public.slot
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_person_id uuid := private.offered_to();
begin
  return query
    select f.* from private.free_slots_of_day(
      available_slots_of_day.clinic_id, available_slots_of_day.on_date, available_slots_of_day.practitioner_id,
      available_slots_of_day.specialty, now(), v_person_id
    ) f;
end $function$;
comment on function public.available_slots_of_day(uuid,date,uuid,text) is 'Free slots on a date that the signed-in patient can book, of one practitioner, one specialty or the whole clinic.';
grant execute on function public.available_slots_of_day(uuid,date,uuid,text) to authenticated;

CREATE OR REPLACE FUNCTION public.board(token text)
 RETURNS TABLE(channel text, clinic text, time_zone text, on_date date, doctors jsonb)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_board public.boards;
begin
  select * into v_board from public.boards b
  where b.token_hash = private.board_hash(board.token) and b.revoked_at is null;
  if not found then
    perform private.fail('unknown_board');
  end if;
  -- Boards ask all the time: a write a minute is enough to know that they are there.
  update public.boards b set seen_at = now()
  where b.id = v_board.id and (b.seen_at is null or b.seen_at < now() - interval '1 minute');
  return query
    select private.board_topic(v_board.id), private.name_in(c.name, c.id, c.locale), c.time_zone, t.today, private.board_doctors(c.id, t.today, now())
    from public.clinics c cross join lateral (select (now() at time zone c.time_zone)::date as today) t
    where c.id = v_board.clinic_id;
end $function$;
comment on function public.board(text) is 'What a board shows today, to whoever has its token: the channel on which it hears of news, clinic, time zone, date, and doctors [{id, name, specialty, sessions: [{from, until}], queue: {serving, called_at, next: [{token, here}]}}]; queue is null while there is none. Refuses with unknown_board, whether there never was one or it was revoked.';
grant execute on function public.board(text) to anon;
grant execute on function public.board(text) to authenticated;

CREATE OR REPLACE FUNCTION public.book_appointment(practitioner_id uuid, starts_at timestamp with time zone, dependent_id uuid DEFAULT NULL::uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id constant uuid := private.require_patient();
begin
  perform from public.patients p where p.id = v_patient_id and p.user_id is not null for no key update;
  if not found then
    -- The account was deleted while we waited.
    perform private.fail('not_signed_in');
  end if;
  return private.book(
    v_patient_id, book_appointment.practitioner_id, book_appointment.starts_at, 'web', null, now(),
    p_dependent_id => book_appointment.dependent_id
  );
end $function$;
comment on function public.book_appointment(uuid,timestamp with time zone,uuid) is 'Books a free slot for the signed-in patient, or for one of those they book for. Refuses with slot_taken, slot_unavailable, slot_in_past, too_many_bookings, too_many_changes or not_found.';
grant execute on function public.book_appointment(uuid,timestamp with time zone,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.bookable_practitioners(clinic_id uuid)
 RETURNS TABLE(practitioner_id uuid, practitioner_name text, specialty text, next_starts_at timestamp with time zone, photo_url text, qualification text, languages text[], fee_amount numeric, fee_currency text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_person_id uuid := private.offered_to();
begin
  return query select b.* from private.bookable_at(bookable_practitioners.clinic_id, now(), v_person_id) b;
end $function$;
comment on function public.bookable_practitioners(uuid) is 'Who can be booked at a clinic, what a page tells of them, and the first time the signed-in patient can have (null: none).';
grant execute on function public.bookable_practitioners(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.cancel_appointment(appointment_id uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return private.cancel(private.require_patient(), cancel_appointment.appointment_id, 'web', now());
end $function$;
comment on function public.cancel_appointment(uuid) is 'Cancels an upcoming appointment of the signed-in patient. Refuses with not_found or not_cancellable.';
grant execute on function public.cancel_appointment(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.cancel_day(practitioner_id uuid, on_date date, reason text DEFAULT NULL::text, from_time time without time zone DEFAULT NULL::time without time zone, until_date date DEFAULT NULL::date, only_stranded boolean DEFAULT false, operation_id uuid DEFAULT gen_random_uuid())
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v public.day_operations := private.day_operation(
    'cancel', practitioner_id, on_date, from_time, until_date,
    p_only_stranded => only_stranded, p_reason => reason, p_id => operation_id
  );
begin
  v.outcome := private.locked_plan(v);
  perform private.close_days(v, v.reason);
  perform private.cancel_plan(v.outcome);
  return query select * from private.end_day_operation(v, 'appointment_cancelled_by_clinic');
end $function$;
comment on function public.cancel_day(uuid,date,text,time without time zone,date,boolean,uuid) is 'At the desk: cancels all who still wait for a practitioner on a date, of today from now on, and closes the days for new ones. Each patient is told once.';
grant execute on function public.cancel_day(uuid,date,text,time without time zone,date,boolean,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.change_patient_phone(patient_id uuid, phone text)
 RETURNS public.patients
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient constant public.patients :=
    (private.lock_patients_at_desk(change_patient_phone.patient_id, change_patient_phone.patient_id)).one;
  v_at_home constant text := (private.clinic_at_desk(v_patient.id)).phone;
begin
  return private.give_phone(v_patient, case when v_at_home is null then change_patient_phone.phone
    else private.phone_typed(change_patient_phone.phone, v_at_home) end);
end $function$;
comment on function public.change_patient_phone(uuid,text) is 'For admins and the desk: gives a patient another phone, as +E.164 or in any notation of the clinic''s country. Appointments and account move along, every session ends, and both phones are told. Editing phone in the table does the same. Refuses with phone_already_registered, invalid_phone, not_found, and at the desk with not_staff for the phones of those who work at one, and of patients who were at another clinic too.';
grant execute on function public.change_patient_phone(uuid,text) to authenticated;
grant execute on function public.change_patient_phone(uuid,text) to service_role;

CREATE OR REPLACE FUNCTION public.close_clinic(clinic_id uuid, from_date date, until_date date, reason text DEFAULT NULL::text, operation_id uuid DEFAULT gen_random_uuid())
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v public.day_operations := private.closing(clinic_id, from_date, until_date, reason, operation_id);
begin
  insert into public.clinic_closures (clinic_id, from_date, until_date, reason)
  values (v.clinic_id, v.on_date, v.until_date, v.reason);
  v.outcome := private.locked_plan(v);
  perform private.cancel_plan(v.outcome);
  return query select * from private.end_day_operation(v, 'appointment_cancelled_by_clinic');
end $function$;
comment on function public.close_clinic(uuid,date,date,text,uuid) is 'At the desk: closes the clinic from one day to another, both included: one row of clinic_closures. Whoever is booked then is cancelled and told, each patient once.';
grant execute on function public.close_clinic(uuid,date,date,text,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.confirm_appointment(appointment_id uuid)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments;
begin
  perform private.set_channel('web');
  v_appointment := private.lock_appointment(private.require_patient(), confirm_appointment.appointment_id);
  perform private.require_confirmable(v_appointment, now());
  if v_appointment.confirmed_at is null then
    update public.appointments a set confirmed_at = now() where a.id = v_appointment.id returning * into v_appointment;
  end if;
  return v_appointment;
end $function$;
comment on function public.confirm_appointment(uuid) is 'The signed-in patient will come, from the day before on. A second time changes nothing. Refuses with too_early_to_confirm, not_cancellable or not_found.';
grant execute on function public.confirm_appointment(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.confirm_phone_owner(phone text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id uuid;
  v_seen_at timestamptz;
begin
  select p.id, l.seen_at into v_patient_id, v_seen_at
  from public.patients p left join private.signs_of_life l on l.patient_id = p.id
  where p.phone = confirm_phone_owner.phone;
  if not found then
    perform private.fail('unknown_patient');
  end if;
  perform private.note_sign_of_life(v_patient_id, true);
  -- Other signs of life have a trace of their own: a session, an appointment, a call.
  insert into public.audit_events (channel, actor_id, action, table_name, row_id, changes)
  values (
    private.channel(), auth.uid(), 'update', 'signs_of_life', v_patient_id::text,
    jsonb_build_object('seen_at', jsonb_build_array(v_seen_at, now()))
  );
end $function$;
comment on function public.confirm_phone_owner(text) is 'For admins: the phone (+E.164) still belongs to its patient, whom the clinic has asked. After that codes work for it again. The audit keeps that they vouched for it.';
grant execute on function public.confirm_phone_owner(text) to service_role;

CREATE OR REPLACE FUNCTION public.day_outcome(operation_id uuid)
 RETURNS SETOF public.day_preview
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk();
  return query
    select l.* from public.day_operations o cross join lateral private.shown_plan(o.outcome) l
    where o.id = operation_id and private.sees_desk(o.clinic_id);
end $function$;
comment on function public.day_outcome(uuid) is 'At the desk: what an operation on a day made of whom, and who has to be called as they cannot be texted. Nothing for what is no operation of theirs.';
grant execute on function public.day_outcome(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_book(practitioner_id uuid, starts_at timestamp with time zone DEFAULT NULL::timestamp with time zone, phone text DEFAULT NULL::text, name text DEFAULT NULL::text, dependent_id uuid DEFAULT NULL::uuid, patient_id uuid DEFAULT NULL::uuid, dependent_name text DEFAULT NULL::text, birth_year integer DEFAULT NULL::integer)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_clinic public.clinics;
  v_name constant text := nullif(private.without_invisible_ends(desk_book.name), '');
  v_dependent_name constant text := nullif(private.without_invisible_ends(desk_book.dependent_name), '');
  v_phone text;
  v_patient_id uuid;
  v_dependent_id uuid := desk_book.dependent_id;
begin
  perform private.require_desk();
  select c.* into v_clinic from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = desk_book.practitioner_id and private.sees_desk(c.id);
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  perform private.set_channel('desk');
  v_phone := private.phone_typed(desk_book.phone, v_clinic.phone);
  -- Where there is none, the field is left empty.
  if v_phone is null and btrim(desk_book.phone) <> '' then
    perform private.fail('invalid_phone');
  end if;
  if desk_book.patient_id is null then
    v_patient_id := private.patient_at_desk(v_phone, v_name);
  else
    v_patient_id := private.known_at_desk(desk_book.patient_id, v_clinic.id, v_phone, v_name);
  end if;
  if v_dependent_id is null and v_dependent_name is not null then
    v_dependent_id := private.dependent_at_desk(v_patient_id, v_dependent_name, desk_book.birth_year);
  end if;
  return private.book_at_desk(v_patient_id, desk_book.practitioner_id, desk_book.starts_at, now(), v_dependent_id);
end $function$;
comment on function public.desk_book(uuid,timestamp with time zone,text,text,uuid,uuid,text,integer) is 'At the desk: books for a phone in any notation, whose patient may be new, for a name without phone, or for a record of the clinic (patient_id), which gets the phone and name that it lacks. Who comes is the patient, one of their dependents (dependent_id), or one who may be new (dependent_name, birth_year). starts_at null: as soon as possible today; a time between the slots is squeezed in. Refuses with slot_taken, slot_unavailable, slot_in_past, validation_failed, invalid_phone, not_found, or for a record like change_patient_phone.';
grant execute on function public.desk_book(uuid,timestamp with time zone,text,text,uuid,uuid,text,integer) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_cancel(appointment_id uuid, reason text DEFAULT NULL::text)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments := private.lock_at_desk(desk_cancel.appointment_id);
begin
  perform private.require_open(v_appointment);
  -- What was noted stays.
  update public.appointments a
  set status = 'cancelled', note = nullif(concat_ws(E'\n', a.note, nullif(btrim(desk_cancel.reason), '')), '')
  where a.id = v_appointment.id returning * into v_appointment;
  return v_appointment;
end $function$;
comment on function public.desk_cancel(uuid,text) is 'At the desk: cancels an appointment, with a reason for the desk''s note. The patient is texted that the clinic cancelled. Refuses with changed_meanwhile or not_found.';
grant execute on function public.desk_cancel(uuid,text) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_confirm(appointment_id uuid, confirmed boolean DEFAULT true)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments := private.lock_at_desk(desk_confirm.appointment_id);
begin
  if v_appointment.status <> 'booked' then
    perform private.fail('changed_meanwhile', private.what_happened(v_appointment));
  elsif (v_appointment.confirmed_at is not null) <> desk_confirm.confirmed then
    update public.appointments a set confirmed_at = case when desk_confirm.confirmed then now() end
    where a.id = v_appointment.id returning * into v_appointment;
  end if;
  return v_appointment;
end $function$;
comment on function public.desk_confirm(uuid,boolean) is 'At the desk: the patient has said on the phone that they will come, or (confirmed false) that was a mistake. A second time changes nothing. Refuses with changed_meanwhile once they came or it was cancelled, or not_found.';
grant execute on function public.desk_confirm(uuid,boolean) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_day(clinic_id uuid, on_date date)
 RETURNS TABLE(appointment_id uuid, version integer, practitioner_id uuid, practitioner_name text, starts_at timestamp with time zone, ends_at timestamp with time zone, token_number integer, patient_id uuid, name text, dependent_id uuid, holder_name text, birth_year integer, phone_end text, channel text, walk_in boolean, status text, confirmed_at timestamp with time zone, arrived_at timestamp with time zone, called_at timestamp with time zone, seen_at timestamp with time zone, waits_from timestamp with time zone, note text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk(desk_day.clinic_id);
  return query
    select a.id, a.version, a.practitioner_id, pr.name, a.starts_at, a.ends_at, a.token_number, a.patient_id,
      case when a.dependent_id is null then p.name else d.name end, a.dependent_id,
      case when a.dependent_id is not null then p.name end, d.birth_year::int,
      private.phone_end(p.phone), a.channel,
      a.channel = 'desk' and (a.created_at at time zone c.time_zone)::date = a.local_date,
      a.status, a.confirmed_at, a.arrived_at, a.called_at, a.seen_at, coalesce(a.waits_from, a.starts_at), a.note
    from public.clinics c
    join public.practitioners pr on pr.clinic_id = c.id
    join public.appointments a on a.practitioner_id = pr.id and a.local_date = desk_day.on_date
    join public.patients p on p.id = a.patient_id
    left join public.dependents d on d.id = a.dependent_id
    where c.id = desk_day.clinic_id
    order by pr.name, pr.id, coalesce(a.waits_from, a.starts_at), a.starts_at, a.token_number;
end $function$;
comment on function public.desk_day(uuid,date) is 'At the desk: all appointments of a day, also cancelled ones, by practitioner and in the order in which patients are called (waits_from). name: of who comes; of a dependent with who holds the phone (holder_name) and the year of birth. walk_in: booked at the desk on the day itself.';
grant execute on function public.desk_day(uuid,date) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_find(clinic_id uuid, words text)
 RETURNS TABLE(patient_id uuid, name text, phone_end text, has_account boolean, merged_into uuid, last_at timestamp with time zone, next_at timestamp with time zone, dependents jsonb)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_clinic public.clinics;
begin
  perform private.require_desk(desk_find.clinic_id);
  select * into v_clinic from public.clinics c where c.id = desk_find.clinic_id;
  return query
    select p.id, p.name, private.phone_end(p.phone), p.user_id is not null, f.into_id, v.last_at, v.next_at,
      (
        select coalesce(jsonb_agg(jsonb_build_object(
          'dependent_id', d.id, 'name', d.name, 'birth_year', d.birth_year
        ) order by d.created_at, d.id), '[]')
        from public.dependents d where d.patient_id = coalesce(f.into_id, p.id) and d.removed_at is null
      )
    from (
      select r.patient_id, private.merged_into(r.patient_id) as into_id, max(r.rank) as rank
      from private.find_patients(v_clinic, private.without_invisible_ends(desk_find.words)) r group by r.patient_id
    ) f
    join public.patients p on p.id = f.patient_id
    cross join lateral (
      select max(a.starts_at) filter (where a.starts_at <= now()) as last_at,
        min(a.starts_at) filter (where a.starts_at > now() and a.status = 'booked') as next_at
      from public.appointments a where a.patient_id = coalesce(f.into_id, p.id) and a.clinic_id = v_clinic.id
      having count(*) > 0 or private.is_of_clinic(coalesce(f.into_id, p.id), v_clinic.id)
    ) v
    order by f.rank desc, v.next_at, v.last_at desc, p.id
    limit 20;
end $function$;
comment on function public.desk_find(uuid,text) is 'At the desk: the patients of the clinic that fit best, 20 at most: by phone in any notation or its last digits (three at least), reference, or name (also of a dependent), typing errors forgiven; or the one with an identifier. merged_into: this one is gone, and leads to that one. last_at and next_at: of their appointments at this clinic, also for others. dependents: for whom they book, [{dependent_id, name, birth_year}].';
grant execute on function public.desk_find(uuid,text) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_free_slots(clinic_id uuid, from_date date, until_date date)
 RETURNS TABLE(day date, free integer)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk(desk_free_slots.clinic_id);
  return query
    select f.on_date, f.free
    from private.free_days(
      desk_free_slots.clinic_id, null, null, desk_free_slots.from_date,
      least(desk_free_slots.until_date - desk_free_slots.from_date, 365) + 1, now()
    ) f
    where f.on_date <= desk_free_slots.until_date;
end $function$;
comment on function public.desk_free_slots(uuid,date,date) is 'At the desk: how many slots of a clinic are free on the dates of a range, from today until booking ends. Refuses with not_staff or desk_proof_required.';
grant execute on function public.desk_free_slots(uuid,date,date) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_mark(appointment_id uuid, step text)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment constant public.appointments := private.lock_at_desk(desk_mark.appointment_id);
  v_follows constant boolean := private.step_follows(v_appointment, desk_mark.step);
begin
  if desk_mark.step = 'undo' then
    return private.undo_mark(v_appointment, clock_timestamp());
  elsif v_follows is null then
    perform private.fail('unknown_step', desk_mark.step);
  elsif not v_follows then
    perform private.fail('changed_meanwhile', private.what_happened(v_appointment));
  end if;
  return private.mark(v_appointment, desk_mark.step, clock_timestamp());
end $function$;
comment on function public.desk_mark(uuid,text) is 'At the desk: marks the next step of an appointment: arrived, called (with the doctor), waiting (called and not there: back behind the next), seen, noshow; or undo, which takes the last one back. Who comes late and whose time is somebody else''s by now gets the next one of today, like desk_book. Refuses with changed_meanwhile when it does not follow on how the appointment stands by now, before_its_day, not_found, or like desk_book where there is no such time.';
grant execute on function public.desk_mark(uuid,text) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_move(appointment_id uuid, practitioner_id uuid, starts_at timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment constant public.appointments := private.lock_at_desk(desk_move.appointment_id);
begin
  perform private.require_open(v_appointment);
  if not exists (
    select from public.practitioners p where p.id = desk_move.practitioner_id and p.clinic_id = v_appointment.clinic_id
  ) then
    perform private.fail('unknown_doctor');
  elsif (desk_move.practitioner_id, desk_move.starts_at) = (v_appointment.practitioner_id, v_appointment.starts_at) then
    return v_appointment;
  end if;
  return private.move_at_desk(v_appointment, desk_move.practitioner_id, desk_move.starts_at, now());
end $function$;
comment on function public.desk_move(uuid,uuid,timestamp with time zone) is 'At the desk: gives an appointment another time, or another practitioner of the clinic; starts_at null: as soon as possible today. Who has come is booked again on another day. The patient is texted. Refuses with changed_meanwhile, and like desk_book.';
grant execute on function public.desk_move(uuid,uuid,timestamp with time zone) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_note(appointment_id uuid, note text, was text DEFAULT NULL::text)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_appointment public.appointments := private.lock_at_desk(desk_note.appointment_id);
begin
  if btrim(was) <> coalesce(v_appointment.note, '') then
    perform private.fail('note_changed', coalesce(v_appointment.note, ''));
  end if;
  update public.appointments a set note = nullif(btrim(desk_note.note), '') where a.id = v_appointment.id
  returning * into v_appointment;
  return v_appointment;
end $function$;
comment on function public.desk_note(uuid,text,text) is 'At the desk: notes something with an appointment; an empty text removes the note. was is what the note said to whoever changes it: refuses with changed_meanwhile if it says something else by now.';
grant execute on function public.desk_note(uuid,text,text) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_numbers_between(clinic_id uuid, from_date date, until_date date)
 RETURNS TABLE(day date, channel text, booked integer, came integer, seen integer, noshow integer, cancelled integer, waited integer, wait_minutes numeric, sms_parts integer, sms_cost numeric, currency text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk(desk_numbers_between.clinic_id, true);
  return query
    select n.* from private.numbers_between(
      desk_numbers_between.clinic_id, desk_numbers_between.from_date, desk_numbers_between.until_date
    ) n
    order by n.day, n.channel;
end $function$;
comment on function public.desk_numbers_between(uuid,date,date) is 'For a manager: what desk_numbers tells of a clinic, on the dates of a range. Refuses with not_staff or desk_proof_required.';
grant execute on function public.desk_numbers_between(uuid,date,date) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_patient(patient_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient constant public.patients := private.require_patient_at_desk(desk_patient.patient_id);
begin
  perform private.note_read(v_patient.id);
  return jsonb_build_object(
    'patient_id', v_patient.id, 'name', v_patient.name, 'phone', v_patient.phone, 'age', v_patient.age,
    'locale', v_patient.locale, 'has_account', v_patient.user_id is not null,
    'dependents', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'dependent_id', d.id, 'name', d.name, 'birth_year', d.birth_year, 'removed', d.removed_at is not null
      ) order by d.removed_at is not null, d.created_at, d.id), '[]')
      from public.dependents d where d.patient_id = v_patient.id
    ),
    'merged', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'merge_id', m.id, 'patient_id', m.gone_id, 'name', g.name, 'phone_end', private.phone_end(m.gone_phone),
        'merged_at', m.merged_at, 'undo_until', m.merged_at + interval '1 day'
      ) order by m.merged_at), '[]')
      from private.patient_merges m join public.patients g on g.id = m.gone_id
      where m.keep_id = v_patient.id and m.undone_at is null and private.sees_merge(m)
    ),
    'timeline', private.timeline(v_patient.id)
  );
end $function$;
comment on function public.desk_patient(uuid) is 'At the desk: the record of a patient, and of the one that a gone one was merged into: {patient_id, name, phone, age, locale, has_account, dependents: [{dependent_id, name, birth_year, removed}], merged: [{merge_id, patient_id, name, phone_end, merged_at, undo_until}], timeline: [{at, kind: appointment | call | sms | change, ...}]}, the latest first. It is written down who read it.';
grant execute on function public.desk_patient(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_practitioners(clinic_id uuid)
 RETURNS TABLE(practitioner_id uuid, name text, spoken_name text, specialty text, active boolean, photo_url text, qualification text, languages text[], fee_amount numeric, fee_currency text, upcoming integer, next_on date, last_on date)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk(desk_practitioners.clinic_id, true);
  return query
    select p.id, p.name, p.spoken_name, p.specialty, p.active, p.photo_url, p.qualification, p.languages, p.fee_amount,
      p.fee_currency, u.upcoming, u.next_on, u.last_on
    from public.practitioners p
    cross join lateral (
      select count(*)::int, min(a.local_date), max(a.local_date) from public.appointments a
      where a.practitioner_id = p.id and a.status = 'booked' and a.ends_at > now()
    ) u (upcoming, next_on, last_on)
    where p.clinic_id = desk_practitioners.clinic_id
    order by p.active desc, p.name, p.id;
end $function$;
comment on function public.desk_practitioners(uuid) is 'For managers: who sees patients at a clinic, or did, and how many appointments with them are still to come, from which date to which.';
grant execute on function public.desk_practitioners(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_prove(code text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return private.prove_desk_session(
    private.require_staff(), (auth.jwt() ->> 'session_id')::uuid, regexp_replace(desk_prove.code, '\D', '', 'g'), now()
  );
end $function$;
comment on function public.desk_prove(text) is 'Opens the desk to this session for twelve hours: returns until when. Null: the code is wrong, expired, used, guessed at too often, or was never sent. An error would undo the count of guesses.';
grant execute on function public.desk_prove(text) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_resend(sms_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id uuid;
  v_patient public.patients;
begin
  perform private.require_desk();
  select m.patient_id into v_patient_id
  from public.sms_messages m
  where m.id = desk_resend.sms_id and private.can_be_resent(m) and not private.is_sms_of_others(m);
  if not found then
    perform private.fail('unknown_sms');
  end if;
  v_patient := private.require_patient_at_desk(v_patient_id);
  -- The phone may have been corrected since. What tells of a change of the phone is for the one it went to.
  update public.sms_messages m set status = 'queued',
    to_phone = case when m.appointment_id is null then m.to_phone else coalesce(v_patient.phone, m.to_phone) end
  where m.id = desk_resend.sms_id and m.status = 'failed';
end $function$;
comment on function public.desk_resend(uuid) is 'At the desk: sends an SMS again that failed, to the phone that the patient has by now. Refuses with not_found, also what held a code or password, or is out of date.';
grant execute on function public.desk_resend(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_sessions()
 RETURNS TABLE(session_id uuid, user_id uuid, name text, user_agent text, proven_at timestamp with time zone, expires_at timestamp with time zone, is_current boolean)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk();
  return query
    select d.session_id, d.user_id,
      (select s.name from public.clinic_staff s where s.user_id = d.user_id order by s.created_at limit 1),
      a.user_agent, d.proven_at, d.expires_at, coalesce(d.session_id = private.session_id(), false)
    from private.desk_sessions d join auth.sessions a on a.id = d.session_id
    where d.expires_at > now() and private.may_end_desk_session(d)
    order by d.proven_at desc;
end $function$;
comment on function public.desk_sessions() is 'Devices to which a desk is open: one''s own, and for managers those of all their staff.';
grant execute on function public.desk_sessions() to authenticated;

CREATE OR REPLACE FUNCTION public.desk_slots(practitioner_id uuid, on_date date, patient_id uuid DEFAULT NULL::uuid, instead_of uuid DEFAULT NULL::uuid, dependent_id uuid DEFAULT NULL::uuid)
 RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_patient_id constant uuid := coalesce(private.merged_into(desk_slots.patient_id), desk_slots.patient_id);
  v_clinic_id uuid;
begin
  perform private.require_desk();
  select p.clinic_id into v_clinic_id from public.practitioners p
  where p.id = desk_slots.practitioner_id and private.sees_desk(p.clinic_id);
  if not found then
    perform private.fail('unknown_doctor');
  elsif v_patient_id is not null and not private.is_of_clinic(v_patient_id, v_clinic_id) then
    perform private.fail('unknown_patient');
  elsif desk_slots.dependent_id is not null and not exists (
    select from public.dependents d where d.id = desk_slots.dependent_id and d.patient_id = v_patient_id
  ) then
    perform private.fail('unknown_dependent');
  end if;
  return query
    select s.starts_at, s.ends_at
    from public.practitioners p
    cross join lateral private.slots_at_desk(
      p.id, desk_slots.on_date, coalesce(
        desk_slots.dependent_id, (
          select a.dependent_id from public.appointments a
          where a.id = desk_slots.instead_of and a.patient_id = v_patient_id
        ), v_patient_id
      ), desk_slots.instead_of, now()
    ) s
    -- As far ahead as private.require_gap goes.
    where p.id = desk_slots.practitioner_id and p.active and desk_slots.on_date <= current_date + 366;
end $function$;
comment on function public.desk_slots(uuid,date,uuid,uuid,uuid) is 'At the desk: the free times of a practitioner on a date, also beyond the horizon of patients; with a patient, or one of their dependents, only those that fit the other appointments of this person, and with instead_of those that this appointment can be moved to. Refuses with not_found.';
grant execute on function public.desk_slots(uuid,date,uuid,uuid,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.desk_sms_texts()
 RETURNS TABLE(key text, locale text, body text, placeholders text[], required text[], description text, edited boolean, preview text, encoding text, places integer, parts integer, parts_for_dependent integer, may_edit boolean)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_may_edit constant boolean := private.manages_all();
begin
  perform private.require_desk();
  return query
    select t.key, t.locale, t.body, t.placeholders, t.required, t.description, v.edited,
      v.preview, v.encoding, v.places, v.parts, v.parts_for_dependent, v_may_edit
    from public.sms_templates t join public.sms_template_previews v on v.key = t.key and v.locale = t.locale
    order by t.key, t.locale;
end $function$;
comment on function public.desk_sms_texts() is 'At the desk: the words of every SMS, as a patient would read them, and whether whoever asks may change them.';
grant execute on function public.desk_sms_texts() to authenticated;

CREATE OR REPLACE FUNCTION public.desk_start()
 RETURNS TABLE(expires_at timestamp with time zone, code_length integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_user_id constant uuid := private.require_staff();
  v_session_id constant uuid := (auth.jwt() ->> 'session_id')::uuid;
begin
  if v_session_id is null then
    perform private.fail('not_signed_in');
  end if;
  return query select * from private.start_desk_session(v_user_id, v_session_id, now());
end $function$;
comment on function public.desk_start() is 'Texts a code to the signed-in person, who works at a desk. Returns when it expires and how many digits it has.';
grant execute on function public.desk_start() to authenticated;

CREATE OR REPLACE FUNCTION public.desk_status()
 RETURNS TABLE(clinic_id uuid, clinic_name text, time_zone text, name text, role text, open_until timestamp with time zone)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
    select s.clinic_id, c.name, c.time_zone, s.name, s.role, (
      select d.expires_at from private.desk_sessions d
      where d.session_id = private.session_id() and d.user_id = s.user_id and d.expires_at > now()
    )
    from public.clinic_staff s join public.clinics c on c.id = s.clinic_id
    where s.user_id = private.current_user_id()
    order by c.name, s.clinic_id;
end $function$;
comment on function public.desk_status() is 'At which desks the signed-in person works, in which time zones, and until when they are open to this session (null: a code is needed).';
grant execute on function public.desk_status() to authenticated;

CREATE OR REPLACE FUNCTION public.end_desk_session(session_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_desk();
  delete from private.desk_sessions d
  where d.session_id = end_desk_session.session_id and private.may_end_desk_session(d);
  return found;
end $function$;
comment on function public.end_desk_session(uuid) is 'Closes the desk to a device: one''s own, or for a manager one of their staff''s. False: there is none.';
grant execute on function public.end_desk_session(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.hand_over_day(practitioner_id uuid, on_date date, to_practitioner_id uuid, from_time time without time zone DEFAULT NULL::time without time zone, until_date date DEFAULT NULL::date, only_stranded boolean DEFAULT false, operation_id uuid DEFAULT gen_random_uuid())
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v public.day_operations := private.day_operation(
    'hand_over', practitioner_id, on_date, from_time, until_date,
    p_to => to_practitioner_id, p_only_stranded => only_stranded, p_id => operation_id
  );
begin
  v.outcome := private.hand_over(private.locked_plan(v));
  perform private.close_days(v, 'Handed over');
  return query select * from private.end_day_operation(v, 'handed_over');
end $function$;
comment on function public.hand_over_day(uuid,date,uuid,time without time zone,date,boolean,uuid) is 'At the desk: a colleague takes over whoever fits at the same time, and each of them is told once. The others stay (why_not), and are in stranded_appointments, as the days are closed for the first doctor. Refuses a colleague who sees nobody then with slot_unavailable.';
grant execute on function public.hand_over_day(uuid,date,uuid,time without time zone,date,boolean,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.kept_days()
 RETURNS TABLE(sms_days integer, calls_days integer, events_days integer, session_idle_days integer)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select s.sms_days, s.calls_days, s.events_days, s.session_idle_days from public.security_settings s
$function$;
comment on function public.kept_days() is 'For how many days texts, calls and security events are kept, and a session that is not used.';
grant execute on function public.kept_days() to anon;
grant execute on function public.kept_days() to authenticated;

CREATE OR REPLACE FUNCTION public.make_board(clinic_id uuid, name text)
 RETURNS TABLE(board_id uuid, token text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
#variable_conflict use_column
declare
  v_token constant text := private.new_board_token();
begin
  perform private.require_desk(make_board.clinic_id, true);
  if not exists (select from public.clinics c where c.id = make_board.clinic_id) then
    perform private.fail('unknown_clinic');
  end if;
  perform private.set_channel('desk');
  return query
    insert into public.boards (clinic_id, name, token_hash)
    values (make_board.clinic_id, coalesce(make_board.name, ''), private.board_hash(v_token))
    returning id, v_token;
end $function$;
comment on function public.make_board(uuid,text) is 'For managers: a new board for a clinic, with the name of its place. The token is told this once: the board is at /board/<token> of the site. Refuses with invalid_name or unknown_clinic.';
grant execute on function public.make_board(uuid,text) to authenticated;

CREATE OR REPLACE FUNCTION public.merge_patients(keep_id uuid, gone_id uuid)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v record;
begin
  select * into v from private.lock_patients_at_desk(merge_patients.keep_id, merge_patients.gone_id);
  return private.merge(v.one, v.other, now());
end $function$;
comment on function public.merge_patients(uuid,uuid) is 'At the desk: makes two patients one. All that the gone one has goes to the one that stays; where their phones differ both are told. Returns the id with which undo_merge takes it back within a day. Refuses with cannot_merge and changes nothing when both have accounts, the gone one has one, they have appointments at the same time; with not_staff when the phone that would move is of somebody who works at a desk; or not_found.';
grant execute on function public.merge_patients(uuid,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.move_day(practitioner_id uuid, on_date date, from_time time without time zone DEFAULT NULL::time without time zone, until_date date DEFAULT NULL::date, only_stranded boolean DEFAULT false, operation_id uuid DEFAULT gen_random_uuid())
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v public.day_operations := private.day_operation(
    'move', practitioner_id, on_date, from_time, until_date, p_only_stranded => only_stranded, p_id => operation_id
  );
begin
  v.outcome := private.locked_plan(v);
  perform private.close_days(v, 'Moved');
  v.outcome := private.move_on(v);
  return query select * from private.end_day_operation(v, 'appointment_moved');
end $function$;
comment on function public.move_day(uuid,date,time without time zone,date,boolean,uuid) is 'At the desk: all who still wait for a practitioner on a date, of today from now on, get the next free times of that practitioner afterwards, in the order they have, and are told once each; the days are closed. For whom nothing is free until booking ends (why_not), they stay, and are in stranded_appointments.';
grant execute on function public.move_day(uuid,date,time without time zone,date,boolean,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.my_sessions()
 RETURNS TABLE(id uuid, created_at timestamp with time zone, refreshed_at timestamp with time zone, user_agent text, is_current boolean)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_patient();
  return query
    select s.id, s.created_at, coalesce(s.refreshed_at at time zone 'UTC', s.updated_at, s.created_at), s.user_agent,
      s.id::text = auth.jwt() ->> 'session_id'
    from auth.sessions s
    where s.user_id = auth.uid() and private.user_of_session(s.id) is not null
    order by 3 desc;
end $function$;
comment on function public.my_sessions() is 'Where the signed-in patient is signed in, the most recently used first.';
grant execute on function public.my_sessions() to authenticated;

CREATE OR REPLACE FUNCTION public.names_in(locale text, names text[], clinic_ids uuid[] DEFAULT NULL::uuid[])
 RETURNS TABLE(name text, clinic_id uuid, translation text, address text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
    select asked.name, asked.clinic_id, t.translation, t.address
    from unnest(names_in.names[1:1000], names_in.clinic_ids[1:1000]) as asked (name, clinic_id)
    cross join lateral private.translation_of(asked.name, asked.clinic_id, names_in.locale) t
    where t.id is not null;
end $function$;
comment on function public.names_in(text,text[],uuid[]) is 'What names are in a language, each at the clinic whose id is at its place among clinic_ids: the clinic''s own words, else everybody''s. Without clinic_ids: everybody''s. No row: the name stays as it is. More than 1,000 names are not looked at.';
grant execute on function public.names_in(text,text[],uuid[]) to anon;
grant execute on function public.names_in(text,text[],uuid[]) to authenticated;

CREATE OR REPLACE FUNCTION public.nearest_slots(practitioner_id uuid, starts_at timestamp with time zone, "limit" integer DEFAULT 3)
 RETURNS SETOF public.slot
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_person_id uuid := private.offered_to();
begin
  return query
    select n.*
    from private.nearest_free_slots(
      nearest_slots.practitioner_id, nearest_slots.starts_at, least(greatest(nearest_slots."limit", 1), 20), now(),
      v_person_id
    ) n;
end $function$;
comment on function public.nearest_slots(uuid,timestamp with time zone,integer) is 'The free slots of a practitioner closest to a time that could not be had, for the signed-in patient.';
grant execute on function public.nearest_slots(uuid,timestamp with time zone,integer) to authenticated;

CREATE OR REPLACE FUNCTION public.next_available_slots(clinic_id uuid, specialty text DEFAULT NULL::text, from_date date DEFAULT NULL::date, "limit" integer DEFAULT 10)
 RETURNS SETOF public.slot
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_person_id uuid := private.offered_to();
  v_zone text;
begin
  select c.time_zone into v_zone from public.clinics c where c.id = next_available_slots.clinic_id;
  if v_zone is null then
    perform private.fail('unknown_clinic');
  end if;
  return query
    select f.practitioner_id, f.practitioner_name, f.specialty, f.starts_at, f.ends_at
    from private.next_free_slots(
      next_available_slots.clinic_id,
      private.specialty_at(next_available_slots.clinic_id, next_available_slots.specialty), null,
      coalesce(private.instant_of(next_available_slots.from_date, v_zone), now()),
      least(greatest(next_available_slots."limit", 1), 100), now(), v_person_id
    ) f
    order by f.starts_at, f.practitioner_name;
end $function$;
comment on function public.next_available_slots(uuid,text,date,integer) is 'The earliest free slots of a clinic that the signed-in patient can book, from a date on; specialty null means all.';
grant execute on function public.next_available_slots(uuid,text,date,integer) to authenticated;

CREATE OR REPLACE FUNCTION public.permit_account_change(phone text, what text DEFAULT 'password'::text, minutes integer DEFAULT 10)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_user_id uuid;
begin
  select p.user_id into v_user_id
  from public.patients p where p.phone = permit_account_change.phone and p.user_id is not null;
  if not found then
    perform private.fail('unknown_patient');
  end if;
  -- Said twice, it is once all the same.
  delete from private.account_permits p
  where p.user_id = v_user_id and p.what = permit_account_change.what and p.state is null;
  perform private.permit_change(v_user_id, what, null, make_interval(mins => least(minutes, 60)));
  return now() + make_interval(mins => least(minutes, 60));
end $function$;
comment on function public.permit_account_change(text,text,integer) is 'For admins: lets the password (or email) of the account of a phone (+E.164) be changed by hand once, within so many minutes (60 at most). Returns until when. For another phone there is change_patient_phone.';
grant execute on function public.permit_account_change(text,text,integer) to service_role;

CREATE OR REPLACE FUNCTION public.preview_closure(clinic_id uuid, from_date date, until_date date)
 RETURNS SETOF public.day_preview
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v constant public.day_operations := private.closing(clinic_id, from_date, until_date);
begin
  return query select * from private.shown_plan(array(select l from private.plan(v) l));
end $function$;
comment on function public.preview_closure(uuid,date,date) is 'At the desk: whom close_clinic would cancel.';
grant execute on function public.preview_closure(uuid,date,date) to authenticated;

CREATE OR REPLACE FUNCTION public.preview_dates(practitioner_id uuid, from_date date, until_date date, hours jsonb)
 RETURNS SETOF public.stranding
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_stranded public.stranding[];
begin
  begin
    v_stranded := array(select s from public.set_dates(preview_dates.practitioner_id, from_date, until_date, hours) s);
    raise sqlstate 'UNDO0';
  exception when sqlstate 'UNDO0' then
    null;
  end;
  return query select s.* from unnest(v_stranded) s;
end $function$;
comment on function public.preview_dates(uuid,date,date,jsonb) is 'For managers: whom set_dates would leave outside the hours. Nothing is changed.';
grant execute on function public.preview_dates(uuid,date,date,jsonb) to authenticated;

CREATE OR REPLACE FUNCTION public.preview_day(practitioner_id uuid, on_date date, from_time time without time zone DEFAULT NULL::time without time zone, minutes integer DEFAULT NULL::integer, to_practitioner_id uuid DEFAULT NULL::uuid, to_next boolean DEFAULT false, until_date date DEFAULT NULL::date, only_stranded boolean DEFAULT false)
 RETURNS SETOF public.day_preview
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v constant public.day_operations := private.day_operation(
    case
      when minutes is not null then 'shift'
      when to_practitioner_id is not null then 'hand_over'
      when to_next then 'move'
      else 'cancel'
    end,
    practitioner_id, on_date, from_time, until_date, minutes, to_practitioner_id, only_stranded
  );
begin
  return query select * from private.shown_plan(array(select l from private.plan(v) l));
end $function$;
comment on function public.preview_day(uuid,date,time without time zone,integer,uuid,boolean,date,boolean) is 'At the desk: whom an operation would hit, what would become of each, and who does not fit and why. With minutes what shift_day would do, with to_practitioner_id hand_over_day, with to_next move_day, with none of them cancel_day.';
grant execute on function public.preview_day(uuid,date,time without time zone,integer,uuid,boolean,date,boolean) to authenticated;

CREATE OR REPLACE FUNCTION public.preview_merge(keep_id uuid, gone_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_keep constant public.patients := private.require_patient_at_desk(preview_merge.keep_id);
  v_gone constant public.patients := private.require_patient_at_desk(preview_merge.gone_id);
  v_word text;
  v_sentence text;
begin
  begin
    perform private.require_mergeable(v_keep, v_gone);
  exception when sqlstate 'PT409' or sqlstate 'PT403' then
    get stacked diagnostics v_word = pg_exception_detail, v_sentence = pg_exception_hint;
  end;
  return jsonb_build_object(
    'keep', private.merge_side(v_keep), 'gone', private.merge_side(v_gone),
    'refusal', v_word, 'sentence', v_sentence,
    'clashes', private.merge_clashes_at_desk(v_keep.id, v_gone.id)
  );
end $function$;
comment on function public.preview_merge(uuid,uuid) is 'At the desk: what merge_patients would do: {keep, gone: {patient_id, name, phone_end, age, has_account, appointments, last_at, next_at}, refusal (its word, or null), sentence, clashes: [{keep_appointment, gone_appointment, starts_at, keep_practitioner, gone_practitioner}]}.';
grant execute on function public.preview_merge(uuid,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.preview_sms_text(key text, locale text, body text)
 RETURNS TABLE(preview text, encoding text, places integer, parts integer, parts_for_dependent integer)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_template public.sms_templates;
begin
  perform private.require_desk();
  v_template := private.sms_template(preview_sms_text.key, preview_sms_text.locale);
  v_template.body := preview_sms_text.body;
  perform private.check_sms_text(v_template);
  return query
    select r.text, private.sms_encoding(r.text), private.sms_units(r.text), private.sms_parts(r.text),
      private.sms_parts_for_dependent(r.text, v_template.placeholders)
    from (
      select private.sms_preview(
        v_template.key, v_template.body, v_template.samples, private.longest_names(v_template.locale)
      ) as text
    ) r;
end $function$;
comment on function public.preview_sms_text(text,text,text) is 'At the desk: other words of an SMS as a patient would read them, and what sending them takes. Refuses what set_sms_text would; nothing is changed.';
grant execute on function public.preview_sms_text(text,text,text) to authenticated;

CREATE OR REPLACE FUNCTION public.preview_week(practitioner_id uuid, week jsonb)
 RETURNS SETOF public.stranding
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_stranded public.stranding[];
begin
  begin
    v_stranded := array(select s from public.set_week(preview_week.practitioner_id, week) s);
    raise sqlstate 'UNDO0';
  exception when sqlstate 'UNDO0' then
    null;
  end;
  return query select s.* from unnest(v_stranded) s;
end $function$;
comment on function public.preview_week(uuid,jsonb) is 'For managers: whom set_week would leave outside the hours. Nothing is changed.';
grant execute on function public.preview_week(uuid,jsonb) to authenticated;

CREATE OR REPLACE FUNCTION public.prove_reassignment(reassignment_id uuid, phone_code text, holder_code text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_dependent public.dependents;
  v_guess record;
  v_patient public.patients;
begin
  -- Both patients first, as a merge locks them: the codes go with whoever removes the dependent.
  v_dependent := private.lock_dependent_at_desk(
    (select r.dependent_id from private.reassignments r where r.id = prove_reassignment.reassignment_id),
    (select r.phone from private.reassignments r where r.id = prove_reassignment.reassignment_id)
  );
  v_guess := private.guess_reassignment(
    prove_reassignment.reassignment_id, regexp_replace(prove_reassignment.phone_code, '\D', '', 'g'),
    regexp_replace(prove_reassignment.holder_code, '\D', '', 'g'), now()
  );
  if v_guess.wrong <> '{}' then
    return jsonb_build_object(
      'patient_id', null, 'wrong', to_jsonb(v_guess.wrong),
      'guesses_left', coalesce(5 - (v_guess.reassignment).guesses, 0)
    );
  end if;
  v_patient.id := private.become_patient(v_dependent, (v_guess.reassignment).phone);
  select * into v_patient from public.patients p where p.id = v_patient.id;
  update private.reassignments r set patient_id = v_patient.id where r.id = (v_guess.reassignment).id;
  insert into private.introduced_patients (clinic_id, patient_id)
  select k.clinic_id, v_patient.id
  from (
    select a.clinic_id from public.appointments a where a.patient_id = v_dependent.patient_id
    union select i.clinic_id from private.introduced_patients i where i.patient_id = v_dependent.patient_id
  ) k
  where private.sees_desk(k.clinic_id) and not private.is_of_clinic(v_patient.id, k.clinic_id);
  perform private.take_history(v_dependent, v_patient);
  return jsonb_build_object('patient_id', v_patient.id, 'wrong', '[]'::jsonb, 'guesses_left', 0);
end $function$;
comment on function public.prove_reassignment(uuid,text,text) is 'At the desk, second step: the codes that both phones were texted. With the right ones the dependent becomes the patient of the new phone, joining the patient who has it already, with all appointments past and to come, and is texted those. Returns {patient_id, wrong: [phone | holder], guesses_left}; patient_id null: a code is wrong, and with no guess left they are used up or too old (an error would undo the count). Refuses with not_found (also when it is done) and like reassign_dependent.';
grant execute on function public.prove_reassignment(uuid,text,text) to authenticated;

CREATE OR REPLACE FUNCTION public.queue_position(appointment_id uuid)
 RETURNS TABLE(ahead integer, now_serving integer)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return query
    select q.ahead, q.now_serving
    from private.queue_place(private.require_patient(), queue_position.appointment_id, now()) q;
end $function$;
comment on function public.queue_position(uuid) is 'How many patients are before the signed-in patient that day (null: the clinic has marked nobody), and the token called or seen last (null: none yet).';
grant execute on function public.queue_position(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.reassign_dependent(dependent_id uuid, phone text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_dependent constant public.dependents := private.lock_dependent_at_desk(reassign_dependent.dependent_id, null);
  v_clinic constant public.clinics := private.clinic_at_desk(v_dependent.patient_id, v_dependent.id);
  v_phone text;
  v_started private.reassignments;
begin
  v_phone := private.phone_typed(reassign_dependent.phone, v_clinic.phone);
  perform private.require_own_phone(v_dependent, v_phone);
  v_started := private.start_reassignment(v_dependent, v_phone, v_clinic.name, now());
  return jsonb_build_object(
    'reassignment_id', v_started.id, 'expires_at', v_started.expires_at,
    'code_length', case when v_started.short then 6 else 10 end, 'phone_end', private.phone_end(v_phone),
    'holder_phone_end', (select private.phone_end(p.phone) from public.patients p where p.id = v_dependent.patient_id)
  );
end $function$;
comment on function public.reassign_dependent(uuid,text) is 'At the desk, first step: a dependent has a phone of their own (in any notation). Texts a code to it and one to the holder''s phone, which both tell the desk; prove_reassignment takes them within ten minutes. Returns {reassignment_id, expires_at, code_length, phone_end, holder_phone_end (null: the holder has no phone, and there is no second code)}. Nothing has changed yet. Refuses with not_found, invalid_phone, validation_failed (phone_of_holder, dormant_phone), cannot_merge (appointments_clash with those of the patient who has this phone) or rate_limited.';
grant execute on function public.reassign_dependent(uuid,text) to authenticated;

CREATE OR REPLACE FUNCTION public.reschedule_appointment(appointment_id uuid, starts_at timestamp with time zone)
 RETURNS public.appointments
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return private.reschedule(
    private.require_patient(), reschedule_appointment.appointment_id, reschedule_appointment.starts_at, 'web', now()
  );
end $function$;
comment on function public.reschedule_appointment(uuid,timestamp with time zone) is 'Moves an upcoming appointment of the signed-in patient to another free slot of the same practitioner. Refuses like book_appointment and cancel_appointment.';
grant execute on function public.reschedule_appointment(uuid,timestamp with time zone) to authenticated;

CREATE OR REPLACE FUNCTION public.restore_sms_template(key text, locale text DEFAULT 'en-IN'::text)
 RETURNS public.sms_templates
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
#variable_conflict use_column
declare
  v_template public.sms_templates;
begin
  update public.sms_templates t set body = t.default_body
  where t.key = restore_sms_template.key and t.locale = restore_sms_template.locale
  returning * into v_template;
  if not found then
    perform private.fail('unknown_template');
  end if;
  return v_template;
end $function$;
comment on function public.restore_sms_template(text,text) is 'For admins: gives a template the words back that it came with.';
grant execute on function public.restore_sms_template(text,text) to service_role;

CREATE OR REPLACE FUNCTION public.revoke_board(board_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_clinic_id uuid;
begin
  perform private.require_desk();
  select b.clinic_id into v_clinic_id from public.boards b
  where b.id = revoke_board.board_id and private.sees_desk(b.clinic_id);
  if not found then
    perform private.fail('unknown_board');
  end if;
  perform private.require_desk(v_clinic_id, true);
  perform private.set_channel('desk');
  update public.boards b set revoked_at = now() where b.id = revoke_board.board_id and b.revoked_at is null;
end $function$;
comment on function public.revoke_board(uuid) is 'For managers: a board shows nothing any more. A second time changes nothing. Refuses with unknown_board, also for those of others.';
grant execute on function public.revoke_board(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.set_dates(practitioner_id uuid, from_date date, until_date date, hours jsonb, reason text DEFAULT NULL::text, may_strand uuid[] DEFAULT NULL::uuid[])
 RETURNS SETOF public.stranding
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_manager constant record := private.require_manager_of(set_dates.practitioner_id);
  v_before constant uuid[] := private.begin_hours(set_dates.practitioner_id);
begin
  if not coalesce(
    isfinite(from_date) and from_date >= v_manager.today and until_date between from_date and from_date + 366, false
  ) then
    perform private.fail('wrong_dates');
  end if;
  perform private.write_dates(set_dates.practitioner_id, from_date, until_date, hours, reason);
  return query select s.* from private.end_hours(set_dates.practitioner_id, v_before, may_strand) s;
end $function$;
comment on function public.set_dates(uuid,date,date,jsonb,text,uuid[]) is 'For managers: other hours from one date to another, both included: as in set_week but without weekday; [] is closed, null the weekly hours again. Returns who is booked outside them; may_strand as in set_week.';
grant execute on function public.set_dates(uuid,date,date,jsonb,text,uuid[]) to authenticated;

CREATE OR REPLACE FUNCTION public.set_sms_text(key text, locale text, body text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_template public.sms_templates;
begin
  perform private.require_desk();
  if not private.manages_all() then
    perform private.fail('manager_of_all_only');
  end if;
  v_template := private.sms_template(set_sms_text.key, set_sms_text.locale);
  perform private.set_channel('desk');
  update public.sms_templates t set body = coalesce(set_sms_text.body, t.default_body)
  where t.key = v_template.key and t.locale = v_template.locale;
end $function$;
comment on function public.set_sms_text(text,text,text) is 'For who manages every clinic: other words of an SMS; null gives it back those it came with.';
grant execute on function public.set_sms_text(text,text,text) to authenticated;

CREATE OR REPLACE FUNCTION public.set_translations(clinic_id uuid, locale text, names jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
#variable_conflict use_column
begin
  perform private.require_desk(set_translations.clinic_id, true);
  if not exists (select from public.sms_templates t where t.locale = set_translations.locale) then
    perform private.fail('unknown_language');
  end if;
  delete from public.translations t
  using private.translations_in(set_translations.names) n
  where t.clinic_id = set_translations.clinic_id and t.locale = set_translations.locale
    and lower(t.name collate pg_c_utf8) = lower(n.name collate pg_c_utf8) and n.translation = '';
  insert into public.translations as t (clinic_id, locale, name, translation, address)
  select set_translations.clinic_id, set_translations.locale, n.name, n.translation, n.address
  from private.translations_in(set_translations.names) n
  where n.translation <> ''
  on conflict (lower(name collate pg_c_utf8), locale, clinic_id) do update
  set translation = excluded.translation, address = excluded.address,
    -- How the other words are spoken is known no more.
    spoken_as = case when t.translation = excluded.translation then t.spoken_as end;
end $function$;
comment on function public.set_translations(uuid,text,jsonb) is 'For managers: what names are called at a clinic in a language: [{name, translation, address?}]. Without a translation a name is called there again what it is elsewhere. Refuses with unknown_clinic, unknown_language, or invalid_name.';
grant execute on function public.set_translations(uuid,text,jsonb) to authenticated;

CREATE OR REPLACE FUNCTION public.set_week(practitioner_id uuid, week jsonb, may_strand uuid[] DEFAULT NULL::uuid[])
 RETURNS SETOF public.stranding
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_manager constant record := private.require_manager_of(set_week.practitioner_id);
  v_before constant uuid[] := private.begin_hours(set_week.practitioner_id);
begin
  perform private.write_week(set_week.practitioner_id, week);
  return query select s.* from private.end_hours(set_week.practitioner_id, v_before, may_strand) s;
end $function$;
comment on function public.set_week(uuid,jsonb,uuid[]) is 'For managers: the weekly hours of a practitioner from now on, such as [{"weekday": 1, "start_time": "09:00", "end_time": "13:00", "slot_minutes": 15}]; a day with a break has two. Returns who is booked outside them. With may_strand, which are appointments, it refuses with would_strand to strand any other.';
grant execute on function public.set_week(uuid,jsonb,uuid[]) to authenticated;

CREATE OR REPLACE FUNCTION public.shift_day(practitioner_id uuid, on_date date, from_time time without time zone, minutes integer, operation_id uuid DEFAULT gen_random_uuid())
 RETURNS SETOF public.day_plan
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v public.day_operations := private.day_operation(
    'shift', practitioner_id, on_date, from_time, p_minutes => minutes, p_id => operation_id
  );
  v_first public.day_plan;
begin
  v.outcome := private.locked_plan(v);
  select l.* into v_first from unnest(v.outcome) l where l.why_not is not null order by l.was_at limit 1;
  if found then
    perform private.fail('does_not_fit', v_first.token_number::text,
      (select r.sentence from private.refusals r where r.word = v_first.why_not));
  end if;
  perform private.replace_hours(v.practitioner_id, on_date, coalesce(from_time, '00:00'), minutes,
    format('%s minutes later', minutes));
  perform private.shift(v.outcome);
  return query select * from private.end_day_operation(v, 'delayed');
end $function$;
comment on function public.shift_day(uuid,date,time without time zone,integer,uuid) is 'At the desk: the doctor is late. All who still wait from a time on (by the clock of the clinic) come so many minutes later, with the token they have, and so do the hours. Each patient is told once. Refuses with slot_unavailable, and changes nothing, when somebody does not fit.';
grant execute on function public.shift_day(uuid,date,time without time zone,integer,uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.sms_health()
 RETURNS TABLE(sending boolean, queued integer, due integer, oldest_seconds integer, retrying integer, failed_last_hour integer, last_sent_at timestamp with time zone)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select
    (select s.sending from public.sms_settings s),
    count(*)::int,
    (count(*) filter (where m.next_attempt_at <= now()))::int,
    -- What is scheduled for later has not waited yet.
    coalesce(extract(epoch from now() - min(m.created_at)
      filter (where m.attempts > 0 or m.next_attempt_at <= now())), 0)::int,
    (count(*) filter (where m.attempts > 0 and m.status = 'queued'))::int,
    (select count(*) from public.sms_failures f where f.failed_at > now() - interval '1 hour')::int,
    (select max(l.sent_at) from public.sms_messages l where l.created_at > now() - interval '1 day')
  from public.sms_messages m
  where m.status in ('queued', 'sending')
$function$;
comment on function public.sms_health() is 'For monitoring: whether sending is on, how many SMS wait (queued) and are due, for how many seconds the oldest has waited, how many are being retried, how many failed in the last hour, when one was last sent.';
grant execute on function public.sms_health() to service_role;

CREATE OR REPLACE FUNCTION public.undo_merge(merge_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_merge private.patient_merges;
begin
  perform private.require_desk();
  loop
    select * into v_merge from private.patient_merges m
    where m.id = undo_merge.merge_id and private.sees_merge(m);
    if not found then
      perform private.fail('unknown_patient');
    end if;
    perform private.lock_patients(v_merge.keep_id, v_merge.gone_id);
    -- Unless it was undone, or the one that stayed was merged, while we waited for the lock.
    exit when exists (select from private.patient_merges m where m = v_merge);
  end loop;
  perform private.set_channel('desk');
  perform private.undo_merge(v_merge, now());
end $function$;
comment on function public.undo_merge(uuid) is 'At the desk: takes a merge back that is not a day old. Refuses with cannot_merge, phone_already_registered (the phone has another patient by now), not_staff (or somebody who works at a desk) or not_found.';
grant execute on function public.undo_merge(uuid) to authenticated;

CREATE OR REPLACE FUNCTION public.update_profile(name text DEFAULT NULL::text, age integer DEFAULT NULL::integer, username text DEFAULT NULL::text, locale text DEFAULT NULL::text)
 RETURNS public.patients
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
#variable_conflict use_column
declare
  v_patient_id constant uuid := private.require_patient();
  v_patient public.patients;
  v_constraint text;
begin
  if update_profile.locale <> '' and not exists (
    select from public.sms_templates t where t.locale = update_profile.locale
  ) then
    perform private.fail('unknown_language');
  end if;
  perform private.set_channel('web');
  update public.patients p set
    name = coalesce(update_profile.name, p.name),
    age = coalesce(update_profile.age, p.age),
    username = case when update_profile.username is null then p.username else nullif(btrim(update_profile.username), '') end,
    locale = case when update_profile.locale is null then p.locale else nullif(update_profile.locale, '') end
  where p.id = v_patient_id
  returning * into v_patient;
  perform private.are_theirs(v_patient_id, array[
    case when update_profile.name is not null then 'name' end, case when update_profile.age is not null then 'age' end,
    case when update_profile.locale is not null then 'locale' end
  ]);
  return v_patient;
exception
  when check_violation or numeric_value_out_of_range then
    get stacked diagnostics v_constraint = constraint_name;
    perform private.fail(case when v_constraint like '%username%' then 'invalid_username' else 'invalid_age' end);
end $function$;
comment on function public.update_profile(text,integer,text,text) is 'Changes the signed-in patient. What is left out stays; an empty username or language is removed. Raises username_taken or validation_failed.';
grant execute on function public.update_profile(text,integer,text,text) to authenticated;

-- Jobs ----------------------------------------------------------------------------------------------------------------

select cron.schedule('medq-end-sessions', '27 * * * *', 'select private.end_old_sessions()');

select cron.schedule('medq-forget', '17 * * * *', 'select private.forget_what_is_old()');

select cron.schedule('medq-reminders', '* * * * *', 'select private.queue_reminders()');

select cron.schedule('medq-sweep', '* * * * *', 'select private.sweep()');

-- Rows ----------------------------------------------------------------------------------------------------------------

-- a row of private.function_runs: {
--     "function": "provision-accounts",
--     "busy_until": "-infinity"
-- }
-- a row of private.function_runs: {
--     "function": "sms-dispatch",
--     "busy_until": "-infinity"
-- }
-- a row of public.audit_events: {
--     "action": "insert",
--     "row_id": "export/account/86400",
--     "changes": {
--         "by": [
--             null,
--             "account"
--         ],
--         "max": [
--             null,
--             5
--         ],
--         "why": [
--             null,
--             "A copy is read from everywhere, and once or twice is all that its owner needs."
--         ],
--         "mode": [
--             null,
--             "refuse"
--         ],
--         "what": [
--             null,
--             "export"
--         ],
--         "seconds": [
--             null,
--             86400
--         ]
--     },
--     "channel": "desk",
--     "actor_id": null,
--     "table_name": "limits"
-- }
-- a row of public.limits: {
--     "by": "account",
--     "max": 1000,
--     "why": "So many guesses a day at one password; its owner has the devices of before, or a code.",
--     "mode": "refuse",
--     "what": "password",
--     "seconds": 86400
-- }
-- a row of public.limits: {
--     "by": "account",
--     "max": 5,
--     "why": "A copy is read from everywhere, and once or twice is all that its owner needs.",
--     "mode": "refuse",
--     "what": "export",
--     "seconds": 86400
-- }
-- a row of public.limits: {
--     "by": "account",
--     "max": 50,
--     "why": "Strangers try this name from many networks.",
--     "mode": "watch",
--     "what": "password",
--     "seconds": 3600
-- }
-- a row of public.limits: {
--     "by": "account+client",
--     "max": 1,
--     "why": "Then each has one try, and waits a minute after a wrong one,",
--     "mode": "slow",
--     "what": "password",
--     "seconds": 60
-- }
-- a row of public.limits: {
--     "by": "account+client",
--     "max": 10,
--     "why": "A stranger who tries somebody's name keeps himself waiting first.",
--     "mode": "refuse",
--     "what": "password",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "account+client",
--     "max": 3,
--     "why": "and a quarter of an hour after the third.",
--     "mode": "slow",
--     "what": "password",
--     "seconds": 960
-- }
-- a row of public.limits: {
--     "by": "client",
--     "max": 100,
--     "why": "A script that goes through phone numbers. Codes that come back do not count.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 3600
-- }
-- a row of public.limits: {
--     "by": "client",
--     "max": 150,
--     "why": "A leaked list of names and passwords, each tried once.",
--     "mode": "refuse",
--     "what": "password",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client",
--     "max": 150,
--     "why": "Each code has five guesses of its own; this keeps scripts away from them.",
--     "mode": "refuse",
--     "what": "guess",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client",
--     "max": 150,
--     "why": "Going through phone numbers to see which are patients.",
--     "mode": "refuse",
--     "what": "lookup",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client",
--     "max": 3000,
--     "why": "Scripts that read free times day and night. A page asks up to three times; a carrier's address has many who look.",
--     "mode": "refuse",
--     "what": "look",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client_wide",
--     "max": 1000,
--     "why": "The same with many networks.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 3600
-- }
-- a row of public.limits: {
--     "by": "client_wide",
--     "max": 1500,
--     "why": "The same with many networks.",
--     "mode": "refuse",
--     "what": "guess",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client_wide",
--     "max": 1500,
--     "why": "The same with many networks.",
--     "mode": "refuse",
--     "what": "lookup",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client_wide",
--     "max": 1500,
--     "why": "The same with many networks.",
--     "mode": "refuse",
--     "what": "password",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "client_wide",
--     "max": 30000,
--     "why": "The same with many networks.",
--     "mode": "refuse",
--     "what": "look",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "device",
--     "max": 10,
--     "why": "A device of the owner is kept waiting by its own wrong tries alone.",
--     "mode": "refuse",
--     "what": "password",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "device",
--     "max": 20,
--     "why": "The same for a day.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 86400
-- }
-- a row of public.limits: {
--     "by": "device",
--     "max": 5,
--     "why": "A device of the owner is not kept waiting by what strangers ask for.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "phone",
--     "max": 10,
--     "why": "Each rings somebody's phone, who may not have asked for it.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 900
-- }
-- a row of public.limits: {
--     "by": "phone",
--     "max": 20,
--     "why": "The same for a day.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 86400
-- }
-- a row of public.limits: {
--     "by": "phone",
--     "max": 3,
--     "why": "Whoever shows a number in calls has them texted to it; it may not be theirs.",
--     "mode": "refuse",
--     "what": "call_code",
--     "seconds": 3600
-- }
-- a row of public.limits: {
--     "by": "phone",
--     "max": 5,
--     "why": "Somebody else asks for codes of this phone.",
--     "mode": "watch",
--     "what": "code",
--     "seconds": 600
-- }
-- a row of public.limits: {
--     "by": "phone+client",
--     "max": 1,
--     "why": "While others ask too, everybody gets a code, but not one after the other.",
--     "mode": "slow",
--     "what": "code",
--     "seconds": 300
-- }
-- a row of public.limits: {
--     "by": "phone+client",
--     "max": 5,
--     "why": "A slow SMS, a second try after a typing error, a family with one phone.",
--     "mode": "refuse",
--     "what": "code",
--     "seconds": 900
-- }
-- a row of public.security_settings: {
--     "id": true,
--     "sms_days": 365,
--     "alert_url": null,
--     "calls_days": 365,
--     "alert_phone": null,
--     "events_days": 90,
--     "dormant_days": 730,
--     "session_days": 180,
--     "events_per_hour": 500,
--     "changes_per_hour": 20,
--     "session_idle_days": 30,
--     "wrong_codes_a_day": 90,
--     "new_device_sms_a_day": 3,
--     "reference_tries_per_day": 15
-- }
-- a row of public.sms_settings: {
--     "id": true,
--     "sending": true,
--     "currency": "INR",
--     "site_url": null,
--     "daily_cap": 20,
--     "part_price": null,
--     "parts_per_day": 15000,
--     "parts_per_hour": 3000,
--     "budget_alert_percent": 80
-- }
-- a row of public.sms_templates: {
--     "key": "account_linked",
--     "body": "Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.",
--     "locale": "en-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After registering on the web with a phone that had bookings.",
--     "default_body": "Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "account_linked",
--     "body": "आपका वेब खाता आपके पुराने अपॉइंटमेंट से जुड़ गया है। अब आप अपनी सारी बुकिंग ऑनलाइन देख सकते हैं।",
--     "locale": "hi-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After registering on the web with a phone that had bookings.",
--     "default_body": "आपका वेब खाता आपके पुराने अपॉइंटमेंट से जुड़ गया है। अब आप अपनी सारी बुकिंग ऑनलाइन देख सकते हैं।",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "account_linked",
--     "body": "உங்கள் இணையக் கணக்கு உங்கள் முன்பதிவுகளுடன் இணைக்கப்பட்டது. உங்கள் எல்லா முன்பதிவுகளையும் இனி இணையதளத்தில் பார்க்கலாம்.",
--     "locale": "ta-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After registering on the web with a phone that had bookings.",
--     "default_body": "உங்கள் இணையக் கணக்கு உங்கள் முன்பதிவுகளுடன் இணைக்கப்பட்டது. உங்கள் எல்லா முன்பதிவுகளையும் இனி இணையதளத்தில் பார்க்கலாம்.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "alert",
--     "body": "MedQ: {{text}}",
--     "locale": "en-IN",
--     "samples": {
--         "text": "80 % of the SMS of today are sent. See sms_budget."
--     },
--     "required": [
--         "text"
--     ],
--     "description": "To the phone of security_settings, when something needs a look by an admin.",
--     "default_body": "MedQ: {{text}}",
--     "placeholders": [
--         "text"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "alert",
--     "body": "MedQ: {{text}}",
--     "locale": "hi-IN",
--     "samples": {
--         "text": "80 % of the SMS of today are sent. See sms_budget."
--     },
--     "required": [
--         "text"
--     ],
--     "description": "To the phone of security_settings, when something needs a look by an admin.",
--     "default_body": "MedQ: {{text}}",
--     "placeholders": [
--         "text"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "alert",
--     "body": "MedQ: {{text}}",
--     "locale": "ta-IN",
--     "samples": {
--         "text": "80 % of the SMS of today are sent. See sms_budget."
--     },
--     "required": [
--         "text"
--     ],
--     "description": "To the phone of security_settings, when something needs a look by an admin.",
--     "default_body": "MedQ: {{text}}",
--     "placeholders": [
--         "text"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_booked",
--     "body": "Booked: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After every booking.",
--     "default_body": "Booked: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_booked",
--     "body": "बुक हुआ: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After every booking.",
--     "default_body": "बुक हुआ: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_booked",
--     "body": "பதிவு செய்யப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After every booking.",
--     "default_body": "பதிவு செய்யப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_cancelled",
--     "body": "Cancelled: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nBook again: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After a patient cancelled.",
--     "default_body": "Cancelled: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nBook again: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_cancelled",
--     "body": "रद्द हुआ: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nफिर बुक करें: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After a patient cancelled.",
--     "default_body": "रद्द हुआ: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nफिर बुक करें: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_cancelled",
--     "body": "ரத்து செய்யப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nபதிவு செய்ய: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After a patient cancelled.",
--     "default_body": "ரத்து செய்யப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nபதிவு செய்ய: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_cancelled_by_clinic",
--     "body": "The clinic had to cancel: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Reference {{reference}}.\nBook again: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time"
--     ],
--     "description": "After the clinic cancelled.",
--     "default_body": "The clinic had to cancel: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Reference {{reference}}.\nBook again: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_cancelled_by_clinic",
--     "body": "माफ़ करें, क्लिनिक को रद्द करना पड़ा: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। रेफ़रेंस {{reference}}।\nफिर बुक करें: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time"
--     ],
--     "description": "After the clinic cancelled.",
--     "default_body": "माफ़ करें, क्लिनिक को रद्द करना पड़ा: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। रेफ़रेंस {{reference}}।\nफिर बुक करें: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_cancelled_by_clinic",
--     "body": "மன்னிக்கவும், கிளினிக் ரத்து செய்ய நேர்ந்தது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. குறிப்பு எண் {{reference}}.\nபதிவு செய்ய: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time"
--     ],
--     "description": "After the clinic cancelled.",
--     "default_body": "மன்னிக்கவும், கிளினிக் ரத்து செய்ய நேர்ந்தது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. குறிப்பு எண் {{reference}}.\nபதிவு செய்ய: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_moved",
--     "body": "Moved: {{doctor}}, now {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After an appointment was given another time or doctor.",
--     "default_body": "Moved: {{doctor}}, now {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_moved",
--     "body": "समय बदला: {{doctor}}, अब {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After an appointment was given another time or doctor.",
--     "default_body": "समय बदला: {{doctor}}, अब {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "appointment_moved",
--     "body": "மாற்றப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After an appointment was given another time or doctor.",
--     "default_body": "மாற்றப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "call_code",
--     "body": "{{code}} is your MedQ code. Key it in during the call. If it was not you who called, do nothing.",
--     "locale": "en-IN",
--     "samples": {
--         "code": "482193"
--     },
--     "required": [
--         "code"
--     ],
--     "description": "To prove a phone in a call. Who forges its number does not get it.",
--     "default_body": "{{code}} is your MedQ code. Key it in during the call. If it was not you who called, do nothing.",
--     "placeholders": [
--         "code"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "call_code",
--     "body": "{{code}} आपका MedQ कोड है: कॉल में दबाएँ। कॉल आपने न की हो तो रहने दें।",
--     "locale": "hi-IN",
--     "samples": {
--         "code": "482193"
--     },
--     "required": [
--         "code"
--     ],
--     "description": "To prove a phone in a call. Who forges its number does not get it.",
--     "default_body": "{{code}} आपका MedQ कोड है: कॉल में दबाएँ। कॉल आपने न की हो तो रहने दें।",
--     "placeholders": [
--         "code"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "call_code",
--     "body": "{{code}} என்பது உங்கள் MedQ குறியீடு. அழைப்பில் இருக்கும்போதே இதை அழுத்தவும். நீங்கள் அழைக்கவில்லை என்றால், எதுவும் செய்ய வேண்டாம்.",
--     "locale": "ta-IN",
--     "samples": {
--         "code": "482193"
--     },
--     "required": [
--         "code"
--     ],
--     "description": "To prove a phone in a call. Who forges its number does not get it.",
--     "default_body": "{{code}} என்பது உங்கள் MedQ குறியீடு. அழைப்பில் இருக்கும்போதே இதை அழுத்தவும். நீங்கள் அழைக்கவில்லை என்றால், எதுவும் செய்ய வேண்டாம்.",
--     "placeholders": [
--         "code"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "clock_corrected",
--     "body": "The clinic corrected its clock; nothing was moved. It now says: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After the time zone of the clinic was corrected.",
--     "default_body": "The clinic corrected its clock; nothing was moved. It now says: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "clock_corrected",
--     "body": "क्लिनिक की घड़ी ठीक की गई; आपका अपॉइंटमेंट नहीं बदला। अब घड़ी में: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After the time zone of the clinic was corrected.",
--     "default_body": "क्लिनिक की घड़ी ठीक की गई; आपका अपॉइंटमेंट नहीं बदला। अब घड़ी में: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "clock_corrected",
--     "body": "கிளினிக்கின் கடிகாரம் திருத்தப்பட்டது; உங்கள் முன்பதிவு மாறவில்லை. புதிய நேரப்படி: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After the time zone of the clinic was corrected.",
--     "default_body": "கிளினிக்கின் கடிகாரம் திருத்தப்பட்டது; உங்கள் முன்பதிவு மாறவில்லை. புதிய நேரப்படி: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "code",
--     "body": "{{code}} MedQ का कोड है, 10 मिनट के लिए। किसी को न बताएँ, हमें भी नहीं।",
--     "locale": "hi-IN",
--     "samples": {
--         "code": "482193"
--     },
--     "required": [
--         "code"
--     ],
--     "description": "To prove a phone: registering, linking, signing in with a code, a forgotten password, a new number.",
--     "default_body": "{{code}} MedQ का कोड है, 10 मिनट के लिए। किसी को न बताएँ, हमें भी नहीं।",
--     "placeholders": [
--         "code"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "code",
--     "body": "{{code}} is your MedQ code. It works for 10 minutes. Never tell it to anyone, not even to us.",
--     "locale": "en-IN",
--     "samples": {
--         "code": "482193"
--     },
--     "required": [
--         "code"
--     ],
--     "description": "To prove a phone: registering, linking, signing in with a code, a forgotten password, a new number.",
--     "default_body": "{{code}} is your MedQ code. It works for 10 minutes. Never tell it to anyone, not even to us.",
--     "placeholders": [
--         "code"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "code",
--     "body": "{{code}} என்பது உங்கள் MedQ குறியீடு. இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும். இதை யாரிடமும், எங்களிடமும் கூட, சொல்லாதீர்கள்.",
--     "locale": "ta-IN",
--     "samples": {
--         "code": "482193"
--     },
--     "required": [
--         "code"
--     ],
--     "description": "To prove a phone: registering, linking, signing in with a code, a forgotten password, a new number.",
--     "default_body": "{{code}} என்பது உங்கள் MedQ குறியீடு. இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும். இதை யாரிடமும், எங்களிடமும் கூட, சொல்லாதீர்கள்.",
--     "placeholders": [
--         "code"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "delayed",
--     "body": "{{doctor}} is late. Your time is now {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After all appointments of a day were moved at the desk by some minutes.",
--     "default_body": "{{doctor}} is late. Your time is now {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "delayed",
--     "body": "{{doctor}} देर से आएँगे। आपका नया समय: {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After all appointments of a day were moved at the desk by some minutes.",
--     "default_body": "{{doctor}} देर से आएँगे। आपका नया समय: {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "delayed",
--     "body": "{{doctor}} வரத் தாமதமாகிறது. உங்கள் முன்பதிவின் புதிய நேரம்: {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After all appointments of a day were moved at the desk by some minutes.",
--     "default_body": "{{doctor}} வரத் தாமதமாகிறது. உங்கள் முன்பதிவின் புதிய நேரம்: {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "handed_over",
--     "body": "{{doctor}} will see you instead: {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After the appointments of a day were given to another doctor.",
--     "default_body": "{{doctor}} will see you instead: {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "handed_over",
--     "body": "अब आपको {{doctor}} देखेंगे: {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After the appointments of a day were given to another doctor.",
--     "default_body": "अब आपको {{doctor}} देखेंगे: {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "handed_over",
--     "body": "உங்களை {{doctor}} பார்ப்பார்: {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "After the appointments of a day were given to another doctor.",
--     "default_body": "உங்களை {{doctor}} பார்ப்பார்: {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "ivr_link",
--     "body": "To book or change an appointment at {{clinic}} online: {{url}}",
--     "locale": "en-IN",
--     "samples": {
--         "url": "medq.example/a",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "url"
--     ],
--     "description": "After a call in which nobody pressed a key.",
--     "default_body": "To book or change an appointment at {{clinic}} online: {{url}}",
--     "placeholders": [
--         "clinic",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "ivr_link",
--     "body": "{{clinic}}: अपॉइंटमेंट ऑनलाइन लें या बदलें: {{url}}",
--     "locale": "hi-IN",
--     "samples": {
--         "url": "medq.example/a",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "url"
--     ],
--     "description": "After a call in which nobody pressed a key.",
--     "default_body": "{{clinic}}: अपॉइंटमेंट ऑनलाइन लें या बदलें: {{url}}",
--     "placeholders": [
--         "clinic",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "ivr_link",
--     "body": "{{clinic}}: இணையதளத்தில் முன்பதிவு செய்ய அல்லது மாற்ற: {{url}}",
--     "locale": "ta-IN",
--     "samples": {
--         "url": "medq.example/a",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "url"
--     ],
--     "description": "After a call in which nobody pressed a key.",
--     "default_body": "{{clinic}}: இணையதளத்தில் முன்பதிவு செய்ய அல்லது மாற்ற: {{url}}",
--     "placeholders": [
--         "clinic",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "ivr_synced",
--     "body": "Your IVR booking has been synced with your web account. You can now view this appointment online.",
--     "locale": "en-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a booking by phone, to a patient who has a web account.",
--     "default_body": "Your IVR booking has been synced with your web account. You can now view this appointment online.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "ivr_synced",
--     "body": "फ़ोन से ली हुई आपकी बुकिंग आपके वेब खाते में जोड़ दी गई है। अब आप इसे ऑनलाइन देख सकते हैं।",
--     "locale": "hi-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a booking by phone, to a patient who has a web account.",
--     "default_body": "फ़ोन से ली हुई आपकी बुकिंग आपके वेब खाते में जोड़ दी गई है। अब आप इसे ऑनलाइन देख सकते हैं।",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "ivr_synced",
--     "body": "நீங்கள் தொலைபேசி மூலம் செய்த முன்பதிவு உங்கள் இணையக் கணக்கில் சேர்க்கப்பட்டது. அதை இனி இணையதளத்தில் பார்க்கலாம்.",
--     "locale": "ta-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a booking by phone, to a patient who has a web account.",
--     "default_body": "நீங்கள் தொலைபேசி மூலம் செய்த முன்பதிவு உங்கள் இணையக் கணக்கில் சேர்க்கப்பட்டது. அதை இனி இணையதளத்தில் பார்க்கலாம்.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "password_changed",
--     "body": "The password of your MedQ account was changed. If that was not you, use \"Forgot password?\" on our site to set a new one, or call your clinic.",
--     "locale": "en-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a password was changed or reset, by whomever.",
--     "default_body": "The password of your MedQ account was changed. If that was not you, use \"Forgot password?\" on our site to set a new one, or call your clinic.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "password_changed",
--     "body": "आपके MedQ खाते का पासवर्ड बदला गया। आपने न बदला हो तो हमारी साइट पर \"पासवर्ड भूल गए?\" से नया बनाएँ, या अपने क्लिनिक को फ़ोन करें।",
--     "locale": "hi-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a password was changed or reset, by whomever.",
--     "default_body": "आपके MedQ खाते का पासवर्ड बदला गया। आपने न बदला हो तो हमारी साइट पर \"पासवर्ड भूल गए?\" से नया बनाएँ, या अपने क्लिनिक को फ़ोन करें।",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "password_changed",
--     "body": "உங்கள் MedQ கணக்கின் கடவுச்சொல் மாற்றப்பட்டது. நீங்கள் மாற்றவில்லை என்றால், எங்கள் தளத்தில் \"கடவுச்சொல்லை மறந்துவிட்டீர்களா?\" என்பதன் மூலம் புதியதை அமைக்கவும், அல்லது உங்கள் கிளினிக்கை அழைக்கவும்.",
--     "locale": "ta-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a password was changed or reset, by whomever.",
--     "default_body": "உங்கள் MedQ கணக்கின் கடவுச்சொல் மாற்றப்பட்டது. நீங்கள் மாற்றவில்லை என்றால், எங்கள் தளத்தில் \"கடவுச்சொல்லை மறந்துவிட்டீர்களா?\" என்பதன் மூலம் புதியதை அமைக்கவும், அல்லது உங்கள் கிளினிக்கை அழைக்கவும்.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "phone_changed",
--     "body": "Your MedQ account now has the phone number {{phone}}. If you did not change it, please call your clinic.",
--     "locale": "en-IN",
--     "samples": {
--         "phone": "+91********99"
--     },
--     "required": [
--         "phone"
--     ],
--     "description": "To the old number, after an account was given another one. {{phone}} is shown in part.",
--     "default_body": "Your MedQ account now has the phone number {{phone}}. If you did not change it, please call your clinic.",
--     "placeholders": [
--         "phone"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "phone_changed",
--     "body": "आपके MedQ खाते का फ़ोन नंबर अब {{phone}} है। आपने न बदला हो तो अपने क्लिनिक को फ़ोन करें।",
--     "locale": "hi-IN",
--     "samples": {
--         "phone": "+91********99"
--     },
--     "required": [
--         "phone"
--     ],
--     "description": "To the old number, after an account was given another one. {{phone}} is shown in part.",
--     "default_body": "आपके MedQ खाते का फ़ोन नंबर अब {{phone}} है। आपने न बदला हो तो अपने क्लिनिक को फ़ोन करें।",
--     "placeholders": [
--         "phone"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "phone_changed",
--     "body": "உங்கள் MedQ கணக்கின் தொலைபேசி எண் {{phone}} என மாற்றப்பட்டுள்ளது. நீங்கள் மாற்றவில்லை என்றால், உங்கள் கிளினிக்கை அழைக்கவும்.",
--     "locale": "ta-IN",
--     "samples": {
--         "phone": "+91********99"
--     },
--     "required": [
--         "phone"
--     ],
--     "description": "To the old number, after an account was given another one. {{phone}} is shown in part.",
--     "default_body": "உங்கள் MedQ கணக்கின் தொலைபேசி எண் {{phone}} என மாற்றப்பட்டுள்ளது. நீங்கள் மாற்றவில்லை என்றால், உங்கள் கிளினிக்கை அழைக்கவும்.",
--     "placeholders": [
--         "phone"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "phone_moved_here",
--     "body": "Your MedQ appointments are now kept under this number instead of {{phone}}. If that is not right, please call your clinic.",
--     "locale": "en-IN",
--     "samples": {
--         "phone": "+91********99"
--     },
--     "required": [
--         "phone"
--     ],
--     "description": "To the new number, after a patient was given another one. {{phone}} is the old one, shown in part.",
--     "default_body": "Your MedQ appointments are now kept under this number instead of {{phone}}. If that is not right, please call your clinic.",
--     "placeholders": [
--         "phone"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "phone_moved_here",
--     "body": "आपके MedQ अपॉइंटमेंट अब {{phone}} की जगह इस नंबर पर हैं। यह सही न हो तो अपने क्लिनिक को फ़ोन करें।",
--     "locale": "hi-IN",
--     "samples": {
--         "phone": "+91********99"
--     },
--     "required": [
--         "phone"
--     ],
--     "description": "To the new number, after a patient was given another one. {{phone}} is the old one, shown in part.",
--     "default_body": "आपके MedQ अपॉइंटमेंट अब {{phone}} की जगह इस नंबर पर हैं। यह सही न हो तो अपने क्लिनिक को फ़ोन करें।",
--     "placeholders": [
--         "phone"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "phone_moved_here",
--     "body": "உங்கள் MedQ முன்பதிவுகள் இனி {{phone}} எண்ணுக்குப் பதிலாக இந்த எண்ணில் உள்ளன. இது தவறு என்றால், உங்கள் கிளினிக்கை அழைக்கவும்.",
--     "locale": "ta-IN",
--     "samples": {
--         "phone": "+91********99"
--     },
--     "required": [
--         "phone"
--     ],
--     "description": "To the new number, after a patient was given another one. {{phone}} is the old one, shown in part.",
--     "default_body": "உங்கள் MedQ முன்பதிவுகள் இனி {{phone}} எண்ணுக்குப் பதிலாக இந்த எண்ணில் உள்ளன. இது தவறு என்றால், உங்கள் கிளினிக்கை அழைக்கவும்.",
--     "placeholders": [
--         "phone"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reassign_code",
--     "body": "{{code}} என்பது {{clinic}} வரவேற்பறைக்கான குறியீடு; உங்கள் முன்பதிவுகள் இனி இந்த எண்ணில் இருக்கும். வேறு யாரிடமும் சொல்லாதீர்கள். இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும்.",
--     "locale": "ta-IN",
--     "samples": {
--         "code": "482193",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "code"
--     ],
--     "description": "To a phone under which somebody's appointments are to be kept who shared another. They tell it to the desk.",
--     "default_body": "{{code}} என்பது {{clinic}} வரவேற்பறைக்கான குறியீடு; உங்கள் முன்பதிவுகள் இனி இந்த எண்ணில் இருக்கும். வேறு யாரிடமும் சொல்லாதீர்கள். இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும்.",
--     "placeholders": [
--         "code",
--         "clinic"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reassign_code",
--     "body": "{{code}}: tell this code to the desk of {{clinic}} only if your appointments are to be kept under this number. It works for 10 minutes.",
--     "locale": "en-IN",
--     "samples": {
--         "code": "482193",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "code"
--     ],
--     "description": "To a phone under which somebody's appointments are to be kept who shared another. They tell it to the desk.",
--     "default_body": "{{code}}: tell this code to the desk of {{clinic}} only if your appointments are to be kept under this number. It works for 10 minutes.",
--     "placeholders": [
--         "code",
--         "clinic"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reassign_code",
--     "body": "{{code}}: यह कोड {{clinic}} की डेस्क को तभी बताएँ, जब आपके अपॉइंटमेंट इस नंबर पर रखने हों। यह 10 मिनट तक चलेगा।",
--     "locale": "hi-IN",
--     "samples": {
--         "code": "482193",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "code"
--     ],
--     "description": "To a phone under which somebody's appointments are to be kept who shared another. They tell it to the desk.",
--     "default_body": "{{code}}: यह कोड {{clinic}} की डेस्क को तभी बताएँ, जब आपके अपॉइंटमेंट इस नंबर पर रखने हों। यह 10 मिनट तक चलेगा।",
--     "placeholders": [
--         "code",
--         "clinic"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reassign_holder_code",
--     "body": "{{code}} என்பது {{clinic}} வரவேற்பறைக்கான குறியீடு: {{name}} என்பவருக்குத் தனி எண் தரப்படுகிறது, அவரது முன்பதிவுகள் அந்த எண்ணுக்கு மாறும். சம்மதம் என்றால் மட்டும் வரவேற்பறையில் சொல்லுங்கள். இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும்.",
--     "locale": "ta-IN",
--     "samples": {
--         "code": "482193",
--         "name": "Lakshmi Narayanan",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "code",
--         "name"
--     ],
--     "description": "To the phone that somebody shared who gets one of their own. The holder tells it to the desk.",
--     "default_body": "{{code}} என்பது {{clinic}} வரவேற்பறைக்கான குறியீடு: {{name}} என்பவருக்குத் தனி எண் தரப்படுகிறது, அவரது முன்பதிவுகள் அந்த எண்ணுக்கு மாறும். சம்மதம் என்றால் மட்டும் வரவேற்பறையில் சொல்லுங்கள். இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும்.",
--     "placeholders": [
--         "code",
--         "clinic",
--         "name"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reassign_holder_code",
--     "body": "{{code}}: tell this code to the desk of {{clinic}} only if {{name}} is to get a number of their own. It works for 10 minutes.",
--     "locale": "en-IN",
--     "samples": {
--         "code": "482193",
--         "name": "Lakshmi Narayanan",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "code",
--         "name"
--     ],
--     "description": "To the phone that somebody shared who gets one of their own. The holder tells it to the desk.",
--     "default_body": "{{code}}: tell this code to the desk of {{clinic}} only if {{name}} is to get a number of their own. It works for 10 minutes.",
--     "placeholders": [
--         "code",
--         "clinic",
--         "name"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reassign_holder_code",
--     "body": "{{code}}: यह कोड {{clinic}} की डेस्क को तभी बताएँ, जब {{name}} को अपना अलग नंबर देना हो। यह 10 मिनट तक चलेगा।",
--     "locale": "hi-IN",
--     "samples": {
--         "code": "482193",
--         "name": "Lakshmi Narayanan",
--         "clinic": "Lakeside Clinic"
--     },
--     "required": [
--         "clinic",
--         "code",
--         "name"
--     ],
--     "description": "To the phone that somebody shared who gets one of their own. The holder tells it to the desk.",
--     "default_body": "{{code}}: यह कोड {{clinic}} की डेस्क को तभी बताएँ, जब {{name}} को अपना अलग नंबर देना हो। यह 10 मिनट तक चलेगा।",
--     "placeholders": [
--         "code",
--         "clinic",
--         "name"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reminder_day_before",
--     "body": "Reminder: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "The day before an appointment.",
--     "default_body": "Reminder: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reminder_day_before",
--     "body": "याद रखें: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "The day before an appointment.",
--     "default_body": "याद रखें: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reminder_day_before",
--     "body": "நினைவூட்டல்: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "The day before an appointment.",
--     "default_body": "நினைவூட்டல்: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reminder_hours_before",
--     "body": "Reminder: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "locale": "en-IN",
--     "samples": {
--         "day": "Wed 21 Oct",
--         "url": "medq.example/a",
--         "time": "10:30 am",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "Some hours before an appointment.",
--     "default_body": "Reminder: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.\nOnline: {{url}}\nCall: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reminder_hours_before",
--     "body": "याद रखें: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "locale": "hi-IN",
--     "samples": {
--         "day": "बुधवार, 21 अक्टूबर",
--         "url": "medq.example/a",
--         "time": "सुबह 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "Some hours before an appointment.",
--     "default_body": "याद रखें: {{doctor}}, {{day}}, {{time}} बजे, {{clinic}}। टोकन {{token}}। रेफ़रेंस {{reference}}।\nऑनलाइन: {{url}}\nफ़ोन: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "reminder_hours_before",
--     "body": "நினைவூட்டல்: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "locale": "ta-IN",
--     "samples": {
--         "day": "புதன், 21 அக்டோபர்",
--         "url": "medq.example/a",
--         "time": "காலை 10:30",
--         "token": "12",
--         "clinic": "Lakeside Clinic",
--         "doctor": "Dr. Karthik Subramanian",
--         "reference": "4821",
--         "clinic_phone": "044 4000 1000"
--     },
--     "required": [
--         "clinic",
--         "day",
--         "doctor",
--         "reference",
--         "time",
--         "token"
--     ],
--     "description": "Some hours before an appointment.",
--     "default_body": "நினைவூட்டல்: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.\nஇணையத்தில்: {{url}}\nஅழைக்க: {{clinic_phone}}",
--     "placeholders": [
--         "doctor",
--         "day",
--         "time",
--         "clinic",
--         "clinic_phone",
--         "token",
--         "reference",
--         "url"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "signed_in_new_device",
--     "body": "A new device has signed in to your MedQ account. If it was not you, choose \"Forgot your password?\" on our site now and set a new one.",
--     "locale": "en-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a sign-in from a device that has not signed in to the account before.",
--     "default_body": "A new device has signed in to your MedQ account. If it was not you, choose \"Forgot your password?\" on our site now and set a new one.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "signed_in_new_device",
--     "body": "आपके MedQ खाते में एक नए फ़ोन या कंप्यूटर से साइन इन हुआ। वह आप न हों तो अभी हमारी साइट पर \"पासवर्ड भूल गए?\" से नया पासवर्ड बनाएँ।",
--     "locale": "hi-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a sign-in from a device that has not signed in to the account before.",
--     "default_body": "आपके MedQ खाते में एक नए फ़ोन या कंप्यूटर से साइन इन हुआ। वह आप न हों तो अभी हमारी साइट पर \"पासवर्ड भूल गए?\" से नया पासवर्ड बनाएँ।",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "signed_in_new_device",
--     "body": "உங்கள் MedQ கணக்கில் ஒரு புதிய சாதனத்திலிருந்து உள்நுழைந்துள்ளனர். அது நீங்கள் இல்லை என்றால், உடனே எங்கள் இணையதளத்தில் புதிய கடவுச்சொல்லை அமைக்கவும்.",
--     "locale": "ta-IN",
--     "samples": {
--     },
--     "required": [
--     ],
--     "description": "After a sign-in from a device that has not signed in to the account before.",
--     "default_body": "உங்கள் MedQ கணக்கில் ஒரு புதிய சாதனத்திலிருந்து உள்நுழைந்துள்ளனர். அது நீங்கள் இல்லை என்றால், உடனே எங்கள் இணையதளத்தில் புதிய கடவுச்சொல்லை அமைக்கவும்.",
--     "placeholders": [
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "welcome",
--     "body": "MedQ में आपका स्वागत है! आपके लिए एक वेब खाता बनाया गया है।\nयूज़रनेम: {{username}}\nपासवर्ड: {{password}}\nअब आप अपने अपॉइंटमेंट ऑनलाइन देख सकते हैं!",
--     "locale": "hi-IN",
--     "samples": {
--         "password": "ABC12345",
--         "username": "+919999999999"
--     },
--     "required": [
--         "password",
--         "username"
--     ],
--     "description": "After the first booking by phone: the account that was made.",
--     "default_body": "MedQ में आपका स्वागत है! आपके लिए एक वेब खाता बनाया गया है।\nयूज़रनेम: {{username}}\nपासवर्ड: {{password}}\nअब आप अपने अपॉइंटमेंट ऑनलाइन देख सकते हैं!",
--     "placeholders": [
--         "username",
--         "password"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "welcome",
--     "body": "MedQ உங்களை வரவேற்கிறது! உங்களுக்காக ஓர் இணையக் கணக்கு தொடங்கப்பட்டுள்ளது.\nபயனர்பெயர்: {{username}}\nகடவுச்சொல்: {{password}}\nஉங்கள் முன்பதிவுகளை இனி இணையதளத்தில் பார்க்கலாம்!",
--     "locale": "ta-IN",
--     "samples": {
--         "password": "ABC12345",
--         "username": "+919999999999"
--     },
--     "required": [
--         "password",
--         "username"
--     ],
--     "description": "After the first booking by phone: the account that was made.",
--     "default_body": "MedQ உங்களை வரவேற்கிறது! உங்களுக்காக ஓர் இணையக் கணக்கு தொடங்கப்பட்டுள்ளது.\nபயனர்பெயர்: {{username}}\nகடவுச்சொல்: {{password}}\nஉங்கள் முன்பதிவுகளை இனி இணையதளத்தில் பார்க்கலாம்!",
--     "placeholders": [
--         "username",
--         "password"
--     ]
-- }
-- a row of public.sms_templates: {
--     "key": "welcome",
--     "body": "Welcome to MedQ! A web account has been created for you.\nUsername: {{username}}\nPassword: {{password}}\nYou can now view your appointments online!",
--     "locale": "en-IN",
--     "samples": {
--         "password": "ABC12345",
--         "username": "+919999999999"
--     },
--     "required": [
--         "password",
--         "username"
--     ],
--     "description": "After the first booking by phone: the account that was made.",
--     "default_body": "Welcome to MedQ! A web account has been created for you.\nUsername: {{username}}\nPassword: {{password}}\nYou can now view your appointments online!",
--     "placeholders": [
--         "username",
--         "password"
--     ]
-- }
-- a row of public.translations: {
--     "name": "Ayurveda",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "आयुर्वेद"
-- }
-- a row of public.translations: {
--     "name": "Ayurveda",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "ஆயுர்வேதம்"
-- }
-- a row of public.translations: {
--     "name": "Cardiology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "हृदय रोग"
-- }
-- a row of public.translations: {
--     "name": "Cardiology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "இதய மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Dentistry",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "दाँतों के डॉक्टर"
-- }
-- a row of public.translations: {
--     "name": "Dentistry",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "பல் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Dermatology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "त्वचा रोग"
-- }
-- a row of public.translations: {
--     "name": "Dermatology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "தோல் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Diabetology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "शुगर के डॉक्टर"
-- }
-- a row of public.translations: {
--     "name": "Diabetology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "சர்க்கரை நோய் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "ENT",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "कान, नाक और गला"
-- }
-- a row of public.translations: {
--     "name": "ENT",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "காது, மூக்கு, தொண்டை மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Ear, nose and throat",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "कान, नाक और गला"
-- }
-- a row of public.translations: {
--     "name": "Ear, nose and throat",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "காது, மூக்கு, தொண்டை மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Endocrinology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "हार्मोन रोग"
-- }
-- a row of public.translations: {
--     "name": "Endocrinology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "ஹார்மோன் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Family medicine",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "पारिवारिक चिकित्सा"
-- }
-- a row of public.translations: {
--     "name": "Family medicine",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "குடும்ப மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Gastroenterology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "पेट और आँत के रोग"
-- }
-- a row of public.translations: {
--     "name": "Gastroenterology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "வயிறு மற்றும் குடல் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "General medicine",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "सामान्य चिकित्सा"
-- }
-- a row of public.translations: {
--     "name": "General medicine",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "பொது மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "General practice",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "सामान्य चिकित्सा"
-- }
-- a row of public.translations: {
--     "name": "General practice",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "பொது மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "General surgery",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "सर्जरी"
-- }
-- a row of public.translations: {
--     "name": "General surgery",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "பொது அறுவை சிகிச்சை"
-- }
-- a row of public.translations: {
--     "name": "Gynaecology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "स्त्री रोग"
-- }
-- a row of public.translations: {
--     "name": "Gynaecology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "பெண்கள் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Gynecology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "स्त्री रोग"
-- }
-- a row of public.translations: {
--     "name": "Gynecology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "பெண்கள் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Homeopathy",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "होम्योपैथी"
-- }
-- a row of public.translations: {
--     "name": "Homeopathy",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "ஹோமியோபதி"
-- }
-- a row of public.translations: {
--     "name": "Internal medicine",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "आंतरिक चिकित्सा"
-- }
-- a row of public.translations: {
--     "name": "Internal medicine",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "உள் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Nephrology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "गुर्दे के रोग"
-- }
-- a row of public.translations: {
--     "name": "Nephrology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "சிறுநீரக மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Neurology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "तंत्रिका रोग"
-- }
-- a row of public.translations: {
--     "name": "Neurology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "நரம்பு மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Nutrition",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "खान-पान की सलाह"
-- }
-- a row of public.translations: {
--     "name": "Nutrition",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "உணவு ஆலோசனை"
-- }
-- a row of public.translations: {
--     "name": "Obstetrics and gynaecology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "प्रसूति और स्त्री रोग"
-- }
-- a row of public.translations: {
--     "name": "Obstetrics and gynaecology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "மகப்பேறு மற்றும் பெண்கள் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Obstetrics",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "प्रसूति"
-- }
-- a row of public.translations: {
--     "name": "Obstetrics",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "மகப்பேறு மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Oncology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "कैंसर के डॉक्टर"
-- }
-- a row of public.translations: {
--     "name": "Oncology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "புற்றுநோய் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Ophthalmology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "आँखों के डॉक्टर"
-- }
-- a row of public.translations: {
--     "name": "Ophthalmology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "கண் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Orthopaedics",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "हड्डी रोग"
-- }
-- a row of public.translations: {
--     "name": "Orthopaedics",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "எலும்பு மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Orthopedics",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "हड्डी रोग"
-- }
-- a row of public.translations: {
--     "name": "Orthopedics",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "எலும்பு மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Paediatrics",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "बच्चों के डॉक्टर"
-- }
-- a row of public.translations: {
--     "name": "Paediatrics",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "குழந்தைகள் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Pediatrics",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "बच्चों के डॉक्टर"
-- }
-- a row of public.translations: {
--     "name": "Pediatrics",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "குழந்தைகள் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Physiotherapy",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "फ़िज़ियोथेरेपी"
-- }
-- a row of public.translations: {
--     "name": "Physiotherapy",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "இயன்முறை சிகிச்சை"
-- }
-- a row of public.translations: {
--     "name": "Psychiatry",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "मानसिक रोग"
-- }
-- a row of public.translations: {
--     "name": "Psychiatry",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "மனநல மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Psychology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "मनोवैज्ञानिक सलाह"
-- }
-- a row of public.translations: {
--     "name": "Psychology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "உளவியல் ஆலோசனை"
-- }
-- a row of public.translations: {
--     "name": "Pulmonology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "फेफड़ों के रोग"
-- }
-- a row of public.translations: {
--     "name": "Pulmonology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "நுரையீரல் மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Radiology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "एक्स-रे और स्कैन"
-- }
-- a row of public.translations: {
--     "name": "Radiology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "எக்ஸ்-ரே மற்றும் ஸ்கேன்"
-- }
-- a row of public.translations: {
--     "name": "Rheumatology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "जोड़ों के रोग"
-- }
-- a row of public.translations: {
--     "name": "Rheumatology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "மூட்டு மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Siddha",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "सिद्ध चिकित्सा"
-- }
-- a row of public.translations: {
--     "name": "Siddha",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "சித்த மருத்துவம்"
-- }
-- a row of public.translations: {
--     "name": "Urology",
--     "locale": "hi-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "मूत्र रोग"
-- }
-- a row of public.translations: {
--     "name": "Urology",
--     "locale": "ta-IN",
--     "address": null,
--     "clinic_id": null,
--     "spoken_as": null,
--     "translation": "சிறுநீர் பாதை மருத்துவம்"
-- }
