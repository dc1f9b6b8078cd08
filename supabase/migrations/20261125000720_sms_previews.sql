-- What an SMS looks like filled in, and what it costs, before anybody is sent it.

-- Of each encoding the longest, so that a preview can show the dearest SMS there may be.
create function private.longest_names(p_locale text) returns jsonb
language sql stable security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(n.names), '[{}]')
  from (
    select distinct on (private.sms_encoding(t.text))
      jsonb_strip_nulls(jsonb_build_object(
        'doctor', n.doctor, 'clinic', n.clinic, 'clinic_phone', private.phone_to_dial(c.phone, c.phone),
        'url', private.appointments_link()
      )) as names
    from public.clinics c left join public.practitioners p on p.clinic_id = c.id and p.active
    cross join lateral (
      select private.name_in(p.name, c.id, p_locale) as doctor, private.name_in(c.name, c.id, p_locale) as clinic
    ) n
    cross join lateral (select private.gsm_text(concat(n.doctor, n.clinic)) as text) t
    order by private.sms_encoding(t.text), private.sms_units(t.text) desc, p.id
  ) n
$$;
comment on function private.longest_names(text) is
  'The doctors whose names in a language, with those of their clinics, are the longest, with where to look and whom to call: a list of values of an SMS, empty ones where there are none.';

create function private.sms_preview(p_key text, p_body text, p_samples jsonb, p_names jsonb) returns text
language sql immutable security definer
set search_path = ''
as $$
  select t.text
  from jsonb_array_elements(p_names) n
  -- The link that callers are sent leads to the front page.
  cross join lateral (
    select private.sms_text(p_body, p_samples || case p_key when 'ivr_link' then n - 'url' else n end) as text
  ) t
  order by private.sms_parts(t.text) desc, private.sms_units(t.text) desc
  limit 1
$$;
comment on function private.sms_preview(text, text, jsonb, jsonb) is
  'A body filled in with those of the names that make it the longest, and with its samples for the rest.';

create function private.sms_parts_for_dependent(p_text text, p_placeholders text[]) returns int
language sql immutable security definer
set search_path = ''
return case when 'reference' = any (p_placeholders)
  then least(private.sms_parts(private.sample_of('who') || ': ' || p_text), private.most_sms_parts()) end;
comment on function private.sms_parts_for_dependent(text, text[]) is
  'In how many parts an SMS is sent with the first name of a dependent in front, of twelve letters; null: one that is of no appointment.';

create view public.sms_template_previews with (security_invoker = true) as
-- Once a language, not once a text.
with longest as materialized (
  select l.locale, private.longest_names(l.locale) as names from (select distinct locale from public.sms_templates) l
)
select t.key, t.locale, r.text as preview, private.sms_encoding(r.text) as encoding,
  private.sms_units(r.text) as places, private.sms_parts(r.text) as parts,
  private.sms_parts_for_dependent(r.text, t.placeholders) as parts_for_dependent,
  t.body <> t.default_body as edited, t.description
from public.sms_templates t
join longest n on n.locale = t.locale
cross join lateral (select private.sms_preview(t.key, t.body, t.samples, n.names) as text) r
order by t.key, t.locale;
comment on view public.sms_template_previews is
  'Every template filled in with the longest names of doctor and clinic that there are and its samples for the rest, and what sending it takes.';
comment on column public.sms_template_previews.key is 'Which message.';
comment on column public.sms_template_previews.locale is 'Its language.';
comment on column public.sms_template_previews.preview is 'The text as a patient would read it.';
comment on column public.sms_template_previews.encoding is 'GSM-7 (160 places) or UCS-2 (70 places): one character beyond the GSM alphabet makes the whole text UCS-2.';
comment on column public.sms_template_previews.places is 'Length in places of that encoding.';
comment on column public.sms_template_previews.parts is 'As how many SMS it is sent and paid, at most.';
comment on column public.sms_template_previews.parts_for_dependent is 'The same for somebody for whom the patient books: a first name of twelve letters stands in front. Empty: the text is of no appointment.';
comment on column public.sms_template_previews.edited is 'Whether the words differ from those it came with.';
comment on column public.sms_template_previews.description is 'When it is sent.';
grant select on public.sms_template_previews to service_role;
-- The view runs as whoever asks. Without usage on the schema nobody can call them otherwise.
grant execute on function private.longest_names(text), private.sms_preview(text, text, jsonb, jsonb), private.sms_encoding(text),
  private.sms_units(text), private.sms_parts(text), private.sms_parts_for_dependent(text, text[]) to service_role;
