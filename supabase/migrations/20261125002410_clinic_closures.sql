-- Closing a clinic for some days is one row. Who is booked then is told by close_clinic; after a row that was made by hand
-- they stand in stranded_appointments.

create table public.clinic_closures (
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null references public.clinics (id) on delete cascade,
  from_date date not null,
  until_date date not null,
  reason text not null default '',
  created_at timestamptz not null default now(),
  constraint closures_run_forward check (from_date <= until_date)
);
create index clinic_closures_of_clinic on public.clinic_closures (clinic_id, until_date);
comment on table public.clinic_closures is
  'Days on which a clinic is closed, whatever the hours say. close_clinic also cancels and tells; deleting a row opens the clinic again.';
comment on column public.clinic_closures.id is 'Identifier.';
comment on column public.clinic_closures.clinic_id is 'Which clinic.';
comment on column public.clinic_closures.from_date is 'The first day, in the clinic''s time zone.';
comment on column public.clinic_closures.until_date is 'The last day.';
comment on column public.clinic_closures.reason is 'Why, for the clinic: Pongal. Patients do not see it.';
comment on column public.clinic_closures.created_at is 'When the row was made.';

create trigger _050_clean_notes before insert or update of reason on public.clinic_closures
  for each row execute function private.tg_clean_notes('reason');
create trigger _800_audit after insert or update or delete on public.clinic_closures
  for each row execute function private.tg_audit();

-- Rights: the desk reads; it closes through close_clinic, and a manager opens again.
alter table public.clinic_closures enable row level security;
grant select, delete on public.clinic_closures to authenticated;
grant select, insert, update, delete on public.clinic_closures to service_role;
create policy "Staff can read when their clinic is closed" on public.clinic_closures
  for select to authenticated using (private.desk_role(clinic_id) is not null);
create policy "Managers can open their clinic again" on public.clinic_closures
  for delete to authenticated using (private.desk_role(clinic_id) = 'manager');
