-- Numbers are given to other people. A phone that was silent for very long may have another owner, to whom a code proves
-- nothing: name, age and bookings of before are not theirs. So it is noted when a patient was last known to be there.

create table private.signs_of_life (
  patient_id uuid primary key references public.patients (id) on delete cascade,
  seen_at timestamptz not null
);
alter table private.signs_of_life enable row level security;
comment on table private.signs_of_life is
  'When a patient was last known to be there: signed in, came to an appointment, or proved a reference in a call. Without a row: when the patient was new.';
comment on column private.signs_of_life.patient_id is 'Who.';
comment on column private.signs_of_life.seen_at is 'When, to a day.';

create function private.is_dormant(p_patient_id uuid, p_now timestamptz default now()) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(l.seen_at, p.created_at) < p_now - make_interval(days => n.dormant_days)
    from public.patients p
    cross join public.security_settings n
    left join private.signs_of_life l on l.patient_id = p.id
    where p.id = p_patient_id
  );
end $$;
comment on function private.is_dormant(uuid, timestamptz) is
  'Whether a patient was silent for so long (security_settings) that their phone may be somebody else''s.';

create function private.phone_is_dormant(p_phone text, p_now timestamptz default now()) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce((select private.is_dormant(p.id, p_now) from public.patients p where p.phone = p_phone), false);
end $$;
comment on function private.phone_is_dormant(text, timestamptz) is 'The same of the patient of a phone (+E.164), if there is one.';

create function private.note_sign_of_life(p_patient_id uuid, p_wakes boolean, p_now timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.signs_of_life as l (patient_id, seen_at)
  select p_patient_id, p_now where p_wakes or not private.is_dormant(p_patient_id, p_now)
  -- A day more or less does not matter, and a row that stays costs nothing.
  on conflict (patient_id) do update set seen_at = excluded.seen_at where l.seen_at < excluded.seen_at - interval '1 day';
end $$;
comment on function private.note_sign_of_life(uuid, boolean, timestamptz) is
  'The patient is there. p_wakes: it shows that they are who they were (a password, the clinic); what only shows who has the phone now does not wake a dormant one.';

create function private.tg_sessions__sign_of_life() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.note_sign_of_life(p.id, true) from public.patients p where p.user_id = new.user_id;
  return null;
end $$;
comment on function private.tg_sessions__sign_of_life() is 'Signing in and going on with a session are signs of life.';

-- Without a list of columns, which would keep Auth from altering its table.
create trigger medq_sign_of_life after insert or update on auth.sessions
  for each row execute function private.tg_sessions__sign_of_life();

create function private.tg_appointments__sign_of_life() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.note_sign_of_life(new.patient_id, false);
  return null;
end $$;
comment on function private.tg_appointments__sign_of_life() is 'Coming to an appointment is a sign of life.';

create trigger _450_sign_of_life after update of status on public.appointments
  for each row when (new.status in ('arrived', 'fulfilled') and old.status not in ('arrived', 'fulfilled'))
  execute function private.tg_appointments__sign_of_life();

create function public.confirm_phone_owner(phone text) returns void
language plpgsql security definer
set search_path = ''
as $$
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
end $$;
comment on function public.confirm_phone_owner(text) is
  'For admins: the phone (+E.164) still belongs to its patient, whom the clinic has asked. After that codes work for it again. The audit keeps that they vouched for it.';
grant execute on function public.confirm_phone_owner(text) to service_role;
