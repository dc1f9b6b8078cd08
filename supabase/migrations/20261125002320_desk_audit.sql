-- Who at the desk did what and looked at whom.

create function private.note_read(p_patient_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.audit_events (channel, actor_id, action, table_name, row_id)
  values ('desk', auth.uid(), 'read', 'patients', p_patient_id::text);
end $$;
comment on function private.note_read(uuid) is 'Writes down that somebody at the desk opened the record of a patient.';

create view public.audit_trail with (security_invoker = true) as
select e.id, e.occurred_at, e.channel, e.actor_id,
  coalesce(
    (select s.name from public.clinic_staff s where s.user_id = e.actor_id and e.channel = 'desk' order by s.created_at limit 1),
    (select p.name from public.patients p where p.user_id = e.actor_id)
  ) as actor,
  e.action, e.table_name, e.row_id, e.changes
from public.audit_events e;
comment on view public.audit_trail is 'audit_events with the names of those who acted.';
comment on column public.audit_trail.id is 'Counts up.';
comment on column public.audit_trail.occurred_at is 'When.';
comment on column public.audit_trail.channel is 'By which way: web, ivr (phone), system (our own jobs) or desk (at the desk, or by hand in the dashboard).';
comment on column public.audit_trail.actor_id is 'The signed-in account (auth.users), empty for calls, jobs and the dashboard.';
comment on column public.audit_trail.actor is 'Whose account it is: their name at the desk, else as a patient. Empty: not known any more.';
comment on column public.audit_trail.action is 'insert, update, delete or read.';
comment on column public.audit_trail.table_name is 'Which table.';
comment on column public.audit_trail.row_id is 'Which row.';
comment on column public.audit_trail.changes is 'Changed columns, each with its values before and after.';
grant select on public.audit_trail to service_role;
