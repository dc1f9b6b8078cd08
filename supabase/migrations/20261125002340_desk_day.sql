-- The day of a clinic as its desk sees it: one row an appointment, in the order in which patients are called.

create function private.phone_end(p_phone text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return right(p_phone, 4);
end $$;
comment on function private.phone_end(text) is 'The last four digits of a phone, as lists at the desk show it.';

create function public.desk_day(clinic_id uuid, on_date date)
returns table (
  appointment_id uuid, version int, practitioner_id uuid, practitioner_name text, starts_at timestamptz,
  ends_at timestamptz, token_number int, patient_id uuid, name text,
  dependent_id uuid, holder_name text, birth_year int, phone_end text, channel text, walk_in boolean,
  status text, confirmed_at timestamptz, arrived_at timestamptz, called_at timestamptz, seen_at timestamptz,
  waits_from timestamptz, note text
)
language plpgsql stable security definer
set search_path = ''
as $$
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
end $$;
comment on function public.desk_day(uuid, date) is
  'At the desk: all appointments of a day, also cancelled ones, by practitioner and in the order in which patients are called (waits_from). name: of who comes; of a dependent with who holds the phone (holder_name) and the year of birth. walk_in: booked at the desk on the day itself.';
grant execute on function public.desk_day(uuid, date) to authenticated;
