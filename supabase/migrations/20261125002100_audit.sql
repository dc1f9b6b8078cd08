-- Who did what to which row, when and by which way. Append-only.

create table public.audit_events (
  id bigint generated always as identity primary key,
  occurred_at timestamptz not null default now(),
  channel text not null,
  actor_id uuid,
  action text not null check (action in ('insert', 'update', 'delete', 'read')),
  table_name text not null,
  row_id text not null,
  changes jsonb not null default '{}'
);
create index audit_events_of_row on public.audit_events (table_name, row_id);

comment on table public.audit_events is 'What changed, and whose record was read at a desk. Rows can only be added; of a deleted account names are erased.';
comment on column public.audit_events.id is 'Counts up.';
comment on column public.audit_events.occurred_at is 'When.';
comment on column public.audit_events.channel is 'By which way: web, ivr (phone), system (our own jobs) or desk (at the desk, or by hand in the dashboard).';
comment on column public.audit_events.actor_id is 'The signed-in account (auth.users), empty for calls, jobs and the dashboard.';
comment on column public.audit_events.action is 'insert, update, delete, or read: a record that was opened at a desk.';
comment on column public.audit_events.table_name is 'Which table.';
comment on column public.audit_events.row_id is 'Which row.';
comment on column public.audit_events.changes is
  'Changed columns, each with its values before and after; (erased) where those were of an account that was deleted. Phones are masked, references left out.';

create function private.audit_values(p_row jsonb) returns jsonb
language plpgsql immutable
set search_path = ''
as $$
declare
  v_kept jsonb := jsonb_strip_nulls(
    p_row - array['id', 'reference', 'call_id', 'token_hash', 'created_at', 'updated_at', 'version']
  );
  v_phones constant text[] := array['phone', 'reception_phone', 'alert_phone'];
begin
  -- Of an appointment it follows from the status. Of a practitioner it is news.
  if v_kept ? 'status' then
    v_kept := v_kept - 'active';
  end if;
  if not v_kept ?| v_phones then
    return v_kept;
  end if;
  return v_kept || (
    select jsonb_object_agg(phone, private.mask_phone(v_kept ->> phone)) from unnest(v_phones) phone where v_kept ? phone
  );
end $$;
comment on function private.audit_values(jsonb) is 'What of a row the audit may keep.';

create function private.tg_audit() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_row constant jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  v_old constant jsonb := case tg_op
    when 'INSERT' then '{}' when 'DELETE' then private.audit_values(v_row) else private.audit_values(to_jsonb(old)) end;
  v_new constant jsonb := case when tg_op = 'DELETE' then '{}' else private.audit_values(v_row) end;
begin
  insert into public.audit_events (channel, actor_id, action, table_name, row_id, changes)
  select private.channel(), auth.uid(), lower(tg_op), tg_table_name,
    coalesce(
      v_row ->> 'id', (v_row ->> 'key') || '/' || (v_row ->> 'locale'),
      concat_ws('/', v_row ->> 'what', v_row ->> 'by', v_row ->> 'seconds')
    ),
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
    'clinics', 'practitioners', 'schedules', 'schedule_exceptions', 'patients', 'dependents', 'appointments',
    'sms_templates', 'sms_settings', 'sms_opt_outs', 'security_settings', 'limits', 'translations'
  ] loop
    execute format(
      'create trigger _800_audit after insert or update or delete on public.%I
         for each row execute function private.tg_audit()',
      v_table
    );
  end loop;
end $$;

-- What the deletion of an account takes with it: whose row it was, when it changed and which columns stay.
create function private.without_names(p_changes jsonb) returns jsonb
language sql immutable
set search_path = ''
as $$
  select p_changes || coalesce(jsonb_object_agg(k, '"(erased)"'::jsonb), '{}')
  from unnest(array['name', 'username', 'age', 'birth_year']) k
  where p_changes ? k
$$;
comment on function private.without_names(jsonb) is
  'Changes of a patient or dependent as the audit keeps them once the account is deleted: a column of names says (erased).';

create function private.tg_erase_audit() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update public.audit_events e set changes = private.without_names(e.changes)
  where e.table_name = tg_table_name and e.row_id = old.id::text and e.changes <> private.without_names(e.changes);
  return null;
end $$;
comment on function private.tg_erase_audit() is
  'Erases names from the audit of a patient or dependent who was deleted, or whose account or name was.';

-- After _800_audit, which writes the name down that goes.
create trigger _810_erase_audit after delete on public.patients
  for each row execute function private.tg_erase_audit();
create trigger _810_erase_audit_of_account after update on public.patients
  for each row when (
    (old.user_id is not null and new.user_id is null)
    or (new.name is null and (old.name, old.age) is distinct from (new.name, new.age))
  )
  execute function private.tg_erase_audit();

create trigger _810_erase_audit after delete on public.dependents
  for each row execute function private.tg_erase_audit();
create trigger _810_erase_audit_of_account after update on public.dependents
  for each row when (new.name is null and old.name is not null) execute function private.tg_erase_audit();

create function private.tg_audit_events__append_only() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  -- An update that a trigger makes is looked at row by row.
  if tg_op <> 'UPDATE' or pg_trigger_depth() = 1 then
    perform private.fail('audit_is_append_only');
  end if;
  return null;
end $$;
comment on function private.tg_audit_events__append_only() is
  'Refuses every change, whoever asks, but for what the deletion of an account does to rows.';

create trigger _100_append_only before update or delete or truncate on public.audit_events
  for each statement execute function private.tg_audit_events__append_only();

create function private.tg_audit_events__only_erase() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  old.changes := private.without_names(old.changes);
  if new is distinct from old then
    perform private.fail('audit_is_append_only');
  end if;
  return new;
end $$;
comment on function private.tg_audit_events__only_erase() is
  'Refuses an update that does anything but erase names.';

create trigger _110_only_erase before update on public.audit_events
  for each row execute function private.tg_audit_events__only_erase();

-- Rights: for admins, who read. Triggers write, and what tells of a reading or a word that no row shows.
alter table public.audit_events enable row level security;
grant select on public.audit_events to service_role;
