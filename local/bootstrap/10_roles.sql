-- Roles, schemas and rights of a hosted project, so that a migration which would be refused there is refused here.
-- Applied by the superuser supabase_admin. Passwords are random per data directory and set at start, not here.

-- Roles -----------------------------------------------------------------------------------------------------------

create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role supabase_realtime_admin login noinherit createrole replication;
create role postgres login createdb replication bypassrls;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator, pg_monitor, pg_read_all_data, pg_signal_backend
  to postgres with admin option;
grant pg_create_subscription to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role postgres set search_path = "$user", public, extensions;
alter role supabase_admin set search_path = "$user", public, auth, extensions;
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = 60000;
alter role supabase_realtime_admin set search_path = realtime;

alter database postgres owner to postgres;
alter database postgres set timezone = 'UTC';

-- Schemas ---------------------------------------------------------------------------------------------------------

grant usage on schema public to postgres, anon, authenticated, service_role;

create schema extensions;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to postgres with grant option;
create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;

create schema auth;
grant all on schema auth to supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role;
grant usage on schema auth to postgres with grant option;

create schema realtime;
grant all on schema realtime to supabase_realtime_admin with grant option;
grant usage on schema realtime to anon, authenticated, service_role;
grant usage on schema realtime to postgres with grant option;

create schema vault;
grant usage on schema vault to postgres, service_role;

-- Empty until a migration adds tables to it; Realtime's own publication is made with realtime.messages.
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;

-- What new objects of migrations give away by themselves: nothing the Data API could use, not even to service_role.
alter default privileges for role postgres in schema public
  grant truncate, references, trigger, maintain on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant update on sequences to anon, authenticated, service_role;

-- As the server extension of hosted projects lets it: a backup is restored past triggers.
grant set on parameter session_replication_role to postgres;

-- What postgres may do with the tables of Auth and Realtime -------------------------------------------------------
--
-- Hosted projects let postgres make triggers and policies on some of these tables although it does not own them: the
-- server extension supautils does that. Plain Postgres knows no such right. So those tables, and nothing else, belong to
-- a role of that name, from which postgres inherits and which it may not become; the event triggers below take back
-- everything else that owners can do. Of the services' own roles postgres has none.

create role supautils nologin;
-- What foreign keys between its tables check runs with its rights.
grant usage on schema auth, realtime to supautils;
grant supautils to postgres with inherit true, set false;
-- To them the tables are still their own.
grant supautils to supabase_auth_admin, supabase_realtime_admin with inherit true, set false;

create function extensions.guard_platform_schemas() returns event_trigger
language plpgsql
set search_path = ''
as $$
declare
  command record;
begin
  -- The services themselves; nothing is called here that they would need rights for.
  if current_user like 'supabase\_%' then
    return;
  end if;
  for command in select * from pg_catalog.pg_event_trigger_ddl_commands() loop
    -- Policies and triggers carry the schema of their table.
    if command.schema_name in ('auth', 'realtime', 'vault', 'net', 'cron')
      and command.command_tag not in ('CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'ALTER TRIGGER')
    then
      raise insufficient_privilege using
        message = format('must be owner of %s %s', command.object_type, command.object_identity),
        hint = format('Schema %s belongs to the platform: only triggers and policies may be added there.',
          command.schema_name);
    end if;
  end loop;
end
$$;
comment on function extensions.guard_platform_schemas() is
  'Refuses DDL of project roles in the schemas of the platform, as hosted projects do.';

create function extensions.guard_platform_objects() returns event_trigger
language plpgsql
set search_path = ''
as $$
declare
  dropped record;
begin
  -- The services themselves; nothing is called here that they would need rights for.
  if current_user like 'supabase\_%' then
    return;
  end if;
  for dropped in select * from pg_catalog.pg_event_trigger_dropped_objects() loop
    if dropped.schema_name in ('auth', 'realtime', 'vault', 'net', 'cron')
      and dropped.object_type not in ('policy', 'trigger')
    then
      raise insufficient_privilege using
        message = format('must be owner of %s %s', dropped.object_type, dropped.object_identity);
    end if;
  end loop;
end
$$;
comment on function extensions.guard_platform_objects() is
  'Refuses drops by project roles in the schemas of the platform, as hosted projects do.';

revoke execute on function extensions.guard_platform_schemas(), extensions.guard_platform_objects() from public;

create event trigger guard_platform_schemas on ddl_command_end execute function extensions.guard_platform_schemas();
create event trigger guard_platform_objects on sql_drop execute function extensions.guard_platform_objects();
