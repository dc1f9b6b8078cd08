-- What the desk sees before an operation on a day, and afterwards.

create type public.day_preview as (
  appointment_id uuid, patient_id uuid, token_number int, name text, phone_end text, can_be_texted boolean,
  was_at timestamptz, practitioner text, starts_at timestamptz, fits boolean, why_not text
);
comment on type public.day_preview is
  'One line of a day_plan as people read it: who, whether they can be texted, with whom and when it is then, or why not as a word of docs/errors.md.';

create function private.shown_plan(p_plan public.day_plan[]) returns setof public.day_preview
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.shown_plan(public.day_plan[]) is 'A plan as people read it, the first first.';

create function public.preview_day(
  practitioner_id uuid, on_date date, from_time time default null, minutes int default null,
  to_practitioner_id uuid default null, to_next boolean default false, until_date date default null,
  only_stranded boolean default false
)
returns setof public.day_preview
language plpgsql security definer
set search_path = ''
as $$
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
end $$;
comment on function public.preview_day(uuid, date, time, int, uuid, boolean, date, boolean) is
  'At the desk: whom an operation would hit, what would become of each, and who does not fit and why. With minutes what shift_day would do, with to_practitioner_id hand_over_day, with to_next move_day, with none of them cancel_day.';
grant execute on function public.preview_day(uuid, date, time, int, uuid, boolean, date, boolean) to authenticated;

create function public.preview_closure(clinic_id uuid, from_date date, until_date date) returns setof public.day_preview
language plpgsql security definer
set search_path = ''
as $$
declare
  v constant public.day_operations := private.closing(clinic_id, from_date, until_date);
begin
  return query select * from private.shown_plan(array(select l from private.plan(v) l));
end $$;
comment on function public.preview_closure(uuid, date, date) is 'At the desk: whom close_clinic would cancel.';
grant execute on function public.preview_closure(uuid, date, date) to authenticated;

create function public.day_outcome(operation_id uuid) returns setof public.day_preview
language plpgsql stable security definer
set search_path = ''
as $$
begin
  perform private.require_desk();
  return query
    select l.* from public.day_operations o cross join lateral private.shown_plan(o.outcome) l
    where o.id = operation_id and private.sees_desk(o.clinic_id);
end $$;
comment on function public.day_outcome(uuid) is
  'At the desk: what an operation on a day made of whom, and who has to be called as they cannot be texted. Nothing for what is no operation of theirs.';
grant execute on function public.day_outcome(uuid) to authenticated;
