-- The Data API keeps what it knows of the schema in memory; these triggers tell it when to look again.

create function extensions.pgrst_ddl_watch() returns event_trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (
    select from pg_catalog.pg_event_trigger_ddl_commands()
    where schema_name is distinct from 'pg_temp'
      and command_tag ~ '^(CREATE|ALTER) (SCHEMA|TABLE|TABLE AS|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|FUNCTION|TYPE)$|^SELECT INTO$|^COMMENT$'
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;
comment on function extensions.pgrst_ddl_watch() is 'Tells the Data API that something was created or changed.';

create function extensions.pgrst_drop_watch() returns event_trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (
    select from pg_catalog.pg_event_trigger_dropped_objects()
    where not is_temporary
      and object_type in ('schema', 'table', 'foreign table', 'view', 'materialized view', 'function', 'type')
  ) then
    notify pgrst, 'reload schema';
  end if;
end
$$;
comment on function extensions.pgrst_drop_watch() is 'Tells the Data API that something was dropped.';

revoke execute on function extensions.pgrst_ddl_watch(), extensions.pgrst_drop_watch() from public;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();
