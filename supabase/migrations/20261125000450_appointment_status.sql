-- What can become of an appointment, whoever marks it, and the moments that follow from it.

create view private.status_changes as
select c.was, c.becomes, c.becomes in ('arrived', 'fulfilled', 'noshow') as from_its_day
from (values
  ('booked', 'booked'), ('booked', 'arrived'), ('booked', 'fulfilled'), ('booked', 'noshow'), ('booked', 'cancelled'),
  ('arrived', 'arrived'), ('arrived', 'fulfilled'), ('arrived', 'noshow'), ('arrived', 'cancelled'),
  ('fulfilled', 'fulfilled'), ('noshow', 'noshow'), ('cancelled', 'cancelled'),
  -- Somebody came late after all.
  ('noshow', 'arrived'), ('noshow', 'fulfilled'),
  -- Mistakes are undone.
  ('arrived', 'booked'), ('fulfilled', 'arrived'), ('fulfilled', 'booked'), ('noshow', 'booked'), ('cancelled', 'booked')
) as c (was, becomes);
comment on view private.status_changes is 'Which status of an appointment can follow which. A new one counts as booked before.';
comment on column private.status_changes.was is 'The status before.';
comment on column private.status_changes.becomes is 'The status after; the same where something else is changed, such as its time.';
comment on column private.status_changes.from_its_day is 'Not before the day of the appointment, in the clinic''s time zone.';

create function private.tg_appointments__possible() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_was constant text := case tg_op when 'INSERT' then 'booked' else old.status end;
  v_today date;
  v_from_its_day boolean;
begin
  select s.from_its_day into v_from_its_day from private.status_changes s
  where s.was = v_was and s.becomes = new.status;
  if not found then
    perform private.fail('impossible_status', v_was, new.status);
  end if;
  select (now() at time zone c.time_zone)::date into v_today from public.clinics c where c.id = new.clinic_id;
  if v_from_its_day and new.local_date > v_today then
    perform private.fail('before_its_day', to_char(new.local_date, 'YYYY-MM-DD'), new.status);
  end if;
  return new;
end $$;
comment on function private.tg_appointments__possible() is
  'Refuses a status that cannot follow the one before (impossible_status), or not yet (before_its_day).';

create trigger _130_possible before insert on public.appointments
  for each row when (new.status <> 'booked') execute function private.tg_appointments__possible();
create trigger _130_possible_change before update on public.appointments
  for each row when ((old.status, old.starts_at) is distinct from (new.status, new.starts_at))
  execute function private.tg_appointments__possible();

create function private.tg_appointments__moments() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- By the clock and not the transaction, so that of several marked in one go the last is the last.
  new.arrived_at := case
    when new.status = 'arrived' then coalesce(new.arrived_at, clock_timestamp())
    when new.status = 'fulfilled' then new.arrived_at
  end;
  new.waits_from := case when new.status = 'arrived' then new.waits_from end;
  new.called_at := case when new.status in ('arrived', 'fulfilled') then new.called_at end;
  new.seen_at := case when new.status = 'fulfilled' then coalesce(new.seen_at, clock_timestamp()) end;
  return new;
end $$;
comment on function private.tg_appointments__moments() is
  'Notes when a patient came and was seen, and forgets it when that is undone.';

create trigger _140_moments before insert on public.appointments
  for each row when (new.status <> 'booked') execute function private.tg_appointments__moments();
create trigger _140_other_moments before update on public.appointments
  for each row when (old.status <> new.status) execute function private.tg_appointments__moments();
