-- What a manager sets up beside the hours: the clinic's own words and limits, and who sees patients there. What only the
-- dashboard changes is not granted: the number that patients dial, the time zone and the languages.

grant update (
  name, address, reception_phone, reception_opens, reception_closes, reception_days, booking_horizon_days, max_active_bookings,
  phone_booking, new_callers_per_hour, max_unproven_bookings, reminder_day_before, reminder_hours_before, quiet_from, quiet_until
) on public.clinics to authenticated;
create policy "Managers can edit their clinic" on public.clinics
  for update to authenticated using (private.desk_role(id) = 'manager') with check (private.desk_role(id) = 'manager');

grant insert (
  clinic_id, name, spoken_name, specialty, active, photo_url, qualification, languages, fee_amount, fee_currency
), update (
  name, spoken_name, specialty, active, photo_url, qualification, languages, fee_amount, fee_currency
) on public.practitioners to authenticated;
create policy "Managers can add practitioners of their clinic" on public.practitioners
  for insert to authenticated with check (private.desk_role(clinic_id) = 'manager');
create policy "Managers can edit practitioners of their clinic" on public.practitioners
  for update to authenticated using (private.desk_role(clinic_id) = 'manager')
  with check (private.desk_role(clinic_id) = 'manager');

create function public.desk_practitioners(clinic_id uuid)
returns table (
  practitioner_id uuid, name text, spoken_name text, specialty text, active boolean, photo_url text, qualification text,
  languages text[], fee_amount numeric, fee_currency text, upcoming int, next_on date, last_on date
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  perform private.require_desk(desk_practitioners.clinic_id, true);
  return query
    select p.id, p.name, p.spoken_name, p.specialty, p.active, p.photo_url, p.qualification, p.languages, p.fee_amount,
      p.fee_currency, u.upcoming, u.next_on, u.last_on
    from public.practitioners p
    cross join lateral (
      select count(*)::int, min(a.local_date), max(a.local_date) from public.appointments a
      where a.practitioner_id = p.id and a.status = 'booked' and a.ends_at > now()
    ) u (upcoming, next_on, last_on)
    where p.clinic_id = desk_practitioners.clinic_id
    order by p.active desc, p.name, p.id;
end $$;
comment on function public.desk_practitioners(uuid) is
  'For managers: who sees patients at a clinic, or did, and how many appointments with them are still to come, from which date to which.';
grant execute on function public.desk_practitioners(uuid) to authenticated;

create function private.translations_in(p_names jsonb) returns table (name text, translation text, address text)
language plpgsql immutable
set search_path = ''
as $$
#variable_conflict use_column
begin
  if p_names is null or jsonb_path_exists(p_names, '$[*] ? (!exists (@.name) || @.name == null)') then
    perform private.fail('invalid_name', 'name');
  end if;
  return query
    -- As they are kept, and capitals do not matter: of two that are one, the first that says something.
    select distinct on (lower(k.name collate pg_c_utf8)) k.name, coalesce(n.translation, ''), nullif(n.address, '')
    from rows from (jsonb_to_recordset(p_names) as (name text, translation text, address text))
      with ordinality as n (name, translation, address, place)
    cross join lateral (select private.without_invisible_ends(n.name) as name) k
    order by lower(k.name collate pg_c_utf8), coalesce(n.translation, '') = '', n.place;
exception when data_exception then
  perform private.fail('invalid_name', 'name');
end $$;
comment on function private.translations_in(jsonb) is
  'A list of what names are called as rows, one for each name. Refuses with invalid_name what is none, or has a name that is null.';

create function public.set_translations(clinic_id uuid, locale text, names jsonb) returns void
language plpgsql security definer
set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.require_desk(set_translations.clinic_id, true);
  if not exists (select from public.sms_templates t where t.locale = set_translations.locale) then
    perform private.fail('unknown_language');
  end if;
  delete from public.translations t
  using private.translations_in(set_translations.names) n
  where t.clinic_id = set_translations.clinic_id and t.locale = set_translations.locale
    and lower(t.name collate pg_c_utf8) = lower(n.name collate pg_c_utf8) and n.translation = '';
  insert into public.translations as t (clinic_id, locale, name, translation, address)
  select set_translations.clinic_id, set_translations.locale, n.name, n.translation, n.address
  from private.translations_in(set_translations.names) n
  where n.translation <> ''
  on conflict (lower(name collate pg_c_utf8), locale, clinic_id) do update
  set translation = excluded.translation, address = excluded.address,
    -- How the other words are spoken is known no more.
    spoken_as = case when t.translation = excluded.translation then t.spoken_as end;
end $$;
comment on function public.set_translations(uuid, text, jsonb) is
  'For managers: what names are called at a clinic in a language: [{name, translation, address?}]. Without a translation a name is called there again what it is elsewhere. Refuses with unknown_clinic, unknown_language, or invalid_name.';
grant execute on function public.set_translations(uuid, text, jsonb) to authenticated;
