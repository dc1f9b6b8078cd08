-- Who did what to which row, when and by which way. Append-only.

create table public.audit_events (
  id bigint generated always as identity primary key,
  occurred_at timestamptz not null default now(),
  channel text not null,
  actor_id uuid,
  action text not null check (action in ('insert', 'update', 'delete')),
  table_name text not null,
  row_id text not null,
  changes jsonb not null default '{}'
);
create index audit_events_of_row on public.audit_events (table_name, row_id);

comment on table public.audit_events is 'What changed. Rows can only be added.';
comment on column public.audit_events.id is 'Counts up.';
comment on column public.audit_events.occurred_at is 'When.';
comment on column public.audit_events.channel is 'By which way: web, ivr (phone), system (our own jobs) or desk (by hand in the dashboard).';
comment on column public.audit_events.actor_id is 'The signed-in account (auth.users), empty for calls, jobs and the dashboard.';
comment on column public.audit_events.action is 'insert, update or delete.';
comment on column public.audit_events.table_name is 'Which table.';
comment on column public.audit_events.row_id is 'Which row.';
comment on column public.audit_events.changes is 'Changed columns, each with its values before and after. Phones are masked, references left out.';

create function private.audit_values(p_row jsonb) returns jsonb
language plpgsql immutable
set search_path = ''
as $$
declare
  v_kept jsonb := jsonb_strip_nulls(
    p_row - array['id', 'reference', 'call_id', 'created_at', 'updated_at', 'version']
  );
  v_column text;
begin
  -- Of an appointment it follows from the status. Of a practitioner it is news.
  if v_kept ? 'status' then
    v_kept := v_kept - 'active';
  end if;
  foreach v_column in array array['phone', 'reception_phone', 'alert_phone'] loop
    if v_kept ? v_column then
      v_kept := v_kept || jsonb_build_object(v_column, private.mask_phone(v_kept ->> v_column));
    end if;
  end loop;
  return v_kept;
end $$;
comment on function private.audit_values(jsonb) is 'What of a row the audit may keep.';

create function private.tg_audit() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op = 'INSERT' then '{}' else private.audit_values(to_jsonb(old)) end;
  v_new jsonb := case when tg_op = 'DELETE' then '{}' else private.audit_values(to_jsonb(new)) end;
  v_row jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
  insert into public.audit_events (channel, actor_id, action, table_name, row_id, changes)
  select private.channel(), auth.uid(), lower(tg_op), tg_table_name,
    coalesce(v_row ->> 'id', (v_row ->> 'key') || '/' || (v_row ->> 'locale')),
    coalesce(jsonb_object_agg(k, jsonb_build_array(v_old -> k, v_new -> k)), '{}')
  from (select jsonb_object_keys(v_old || v_new) as k) keys
  where v_old -> k is distinct from v_new -> k;
  return null;
end $$;
comment on function private.tg_audit() is 'Writes down a change of a row.';

-- Every audited table.
do $$
declare
  v_table text;
begin
  foreach v_table in array array[
    'clinics', 'practitioners', 'schedules', 'schedule_exceptions', 'patients', 'appointments', 'sms_templates',
    'sms_settings', 'sms_opt_outs', 'security_settings'
  ] loop
    execute format(
      'create trigger _800_audit after insert or update or delete on public.%I
         for each row execute function private.tg_audit()',
      v_table
    );
  end loop;
end $$;

create function private.tg_audit_events__append_only() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.fail('audit_is_append_only');
end $$;
comment on function private.tg_audit_events__append_only() is 'Refuses every change, whoever asks.';

create trigger _100_append_only before update or delete or truncate on public.audit_events
  for each statement execute function private.tg_audit_events__append_only();

-- Rights: for admins. Not even our own functions write here, only the triggers.
alter table public.audit_events enable row level security;
grant select on public.audit_events to service_role;
