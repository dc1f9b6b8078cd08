-- The schema `realtime` as a hosted project has it, as far as broadcasts from the database need it: the table of messages,
-- the functions that write to it, and the publication from which the Realtime service reads.
-- Change feeds of tables (postgres_changes), payloads of bytes (send_binary) and replay are left out: MedQ sends
-- broadcasts of JSON from triggers.

-- Messages --------------------------------------------------------------------------------------------------------

create table realtime.messages (
  topic text not null,
  extension text not null check (extension in ('broadcast', 'presence')),
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp without time zone not null default now(),
  inserted_at timestamp without time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  primary key (id, inserted_at)
) partition by range (inserted_at);

comment on table realtime.messages is
  'Messages on their way to Realtime channels; a partition a day, dropped after three days. Policies for SELECT say who may join a private channel, policies for INSERT who may send to it.';
comment on column realtime.messages.topic is 'Name of the channel.';
comment on column realtime.messages.extension is 'broadcast or presence.';
comment on column realtime.messages.private is
  'Whether the message is for private channels; a private and a public channel of one name are two channels.';
comment on column realtime.messages.inserted_at is 'UTC; decides the partition.';

-- The owner is the role from which postgres inherits what migrations may do to this table; see 10_roles.sql. What no event
-- trigger sees is taken away here: hosted projects cannot delete messages either.
alter table realtime.messages owner to supautils;
alter table realtime.messages enable row level security;
revoke delete, truncate on realtime.messages from supautils;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

-- Partitions are the service's business (local/realtime/partitions.ts makes the coming ones and drops the old). The
-- first ones are made here, so that a migration or a seed can send before the service has started.
do $$
declare
  today date := (now() at time zone 'UTC')::date;
  day date;
begin
  for day in select generate_series(today - 1, today + 3, interval '1 day')::date loop
    execute format(
      'create table realtime.%I partition of realtime.messages for values from (%L) to (%L)',
      to_char(day, '"messages_"YYYY_MM_DD'), day, day + 1
    );
    execute format('alter table realtime.%I owner to supautils', to_char(day, '"messages_"YYYY_MM_DD'));
  end loop;
end
$$;

create publication supabase_realtime_messages_publication for table realtime.messages;

-- Functions -------------------------------------------------------------------------------------------------------

create function realtime.topic() returns text
language sql stable
set search_path = ''
return nullif(current_setting('realtime.topic', true), '');
comment on function realtime.topic() is
  'For policies on realtime.messages: the channel that somebody wants to read from or send to.';

create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql
set search_path = ''
as $$
declare
  message_id uuid := gen_random_uuid();
begin
  if jsonb_typeof(payload) <> 'object' then
    raise exception 'the payload must be an object, not %', jsonb_typeof(payload);
  end if;
  if not payload ? 'id' then
    payload := payload || jsonb_build_object('id', message_id);
  end if;
  perform set_config('realtime.topic', send.topic, true);
  insert into realtime.messages (id, topic, extension, event, payload, private)
    values (message_id, send.topic, 'broadcast', send.event, send.payload, send.private);
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;
comment on function realtime.send(jsonb, text, text, boolean) is
  'Sends a message to a channel once the transaction commits. Runs with the rights of the caller; any failure is only a warning, so that it never undoes what the caller does.';

create function realtime.broadcast_changes(
  topic_name text,
  event_name text,
  operation text,
  table_name text,
  table_schema text,
  new record,
  old record,
  level text default 'ROW'
) returns void
language plpgsql
set search_path = ''
as $$
begin
  if level <> 'ROW' then
    raise exception 'realtime.broadcast_changes needs a trigger for each row, this one is for each %', lower(level);
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'realtime.broadcast_changes does not know the operation %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'operation', operation,
      'schema', table_schema,
      'table', table_name,
      'record', case when operation <> 'DELETE' then to_jsonb(new) end,
      'old_record', case when operation <> 'INSERT' then to_jsonb(old) end
    ),
    event_name,
    topic_name
  );
end
$$;
comment on function realtime.broadcast_changes(text, text, text, text, text, record, record, text) is
  'For row triggers: sends the old and the new row to a private channel. A wrong call fails, and the statement with it.';
