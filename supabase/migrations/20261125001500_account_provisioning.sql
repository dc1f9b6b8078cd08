-- A patient who books by phone without an account gets one, after the booking has committed: a job is queued with the
-- booking, and the function provision-accounts does it through the Auth admin API. It may run twice, crash anywhere
-- or come late: the password follows from the job, so every run makes the same account and the same SMS.

create table private.account_jobs (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null references public.patients (id) on delete cascade,
  password_seed text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,
  done_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index account_jobs_open on private.account_jobs (patient_id) where done_at is null;
create index account_jobs_of_patient on private.account_jobs (patient_id);
create index account_jobs_due on private.account_jobs (next_attempt_at) where done_at is null;
alter table private.account_jobs enable row level security;
comment on table private.account_jobs is 'Accounts to be made for patients who booked by phone.';
comment on column private.account_jobs.id is 'Identifier; the account carries it as app_metadata.account_job.';
comment on column private.account_jobs.patient_id is 'Who gets the account.';
comment on column private.account_jobs.password_seed is 'With the functions'' secret it yields the password, so nothing readable is kept. Emptied when the job is done.';
comment on column private.account_jobs.attempts is 'How often it was tried.';
comment on column private.account_jobs.next_attempt_at is 'When it is due; while it runs, until when the worker has it.';
comment on column private.account_jobs.last_error is 'Why it is not done yet.';
comment on column private.account_jobs.done_at is 'When the account and its SMS were there.';
comment on column private.account_jobs.created_at is 'When it was queued.';

create function private.tg_account_jobs__forget_seed() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.password_seed := '';
  return new;
end $$;
comment on function private.tg_account_jobs__forget_seed() is 'The job is done, so nobody has to find its password again.';

create trigger _100_forget_seed before update on private.account_jobs
  for each row when (new.done_at is not null) execute function private.tg_account_jobs__forget_seed();

create function private.request_account(p_patient_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.account_jobs (patient_id)
  select p.id from public.patients p
  where p.id = p_patient_id and p.user_id is null and p.phone is not null and not private.is_dormant(p.id)
  on conflict do nothing;
end $$;
comment on function private.request_account(uuid) is
  'Queues an account for a patient who has none, unless the phone may be somebody else''s by now.';

create function private.tg_appointments__request_account() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.request_account(new.patient_id);
  return null;
end $$;
comment on function private.tg_appointments__request_account() is 'Whoever books by phone gets an account.';

create trigger _400_request_account after insert on public.appointments
  for each row when (new.channel = 'ivr')
  execute function private.tg_appointments__request_account();

create function private.claim_account_jobs(p_limit int, p_now timestamptz default now())
returns table (job_id uuid, attempt int, patient_id uuid, phone text, password_seed text)
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.claim_account_jobs(int, timestamptz) is
  'Takes due jobs for one worker, for a minute.';

create function private.welcome_patient(
  p_patient public.patients, p_user_id uuid, p_password text, p_job_id uuid, p_expires_at timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.welcome_patient(public.patients, uuid, text, uuid, timestamptz) is
  'Gives a patient who booked by phone their account, marks its password temporary and texts it.';

create function private.finish_account_job(
  p_job_id uuid, p_user_id uuid, p_password text, p_now timestamptz default now()
)
returns text
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.finish_account_job(uuid, uuid, text, timestamptz) is
  'The account is there: its patient is welcomed, once. Without a password the phone has an account of its own, and the job only ends.';

create function private.retry_account_job(
  p_job_id uuid, p_attempt int, p_error text, p_now timestamptz default now()
)
returns void
language sql
set search_path = ''
as $$
  update private.account_jobs j
  set last_error = p_error,
    next_attempt_at = p_now + least(interval '10 seconds' * 2 ^ least(p_attempt - 1, 20), interval '1 hour') * (0.75 + random() / 2)
  where j.id = p_job_id and j.attempts = p_attempt and j.done_at is null
$$;
comment on function private.retry_account_job(uuid, int, text, timestamptz) is
  'An attempt failed; the job comes back later. It never gives up.';

create function private.auth_user_by_phone(p_phone text) returns table (id uuid, job_id text)
language sql stable
set search_path = ''
as $$
  select u.id, u.raw_app_meta_data ->> 'account_job' from auth.users u where u.phone = ltrim(p_phone, '+')
$$;
comment on function private.auth_user_by_phone(text) is
  'The account of a phone (+E.164) and the job that made it, if one did.';

create function private.expire_temporary_passwords(p_now timestamptz default now()) returns int
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.expire_temporary_passwords(timestamptz) is
  'Makes texted passwords that were never replaced useless. Returns how many.';
