-- Appointments: one row is one booked slot. A slot is held by at most one active row, whatever the concurrency.

create table public.appointments (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null references public.patients (id) on delete restrict,
  dependent_id uuid,
  practitioner_id uuid not null references public.practitioners (id) on delete restrict,
  clinic_id uuid not null references public.clinics (id) on delete restrict,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  local_date date not null,
  status text not null default 'booked' check (status in ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow')),
  active boolean not null generated always as (status in ('booked', 'arrived', 'fulfilled')) stored,
  channel text not null default 'desk' check (channel in ('web', 'ivr', 'desk')),
  unproven boolean not null default false,
  token_number int not null check (token_number > 0),
  reference text not null check (reference ~ '^[0-9]{4}$'),
  call_id text unique,
  cancelled_at timestamptz,
  arrived_at timestamptz,
  called_at timestamptz,
  seen_at timestamptz,
  waits_from timestamptz,
  confirmed_at timestamptz,
  outside_hours boolean not null default false,
  note text,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint appointments_end_after_start check (starts_at < ends_at),
  constraint only_who_came_arrived_or_was_called
    check (status in ('arrived', 'fulfilled') or num_nonnulls(arrived_at, called_at) = 0),
  constraint only_who_is_fulfilled_was_seen check ((status = 'fulfilled') = (seen_at is not null)),
  constraint practitioner_sees_one_patient_at_a_time exclude using gist (
    practitioner_id with =, tstzrange(starts_at, ends_at) with &&
  ) where (active),
  -- A person is the dependent, or the patient themselves.
  constraint person_is_in_one_place_at_a_time exclude using gist (
    coalesce(dependent_id, patient_id) with =, tstzrange(starts_at, ends_at) with &&
  ) where (active),
  -- Follows a dependent to the patient that theirs turns out to be.
  constraint dependent_is_of_the_patient foreign key (patient_id, dependent_id)
    references public.dependents (patient_id, id) on update cascade
);
create index appointments_of_patient on public.appointments (patient_id, starts_at desc);
create index appointments_of_dependent on public.appointments (dependent_id) where dependent_id is not null;
create index appointments_of_clinic on public.appointments (clinic_id);
create index appointments_of_day on public.appointments (practitioner_id, local_date);
create index appointments_to_come on public.appointments (clinic_id, starts_at) where status = 'booked';
create unique index appointments_token on public.appointments (practitioner_id, local_date, token_number)
  where active;
create unique index appointments_reference on public.appointments (patient_id, reference)
  where status in ('booked', 'arrived');

comment on table public.appointments is
  'Booked slots. To book by hand give patient, practitioner and starts_at; the rest is filled in. To cancel set status.';
comment on column public.appointments.id is 'Identifier.';
comment on column public.appointments.patient_id is 'Whose it is: the holder of the phone, who comes unless dependent_id says who does. Cannot be changed.';
comment on column public.appointments.dependent_id is
  'Who comes: one of those for whom the patient books. Empty: the patient.';
comment on column public.appointments.practitioner_id is 'Who sees them.';
comment on column public.appointments.clinic_id is 'Where: the practitioner''s clinic, filled in.';
comment on column public.appointments.starts_at is 'Begins, an instant.';
comment on column public.appointments.ends_at is 'Ends, an instant. Filled in from the schedule; moves along when starts_at is moved.';
comment on column public.appointments.local_date is 'The day in the clinic''s time zone, filled in. Follows when the time zone is corrected.';
comment on column public.appointments.status is 'booked, arrived (at the desk), fulfilled (seen), cancelled or noshow.';
comment on column public.appointments.active is 'Whether it holds its slot: booked, arrived or fulfilled.';
comment on column public.appointments.channel is 'How it was booked: web, ivr (by phone) or desk.';
comment on column public.appointments.unproven is
  'Booked in a call that did not prove its number, which may be forged. Such bookings are counted apart.';
comment on column public.appointments.token_number is 'Number in the practitioner''s queue of the day: the place of the slot in the day. Emptied, it is given anew.';
comment on column public.appointments.reference is 'Four digits texted to the patient; proves on the phone that the appointment is theirs.';
comment on column public.appointments.call_id is 'The call that booked it: a call books once, however often its confirmation arrives.';
comment on column public.appointments.cancelled_at is 'When it was cancelled, filled in.';
comment on column public.appointments.arrived_at is 'When they came to the desk, filled in with the status.';
comment on column public.appointments.called_at is 'When they were called in. With status arrived: they are with the doctor.';
comment on column public.appointments.seen_at is 'When they had been seen, filled in with the status.';
comment on column public.appointments.waits_from is
  'Where they wait as if this were their time: behind the next one, after they were called and were not there. Empty: by their own time.';
comment on column public.appointments.confirmed_at is 'When the patient said that they will come. Emptied when it is moved.';
comment on column public.appointments.outside_hours is
  'Whether it was put outside the hours of its day as these were then: squeezed in at the desk before or after them. Filled in.';
comment on column public.appointments.note is 'What the desk notes, such as the reason. Patients do not see it on the site, but could ask for it.';
comment on column public.appointments.version is 'Counts changes, so that a page can tell old news from new.';
comment on column public.appointments.created_at is 'When it was booked.';
comment on column public.appointments.updated_at is 'When it was last changed.';

create function private.random_digits(p_length int) returns text
language plpgsql volatile
set search_path = ''
as $$
begin
  -- 60 random bits of a v4 uuid; gen_random_uuid() draws from the system's secure source.
  return lpad((('x' || substr(replace(gen_random_uuid()::text, '-', ''), 18, 15))::bit(60)::bigint
    % (10 ^ p_length)::bigint)::text, p_length, '0');
end $$;
comment on function private.random_digits(int) is 'A random string of digits, for references.';

create function private.in_day_operation() returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce(current_setting('medq.day_operation', true), '') <> '';
end $$;
comment on function private.in_day_operation() is
  'Whether a whole day is being moved or cancelled at the desk, which keeps everybody''s place and tells them itself.';

-- What follows from the rest is filled in before a row is written: its status, then its slot, then its reference.
create function private.tg_appointments__status() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    new.cancelled_at := case when new.status = 'cancelled' then coalesce(new.cancelled_at, now()) end;
    return new;
  end if;
  if new.patient_id is distinct from old.patient_id and not private.are_one_person(old.patient_id, new.patient_id)
    and not private.was_reassigned(old.dependent_id, new.patient_id) then
    perform private.fail('patient_is_fixed');
  end if;
  new.version := old.version + 1;
  new.updated_at := now();
  new.cancelled_at := case
    when new.status <> 'cancelled' then null
    when old.status = 'cancelled' then old.cancelled_at
    else now()
  end;
  new.clinic_id := old.clinic_id;
  if (new.practitioner_id, new.starts_at) is distinct from (old.practitioner_id, old.starts_at) then
    new.confirmed_at := null;
    new.waits_from := case when private.in_day_operation() then new.waits_from + (new.starts_at - old.starts_at) end;
  end if;
  return new;
end $$;
comment on function private.tg_appointments__status() is
  'Keeps the version and when it was cancelled; another time is not confirmed yet. The clinic changes only with the practitioner, the patient only when two rows turn out to be one, or a dependent becomes a patient.';

create trigger _100_status before insert or update on public.appointments
  for each row execute function private.tg_appointments__status();

create function private.tg_appointments__dependent() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  -- Shared, so that whoever removes them at this moment comes before or after.
  perform from public.dependents d
  where d.id = new.dependent_id and d.patient_id = new.patient_id
    and (d.removed_at is null or (tg_op = 'UPDATE' and old.dependent_id = new.dependent_id))
  for share;
  if not found then
    perform private.fail('unknown_dependent');
  end if;
  return new;
end $$;
comment on function private.tg_appointments__dependent() is
  'Refuses somebody for whom this patient does not book, whoever writes the row.';

create trigger _105_dependent before insert on public.appointments
  for each row when (new.dependent_id is not null) execute function private.tg_appointments__dependent();
create trigger _105_other_dependent before update of dependent_id, patient_id on public.appointments
  for each row when (
    new.dependent_id is not null and (old.dependent_id, old.patient_id) is distinct from (new.dependent_id, new.patient_id)
  )
  execute function private.tg_appointments__dependent();
create trigger _050_clean_notes before insert or update on public.appointments
  for each row when (new.note is not null) execute function private.tg_clean_notes('note');

create function private.who_comes(p_appointment public.appointments, p_holder public.patients) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return case
    when p_appointment.dependent_id is null then p_holder.name
    else (select d.name from public.dependents d where d.id = p_appointment.dependent_id)
  end;
end $$;
comment on function private.who_comes(public.appointments, public.patients) is
  'The name of who comes to an appointment: of the holder of the phone, or the dependent.';

create function private.token_is_taken(p_practitioner_id uuid, p_on date, p_token_number int, p_except uuid)
returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.token_number = p_token_number
      and a.active and a.id <> p_except
  );
end $$;
comment on function private.token_is_taken(uuid, date, int, uuid) is
  'Whether another appointment of that day holds a slot with that token number.';

create function private.next_token(p_practitioner_id uuid, p_on date, p_except uuid) returns int
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(max(t.token_number), 0) + 1
    from (
      select a.token_number from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.id <> p_except
      union all
      select s.token_number from private.slots_on(p_practitioner_id, p_on) s
    ) t
  );
end $$;
comment on function private.next_token(uuid, date, uuid) is 'The number after those of all slots and all other appointments of a day.';

create function private.tg_appointments__slot() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_zone text;
  v_slot record;
  v_length interval := interval '15 minutes';
begin
  select p.clinic_id, c.time_zone into new.clinic_id, v_zone
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = new.practitioner_id;
  new.local_date := (new.starts_at at time zone v_zone)::date;

  if tg_op = 'UPDATE' and (new.practitioner_id, new.starts_at) is distinct from (old.practitioner_id, old.starts_at) then
    if new.ends_at = old.ends_at then
      v_length := old.ends_at - old.starts_at;
      new.ends_at := null;
    end if;
    new.token_number := case when private.in_day_operation()
      and (new.practitioner_id, new.local_date) = (old.practitioner_id, old.local_date) then old.token_number end;
  elsif tg_op = 'UPDATE' and (new.local_date <> old.local_date
    -- Taken up again after its number was given to another.
    or private.token_is_taken(new.practitioner_id, new.local_date, new.token_number, new.id)) then
    new.token_number := null;
  end if;

  if new.token_number is null or new.ends_at is null then
    select * into v_slot from private.slot_at(new.practitioner_id, new.local_date, new.starts_at);
    new.ends_at := coalesce(new.ends_at, v_slot.ends_at, new.starts_at + v_length);
    new.token_number := v_slot.token_number;
    -- Outside the slots (squeezed in at the desk), or where changed hours gave the number to someone already.
    if new.token_number is null
      or private.token_is_taken(new.practitioner_id, new.local_date, new.token_number, new.id) then
      new.token_number := private.next_token(new.practitioner_id, new.local_date, new.id);
    end if;
  end if;
  return new;
end $$;
comment on function private.tg_appointments__slot() is
  'Fills in clinic, day, end and token number of what is booked, moved, numbered anew, or holds its slot again. Who comes later because the doctor does keeps their number.';

create trigger _110_slot before insert on public.appointments
  for each row execute function private.tg_appointments__slot();
create trigger _110_other_slot before update on public.appointments
  for each row when (
    (old.practitioner_id, old.starts_at) is distinct from (new.practitioner_id, new.starts_at)
    or new.local_date <> old.local_date or new.token_number is null
    or (not old.active and new.status in ('booked', 'arrived', 'fulfilled'))
  )
  execute function private.tg_appointments__slot();

create function private.tg_appointments__reference() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  while new.reference is null or exists (
    select from public.appointments a
    where a.patient_id = new.patient_id and a.reference = new.reference
      and a.status in ('booked', 'arrived') and a.id <> new.id
  ) loop
    new.reference := private.random_digits(4);
  end loop;
  return new;
end $$;
comment on function private.tg_appointments__reference() is
  'Gives a reference that no other upcoming appointment of the patient has.';

create trigger _120_reference before insert on public.appointments
  for each row execute function private.tg_appointments__reference();
create trigger _120_other_reference before update on public.appointments
  for each row when (
    new.patient_id <> old.patient_id
    or (old.status not in ('booked', 'arrived') and new.status in ('booked', 'arrived'))
  )
  execute function private.tg_appointments__reference();

-- The clinic of an appointment is its practitioner's.
create function private.tg_practitioners__keep_clinic() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if exists (select from public.appointments a where a.practitioner_id = new.id) then
    perform private.fail('practitioner_is_fixed');
  end if;
  return new;
end $$;
comment on function private.tg_practitioners__keep_clinic() is
  'Refuses to move a practitioner with appointments to another clinic, which would leave the appointments behind.';

create trigger _100_keep_clinic before update of clinic_id on public.practitioners
  for each row when (new.clinic_id <> old.clinic_id) execute function private.tg_practitioners__keep_clinic();

-- Rights: a patient reads their own. Bookings and changes go through functions.
alter table public.appointments enable row level security;
grant select on public.appointments to authenticated;
grant select, insert, update, delete on public.appointments to service_role;

create policy "Patients can read their own appointments" on public.appointments
  for select to authenticated using (patient_id = (select private.current_patient_id()));
