-- Proving a phone: a code we text, good once, for the one request it was sent for. And the limits on everything that
-- sends a text or checks a secret.

-- Nothing in a row is readable: the code is a keyed hash, the request is sealed with a key that only the client holds.
create table private.phone_verifications (
  id uuid primary key default gen_random_uuid(),
  purpose text not null check (purpose in ('register', 'link', 'reset', 'change_phone')),
  phone_hash bytea not null,
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
comment on column private.phone_verifications.purpose is 'What the code proves: register, link, reset or change_phone.';
comment on column private.phone_verifications.phone_hash is 'Keyed hash of the phone, to see how many codes one phone was sent.';
comment on column private.phone_verifications.code_hash is 'Keyed hash of the code and the row''s id.';
comment on column private.phone_verifications.sealed_request is 'The request, AES-GCM, opened by the other half of the verification_id; emptied when the code has expired.';
comment on column private.phone_verifications.guesses is 'Guesses so far; after the fifth even the right code is refused.';
comment on column private.phone_verifications.expires_at is 'When the code stops working.';
comment on column private.phone_verifications.used_at is 'When it was used. A code works once.';
comment on column private.phone_verifications.created_at is 'When the code was sent.';

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

create function private.check_code(p_id uuid, p_code_hash bytea, p_now timestamptz default now()) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_code_hash bytea;
begin
  -- The guess is counted before it is looked at, and the row is locked: guesses in parallel are guesses one by one.
  update private.phone_verifications v set guesses = v.guesses + 1
  where v.id = p_id and v.used_at is null and v.expires_at > p_now and v.guesses < 5
  returning v.code_hash into v_code_hash;
  if v_code_hash is distinct from p_code_hash then
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

create table private.rate_limits (
  bucket text not null,
  window_start timestamptz not null,
  hits int not null default 1,
  primary key (bucket, window_start)
);
create index rate_limits_age on private.rate_limits (window_start);
alter table private.rate_limits enable row level security;
comment on table private.rate_limits is 'Counts of what is limited, by fixed windows.';
comment on column private.rate_limits.bucket is 'What is counted: an action and a keyed hash of a phone or client address.';
comment on column private.rate_limits.window_start is 'When the window began.';
comment on column private.rate_limits.hits is 'How often in this window.';

create function private.limit_windows(p_limits jsonb, p_now timestamptz)
returns table (bucket text, max int, starts_at timestamptz, length interval)
language sql immutable
set search_path = ''
as $$
  -- The length is part of the name: a quarter of an hour and a day may begin at the same moment.
  select l.bucket || '/' || l.seconds, l.max,
    date_bin(make_interval(secs => l.seconds), p_now, timestamptz '2020-01-01 00:00:00Z'),
    make_interval(secs => l.seconds)
  from jsonb_to_recordset(p_limits) as l (bucket text, max int, seconds int)
$$;
comment on function private.limit_windows(jsonb, timestamptz) is
  'The buckets of some limits with the windows that an instant falls into.';

create function private.hit_limits(p_limits jsonb, p_now timestamptz default now()) returns int
language plpgsql
set search_path = ''
as $$
declare
  v_limit record;
  v_hits int;
  v_wait int;
begin
  -- A request that is over one limit counts in none of them: it uses up nothing that others share.
  select coalesce(max(ceil(extract(epoch from l.starts_at + l.length - p_now))), 0) into v_wait
  from private.limit_windows(p_limits, p_now) l
  join private.rate_limits r on r.bucket = l.bucket and r.window_start = l.starts_at
  where r.hits >= l.max;
  if v_wait > 0 then
    return v_wait;
  end if;
  -- In one order everywhere, so that two requests with the same buckets never wait for each other in a circle.
  for v_limit in select * from private.limit_windows(p_limits, p_now) order by bucket loop
    insert into private.rate_limits as r (bucket, window_start) values (v_limit.bucket, v_limit.starts_at)
    on conflict (bucket, window_start) do update set hits = r.hits + 1
    returning r.hits into v_hits;
    if v_hits > v_limit.max then
      v_wait := greatest(v_wait, ceil(extract(epoch from v_limit.starts_at + v_limit.length - p_now)));
    end if;
  end loop;
  return v_wait;
end $$;
comment on function private.hit_limits(jsonb, timestamptz) is
  'Counts one use in each bucket of [{bucket, max, seconds}]. Returns 0 when all are within their limits, else after how many seconds to try again.';
