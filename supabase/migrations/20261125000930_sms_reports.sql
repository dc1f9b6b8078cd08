-- What the provider says of SMS: what became of them, and who wants no more.

create table public.sms_opt_outs (
  id uuid primary key default gen_random_uuid(),
  phone text not null unique check (private.check_phone(phone)),
  reason text not null default '',
  created_at timestamptz not null default now()
);
comment on table public.sms_opt_outs is
  'Numbers that want no SMS. They get only the codes and passwords they ask for. To write to one again delete its row.';
comment on column public.sms_opt_outs.id is 'Identifier.';
comment on column public.sms_opt_outs.phone is 'The number, as +E.164.';
comment on column public.sms_opt_outs.reason is 'Why: they answered STOP, or told the clinic.';
comment on column public.sms_opt_outs.created_at is 'Since when.';
alter table public.sms_opt_outs enable row level security;
grant select, insert, update, delete on public.sms_opt_outs to service_role;
create trigger _050_clean_notes before insert or update of reason on public.sms_opt_outs
  for each row execute function private.tg_clean_notes('reason');

create function private.wants_no_sms(p_phone text) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (select from public.sms_opt_outs o where o.phone = p_phone);
end $$;
comment on function private.wants_no_sms(text) is
  'Whether a phone (+E.164) gets only the codes and passwords that are asked for. Of none it is not known: false.';

create function private.stop_sms(p_id uuid, p_token text) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.set_channel('system');
  insert into public.sms_opt_outs (phone, reason)
  select m.to_phone, 'answered STOP' from public.sms_messages m where m.id = p_id and m.report_token = p_token
  on conflict (phone) do nothing;
end $$;
comment on function private.stop_sms(uuid, text) is
  'Notes that the recipient of a message answered STOP. The token proves that the provider says so.';

create function private.report_sms(
  p_id uuid, p_token text, p_status text, p_at timestamptz, p_error text default null,
  p_provider_id text default null
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_final constant boolean := p_status in ('delivered', 'expired', 'delivery_failed');
  v_message public.sms_messages;
begin
  select * into v_message from public.sms_messages m where m.id = p_id and m.report_token = p_token for update;
  if not found then
    return 'unknown';
  end if;
  -- Delivered and reported failures are final; of the rest the newest counts, in whatever order they come.
  if v_message.status = 'delivered'
    or (v_message.status = 'failed' and v_message.reported_at is not null)
    or p_status not in ('scheduled', 'sent', 'buffered', 'delivered', 'expired', 'delivery_failed')
    or (not v_final and p_at <= v_message.reported_at) then
    return 'ignored';
  end if;
  -- A report proves that the provider has it, whatever we believed.
  update public.sms_messages m set
    status = case p_status when 'delivered' then 'delivered' when 'expired' then 'failed'
      when 'delivery_failed' then 'failed' else 'sent' end,
    delivered_at = case when p_status = 'delivered' then p_at else m.delivered_at end,
    sent_at = coalesce(m.sent_at, p_at),
    reported_at = greatest(m.reported_at, p_at),
    outcome_unknown = false,
    provider_id = coalesce(p_provider_id, m.provider_id),
    last_error = case when p_status in ('expired', 'delivery_failed') then coalesce(p_error, p_status) end
  where m.id = p_id;
  return 'updated';
end $$;
comment on function private.report_sms(uuid, text, text, timestamptz, text, text) is
  'Takes a status report of the provider. Repeated and late reports never move a final state back.';
