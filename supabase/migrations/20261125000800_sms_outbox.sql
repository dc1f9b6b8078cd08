-- The transactional outbox: what is to be texted is a row of the transaction that causes it, so neither is lost
-- without the other.

create table public.sms_messages (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid references public.patients (id) on delete set null,
  appointment_id uuid references public.appointments (id) on delete set null,
  to_phone text not null check (private.check_phone(to_phone)),
  template text not null,
  locale text not null default 'en-IN',
  body text not null,
  secret boolean not null default false,
  parts smallint not null,
  priority smallint not null
    generated always as (case when secret then 1 when template like 'reminder%' then 3 else 2 end) stored,
  budget_percent smallint not null generated always as (case
    when template like 'reminder%' then 70
    when template = 'alert' then 100
    -- Whoever is no patient yet may be nobody: a forged caller, a script that registers.
    when patient_id is null then 80
    when (secret and template <> 'welcome')
      or template in ('appointment_booked', 'appointment_cancelled', 'appointment_cancelled_by_clinic') then 100
    else 90
  end) stored,
  status text not null default 'queued'
    check (status in ('queued', 'sending', 'sent', 'delivered', 'failed', 'cancelled')),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  expires_at timestamptz,
  outcome_unknown boolean not null default false,
  counted_at timestamptz,
  provider_id text,
  report_token text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
  last_error text,
  dedupe_key text unique,
  sent_at timestamptz,
  reported_at timestamptz,
  delivered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sms_messages_due on public.sms_messages (priority, next_attempt_at)
  where status in ('queued', 'sending');
create index sms_messages_to_phone on public.sms_messages (to_phone, sent_at);
create index sms_messages_of_patient on public.sms_messages (patient_id);
create index sms_messages_of_appointment on public.sms_messages (appointment_id);
create index sms_messages_created on public.sms_messages (created_at);
create index sms_messages_failed on public.sms_messages (updated_at) where status = 'failed' or outcome_unknown;
-- Patients never see the outbox.
alter table public.sms_messages enable row level security;
grant select, insert, update, delete on public.sms_messages to service_role;

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
comment on column public.sms_messages.parts is 'In how many parts it is sent, and paid.';
comment on column public.sms_messages.priority is 'What goes first: 1 codes and passwords, 2 news, 3 reminders.';
comment on column public.sms_messages.budget_percent is
  'How much of the budget may be used when it is sent: 100 codes of patients, bookings and cancellations, 90 other news of patients, 80 what goes to others, 70 reminders.';
comment on column public.sms_messages.status is 'queued, sending, sent (the provider has it), delivered, failed or cancelled.';
comment on column public.sms_messages.attempts is 'How often sending was tried.';
comment on column public.sms_messages.next_attempt_at is 'When it is due; while sending, until when the worker has it.';
comment on column public.sms_messages.expires_at is 'After this it is worthless and fails rather than arrives late.';
comment on column public.sms_messages.outcome_unknown is 'The provider may have it: it is looked up there before it is sent again.';
comment on column public.sms_messages.counted_at is 'When it was counted against the budget, once however often it is tried.';
comment on column public.sms_messages.provider_id is 'The provider''s id of it.';
comment on column public.sms_messages.report_token is 'Unguessable part of the address that takes its status reports.';
comment on column public.sms_messages.last_error is 'Why it has not been sent.';
comment on column public.sms_messages.dedupe_key is 'Its cause: the same cause queues nothing twice.';
comment on column public.sms_messages.sent_at is 'When the provider took it.';
comment on column public.sms_messages.reported_at is 'Of when the latest status report is.';
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
    (p_template, v_template.locale, p_to_phone,
     -- In front of whatever an admin has written: a family has to know whom it is about.
     private.sms_text(case when p_values ->> 'who' is null then '' else '{{who}}: ' end || v_template.body, p_values),
     p_dedupe_key, p_patient_id, p_appointment_id, p_secret, p_expires_at)
  on conflict (dedupe_key) do nothing
  returning id into v_id;
  return v_id;
end $$;
comment on function private.queue_sms(text, text, jsonb, text, uuid, uuid, text, boolean, timestamptz) is
  'Queues one SMS from a template; with who among the values it begins with that name. Returns its id, or null when its cause has queued it already.';

create function private.tg_sms_messages__measure() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  new.parts := private.sms_parts(new.body);
  if new.parts > private.most_sms_parts() then
    perform private.fail('sms_too_long', new.parts::text, private.most_sms_parts()::text);
  end if;
  return new;
end $$;
comment on function private.tg_sms_messages__measure() is
  'Counts the parts while the text is there: of a secret it is erased later. Refuses a text typed by hand that is too long to be sent.';

create function private.erased_sms_text() returns text
language sql immutable
set search_path = ''
return '(erased after sending)';
comment on function private.erased_sms_text() is 'What stands where the text of a secret message was.';

create function private.tg_sms_messages__keep_secrets() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  new.body := private.erased_sms_text();
  return new;
end $$;
comment on function private.tg_sms_messages__keep_secrets() is
  'Erases the text of a secret message once it is sent or given up.';

create function private.tg_sms_messages__reopen() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if new.body = private.erased_sms_text() then
    perform private.fail('secret_erased');
  end if;
  if new.status = 'queued' then
    new.attempts := 0;
    new.next_attempt_at := now();
    new.expires_at := case when new.expires_at > now() then new.expires_at end;
    new.sent_at := null;
    new.counted_at := null;
    new.delivered_at := null;
    new.reported_at := null;
    -- Late reports about the first sending must not be taken for reports about this one. Where nobody knows whether
    -- there was a first sending, they are welcome.
    if not new.outcome_unknown then
      new.report_token := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    end if;
  end if;
  return new;
end $$;
comment on function private.tg_sms_messages__reopen() is
  'Has a message that was over begin anew when it is queued again by hand; refuses one whose text is erased.';

create function private.tg_sms_messages__doubt() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.outcome_unknown := true;
  return new;
end $$;
comment on function private.tg_sms_messages__doubt() is
  'A message taken out of a worker''s hands may be on its way: it is looked up at the provider before it is sent again.';

create trigger _100_measure before insert on public.sms_messages
  for each row execute function private.tg_sms_messages__measure();
create trigger _100_keep_secrets before update on public.sms_messages
  for each row when (new.secret and new.status not in ('queued', 'sending'))
  execute function private.tg_sms_messages__keep_secrets();
create trigger _200_measure_again before update on public.sms_messages
  for each row when (new.body <> old.body and new.status in ('queued', 'sending'))
  execute function private.tg_sms_messages__measure();
create trigger _200_reopen before update on public.sms_messages
  for each row when (new.status in ('queued', 'sending') and old.status not in ('queued', 'sending'))
  execute function private.tg_sms_messages__reopen();
-- Our own functions give it another time when they let a message go.
create trigger _200_take_back before update on public.sms_messages
  for each row when (new.status = 'queued' and old.status = 'sending' and new.next_attempt_at = old.next_attempt_at)
  execute function private.tg_sms_messages__doubt();
create trigger _300_touch before update on public.sms_messages
  for each row execute function private.tg_touch();

-- An update of many messages by hand takes them in whatever order it finds them. Whoever holds one and waits for
-- another can therefore meet somebody who holds the other and waits for the one; whoever waits empty-handed cannot.
create function private.lock_sms(p_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_taken uuid;
begin
  loop
    begin
      perform from public.sms_messages m where m.id = v_taken for update;
      with free as (
        select m.id from public.sms_messages m where m.id = any (p_ids) for update skip locked
      )
      select m.id into v_taken from public.sms_messages m
      where m.id = any (p_ids) and not exists (select from free f where f.id = m.id)
      limit 1;
      exit when not found;
      -- Lets go of what this block has locked.
      raise sqlstate 'TAKEN';
    exception when sqlstate 'TAKEN' then
      null;
    end;
  end loop;
end $$;
comment on function private.lock_sms(uuid[]) is
  'Locks messages, all of them or none: while it waits for one that somebody else has, it holds none of the others.';
