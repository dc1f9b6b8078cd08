-- One button for the next step of an appointment: arrived, called, seen. Two desks may press at once, and a screen may be
-- old: whoever comes second is told what happened meanwhile, and nothing is overwritten.

create table private.last_marks (
  appointment_id uuid primary key references public.appointments (id) on delete cascade,
  version int not null,
  before jsonb not null,
  actor_id uuid,
  marked_at timestamptz not null
);
alter table private.last_marks enable row level security;
comment on table private.last_marks is 'The last step of each appointment that was marked at the desk, so that it can be undone.';
comment on column private.last_marks.appointment_id is 'Which appointment.';
comment on column private.last_marks.version is 'The version that the step made: another means that something followed.';
comment on column private.last_marks.before is 'What the step changed, as it was before: status, arrived_at, called_at, seen_at, waits_from, starts_at, ends_at.';
comment on column private.last_marks.actor_id is 'Who marked it (auth.users). Empty: an admin.';
comment on column private.last_marks.marked_at is 'When.';

create function private.what_happened(p_appointment public.appointments) returns text
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.what_happened(public.appointments) is
  'How an appointment stands, and who made it so and when: arrived (Priya, 10:02).';

create function private.lock_at_desk(p_appointment_id uuid) returns public.appointments
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.lock_at_desk(uuid) is
  'An appointment of a clinic at whose desk one works, locked until the end of the transaction, and its patient is kept. Refuses with unknown_appointment, also for those of others.';

create function private.step_follows(p_appointment public.appointments, p_step text) returns boolean
language plpgsql immutable
set search_path = ''
as $$
begin
  return case p_step
    when 'arrived' then p_appointment.status in ('booked', 'noshow')
    -- Also who went in without passing by the desk.
    when 'called' then p_appointment.status in ('booked', 'arrived') and p_appointment.called_at is null
    when 'waiting' then p_appointment.status = 'arrived' and p_appointment.called_at is not null
    when 'seen' then p_appointment.status in ('booked', 'arrived')
    when 'noshow' then p_appointment.status in ('booked', 'arrived')
  end;
end $$;
comment on function private.step_follows(public.appointments, text) is
  'Whether a step at the desk can follow on how an appointment stands; null: there is no such step.';

create function private.place_behind_next(p_appointment public.appointments) returns timestamptz
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.place_behind_next(public.appointments) is
  'Where somebody waits who was called and was not there: behind the next who is. Null: nobody else waits behind them.';

create function private.write_mark(p_becomes public.appointments, p_now timestamptz) returns public.appointments
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.write_mark(public.appointments, timestamptz) is
  'Writes how an appointment stands after a step. Who comes back after all and has lost their time is squeezed in as soon as possible, on its day; else refuses like private.require_no_overlap, or private.require_gap.';

create function private.undo_mark(p_appointment public.appointments, p_now timestamptz) returns public.appointments
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.undo_mark(public.appointments, timestamptz) is
  'Takes the last step back that was marked at the desk, if nothing followed on it. Refuses with changed_meanwhile.';

create function private.mark(p_appointment public.appointments, p_step text, p_now timestamptz)
returns public.appointments
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.mark(public.appointments, text, timestamptz) is
  'Marks a step of an appointment that is locked, and keeps what was before.';

create function public.desk_mark(appointment_id uuid, step text) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
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
end $$;
comment on function public.desk_mark(uuid, text) is
  'At the desk: marks the next step of an appointment: arrived, called (with the doctor), waiting (called and not there: back behind the next), seen, noshow; or undo, which takes the last one back. Who comes late and whose time is somebody else''s by now gets the next one of today, like desk_book. Refuses with changed_meanwhile when it does not follow on how the appointment stands by now, before_its_day, not_found, or like desk_book where there is no such time.';
grant execute on function public.desk_mark(uuid, text) to authenticated;

create function public.desk_note(appointment_id uuid, note text, was text default null) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
declare
  v_appointment public.appointments := private.lock_at_desk(desk_note.appointment_id);
begin
  if btrim(was) <> coalesce(v_appointment.note, '') then
    perform private.fail('note_changed', coalesce(v_appointment.note, ''));
  end if;
  update public.appointments a set note = nullif(btrim(desk_note.note), '') where a.id = v_appointment.id
  returning * into v_appointment;
  return v_appointment;
end $$;
comment on function public.desk_note(uuid, text, text) is
  'At the desk: notes something with an appointment; an empty text removes the note. was is what the note said to whoever changes it: refuses with changed_meanwhile if it says something else by now.';
grant execute on function public.desk_note(uuid, text, text) to authenticated;
