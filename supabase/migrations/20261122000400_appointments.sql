-- Appointments: one row is one booked slot. A slot is held by at most one active row, whatever the concurrency.

create table public.appointments (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null references public.patients (id) on delete restrict,
  practitioner_id uuid not null references public.practitioners (id) on delete restrict,
  clinic_id uuid not null references public.clinics (id) on delete restrict,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  local_date date not null,
  status text not null default 'booked' check (status in ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow')),
  active boolean not null generated always as (status in ('booked', 'arrived', 'fulfilled')) stored,
  channel text not null default 'desk' check (channel in ('web', 'ivr', 'desk')),
  token_number int not null check (token_number > 0),
  reference text not null check (reference ~ '^[0-9]{4}$'),
  call_id text unique,
  cancelled_at timestamptz,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint appointments_end_after_start check (starts_at < ends_at),
  constraint practitioner_sees_one_patient_at_a_time exclude using gist (
    practitioner_id with =, tstzrange(starts_at, ends_at) with &&
  ) where (active),
  constraint patient_is_in_one_place_at_a_time exclude using gist (
    patient_id with =, tstzrange(starts_at, ends_at) with &&
  ) where (active)
);
create index appointments_of_patient on public.appointments (patient_id, starts_at desc);
create index appointments_of_clinic on public.appointments (clinic_id);
create index appointments_of_day on public.appointments (practitioner_id, local_date);
create unique index appointments_token on public.appointments (practitioner_id, local_date, token_number)
  where active;
create unique index appointments_reference on public.appointments (patient_id, reference)
  where status in ('booked', 'arrived');

comment on table public.appointments is
  'Booked slots. To book by hand give patient, practitioner and starts_at; the rest is filled in. To cancel set status.';
comment on column public.appointments.id is 'Identifier.';
comment on column public.appointments.patient_id is 'Who comes. Cannot be changed.';
comment on column public.appointments.practitioner_id is 'Who sees them.';
comment on column public.appointments.clinic_id is 'Where: the practitioner''s clinic, filled in.';
comment on column public.appointments.starts_at is 'Begins, an instant.';
comment on column public.appointments.ends_at is 'Ends, an instant. Filled in from the schedule; moves along when starts_at is moved.';
comment on column public.appointments.local_date is 'The day in the clinic''s time zone, filled in.';
comment on column public.appointments.status is 'booked, arrived (at the desk), fulfilled (seen), cancelled or noshow.';
comment on column public.appointments.active is 'Whether it holds its slot: booked, arrived or fulfilled.';
comment on column public.appointments.channel is 'How it was booked: web, ivr (by phone) or desk.';
comment on column public.appointments.token_number is 'Number in the practitioner''s queue of the day: the place of the slot in the day.';
comment on column public.appointments.reference is 'Four digits texted to the patient; proves on the phone that the appointment is theirs.';
comment on column public.appointments.call_id is 'The call that booked it: a call books once, however often its confirmation arrives.';
comment on column public.appointments.cancelled_at is 'When it was cancelled, filled in.';
comment on column public.appointments.version is 'Counts changes, so that a page can tell old news from new.';
comment on column public.appointments.created_at is 'When it was booked.';
comment on column public.appointments.updated_at is 'When it was last changed.';

create function private.random_digits(p_length int) returns text
language sql volatile
-- 60 random bits of a v4 uuid; gen_random_uuid() draws from the system's secure source.
return lpad((('x' || substr(replace(gen_random_uuid()::text, '-', ''), 18, 15))::bit(60)::bigint
  % (10 ^ p_length)::bigint)::text, p_length, '0');
comment on function private.random_digits(int) is 'A random string of digits, for references.';

-- The only place where hours become instants. Slots follow each other in real time, so a day on which the clocks
-- change has the slots that really fit.
create function private.hours_on(p_practitioner_id uuid, p_on date)
returns table (opens timestamptz, length interval, slots int, slots_before int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with hours as (
      select e.start_time, e.end_time, e.slot_minutes
      from public.schedule_exceptions e
      where e.practitioner_id = p_practitioner_id and e.on_date = p_on and e.start_time is not null
      union all
      select s.start_time, s.end_time, s.slot_minutes
      from public.schedules s
      where s.practitioner_id = p_practitioner_id
        and s.weekday = extract(isodow from p_on)
        and not exists (
          select from public.schedule_exceptions e
          where e.practitioner_id = p_practitioner_id and e.on_date = p_on
        )
    ),
    local_sessions as (
      select c.time_zone, p_on + h.end_time as local_end,
        (p_on + h.start_time) at time zone c.time_zone as opens,
        (p_on + h.end_time) at time zone c.time_zone as closes,
        make_interval(mins => h.slot_minutes) as length
      from hours h, public.practitioners p, public.clinics c
      where p.id = p_practitioner_id and c.id = p.clinic_id
    ),
    sessions as (
      select l.opens, l.length, case
        when l.closes at time zone l.time_zone = l.local_end
          then div(extract(epoch from l.closes - l.opens), extract(epoch from l.length))::int
        -- Hours that end in an hour the clocks skip end where it begins; they must not run into those that follow.
        else (
          select count(*)::int from generate_series(l.opens + l.length, l.closes, l.length) as slot_end
          where (slot_end - interval '1 microsecond') at time zone l.time_zone < l.local_end
        )
      end as slots
      from local_sessions l
    )
    select s.opens, s.length, s.slots, (sum(s.slots) over (order by s.opens) - s.slots)::int
    from sessions s
    where s.slots > 0;
end $$;
comment on function private.hours_on(uuid, date) is
  'When a practitioner sees patients on a date of the clinic: sessions of so many slots, and how many slots came before.';

create function private.slots_on(p_practitioner_id uuid, p_on date)
returns table (starts_at timestamptz, ends_at timestamptz, token_number int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select h.opens + n * h.length, h.opens + (n + 1) * h.length, h.slots_before + n + 1
    from private.hours_on(p_practitioner_id, p_on) h
    cross join lateral generate_series(0, h.slots - 1) n
    order by 1;
end $$;
comment on function private.slots_on(uuid, date) is
  'All slots of a practitioner on a date of the clinic, taken or not, with the token number each has in the day.';

create function private.slot_at(
  p_practitioner_id uuid, p_on date, p_starts_at timestamptz, out ends_at timestamptz, out token_number int
)
language plpgsql stable
set search_path = ''
as $$
begin
  select p_starts_at + h.length, h.slots_before + div(s.offset, s.length)::int + 1
  into ends_at, token_number
  from private.hours_on(p_practitioner_id, p_on) h
  cross join lateral (
    select extract(epoch from p_starts_at - h.opens) as offset, extract(epoch from h.length) as length
  ) s
  where s.offset >= 0 and mod(s.offset, s.length) = 0 and div(s.offset, s.length) < h.slots;
end $$;
comment on function private.slot_at(uuid, date, timestamptz) is
  'The one slot of private.slots_on that begins at an instant; nulls where none does.';

create function private.tg_appointments__complete() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_slot record;
  v_zone text;
  v_length interval := interval '15 minutes';
begin
  if tg_op = 'INSERT' then
    new.cancelled_at := case when new.status = 'cancelled' then coalesce(new.cancelled_at, now()) end;
  else
    if new.patient_id is distinct from old.patient_id then
      raise exception using errcode = 'PT409', message = 'patient_is_fixed',
        hint = 'An appointment cannot be given to another patient. Cancel it and book a new one.';
    end if;
    new.version := old.version + 1;
    new.updated_at := now();
    new.cancelled_at := case
      when new.status <> 'cancelled' then null
      when old.status = 'cancelled' then old.cancelled_at
      else now()
    end;
    if new.practitioner_id is distinct from old.practitioner_id or new.starts_at is distinct from old.starts_at then
      if new.ends_at = old.ends_at then
        v_length := old.ends_at - old.starts_at;
        new.ends_at := null;
      end if;
      new.token_number := null;
    elsif old.active or new.status not in ('booked', 'arrived', 'fulfilled') then
      new.clinic_id := old.clinic_id;
      new.local_date := old.local_date;
      return new;
    elsif exists (
      select from public.appointments a
      where a.practitioner_id = new.practitioner_id and a.local_date = old.local_date
        and a.token_number = new.token_number and a.active and a.id <> new.id
    ) then
      -- Taken up again after its number was given to another. The same may be true of its reference, see below.
      new.token_number := null;
    end if;
  end if;

  select p.clinic_id, c.time_zone into new.clinic_id, v_zone
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = new.practitioner_id;
  new.local_date := (new.starts_at at time zone v_zone)::date;

  if new.token_number is null or new.ends_at is null then
    select * into v_slot from private.slot_at(new.practitioner_id, new.local_date, new.starts_at);
    new.ends_at := coalesce(new.ends_at, v_slot.ends_at, new.starts_at + v_length);
    -- Outside the slots (squeezed in at the desk), or where changed hours gave the number to someone already:
    -- the next number after the last.
    if v_slot.token_number is null or exists (
      select from public.appointments a
      where a.practitioner_id = new.practitioner_id and a.local_date = new.local_date
        and a.token_number = v_slot.token_number and a.id <> new.id
        and a.active
    ) then
      select coalesce(max(t.token_number), 0) + 1 into new.token_number
      from (
        select a.token_number from public.appointments a
        where a.practitioner_id = new.practitioner_id and a.local_date = new.local_date
        union all
        select s.token_number from private.slots_on(new.practitioner_id, new.local_date) s
      ) t;
    else
      new.token_number := v_slot.token_number;
    end if;
  end if;
  while new.reference is null or exists (
    select from public.appointments a
    where a.patient_id = new.patient_id and a.reference = new.reference
      and a.status in ('booked', 'arrived') and a.id <> new.id
  ) loop
    new.reference := private.random_digits(4);
  end loop;
  return new;
end $$;
comment on function private.tg_appointments__complete() is
  'Fills in what follows from the rest (clinic, end, day, token number, reference) and keeps the version.';

create trigger _100_complete before insert or update on public.appointments
  for each row execute function private.tg_appointments__complete();

-- Rights: a patient reads their own. Bookings and changes go through functions.
alter table public.appointments enable row level security;
revoke all on public.appointments from anon, authenticated, service_role;
grant select on public.appointments to authenticated;
grant select, insert, update, delete on public.appointments to service_role;

create policy "Patients can read their own appointments" on public.appointments
  for select to authenticated using (patient_id = (select private.current_patient_id()));
