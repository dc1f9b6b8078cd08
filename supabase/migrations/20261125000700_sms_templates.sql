-- The words of every SMS, which admins edit without fear: what a text must tell is checked, and the words it came with
-- can be had back.

-- How a text is filled in.
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

create function private.placeholders_in(p_body text) returns text[]
language sql immutable
set search_path = ''
as $$
  select coalesce(array_agg(distinct case
    when strpos(t.piece, '}}') > 0 then split_part(t.piece, '}}', 1) else t.piece || ' (never closed)' end), '{}')
  from string_to_table(p_body, '{{') with ordinality as t (piece, place)
  where t.place > 1
$$;
comment on function private.placeholders_in(text) is 'What stands between {{ and }} in a text, as it is written.';

create function private.sms_placeholder_list(p_names text[]) returns text
language sql immutable
set search_path = ''
return (select coalesce(string_agg('{{' || n || '}}', ', '), 'none') from unnest(p_names) n);
comment on function private.sms_placeholder_list(text[]) is 'Placeholders as they are written in a text.';

create function private.sample_of(p_placeholder text, p_locale text default 'en-IN') returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_local constant timestamp := '2026-10-21 10:30';
begin
  return case p_placeholder
    when 'doctor' then 'Dr. Karthik Subramanian'
    when 'clinic' then 'Lakeside Clinic'
    when 'clinic_phone' then '044 4000 1000'
    when 'day' then private.sms_day(v_local, p_locale)
    when 'time' then private.sms_time(v_local, p_locale)
    when 'token' then '12'
    when 'reference' then '4821'
    when 'username' then '+919999999999'
    when 'password' then 'ABC12345'
    when 'code' then '482193'
    when 'phone' then '+91********99'
    when 'url' then 'medq.example/a'
    when 'name' then 'Lakshmi Narayanan'
    when 'who' then 'Ramachandran'
    when 'text' then '80 % of the SMS of today are sent. See sms_budget.'
    else upper(p_placeholder)
  end;
end $$;
comment on function private.sample_of(text, text) is
  'What a placeholder may look like when it is filled in. One that is not known here is its name in capitals.';

create function private.short_name(p_name text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  -- Whole words, if the first are not too short themselves.
  return case when length(p_name) <= 40 then p_name
    else coalesce(substring(left(p_name, 41) from '^(.{20,40})\s'), left(p_name, 40)) end;
end $$;
comment on function private.short_name(text) is 'A name, or as much of it as fits into 40 characters.';

create function private.without_link(p_body text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return (
    select string_agg(l.line, E'\n' order by l.place)
    from string_to_table(p_body, E'\n') with ordinality as l (line, place)
    where l.place = 1 or strpos(l.line, '{{url}}') = 0
  );
end $$;
comment on function private.without_link(text) is
  'A body without the lines after the first that tell the address of the site, for while nobody has told where it is.';

create function private.sms_text(p_body text, p_values jsonb) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_most constant int := private.most_sms_parts();
  v_body constant text := case p_values -> 'url' when 'null' then private.without_link(p_body) else p_body end;
  v_text constant text := private.gsm_text(private.render_template(v_body, p_values));
begin
  -- Nearly every text is short enough whatever places its characters take: 67 for a part, two for a character.
  if length(v_text) <= v_most * 67 / 2 or private.sms_parts(v_text) <= v_most then
    return v_text;
  end if;
  return private.sms_beginning(private.gsm_text(private.render_template(v_body, p_values || jsonb_strip_nulls(
    jsonb_build_object(
      'doctor', private.short_name(p_values ->> 'doctor'), 'clinic', private.short_name(p_values ->> 'clinic')
    )
  ))), v_most);
end $$;
comment on function private.sms_text(text, jsonb) is
  'What is sent: a body filled in, with plain signs where those make it GSM-7. What would be too long for the provider has its names shortened, and if that is not enough ends after the last part.';

create table public.sms_templates (
  key text not null check (key ~ '^[a-z_]+$'),
  locale text not null default 'en-IN',
  body text not null check (btrim(body) <> ''),
  placeholders text[] not null default '{}',
  description text not null default '',
  required text[] not null,
  default_body text not null,
  samples jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (key, locale)
);
alter table public.sms_templates enable row level security;
grant select, insert, update, delete on public.sms_templates to service_role;

comment on table public.sms_templates is 'The words of every SMS. Edit body; keep the {{placeholders}}.';
comment on column public.sms_templates.key is 'Which message.';
comment on column public.sms_templates.locale is 'Language: en-IN, ta-IN, hi-IN. A text that is not there in a language is sent in en-IN.';
comment on column public.sms_templates.body is
  'The text. {{name}} is replaced; only the placeholders listed beside it may be used, and the required ones must be.';
comment on column public.sms_templates.placeholders is 'What the message can tell.';
comment on column public.sms_templates.description is 'When it is sent.';
comment on column public.sms_templates.required is 'What the message must tell: placeholders that may not be missing. Filled in: those its first text had.';
comment on column public.sms_templates.default_body is 'The words it came with; copy them into body to have them back. Filled in.';
comment on column public.sms_templates.samples is 'What the placeholders are filled with in sms_template_previews, but for the names of doctor and clinic, which are real ones. Filled in; may be edited.';
comment on column public.sms_templates.created_at is 'When the row was made.';
comment on column public.sms_templates.updated_at is 'When the row was last changed.';

create function private.check_sms_text(p_template public.sms_templates) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_most_parts constant int := private.most_sms_parts();
  v_used constant text[] := private.placeholders_in(p_template.body);
  v_wrong text[];
  v_parts int;
begin
  if btrim(p_template.body, E' \t\r\n') = '' then
    perform private.fail('empty_template');
  end if;
  select array_agg(u) into v_wrong from unnest(v_used) u where u <> all (p_template.placeholders);
  if v_wrong is not null then
    perform private.fail('unknown_placeholder', left(v_wrong[1], 40),
      private.sms_placeholder_list(p_template.placeholders));
  end if;
  select array_agg(r order by r) into v_wrong from unnest(p_template.required) r where r <> all (v_used);
  if v_wrong is not null then
    perform private.fail('missing_placeholder', private.sms_placeholder_list(v_wrong));
  end if;
  v_parts := private.sms_parts(private.gsm_text(private.render_template(p_template.body, p_template.samples)));
  if v_parts > v_most_parts then
    perform private.fail('template_too_long', v_parts::text, v_most_parts::text);
  end if;
end $$;
comment on function private.check_sms_text(public.sms_templates) is
  'Refuses a text that is empty, has a placeholder that nothing would replace, lacks one that it must have, or is too long to be sent.';

create function private.tg_sms_templates__check() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_original public.sms_templates;
begin
  if new.locale <> 'en-IN' then
    select * into v_original from public.sms_templates t where t.key = new.key and t.locale = 'en-IN';
    if found then
      new.placeholders := v_original.placeholders;
      new.required := v_original.required;
      new.description := coalesce(nullif(new.description, ''), v_original.description);
    end if;
  end if;
  new.default_body := coalesce(new.default_body, new.body);
  new.required := coalesce(new.required, private.placeholders_in(new.body));
  select jsonb_object_agg(p, coalesce(new.samples ->> p, private.sample_of(p, new.locale))) into new.samples
  from unnest(new.placeholders) p;
  new.samples := coalesce(new.samples, '{}');
  perform private.check_sms_text(new);
  return new;
end $$;
comment on function private.tg_sms_templates__check() is
  'Fills in what an admin need not, and refuses a text that could not be sent.';

create function private.tg_sms_templates__keep() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.fail('template_is_needed');
end $$;
comment on function private.tg_sms_templates__keep() is
  'Keeps the en-IN templates, which every other language falls back to.';

create trigger _100_check before insert or update on public.sms_templates
  for each row execute function private.tg_sms_templates__check();
create trigger _100_keep before delete on public.sms_templates
  for each row when (old.locale = 'en-IN') execute function private.tg_sms_templates__keep();
create trigger _100_keep_name before update of key, locale on public.sms_templates
  for each row when (old.locale = 'en-IN' and (new.key <> old.key or new.locale <> old.locale))
  execute function private.tg_sms_templates__keep();
create trigger _200_touch before update on public.sms_templates
  for each row execute function private.tg_touch();

create function public.restore_sms_template(key text, locale text default 'en-IN') returns public.sms_templates
language plpgsql security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_template public.sms_templates;
begin
  update public.sms_templates t set body = t.default_body
  where t.key = restore_sms_template.key and t.locale = restore_sms_template.locale
  returning * into v_template;
  if not found then
    perform private.fail('unknown_template');
  end if;
  return v_template;
end $$;
comment on function public.restore_sms_template(text, text) is
  'For admins: gives a template the words back that it came with.';
grant execute on function public.restore_sms_template(text, text) to service_role;

create function private.appointments_link() returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (select regexp_replace(s.site_url, '^https?://', '') || '/a' from public.sms_settings s);
end $$;
comment on function private.appointments_link() is
  'Where a patient looks at their appointments, short enough for an SMS: medq.example/a. Null while nobody has told where the site is.';
