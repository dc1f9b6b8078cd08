-- Booking at the desk: for somebody who stands there or calls, with a phone or without, at a time that is offered, or
-- squeezed in. Neither the horizon nor the quota of patients holds here; that nobody is booked twice does.

create function private.phone_typed(p_text text, p_at_home text) returns text
language plpgsql immutable
set search_path = ''
as $$
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
end $$;
comment on function private.phone_typed(text, text) is
  'A phone as +E.164, of what was typed at a desk in whatever notation: without a country code it is of the country of p_at_home, the clinic''s own number. Null: no digit in it.';

create function private.patient_at_desk(p_phone text, p_name text) returns uuid
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.patient_at_desk(text, text) is
  'The patient of a phone (+E.164), who may be new, locked; without a phone always a new one, who needs a name.';

create function private.length_of_day(p_practitioner_id uuid, p_on date) returns interval
language plpgsql stable
set search_path = ''
as $$
begin
  return (select h.length from private.hours_on(p_practitioner_id, p_on) h order by h.opens limit 1);
end $$;
comment on function private.length_of_day(uuid, date) is
  'How long an appointment of a practitioner takes on a date; null: they see nobody then.';

create function private.gap_now(
  p_practitioner_id uuid, p_today date, p_now timestamptz, p_person_id uuid default null,
  out starts_at timestamptz, out ends_at timestamptz, out token_number int
)
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.gap_now(uuid, date, timestamptz, uuid) is
  'The next free slot of today, with a person one that fits their other appointments, else the time after everybody who is booked. No token number: it is no slot.';

create function private.gap_at(
  p_practitioner_id uuid, p_on date, p_starts_at timestamptz,
  out starts_at timestamptz, out ends_at timestamptz, out token_number int
)
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.gap_at(uuid, date, timestamptz) is
  'The slot that begins at an instant, or a time between the slots, which ends before the next patient. No end: the practitioner sees nobody on that date.';

create function private.require_gap(
  p_practitioner_id uuid, p_starts_at timestamptz, p_now timestamptz, p_person_id uuid default null,
  out starts_at timestamptz, out ends_at timestamptz, out token_number int
)
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.require_gap(uuid, timestamptz, timestamptz, uuid) is
  'When the desk can put somebody: at an instant, or (null) as soon as possible today, with a person in a slot that fits their other appointments. A slot that has begun can still be had. Refuses with doctor_inactive, beyond_horizon, outside_hours, slot_in_past or day_is_full.';

create function private.slots_at_desk(
  p_practitioner_id uuid, p_on date, p_person_id uuid, p_instead_of uuid, p_now timestamptz
)
returns table (starts_at timestamptz, ends_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
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
end $$;
comment on function private.slots_at_desk(uuid, date, uuid, uuid, timestamptz) is
  'Slots of a practitioner on a date that the desk can give to a person, a patient or a dependent (null: to somebody new), or instead of an appointment that they have. One that has begun can still be had.';

create function public.desk_slots(
  practitioner_id uuid, on_date date, patient_id uuid default null, instead_of uuid default null,
  dependent_id uuid default null
)
returns table (starts_at timestamptz, ends_at timestamptz)
language plpgsql stable security definer
set search_path = ''
as $$
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
end $$;
comment on function public.desk_slots(uuid, date, uuid, uuid, uuid) is
  'At the desk: the free times of a practitioner on a date, also beyond the horizon of patients; with a patient, or one of their dependents, only those that fit the other appointments of this person, and with instead_of those that this appointment can be moved to. Refuses with not_found.';
grant execute on function public.desk_slots(uuid, date, uuid, uuid, uuid) to authenticated;

create function private.book_at_desk(
  p_patient_id uuid, p_practitioner_id uuid, p_starts_at timestamptz, p_now timestamptz,
  p_dependent_id uuid default null
)
returns public.appointments
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.book_at_desk(uuid, uuid, timestamptz, timestamptz, uuid) is
  'Books at the desk for a patient or one of their dependents, at an instant or as soon as possible (null).';

create function private.known_at_desk(p_patient_id uuid, p_clinic_id uuid, p_phone text, p_name text) returns uuid
language plpgsql
set search_path = ''
as $$
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
end $$;
comment on function private.known_at_desk(uuid, uuid, text, text) is
  'The patient of a record of a clinic, or the one that it was merged into, locked. What the record lacks of phone and name it gets. Refuses with unknown_patient, has_other_phone, and like change_patient_phone.';

create function public.desk_book(
  practitioner_id uuid, starts_at timestamptz default null, phone text default null, name text default null,
  dependent_id uuid default null, patient_id uuid default null, dependent_name text default null,
  birth_year int default null
)
returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
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
end $$;
comment on function public.desk_book(uuid, timestamptz, text, text, uuid, uuid, text, int) is
  'At the desk: books for a phone in any notation, whose patient may be new, for a name without phone, or for a record of the clinic (patient_id), which gets the phone and name that it lacks. Who comes is the patient, one of their dependents (dependent_id), or one who may be new (dependent_name, birth_year). starts_at null: as soon as possible today; a time between the slots is squeezed in. Refuses with slot_taken, slot_unavailable, slot_in_past, validation_failed, invalid_phone, not_found, or for a record like change_patient_phone.';
grant execute on function public.desk_book(uuid, timestamptz, text, text, uuid, uuid, text, int) to authenticated;
