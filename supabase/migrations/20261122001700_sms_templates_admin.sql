-- Templates that can be edited without fear: what a text must tell is checked, a view shows it filled in with its length
-- in parts, the words it began with can be had back. What the checks need is in columns that fill themselves, so that a
-- later migration adds a template with nothing but its key, body, placeholders and description.

alter table public.sms_templates
  add column required text[],
  add column default_body text,
  add column samples jsonb;
comment on column public.sms_templates.body is
  'The text. {{name}} is replaced; only the placeholders listed beside it may be used, and the required ones must be.';
comment on column public.sms_templates.locale is 'Language: en-IN, ta-IN. A text that is not there in a language is sent in en-IN.';
comment on column public.sms_templates.required is 'What the message must tell: placeholders that may not be missing. Filled in: those its first text had.';
comment on column public.sms_templates.default_body is 'The words it came with; copy them into body to have them back. Filled in.';
comment on column public.sms_templates.samples is 'What the placeholders are filled with in sms_template_previews. Filled in; may be edited.';

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
    when 'clinic_phone' then '+914440001000'
    when 'day' then private.sms_day(v_local, p_locale)
    when 'time' then private.sms_time(v_local, p_locale)
    when 'token' then '12'
    when 'reference' then '4821'
    when 'username' then '+919999999999'
    when 'password' then 'ABC12345'
    when 'code' then '482193'
    when 'phone' then '+91********99'
    when 'url' then 'https://medq.example/register'
    when 'name' then 'Lakshmi Narayanan'
    else upper(p_placeholder)
  end;
end $$;
comment on function private.sample_of(text, text) is
  'What a placeholder may look like when it is filled in. One that is not known here is its name in capitals.';

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
as $$ select coalesce(string_agg('{{' || n || '}}', ', '), 'none') from unnest(p_names) n $$;
comment on function private.sms_placeholder_list(text[]) is 'Placeholders as they are written in a text.';

-- Replaces the check for unknown placeholders: missing ones and texts that are too long are refused too, and the
-- columns above are filled in. A translation has the placeholders of the en-IN text.
create or replace function private.tg_sms_templates__check() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_most_parts constant int := 9; -- The provider takes no more.
  v_original public.sms_templates;
  v_used constant text[] := private.placeholders_in(new.body);
  v_wrong text[];
  v_parts int;
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
  new.required := coalesce(new.required, v_used);

  select array_agg(u) into v_wrong from unnest(v_used) u where u <> all (new.placeholders);
  if v_wrong is not null then
    raise exception using errcode = 'PT400', message = 'unknown_placeholder',
      hint = format('{{%s}} is not known here. Use only: %s.', left(v_wrong[1], 40),
        private.sms_placeholder_list(new.placeholders));
  end if;
  select array_agg(r order by r) into v_wrong from unnest(new.required) r where r <> all (v_used);
  if v_wrong is not null then
    raise exception using errcode = 'PT400', message = 'missing_placeholder',
      hint = format('The text must tell %s.', private.sms_placeholder_list(v_wrong));
  end if;

  select jsonb_object_agg(p, coalesce(new.samples ->> p, private.sample_of(p, new.locale))) into new.samples
  from unnest(new.placeholders) p;
  new.samples := coalesce(new.samples, '{}');
  v_parts := private.sms_parts(private.render_template(new.body, new.samples));
  if v_parts > v_most_parts then
    raise exception using errcode = 'PT400', message = 'template_too_long',
      hint = format('The text would take %s SMS in a row; %s are the most.', v_parts, v_most_parts);
  end if;
  return new;
end $$;
comment on function private.tg_sms_templates__check() is
  'Refuses a text with a placeholder that nothing would replace, without one that it must have, or too long to be sent; fills in what an admin need not.';

-- The templates there are, en-IN first because the others take after them.
update public.sms_templates t set body = t.body where t.locale = 'en-IN';
update public.sms_templates t set body = t.body where t.locale <> 'en-IN';
alter table public.sms_templates
  alter column required set not null,
  alter column default_body set not null,
  alter column samples set not null;

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
    perform private.fail('not_found', 'There is no such template in that language.');
  end if;
  return v_template;
end $$;
comment on function public.restore_sms_template(text, text) is
  'For admins: gives a template the words back that it came with.';
grant execute on function public.restore_sms_template(text, text) to service_role;

create view public.sms_template_previews with (security_invoker = true) as
select t.key, t.locale, r.text as preview, private.sms_encoding(r.text) as encoding,
  private.sms_units(r.text) as places, private.sms_parts(r.text) as parts,
  t.body <> t.default_body as edited, t.description
from public.sms_templates t
cross join lateral (select private.render_template(t.body, t.samples) as text) r
order by t.key, t.locale;
comment on view public.sms_template_previews is 'Every template filled in with its samples, and what sending it takes.';
comment on column public.sms_template_previews.key is 'Which message.';
comment on column public.sms_template_previews.locale is 'Its language.';
comment on column public.sms_template_previews.preview is 'The text as a patient would read it.';
comment on column public.sms_template_previews.encoding is 'GSM-7 (160 places) or UCS-2 (70 places): one character beyond the GSM alphabet makes the whole text UCS-2.';
comment on column public.sms_template_previews.places is 'Length in places of that encoding.';
comment on column public.sms_template_previews.parts is 'As how many SMS it is sent and paid. A longer name may need one more.';
comment on column public.sms_template_previews.edited is 'Whether the words differ from those it came with.';
comment on column public.sms_template_previews.description is 'When it is sent.';
revoke all on public.sms_template_previews from anon, authenticated, service_role;
grant select on public.sms_template_previews to service_role;
-- The view runs as whoever asks. Without usage on the schema nobody can call them otherwise.
grant execute on function private.render_template(text, jsonb), private.sms_encoding(text), private.sms_units(text),
  private.sms_parts(text) to service_role;

insert into public.sms_templates (key, locale, body)
select t.key, 'ta-IN', ta.body
from (values
  ('appointment_booked',
   'பதிவு செய்யப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.'),
  ('appointment_moved',
   'மாற்றப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.'),
  ('appointment_cancelled',
   'ரத்து செய்யப்பட்டது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. டோக்கன் {{token}}. குறிப்பு எண் {{reference}}.'),
  ('appointment_cancelled_by_clinic',
   'மன்னிக்கவும், கிளினிக் ரத்து செய்ய நேர்ந்தது: {{doctor}}, {{day}}, {{time}} மணி, {{clinic}}. குறிப்பு எண் {{reference}}. வேறு நேரத்தைப் பதிவு செய்யுங்கள்.'),
  ('code',
   '{{code}} என்பது உங்கள் MedQ குறியீடு. இது 10 நிமிடங்களுக்குச் செல்லுபடியாகும். இதை யாரிடமும், எங்களிடமும் கூட, சொல்லாதீர்கள்.')
) as ta (key, body)
join public.sms_templates t on t.key = ta.key and t.locale = 'en-IN';
