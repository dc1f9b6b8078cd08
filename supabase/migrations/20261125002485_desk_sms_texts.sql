-- The words of SMS at the desk. All clinics of a project send the same ones, so they change only with somebody who manages
-- every one of them; whoever works at a desk reads them.

create function private.manages_all() returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return private.is_admin() or not exists (
    select from public.clinics c where private.desk_role(c.id) is distinct from 'manager'
  );
end $$;
comment on function private.manages_all() is 'Whether whoever asks manages every clinic there is, and has opened the desk.';

create function public.desk_sms_texts()
returns table (
  key text, locale text, body text, placeholders text[], required text[], description text, edited boolean,
  preview text, encoding text, places int, parts int, parts_for_dependent int, may_edit boolean
)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_may_edit constant boolean := private.manages_all();
begin
  perform private.require_desk();
  return query
    select t.key, t.locale, t.body, t.placeholders, t.required, t.description, v.edited,
      v.preview, v.encoding, v.places, v.parts, v.parts_for_dependent, v_may_edit
    from public.sms_templates t join public.sms_template_previews v on v.key = t.key and v.locale = t.locale
    order by t.key, t.locale;
end $$;
comment on function public.desk_sms_texts() is
  'At the desk: the words of every SMS, as a patient would read them, and whether whoever asks may change them.';
grant execute on function public.desk_sms_texts() to authenticated;

create function private.sms_template(p_key text, p_locale text) returns public.sms_templates
language plpgsql stable
set search_path = ''
as $$
declare
  v_template public.sms_templates;
begin
  select * into v_template from public.sms_templates t where t.key = p_key and t.locale = p_locale;
  if not found then
    perform private.fail('unknown_template');
  end if;
  return v_template;
end $$;
comment on function private.sms_template(text, text) is 'The template of an SMS in a language. Refuses with unknown_template.';

create function public.preview_sms_text(key text, locale text, body text)
returns table (preview text, encoding text, places int, parts int, parts_for_dependent int)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_template public.sms_templates;
begin
  perform private.require_desk();
  v_template := private.sms_template(preview_sms_text.key, preview_sms_text.locale);
  v_template.body := preview_sms_text.body;
  perform private.check_sms_text(v_template);
  return query
    select r.text, private.sms_encoding(r.text), private.sms_units(r.text), private.sms_parts(r.text),
      private.sms_parts_for_dependent(r.text, v_template.placeholders)
    from (
      select private.sms_preview(
        v_template.key, v_template.body, v_template.samples, private.longest_names(v_template.locale)
      ) as text
    ) r;
end $$;
comment on function public.preview_sms_text(text, text, text) is
  'At the desk: other words of an SMS as a patient would read them, and what sending them takes. Refuses what set_sms_text would; nothing is changed.';
grant execute on function public.preview_sms_text(text, text, text) to authenticated;

create function public.set_sms_text(key text, locale text, body text) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  v_template public.sms_templates;
begin
  perform private.require_desk();
  if not private.manages_all() then
    perform private.fail('manager_of_all_only');
  end if;
  v_template := private.sms_template(set_sms_text.key, set_sms_text.locale);
  perform private.set_channel('desk');
  update public.sms_templates t set body = coalesce(set_sms_text.body, t.default_body)
  where t.key = v_template.key and t.locale = v_template.locale;
end $$;
comment on function public.set_sms_text(text, text, text) is
  'For who manages every clinic: other words of an SMS; null gives it back those it came with.';
grant execute on function public.set_sms_text(text, text, text) to authenticated;
