-- The language of whoever registers on the web: their code is texted in it, and the account begins with it.
--
-- What is new about a function has a default, so that callers from before keep working while they are replaced.

alter table private.registrations add column locale text;
comment on column private.registrations.locale is 'The language chosen on the web, if one was.';

create function private.language_of(p_patient_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(p.locale, (
      select c.locale from public.appointments a join public.clinics c on c.id = a.clinic_id
      where a.patient_id = p.id order by a.starts_at desc limit 1
    ))
    from public.patients p where p.id = p_patient_id
  );
end $$;
comment on function private.language_of(uuid) is
  'The language a patient is written to about their account: the one they chose, else that of the clinic of their last appointment. Null: nothing is known.';

drop function private.start_verification(uuid, text, bytea, bytea, bytea, text, text, timestamptz);
create function private.start_verification(
  p_id uuid, p_purpose text, p_phone_hash bytea, p_code_hash bytea, p_sealed_request bytea,
  p_phone text, p_code text, p_locale text default null, p_now timestamptz default now()
)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_expires_at constant timestamptz := p_now + interval '10 minutes';
  v_patient public.patients;
begin
  insert into private.phone_verifications (id, purpose, phone_hash, code_hash, sealed_request, expires_at)
  values (p_id, p_purpose, p_phone_hash, p_code_hash, p_sealed_request, v_expires_at);
  select * into v_patient from public.patients p where p.phone = p_phone;
  -- Without a code to text (an unknown phone forgot its password) everything else is done all the same.
  if p_code is not null then
    perform private.queue_sms(
      'code', p_phone, jsonb_build_object('code', p_code), 'code:' || p_id, v_patient.id, null,
      coalesce(v_patient.locale, p_locale, 'en-IN'), true, v_expires_at
    );
  end if;
  return v_expires_at;
end $$;
comment on function private.start_verification(uuid, text, bytea, bytea, bytea, text, text, text, timestamptz) is
  'Keeps a sealed request until its code comes back, and texts the code: in the patient''s own language, else in p_locale. Returns when both expire.';

drop function private.begin_registration(uuid, text, text, text, int, text);
create function private.begin_registration(
  p_id uuid, p_purpose text, p_phone text, p_name text, p_age int, p_username text, p_locale text default null,
  out user_id uuid, out refusal text
)
language plpgsql
set search_path = ''
as $$
begin
  -- Asked again after Auth gave no answer: it may have made the account all the same.
  select u.id into user_id
  from auth.users u
  where u.phone = ltrim(p_phone, '+') and u.raw_app_meta_data ->> 'registration' = p_id::text;
  if found then
    return;
  end if;
  refusal := private.registration_refusal(p_purpose, p_phone, p_username);
  -- What an earlier try kept stays, also when it is refused now: Auth may still be at it, and must meet the same refusal
  -- instead of making an account without name.
  if refusal is null then
    insert into private.registrations (id, name, age, username, locale)
    values (p_id, p_name, p_age, p_username, p_locale)
    on conflict (id) do nothing;
  end if;
end $$;
comment on function private.begin_registration(uuid, text, text, text, int, text, text) is
  'Keeps what a new account''s patient will be called. Returns the account if it has been made already, or why it can not be made.';

create or replace function private.tg_users__link_patient() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_phone constant text := '+' || new.phone;
  v_origin constant text := case when new.raw_app_meta_data ? 'account_job' then 'ivr' else 'web' end;
  v_moved public.patients;
  v_registration private.registrations;
  v_patient public.patients;
begin
  -- The account moved to another number (proven by a code): its patient moves along, unless somebody is there.
  select * into v_moved from public.patients p where p.user_id = new.id and p.phone <> v_phone for no key update;
  if found then
    if exists (select from public.patients p where p.phone = v_phone) then
      raise exception using errcode = 'PT409', message = 'phone_already_registered',
        hint = 'Another patient has this phone.';
    end if;
    update public.patients p set phone = v_phone where p.id = v_moved.id;
    perform private.queue_sms(
      'phone_changed', v_moved.phone, jsonb_build_object('phone', private.mask_phone(v_phone)), null, v_moved.id,
      null, coalesce(private.language_of(v_moved.id), 'en-IN')
    );
    return null;
  end if;

  if new.raw_app_meta_data ? 'registration' then
    delete from private.registrations r where r.id::text = new.raw_app_meta_data ->> 'registration'
    returning * into v_registration;
    if found then
      perform private.set_channel('web');
    end if;
  end if;

  insert into public.patients as p (phone, user_id, account_origin, name, age, username, locale)
  values (
    v_phone, new.id, v_origin, v_registration.name, v_registration.age, v_registration.username, v_registration.locale
  )
  on conflict (phone) do update
    -- What was told on the web wins, but for a language that was chosen in a call.
    set user_id = excluded.user_id, account_origin = excluded.account_origin,
      name = coalesce(excluded.name, p.name), age = coalesce(excluded.age, p.age),
      username = coalesce(excluded.username, p.username), locale = coalesce(p.locale, excluded.locale)
    where p.user_id is null
  returning * into v_patient;
  if not found and not exists (select from public.patients p where p.phone = v_phone and p.user_id = new.id) then
    raise exception using errcode = 'PT409', message = 'phone_already_registered',
      hint = 'The patient with this phone has another account.';
  end if;

  if v_registration.id is not null
    and exists (select from public.appointments a where a.patient_id = v_patient.id) then
    perform private.queue_sms(
      'account_linked', v_phone, '{}', 'account_linked:' || new.id, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN')
    );
  end if;
  return null;
end $$;

-- The welcome is in the language of the clinic that was called, unless the caller chose another.
create or replace function private.finish_account_job(
  p_job_id uuid, p_user_id uuid, p_password text, p_now timestamptz default now()
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_patient public.patients;
  v_expires_at constant timestamptz := p_now + interval '72 hours';
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
    update public.patients p set user_id = p_user_id, account_origin = 'ivr'
    where p.id = v_patient.id
      and (p.user_id is null or (p.user_id = p_user_id and p.account_origin is distinct from 'ivr'));
    insert into private.temporary_passwords (user_id, expires_at) values (p_user_id, v_expires_at)
    on conflict (user_id) do nothing;
    perform private.queue_sms(
      'welcome', v_patient.phone, jsonb_build_object('username', v_patient.phone, 'password', p_password),
      'welcome:' || p_job_id, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN'), true, v_expires_at
    );
  end if;
  update private.account_jobs j set done_at = p_now, last_error = null where j.id = p_job_id;
  return case when p_password is null then 'already_done' else 'welcomed' end;
end $$;

drop function private.profile_of(uuid);
create function private.profile_of(p_user_id uuid)
returns table (
  id uuid, username text, name text, age smallint, phone_number text, must_change_password boolean, locale text
)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.user_id, p.username, p.name, p.age, p.phone,
      exists (select from private.temporary_passwords t where t.user_id = p.user_id), p.locale
    from public.patients p where p.user_id = p_user_id;
end $$;
comment on function private.profile_of(uuid) is 'What the account API tells of a signed-in patient, and their language.';

-- What a patient can get in English they can get in Tamil. Words an admin has written meanwhile stay.
insert into public.sms_templates (key, locale, body) values
  ('welcome', 'ta-IN',
   E'MedQ உங்களை வரவேற்கிறது! உங்களுக்காக ஓர் இணையக் கணக்கு தொடங்கப்பட்டுள்ளது.\nபயனர்பெயர்: {{username}}\nகடவுச்சொல்: {{password}}\nஉங்கள் முன்பதிவுகளை இனி இணையதளத்தில் பார்க்கலாம்!'),
  ('ivr_synced', 'ta-IN',
   'நீங்கள் தொலைபேசி மூலம் செய்த முன்பதிவு உங்கள் இணையக் கணக்கில் சேர்க்கப்பட்டது. அதை இனி இணையதளத்தில் பார்க்கலாம்.'),
  ('account_linked', 'ta-IN',
   'உங்கள் இணையக் கணக்கு உங்கள் முன்பதிவுகளுடன் இணைக்கப்பட்டது. உங்கள் எல்லா முன்பதிவுகளையும் இனி இணையதளத்தில் பார்க்கலாம்.'),
  ('phone_changed', 'ta-IN',
   'உங்கள் MedQ கணக்கின் தொலைபேசி எண் {{phone}} என மாற்றப்பட்டுள்ளது. நீங்கள் மாற்றவில்லை என்றால், உங்கள் கிளினிக்கை அழைக்கவும்.')
on conflict (key, locale) do nothing;
