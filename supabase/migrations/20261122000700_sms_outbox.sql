-- The transactional outbox: what is to be texted is a row of the transaction that causes it, so neither is lost
-- without the other. The function sms-dispatch claims rows, sends them and settles what came of it.

create table public.sms_templates (
  key text not null check (key ~ '^[a-z_]+$'),
  locale text not null default 'en-IN',
  body text not null check (btrim(body) <> ''),
  placeholders text[] not null default '{}',
  description text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (key, locale)
);
comment on table public.sms_templates is 'The words of every SMS. Edit body; keep the {{placeholders}}.';
comment on column public.sms_templates.key is 'Which message.';
comment on column public.sms_templates.locale is 'Language: en-IN.';
comment on column public.sms_templates.body is 'The text. {{name}} is replaced; only the placeholders listed beside it may be used.';
comment on column public.sms_templates.placeholders is 'What the message can tell.';
comment on column public.sms_templates.description is 'When it is sent.';
comment on column public.sms_templates.created_at is 'When the row was made.';
comment on column public.sms_templates.updated_at is 'When the row was last changed.';

create function private.render_template(p_body text, p_values jsonb) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  -- One pass over the pieces between the braces, so that a value is never read as a template itself.
  return (
    select string_agg(
      case when t.place = 1 then t.piece
      else coalesce(p_values ->> split_part(t.piece, '}}', 1), '') || substr(t.piece, strpos(t.piece, '}}') + 2)
      end, '' order by t.place)
    from string_to_table(p_body, '{{') with ordinality as t (piece, place)
  );
end $$;
comment on function private.render_template(text, jsonb) is 'A template''s body with its {{placeholders}} replaced.';

create function private.tg_sms_templates__check() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  v_used text;
begin
  for v_used in
    select case when strpos(t.piece, '}}') > 0 then split_part(t.piece, '}}', 1) else t.piece || ' (never closed)' end
    from string_to_table(new.body, '{{') with ordinality as t (piece, place) where t.place > 1
  loop
    if v_used <> all (new.placeholders) then
      raise exception using errcode = 'PT400', message = 'unknown_placeholder',
        hint = format('{{%s}} is not known here. Use only: %s.', left(v_used, 40),
          (select string_agg('{{' || p || '}}', ', ') from unnest(new.placeholders) p));
    end if;
  end loop;
  return new;
end $$;
comment on function private.tg_sms_templates__check() is 'Refuses a body with a placeholder that nothing would replace.';

create trigger _100_check before insert or update on public.sms_templates
  for each row execute function private.tg_sms_templates__check();

create function private.tg_sms_templates__keep() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception using errcode = 'PT409', message = 'template_is_needed',
    hint = 'Bookings send this SMS, and could not be made without it. Edit its body instead.';
end $$;
comment on function private.tg_sms_templates__keep() is
  'Keeps the en-IN templates, which every other language falls back to.';

create trigger _100_keep before delete on public.sms_templates
  for each row when (old.locale = 'en-IN') execute function private.tg_sms_templates__keep();
create trigger _100_keep_name before update of key, locale on public.sms_templates
  for each row when (old.locale = 'en-IN' and (new.key <> old.key or new.locale <> old.locale))
  execute function private.tg_sms_templates__keep();
create trigger _200_touch before update on public.sms_templates
  for each row execute function private.tg_touch();

create table public.sms_messages (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid references public.patients (id) on delete set null,
  appointment_id uuid references public.appointments (id) on delete set null,
  to_phone text not null check (to_phone ~ '^\+[1-9][0-9]{6,14}$'),
  template text not null,
  locale text not null default 'en-IN',
  body text not null,
  secret boolean not null default false,
  status text not null default 'queued'
    check (status in ('queued', 'sending', 'sent', 'delivered', 'failed', 'cancelled')),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  expires_at timestamptz,
  outcome_unknown boolean not null default false,
  provider_id text,
  report_token text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
  last_error text,
  dedupe_key text unique,
  sent_at timestamptz,
  delivered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sms_messages_due on public.sms_messages (next_attempt_at) where status in ('queued', 'sending');
create index sms_messages_of_patient on public.sms_messages (patient_id);
create index sms_messages_of_appointment on public.sms_messages (appointment_id);

comment on table public.sms_messages is
  'Every SMS, queued by the change that causes it. To send a failed one again set its status to queued.';
comment on column public.sms_messages.id is 'Identifier, also the reference given to the provider.';
comment on column public.sms_messages.patient_id is 'Whom it is for.';
comment on column public.sms_messages.appointment_id is 'Which appointment it tells of.';
comment on column public.sms_messages.to_phone is 'Where it goes, as +E.164.';
comment on column public.sms_messages.template is 'Which template it was written from.';
comment on column public.sms_messages.locale is 'Its language.';
comment on column public.sms_messages.body is 'The text as sent; erased if it held a secret.';
comment on column public.sms_messages.secret is 'Holds a password or code: the text is erased once it is sent or given up.';
comment on column public.sms_messages.status is 'queued, sending, sent (the provider has it), delivered, failed or cancelled.';
comment on column public.sms_messages.attempts is 'How often sending was tried.';
comment on column public.sms_messages.next_attempt_at is 'When it is due; while sending, until when the worker has it.';
comment on column public.sms_messages.expires_at is 'After this it is worthless and fails rather than arrives late.';
comment on column public.sms_messages.outcome_unknown is 'The provider may have it: it is looked up there before it is sent again.';
comment on column public.sms_messages.provider_id is 'The provider''s id of it.';
comment on column public.sms_messages.report_token is 'Unguessable part of the address that takes its status reports.';
comment on column public.sms_messages.last_error is 'Why it has not been sent.';
comment on column public.sms_messages.dedupe_key is 'Its cause: the same cause queues nothing twice.';
comment on column public.sms_messages.sent_at is 'When the provider took it.';
comment on column public.sms_messages.delivered_at is 'When the phone had it.';
comment on column public.sms_messages.created_at is 'When it was queued.';
comment on column public.sms_messages.updated_at is 'When the row was last changed.';

create function private.queue_sms(
  p_template text, p_to_phone text, p_values jsonb, p_dedupe_key text, p_patient_id uuid default null,
  p_appointment_id uuid default null, p_locale text default 'en-IN', p_secret boolean default false,
  p_expires_at timestamptz default null
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
  v_template public.sms_templates;
begin
  select * into v_template from public.sms_templates t
  where t.key = p_template and t.locale in (p_locale, 'en-IN')
  order by t.locale = p_locale desc limit 1;
  if not found then
    raise exception 'There is no SMS template named %.', p_template;
  end if;
  insert into public.sms_messages
    (template, locale, to_phone, body, dedupe_key, patient_id, appointment_id, secret, expires_at)
  values
    (p_template, v_template.locale, p_to_phone, private.render_template(v_template.body, p_values), p_dedupe_key,
     p_patient_id, p_appointment_id, p_secret, p_expires_at)
  on conflict (dedupe_key) do nothing
  returning id into v_id;
  return v_id;
end $$;
comment on function private.queue_sms(text, text, jsonb, text, uuid, uuid, text, boolean, timestamptz) is
  'Queues one SMS from a template. Returns its id, or null when its cause has queued it already.';

create function private.tg_sms_messages__keep_secrets() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  v_erased constant text := '(erased after sending)';
begin
  new.updated_at := now();
  if new.status in ('queued', 'sending') then
    if new.body = v_erased then
      raise exception using errcode = 'PT409', message = 'secret_erased',
        hint = 'This SMS held a password or code that has been erased. Have a new one made instead.';
    end if;
    -- Queued again by hand: it begins anew.
    if old.status in ('failed', 'cancelled') then
      new.attempts := 0;
      new.next_attempt_at := now();
    end if;
  elsif new.secret then
    new.body := v_erased;
  end if;
  return new;
end $$;
comment on function private.tg_sms_messages__keep_secrets() is
  'Erases the text of a secret message once it is sent or given up, and restarts a message queued again by hand.';

create trigger _100_keep_secrets before update on public.sms_messages
  for each row execute function private.tg_sms_messages__keep_secrets();

-- What the dispatcher calls. A claim is a lease: a worker that dies gives the row back by time.
create function private.claim_sms(p_limit int, p_now timestamptz default now()) returns setof public.sms_messages
language sql
set search_path = ''
as $$
  update public.sms_messages m
  set status = 'failed', last_error = 'expired before it could be sent'
  from (
    select id from public.sms_messages
    where expires_at <= p_now and (status = 'queued' or (status = 'sending' and next_attempt_at <= p_now))
    for update skip locked
  ) late
  where m.id = late.id;

  with due as (
    select id from public.sms_messages
    where status in ('queued', 'sending') and next_attempt_at <= p_now
    order by next_attempt_at
    limit p_limit
    for update skip locked
  )
  update public.sms_messages m
  set status = 'sending', attempts = m.attempts + 1, next_attempt_at = p_now + interval '1 minute',
    -- Still "sending" after its lease: that worker died, and nobody knows how far it came.
    outcome_unknown = m.outcome_unknown or m.status = 'sending'
  from due
  where m.id = due.id
  returning m.*;
$$;
comment on function private.claim_sms(int, timestamptz) is
  'Takes due messages for one worker, for a minute. What expired meanwhile fails here.';

create function private.settle_sms(
  p_id uuid, p_attempt int, p_outcome text, p_provider_id text default null, p_error text default null,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_max_attempts constant int := 8;
  -- 10 s, 20 s, 40 s, up to 15 minutes; jitter keeps a crowd from coming back together.
  v_delay constant interval := least(interval '10 seconds' * 2 ^ least(p_attempt - 1, 20), interval '15 minutes')
    * (0.75 + random() / 2);
begin
  if p_outcome not in ('sent', 'rejected', 'retry', 'unknown', 'hold') then
    raise exception 'private.settle_sms knows no outcome named %', p_outcome;
  end if;
  update public.sms_messages m set
    status = case
      when p_outcome = 'sent' then 'sent'
      when p_outcome = 'rejected' or (p_outcome <> 'hold' and p_attempt >= v_max_attempts) then 'failed'
      else 'queued'
    end,
    attempts = case when p_outcome = 'hold' then m.attempts - 1 else m.attempts end,
    next_attempt_at = case p_outcome
      when 'retry' then p_now + v_delay
      -- Long enough for an accepted message to show up at the provider before it is looked for.
      when 'unknown' then p_now + greatest(v_delay, interval '20 seconds')
      when 'hold' then p_now + interval '15 minutes'
      else m.next_attempt_at
    end,
    outcome_unknown = p_outcome = 'unknown' or (p_outcome = 'hold' and m.outcome_unknown),
    provider_id = coalesce(p_provider_id, m.provider_id),
    last_error = case when p_outcome = 'sent' then null else p_error end,
    sent_at = case when p_outcome = 'sent' then p_now else m.sent_at end
  where m.id = p_id and m.status = 'sending' and m.attempts = p_attempt;
  return found;
end $$;
comment on function private.settle_sms(uuid, int, text, text, text, timestamptz) is
  'Says what came of an attempt: sent, rejected, retry, unknown or hold. False: another worker has the row by now.';

create function private.report_sms(
  p_id uuid, p_token text, p_status text, p_at timestamptz, p_error text default null
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_message public.sms_messages;
begin
  select * into v_message from public.sms_messages m where m.id = p_id and m.report_token = p_token for update;
  if not found then
    return 'unknown';
  end if;
  -- A report proves that the provider has it, whatever we believed; delivered and reported failures are final.
  if v_message.status = 'delivered'
    or (v_message.status = 'failed' and v_message.sent_at is not null)
    or p_status not in ('scheduled', 'sent', 'buffered', 'delivered', 'expired', 'delivery_failed') then
    return 'ignored';
  end if;
  update public.sms_messages m set
    status = case p_status when 'delivered' then 'delivered' when 'expired' then 'failed'
      when 'delivery_failed' then 'failed' else 'sent' end,
    delivered_at = case when p_status = 'delivered' then p_at else m.delivered_at end,
    sent_at = coalesce(m.sent_at, p_at),
    outcome_unknown = false,
    last_error = case when p_status in ('expired', 'delivery_failed') then coalesce(p_error, p_status) end
  where m.id = p_id;
  return 'updated';
end $$;
comment on function private.report_sms(uuid, text, text, timestamptz, text) is
  'Takes a status report of the provider. Repeated and late reports never move a final state back.';

-- Rights: patients never see the outbox.
alter table public.sms_templates enable row level security;
alter table public.sms_messages enable row level security;
revoke all on public.sms_templates, public.sms_messages from anon, authenticated, service_role;
grant select, insert, update, delete on public.sms_templates, public.sms_messages to service_role;

insert into public.sms_templates (key, body, placeholders, description) values
  ('welcome',
   E'Welcome to MedQ! A web account has been created for you.\nUsername: {{username}}\nPassword: {{password}}\nYou can now view your appointments online!',
   '{username,password}', 'After the first booking by phone: the account that was made.'),
  ('ivr_synced',
   'Your IVR booking has been synced with your web account. You can now view this appointment online.',
   '{}', 'After a booking by phone, to a patient who has a web account.'),
  ('account_linked',
   'Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.',
   '{}', 'After registering on the web with a phone that had bookings.'),
  ('appointment_booked',
   'Booked: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.',
   '{doctor,day,time,clinic,token,reference}', 'After every booking.'),
  ('appointment_moved',
   'Moved: {{doctor}}, now {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.',
   '{doctor,day,time,clinic,token,reference}', 'After an appointment was given another time or doctor.'),
  ('appointment_cancelled',
   'Cancelled: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Token {{token}}. Reference {{reference}}.',
   '{doctor,day,time,clinic,token,reference}', 'After a patient cancelled.'),
  ('appointment_cancelled_by_clinic',
   'The clinic had to cancel: {{doctor}}, {{day}} at {{time}}, {{clinic}}. Reference {{reference}}. Please book another time.',
   '{doctor,day,time,clinic,token,reference}', 'After the clinic cancelled.');
