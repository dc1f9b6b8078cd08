-- Proving a phone: a code we text, good once, for the one request it was sent for.

-- Nothing in a row is readable: the code is a keyed hash, the request is sealed with a key that only the client holds.
create table private.phone_verifications (
  id uuid primary key default gen_random_uuid(),
  purpose text not null check (purpose in ('register', 'link', 'reset', 'sign_in', 'change_phone')),
  short boolean not null default true,
  code_hash bytea not null,
  sealed_request bytea not null,
  guesses smallint not null default 0 check (guesses between 0 and 5),
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now()
);
create index phone_verifications_expiry on private.phone_verifications (expires_at);
create index phone_verifications_sealed on private.phone_verifications (expires_at) where sealed_request <> '';
alter table private.phone_verifications enable row level security;
comment on table private.phone_verifications is 'One-time codes we texted to prove a phone. Nothing in it is readable.';
comment on column private.phone_verifications.id is 'First half of the verification_id that the client holds.';
comment on column private.phone_verifications.purpose is 'What the code proves: register, link, reset, sign_in or change_phone.';
comment on column private.phone_verifications.short is 'Whether it has six digits; else it has ten.';
comment on column private.phone_verifications.code_hash is 'Keyed hash of the code and the row''s id.';
comment on column private.phone_verifications.sealed_request is 'The request, AES-GCM, opened by the other half of the verification_id; emptied when the code has expired.';
comment on column private.phone_verifications.guesses is 'Guesses so far; after the fifth even the right code is refused.';
comment on column private.phone_verifications.expires_at is 'When the code stops working.';
comment on column private.phone_verifications.used_at is 'When it was used. A code works once.';
comment on column private.phone_verifications.created_at is 'When the code was sent.';

-- Six digits are easily read over, and few enough to be guessed by whoever may guess often. So guesses are counted, by
-- whomever, and when they are too many for one day codes have ten digits. Nobody is refused for what others did.
create table private.wrong_codes (
  hour timestamptz primary key,
  guesses int not null
);
alter table private.wrong_codes enable row level security;
comment on table private.wrong_codes is 'Wrong guesses at codes of six digits, by whomever and at whatever code.';
comment on column private.wrong_codes.hour is 'The hour, by its beginning.';
comment on column private.wrong_codes.guesses is 'How many.';

create function private.short_codes_are_safe(p_now timestamptz) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(w.guesses), 0) < (select s.wrong_codes_a_day from public.security_settings s)
    from private.wrong_codes w where w.hour > p_now - interval '25 hours'
  );
end $$;
comment on function private.short_codes_are_safe(timestamptz) is
  'Whether so few guesses were wrong within a day that six digits are enough.';

create function private.start_verification(
  p_id uuid, p_purpose text, p_code_hash bytea, p_long_code_hash bytea, p_sealed_request bytea,
  p_phone text, p_code text, p_long_code text, p_locale text default null, p_now timestamptz default now()
)
returns table (wait int, expires_at timestamptz, code_length int)
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function
  private.start_verification(uuid, text, bytea, bytea, bytea, text, text, text, text, timestamptz) is
  'Keeps a sealed request until its code comes back, and texts the code, of the two the one that is long enough for today: in the patient''s own language, else in p_locale. Returns when both expire, and how many digits it has; or, where no code can be texted now, after how many seconds to try again (wait).';

create function private.live_verification(p_id uuid, p_now timestamptz default now())
returns table (purpose text, sealed_request bytea)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select v.purpose, v.sealed_request from private.phone_verifications v
    where v.id = p_id and v.used_at is null and v.expires_at > p_now and v.guesses < 5;
end $$;
comment on function private.live_verification(uuid, timestamptz) is
  'The sealed request of a code that may still be guessed. Only who can open it may take a guess.';

create function private.take_short_guess(p_right boolean, p_now timestamptz) returns boolean
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.take_short_guess(boolean, timestamptz) is
  'Counts a guess at a code of six digits, and says whether it opens: not after too many wrong ones today.';

create function private.check_code(p_id uuid, p_code_hash bytea, p_now timestamptz default now()) returns boolean
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.check_code(uuid, bytea, timestamptz) is
  'Takes one guess. The right one is true, once; everything else is false, whatever the reason.';

create function private.release_code(p_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.phone_verifications v set used_at = null, guesses = v.guesses - 1
  where v.id = p_id and v.used_at is not null;
end $$;
comment on function private.release_code(uuid) is
  'The work behind the right code failed on our side: the guess does not count, and the code may be used again within its time.';
