-- The demo clinic has a busy day, whatever the hour and the day of the week: its doctors see patients around now. Runs once
-- with the rest of the demo, and on every later start (local/demo.ts), where it does nothing as long as somebody is still to
-- come today, or the day is nearly over. It tells nobody anything: the phones are made up.

do $$
declare
  v_clinic constant uuid := 'c11c0000-0000-4000-8000-000000000001';
  v_zone text;
  v_now timestamp;
  v_begins timestamp;
  v_filled uuid[];
begin
  select c.time_zone into v_zone from public.clinics c where c.id = v_clinic;
  if not found or exists (
    select from public.appointments a
    where a.clinic_id = v_clinic and a.status = 'booked' and a.starts_at > now()
      and a.local_date = (now() at time zone v_zone)::date
  ) then
    return;
  end if;
  v_now := now() at time zone v_zone;
  -- Four hours around now, within the day.
  v_begins := greatest(v_now::date, least(
    date_bin('20 minutes', v_now, v_now::date) - interval '2 hours', v_now::date + interval '19 hours 40 minutes'
  ));

  -- Late in the evening nobody is still to come, and no later hours are left to be busy in.
  if exists (
    select from public.schedule_exceptions e join public.practitioners p on p.id = e.practitioner_id
    where p.clinic_id = v_clinic and e.on_date = v_now::date and e.reason = 'Demo: busy now' and e.start_time = v_begins::time
  ) then
    return;
  end if;

  -- Where the day was not changed by hand.
  delete from public.schedule_exceptions e using public.practitioners p
  where p.id = e.practitioner_id and p.clinic_id = v_clinic and e.on_date = v_now::date and e.reason = 'Demo: busy now';
  insert into public.schedule_exceptions (practitioner_id, on_date, start_time, end_time, slot_minutes, reason)
  select d.id, v_now::date, v_begins::time, (v_begins + interval '4 hours')::time, d.slot_minutes, 'Demo: busy now'
  from (values
    ('d0c70000-0000-4000-8000-000000000001'::uuid, 15), ('d0c70000-0000-4000-8000-000000000002'::uuid, 20),
    ('d0c70000-0000-4000-8000-000000000003'::uuid, 20)
  ) as d (id, slot_minutes)
  where exists (select from public.practitioners p where p.id = d.id and p.active)
    and not exists (
      select from public.schedule_exceptions e where e.practitioner_id = d.id and e.on_date = v_now::date
    );

  insert into public.patients (id, phone, name)
  select ('9a710000-0000-4000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid,
    -- Two of them have none.
    case when n not in (8, 17) then '+9190000001' || lpad(n::text, 2, '0') end, name
  from unnest(array[
    'Asha Menon', 'Joseph Mathew', 'Lakshmi Narayanan', 'Imran Khan', 'Kavitha Rajan', 'Suresh Babu', 'Fathima Beevi',
    'Baby of Divya', 'Arun Prakash', 'Meenakshi Sundaram', 'Deepa Krishnan', 'Mohammed Rafi', 'Saraswathi Ammal',
    'Vijay Kumar', 'Anitha Joseph', 'Ganesh Iyer', 'Muthu', 'Revathi Shankar', 'Prakash Raj', 'Nandini Rao'
  ]) with ordinality as t (name, n)
  on conflict do nothing;

  -- Some come with somebody else's phone.
  insert into public.dependents (id, patient_id, name, birth_year)
  select f.id::uuid, ('9a710000-0000-4000-8000-0000000000' || f.holder)::uuid, f.name, f.birth_year
  from (values
    ('fa310000-0000-4000-8000-000000000001', '01', 'Meera Menon', 2016),
    ('fa310000-0000-4000-8000-000000000002', '01', 'Arjun Menon', 2019),
    ('fa310000-0000-4000-8000-000000000003', '01', 'Raghavan Nair', 1951),
    ('fa310000-0000-4000-8000-000000000004', '07', 'Amina Beevi', 2021),
    ('fa310000-0000-4000-8000-000000000005', '19', 'Kavin Prakash', 2018)
  ) as f (id, holder, name, birth_year)
  on conflict do nothing;

  -- Which slot (of 15 or 20 minutes) whose is, and how they came to it. Some times stay free.
  with visits as (
    insert into public.appointments
      (patient_id, dependent_id, practitioner_id, starts_at, channel, created_at, confirmed_at, note)
    select w.patient_id, (
        -- Parents bring their children to the paediatrician.
        select d.id from public.dependents d
        where d.patient_id = w.patient_id and t.doctor = 3 and d.removed_at is null order by d.id limit 1
      ), p.id,
      (v_begins + t.slot * make_interval(mins => case t.doctor when 1 then 15 else 20 end)) at time zone v_zone,
      case when t.n in (8, 17) then 'desk' when t.n % 3 = 0 then 'web' else 'ivr' end,
      case when t.n in (8, 17) then now() else now() - make_interval(hours => 20 + 3 * t.n) end,
      case when t.n % 3 = 0 then now() - interval '5 hours' end,
      case t.n when 3 then 'Brings the reports of last week' when 14 then 'Needs a wheelchair' end
    from (values
      (1, 1, 0), (1, 2, 1), (1, 3, 2), (1, 4, 4), (1, 5, 6), (1, 6, 7), (1, 8, 8), (1, 9, 9), (1, 10, 11), (1, 11, 13),
      (2, 12, 0), (2, 13, 2), (2, 14, 4), (2, 15, 5), (2, 16, 7), (2, 17, 8), (2, 18, 10), (3, 19, 5), (3, 20, 6), (3, 7, 9)
    ) as t (doctor, n, slot)
    cross join lateral (
      select ('9a710000-0000-4000-8000-0000000000' || lpad(t.n::text, 2, '0'))::uuid as patient_id
    ) w
    join public.schedule_exceptions e
      on e.practitioner_id = ('d0c70000-0000-4000-8000-00000000000' || t.doctor)::uuid
      and e.on_date = v_now::date and e.reason = 'Demo: busy now'
    join public.practitioners p on p.id = e.practitioner_id
    on conflict do nothing
    returning id
  )
  select coalesce(array_agg(v.id), '{}') into v_filled from visits v;

  -- How far each is by now: who was due long ago is done, the last of those whose time has come is with the doctor, and
  -- who is due soon is there already.
  with due as (
    select a.id, a.starts_at, now() - a.starts_at as ago,
      a.starts_at = max(a.starts_at) filter (where a.starts_at < now() - interval '20 minutes')
        over (partition by a.practitioner_id) as is_with_doctor,
      right(a.patient_id::text, 2)::int as n
    from public.appointments a where a.id = any (v_filled)
  )
  update public.appointments a set
    status = case
      when d.n = 4 and d.ago > interval '30 minutes' then 'noshow'
      when d.n = 15 then 'cancelled'
      when d.is_with_doctor then 'arrived'
      when d.ago > interval '20 minutes' then 'fulfilled'
      else 'arrived'
    end,
    arrived_at = case when not (d.n = 4 and d.ago > interval '30 minutes') and d.n <> 15
      then least(d.starts_at - make_interval(mins => 3 + d.n), now() - make_interval(mins => 1 + d.n % 7)) end,
    called_at = case when d.is_with_doctor and d.n <> 15 then now() - make_interval(mins => 2 + d.n % 5)
      when d.ago > interval '20 minutes' and d.n not in (4, 15) then d.starts_at + interval '6 minutes' end,
    seen_at = case when d.ago > interval '20 minutes' and not d.is_with_doctor and d.n not in (4, 15)
      then d.starts_at + interval '17 minutes' end
  from due d
  where d.id = a.id and (d.n = 15 or d.ago > interval '-20 minutes');

  -- What they were texted was sent long ago, and nobody is made an account.
  update public.sms_messages m set status = 'delivered', sent_at = a.created_at, delivered_at = a.created_at
  from public.appointments a where a.id = m.appointment_id and a.id = any (v_filled) and m.status = 'queued';
  delete from private.account_jobs j using public.appointments a where a.patient_id = j.patient_id and a.id = any (v_filled);
end $$;
