-- Clinics, their practitioners, and when each practitioner sees patients.

create table public.clinics (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  phone text not null check (private.check_phone(phone)),
  time_zone text not null default 'Asia/Kolkata',
  locale text not null default 'en-IN' check (locale ~ '^[a-z]{2}-[A-Z]{2}$'),
  other_locales text[] not null default '{}'
    check (array_to_string(other_locales, ' ', 'null') ~ '^([a-z]{2}-[A-Z]{2}( |$))*$'),
  address text not null default '',
  booking_horizon_days int not null default 30 check (booking_horizon_days between 0 and 366),
  max_active_bookings int not null default 5 check (max_active_bookings between 1 and 100),
  phone_booking text not null default 'open' check (phone_booking in ('open', 'proven', 'closed')),
  new_callers_per_hour int not null default 30 check (new_callers_per_hour >= 0),
  max_unproven_bookings int not null default 2 check (max_unproven_bookings between 0 and 100),
  reception_phone text check (private.check_phone(reception_phone)),
  reception_opens time,
  reception_closes time,
  reception_days smallint[] not null default '{1,2,3,4,5,6,7}'
    check (reception_days <@ '{1,2,3,4,5,6,7}'::smallint[] and cardinality(reception_days) > 0),
  reminder_day_before boolean not null default true,
  reminder_hours_before smallint default 2 check (reminder_hours_before between 1 and 24),
  quiet_from time default '21:00',
  quiet_until time default '08:00',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reception_opens_and_closes check ((reception_opens is null) = (reception_closes is null)),
  constraint reception_hours_run_forward check (reception_opens < reception_closes),
  constraint quiet_hours_have_both_ends check ((quiet_from is null) = (quiet_until is null)),
  constraint quiet_hours_leave_some_of_the_day check (quiet_from <> quiet_until)
);
create index clinics_phone on public.clinics (phone);

comment on table public.clinics is 'Clinics that patients book with.';
comment on column public.clinics.id is 'Identifier.';
comment on column public.clinics.name is 'The name callers hear and patients see.';
comment on column public.clinics.phone is 'The number patients dial to book, as +E.164. Several clinics may share one.';
comment on column public.clinics.time_zone is
  'IANA time zone (Asia/Kolkata) in which hours are kept and times are spoken and shown. Correcting it moves no appointment: their day and token follow, and patients are texted what their time is called now.';
comment on column public.clinics.locale is 'Language of calls and SMS unless a patient chose another: en-IN.';
comment on column public.clinics.other_locales is
  'Languages that callers may choose instead of the locale, such as {ta-IN}. English can always be chosen. The voice of calls speaks English and Tamil only: hi-IN is for the site and SMS, and is not offered in calls.';
comment on column public.clinics.address is 'Where to go, as patients should read it.';
comment on column public.clinics.booking_horizon_days is 'How many days ahead of today can be booked; 0 means today only.';
comment on column public.clinics.max_active_bookings is 'How many upcoming appointments one patient may hold here.';
comment on column public.clinics.phone_booking is
  'Bookings by phone: open; proven, where every caller keys in a code that is texted to the phone that calls; or closed.';
comment on column public.clinics.new_callers_per_hour is
  'How many phones that were never seen before may book by calling within an hour. Further ones key in a code that is texted to them.';
comment on column public.clinics.max_unproven_bookings is
  'How many upcoming appointments a phone may have booked in calls that did not prove it. They count apart from max_active_bookings.';
comment on column public.clinics.reception_phone is 'Where a call is put through to a person, as +E.164. Empty: nobody answers.';
comment on column public.clinics.reception_opens is
  'From when reception takes calls, in the clinic''s time zone. Empty, with reception_closes: all day.';
comment on column public.clinics.reception_closes is
  'Until when reception takes calls. Empty, with reception_opens: all day.';
comment on column public.clinics.reception_days is 'On which weekdays reception takes calls: 1 Monday to 7 Sunday.';
comment on column public.clinics.reminder_day_before is 'Whether patients are reminded at the same time the day before.';
comment on column public.clinics.reminder_hours_before is 'How many hours before an appointment its patient is reminded. Empty: not.';
comment on column public.clinics.quiet_from is 'From when no reminder is sent, in the clinic''s time zone. Empty, with quiet_until: at any hour.';
comment on column public.clinics.quiet_until is 'From when reminders are sent again, in the clinic''s time zone.';
comment on column public.clinics.created_at is 'When the row was made.';
comment on column public.clinics.updated_at is 'When the row was last changed.';

create function private.tg_clinics__check_time_zone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  -- PostgreSQL takes more than names: to it IST is Israel, and UTC+5 is west of Greenwich.
  if new.time_zone !~ '^(UTC|[A-Za-z_]+(/[A-Za-z_-]+)+)$' then
    raise invalid_parameter_value;
  end if;
  perform now() at time zone new.time_zone;
  return new;
exception when invalid_parameter_value then
  perform private.fail('unknown_time_zone', new.time_zone);
end $$;
comment on function private.tg_clinics__check_time_zone() is 'Refuses what is no IANA name of a time zone.';

create trigger _050_clean_names before insert or update of name on public.clinics
  for each row execute function private.tg_clean_names('name');
create trigger _050_clean_notes before insert or update of address on public.clinics
  for each row execute function private.tg_clean_notes('address');
create trigger _100_check_time_zone before insert or update of time_zone on public.clinics
  for each row execute function private.tg_clinics__check_time_zone();
create trigger _200_touch before update on public.clinics
  for each row execute function private.tg_touch();

create table public.practitioners (
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null references public.clinics (id) on delete restrict,
  name text not null,
  spoken_name text,
  specialty text not null,
  active boolean not null default true,
  photo_url text constraint photo_is_https_or_ours
    check (length(photo_url) <= 500 and photo_url ~* '^(https://[a-z0-9.-]+(:[0-9]+)?/\S+|/[^/\\\s]\S*)$'),
  qualification text,
  languages text[] not null default '{}' constraint languages_are_codes
    check (cardinality(languages) <= 20 and array_to_string(languages, ' ', 'null') ~ '^([a-z]{2,3}( |$))*$'),
  fee_amount numeric(10, 2) constraint fee_is_no_debt check (fee_amount >= 0),
  fee_currency text not null default 'INR' constraint fee_currency_is_a_code check (fee_currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index practitioners_clinic on public.practitioners (clinic_id, specialty);

comment on table public.practitioners is 'People patients are seen by.';
comment on column public.practitioners.id is 'Identifier.';
comment on column public.practitioners.clinic_id is 'The clinic they work at.';
comment on column public.practitioners.name is 'Name as patients read it: Dr. Anjali Rao.';
comment on column public.practitioners.spoken_name is 'Name as a caller should hear it, respelt if the voice says it badly. Empty: the name.';
comment on column public.practitioners.specialty is 'What they are booked for: General medicine.';
comment on column public.practitioners.active is 'Off: no new bookings; existing ones stay.';
comment on column public.practitioners.photo_url is
  'Their picture, square, as patients see it: https://… or a file of the site, /photos/rao.jpg. Empty: their initials.';
comment on column public.practitioners.qualification is 'As patients read it: MBBS, MD. Empty: not shown.';
comment on column public.practitioners.languages is
  'Languages they speak with patients, as codes, the best first: {en,ta,hi}. Pages show their names. Empty: not shown.';
comment on column public.practitioners.fee_amount is 'What a visit costs. Empty: not shown.';
comment on column public.practitioners.fee_currency is 'In which currency, as its code: INR.';
comment on column public.practitioners.created_at is 'When the row was made.';
comment on column public.practitioners.updated_at is 'When the row was last changed.';

create trigger _050_clean_names before insert or update of name, spoken_name, specialty, qualification on public.practitioners
  for each row execute function private.tg_clean_names('name', 'spoken_name', 'specialty', 'qualification');
create trigger _200_touch before update on public.practitioners
  for each row execute function private.tg_touch();

-- A specialty is a text, and the same one however it is spelt: "general medicine " beside "General medicine".
create function private.specialty_key(p_specialty text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return lower(regexp_replace(private.without_invisible_ends(p_specialty) collate pg_c_utf8, '\s+', ' ', 'g'));
end $$;
comment on function private.specialty_key(text) is 'What is the same for all spellings of a specialty.';

create function private.specialty_at(p_clinic_id uuid, p_specialty text, p_except uuid default null) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce((
    select p.specialty from public.practitioners p
    where p.clinic_id = p_clinic_id and private.specialty_key(p.specialty) = private.specialty_key(p_specialty)
      and p.id is distinct from p_except
    limit 1
  ), p_specialty);
end $$;
comment on function private.specialty_at(uuid, text, uuid) is
  'A specialty as the clinic spells it; unchanged where nobody, but for one practitioner, has it there.';

create function private.tg_practitioners__spell() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' or new.clinic_id <> old.clinic_id
    or private.specialty_key(new.specialty) <> private.specialty_key(old.specialty) then
    -- One after the other at a clinic, so that two who come at once are spelt alike.
    perform from public.clinics c where c.id = new.clinic_id for no key update;
    new.specialty := private.specialty_at(new.clinic_id, new.specialty, new.id);
  end if;
  return new;
end $$;
comment on function private.tg_practitioners__spell() is
  'Spells a specialty as the clinic does already: the first spelling wins.';

create function private.tg_practitioners__respell() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update public.practitioners p set specialty = new.specialty
  where p.clinic_id = new.clinic_id and p.specialty = old.specialty
    and private.specialty_key(new.specialty) = private.specialty_key(old.specialty);
  return null;
end $$;
comment on function private.tg_practitioners__respell() is
  'Whose specialty is only spelt otherwise by hand brings along everybody at the clinic who has it.';

create trigger _060_spell before insert or update of specialty, clinic_id on public.practitioners
  for each row execute function private.tg_practitioners__spell();
create trigger _500_respell after update of specialty on public.practitioners
  for each row when (new.specialty <> old.specialty) execute function private.tg_practitioners__respell();

create table public.schedules (
  id uuid primary key default gen_random_uuid(),
  practitioner_id uuid not null references public.practitioners (id) on delete cascade,
  weekday smallint not null check (weekday between 1 and 7),
  start_time time not null,
  end_time time not null,
  slot_minutes smallint not null default 15 check (slot_minutes between 5 and 480),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hours_run_forward check (start_time < end_time),
  constraint hours_of_a_day_do_not_overlap exclude using gist (
    practitioner_id with =,
    weekday with =,
    int4range(extract(epoch from start_time)::int, extract(epoch from end_time)::int) with &&
  )
);

comment on table public.schedules is 'Weekly hours. A day with a break has two rows.';
comment on column public.schedules.id is 'Identifier.';
comment on column public.schedules.practitioner_id is 'Whose hours.';
comment on column public.schedules.weekday is 'Day of the week: 1 Monday to 7 Sunday.';
comment on column public.schedules.start_time is 'First slot begins, in the clinic''s time zone.';
comment on column public.schedules.end_time is 'Last slot has ended, in the clinic''s time zone.';
comment on column public.schedules.slot_minutes is 'Length of one appointment.';
comment on column public.schedules.created_at is 'When the row was made.';
comment on column public.schedules.updated_at is 'When the row was last changed.';

create trigger _200_touch before update on public.schedules
  for each row execute function private.tg_touch();

create table public.schedule_exceptions (
  id uuid primary key default gen_random_uuid(),
  practitioner_id uuid not null references public.practitioners (id) on delete cascade,
  on_date date not null,
  start_time time,
  end_time time,
  slot_minutes smallint not null default 15 check (slot_minutes between 5 and 480),
  reason text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint closed_or_both_hours check ((start_time is null) = (end_time is null)),
  constraint hours_run_forward check (start_time < end_time),
  constraint hours_of_a_date_do_not_overlap exclude using gist (
    practitioner_id with =,
    on_date with =,
    int4range(extract(epoch from start_time)::int, extract(epoch from end_time)::int) with &&
  ) where (start_time is not null)
);
create index schedule_exceptions_date on public.schedule_exceptions (practitioner_id, on_date);

comment on table public.schedule_exceptions is
  'Dates that differ from the weekly hours. The rows of a date replace that day''s weekly hours.';
comment on column public.schedule_exceptions.id is 'Identifier.';
comment on column public.schedule_exceptions.practitioner_id is 'Whose date.';
comment on column public.schedule_exceptions.on_date is 'The date, in the clinic''s time zone.';
comment on column public.schedule_exceptions.start_time is 'Other hours begin. Empty, with end_time: closed all day.';
comment on column public.schedule_exceptions.end_time is 'Other hours end. Empty, with start_time: closed all day.';
comment on column public.schedule_exceptions.slot_minutes is 'Length of one appointment on that date.';
comment on column public.schedule_exceptions.reason is 'Why, for the clinic: Diwali, conference. Patients do not see it.';
comment on column public.schedule_exceptions.created_at is 'When the row was made.';
comment on column public.schedule_exceptions.updated_at is 'When the row was last changed.';

create trigger _050_clean_notes before insert or update of reason on public.schedule_exceptions
  for each row execute function private.tg_clean_notes('reason');
create trigger _200_touch before update on public.schedule_exceptions
  for each row execute function private.tg_touch();

-- Rights: anyone may see clinics and active practitioners, but of them only what a page shows before somebody signs in; hours
-- are seen through the slots they make.
alter table public.clinics enable row level security;
alter table public.practitioners enable row level security;
alter table public.schedules enable row level security;
alter table public.schedule_exceptions enable row level security;

grant select on public.clinics, public.practitioners to authenticated;
grant select (id, name, phone, time_zone, address) on public.clinics to anon;
grant select (
  id, clinic_id, name, specialty, active, photo_url, qualification, languages, fee_amount, fee_currency
) on public.practitioners to anon;
grant select, insert, update, delete
  on public.clinics, public.practitioners, public.schedules, public.schedule_exceptions to service_role;

create policy "Anyone can read clinics" on public.clinics
  for select to anon, authenticated using (true);
create policy "Visitors can read active practitioners" on public.practitioners
  for select to anon using (active);
create policy "Signed-in people can read all practitioners" on public.practitioners
  for select to authenticated using (true);
