-- The second proof of the desk: once a day and device a code to the phone, on top of the password.

create function public.desk_status()
returns table (clinic_id uuid, clinic_name text, time_zone text, name text, role text, open_until timestamptz)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    select s.clinic_id, c.name, c.time_zone, s.name, s.role, (
      select d.expires_at from private.desk_sessions d
      where d.session_id = private.session_id() and d.user_id = s.user_id and d.expires_at > now()
    )
    from public.clinic_staff s join public.clinics c on c.id = s.clinic_id
    where s.user_id = private.current_user_id()
    order by c.name, s.clinic_id;
end $$;
comment on function public.desk_status() is
  'At which desks the signed-in person works, in which time zones, and until when they are open to this session (null: a code is needed).';
grant execute on function public.desk_status() to authenticated;

create function private.count_desk_code(p_session_id uuid, p_phone text, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.count_desk_code(uuid, text, timestamptz) is
  'Counts a code for the desk by the rules for codes (limits), and refuses one too many, or one that could not come in time, with too_many_codes.';

create function private.start_desk_session(p_user_id uuid, p_session_id uuid, p_now timestamptz)
returns table (expires_at timestamptz, code_length int)
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.start_desk_session(uuid, uuid, timestamptz) is
  'Texts a code to the phone of an account, which opens the desk to one of its sessions. A further code replaces the one before.';

create function public.desk_start() returns table (expires_at timestamptz, code_length int)
language plpgsql security definer
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.require_staff();
  v_session_id constant uuid := (auth.jwt() ->> 'session_id')::uuid;
begin
  if v_session_id is null then
    perform private.fail('not_signed_in');
  end if;
  return query select * from private.start_desk_session(v_user_id, v_session_id, now());
end $$;
comment on function public.desk_start() is
  'Texts a code to the signed-in person, who works at a desk. Returns when it expires and how many digits it has.';
grant execute on function public.desk_start() to authenticated;

create function private.prove_desk_session(p_user_id uuid, p_session_id uuid, p_code text, p_now timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.prove_desk_session(uuid, uuid, text, timestamptz) is
  'Takes one guess at the code of a session. The right one opens the desk for twelve hours, until when is returned; null: it was not right, or too late.';

create function public.desk_prove(code text) returns timestamptz
language plpgsql security definer
set search_path = ''
as $$
begin
  return private.prove_desk_session(
    private.require_staff(), (auth.jwt() ->> 'session_id')::uuid, regexp_replace(desk_prove.code, '\D', '', 'g'), now()
  );
end $$;
comment on function public.desk_prove(text) is
  'Opens the desk to this session for twelve hours: returns until when. Null: the code is wrong, expired, used, guessed at too often, or was never sent. An error would undo the count of guesses.';
grant execute on function public.desk_prove(text) to authenticated;

-- A device that is lost is shut out here, or by signing it out.
create function private.may_end_desk_session(p_session private.desk_sessions) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return private.is_admin() or p_session.user_id = private.current_user_id() or coalesce((
    -- A manager can enter anybody's phone; whoever works elsewhere too is no business of theirs.
    select bool_and(coalesce(private.desk_role(s.clinic_id) = 'manager', false))
    from public.clinic_staff s where s.user_id = p_session.user_id
  ), false);
end $$;
comment on function private.may_end_desk_session(private.desk_sessions) is
  'Whether a session at a desk is one''s own, or that of somebody whom one is the manager of wherever they work.';

create function public.desk_sessions()
returns table (
  session_id uuid, user_id uuid, name text, user_agent text, proven_at timestamptz, expires_at timestamptz,
  is_current boolean
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  perform private.require_desk();
  return query
    select d.session_id, d.user_id,
      (select s.name from public.clinic_staff s where s.user_id = d.user_id order by s.created_at limit 1),
      a.user_agent, d.proven_at, d.expires_at, coalesce(d.session_id = private.session_id(), false)
    from private.desk_sessions d join auth.sessions a on a.id = d.session_id
    where d.expires_at > now() and private.may_end_desk_session(d)
    order by d.proven_at desc;
end $$;
comment on function public.desk_sessions() is
  'Devices to which a desk is open: one''s own, and for managers those of all their staff.';
grant execute on function public.desk_sessions() to authenticated;

create function public.end_desk_session(session_id uuid) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.require_desk();
  delete from private.desk_sessions d
  where d.session_id = end_desk_session.session_id and private.may_end_desk_session(d);
  return found;
end $$;
comment on function public.end_desk_session(uuid) is
  'Closes the desk to a device: one''s own, or for a manager one of their staff''s. False: there is none.';
grant execute on function public.end_desk_session(uuid) to authenticated;
