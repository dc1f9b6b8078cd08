-- What clinics, practitioners and specialties are called in other languages. Whoever adds a clinic or a practitioner need
-- not know of this: a name without a translation is shown and spoken as it is.

create table public.translations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  locale text not null check (locale ~ '^[a-z]{2}-[A-Z]{2}$'),
  translation text not null,
  spoken_as text,
  address text,
  clinic_id uuid references public.clinics (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index one_translation_of_a_name
  on public.translations (lower(name collate pg_c_utf8), locale, clinic_id) nulls not distinct;
create index translations_clinic on public.translations (clinic_id);

comment on table public.translations is
  'What names are called in other languages: of clinics, practitioners and specialties. Calls, SMS and pages in a language use them; a name that is missing here stays as it is.';
comment on column public.translations.id is 'Identifier.';
comment on column public.translations.name is
  'The usual name, as it stands in clinics.name, practitioners.name or practitioners.specialty; capitals do not matter: General medicine.';
comment on column public.translations.locale is 'The language: ta-IN.';
comment on column public.translations.translation is 'The name in that language, as patients read it.';
comment on column public.translations.spoken_as is
  'As a caller should hear it, respelt if the voice says it badly. Empty: the translation.';
comment on column public.translations.address is 'Of a clinic: where to go, in that language. Empty: clinics.address.';
comment on column public.translations.clinic_id is 'The one clinic that calls it so. Empty: all that have no row of their own.';
comment on column public.translations.created_at is 'When the row was made.';
comment on column public.translations.updated_at is 'When the row was last changed.';

create trigger _050_clean_names before insert or update of name, translation, spoken_as on public.translations
  for each row execute function private.tg_clean_names('name', 'translation', 'spoken_as');
create trigger _050_clean_notes before insert or update of address on public.translations
  for each row execute function private.tg_clean_notes('address');
create trigger _200_touch before update on public.translations
  for each row execute function private.tg_touch();

alter table public.translations enable row level security;
grant select on public.translations to anon, authenticated;
grant select, insert, update, delete on public.translations to service_role;
create policy "Anyone can read translations" on public.translations for select to anon, authenticated using (true);

create function private.translation_of(p_name text, p_clinic_id uuid, p_locale text) returns public.translations
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select t from public.translations t
    where lower(t.name collate pg_c_utf8) = lower(p_name collate pg_c_utf8) and t.locale = p_locale
      and (t.clinic_id is null or t.clinic_id = p_clinic_id)
    order by t.clinic_id nulls last limit 1
  );
end $$;
comment on function private.translation_of(text, uuid, text) is
  'What a name at a clinic is in a language, of the clinic''s own words if it has any; null where there is none.';

create function private.name_in(p_name text, p_clinic_id uuid, p_locale text) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce((private.translation_of(p_name, p_clinic_id, p_locale)).translation, p_name);
end $$;
comment on function private.name_in(text, uuid, text) is
  'A name at a clinic as it is written in a language; the usual name where there is no other.';

create function public.names_in(locale text, names text[], clinic_ids uuid[] default null)
returns table (name text, clinic_id uuid, translation text, address text)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    select asked.name, asked.clinic_id, t.translation, t.address
    from unnest(names_in.names[1:1000], names_in.clinic_ids[1:1000]) as asked (name, clinic_id)
    cross join lateral private.translation_of(asked.name, asked.clinic_id, names_in.locale) t
    where t.id is not null;
end $$;
comment on function public.names_in(text, text[], uuid[]) is
  'What names are in a language, each at the clinic whose id is at its place among clinic_ids: the clinic''s own words, else everybody''s. Without clinic_ids: everybody''s. No row: the name stays as it is. More than 1,000 names are not looked at.';
grant execute on function public.names_in(text, text[], uuid[]) to anon, authenticated;

create function private.spoken_in(p_name text, p_spoken_name text, p_clinic_id uuid, p_locale text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_found constant public.translations := private.translation_of(p_name, p_clinic_id, p_locale);
begin
  return coalesce(v_found.spoken_as, v_found.translation, p_spoken_name, p_name);
end $$;
comment on function private.spoken_in(text, text, uuid, text) is
  'A name at a clinic as a caller hears it in a language; p_spoken_name is the usual name as it is spoken, or null.';

-- Specialties, as patients call them. One that is not here is shown as it was typed; a row makes it known.
insert into public.translations (name, locale, translation)
select s.name, l.locale, l.translation
from (values
  ('General medicine', 'பொது மருத்துவம்', 'सामान्य चिकित्सा'),
  ('General practice', 'பொது மருத்துவம்', 'सामान्य चिकित्सा'),
  ('Family medicine', 'குடும்ப மருத்துவம்', 'पारिवारिक चिकित्सा'),
  ('Internal medicine', 'உள் மருத்துவம்', 'आंतरिक चिकित्सा'),
  ('Paediatrics', 'குழந்தைகள் மருத்துவம்', 'बच्चों के डॉक्टर'),
  ('Pediatrics', 'குழந்தைகள் மருத்துவம்', 'बच्चों के डॉक्टर'),
  ('Gynaecology', 'பெண்கள் மருத்துவம்', 'स्त्री रोग'),
  ('Gynecology', 'பெண்கள் மருத்துவம்', 'स्त्री रोग'),
  ('Obstetrics', 'மகப்பேறு மருத்துவம்', 'प्रसूति'),
  ('Obstetrics and gynaecology', 'மகப்பேறு மற்றும் பெண்கள் மருத்துவம்', 'प्रसूति और स्त्री रोग'),
  ('Dentistry', 'பல் மருத்துவம்', 'दाँतों के डॉक्टर'),
  ('Ophthalmology', 'கண் மருத்துவம்', 'आँखों के डॉक्टर'),
  ('ENT', 'காது, மூக்கு, தொண்டை மருத்துவம்', 'कान, नाक और गला'),
  ('Ear, nose and throat', 'காது, மூக்கு, தொண்டை மருத்துவம்', 'कान, नाक और गला'),
  ('Dermatology', 'தோல் மருத்துவம்', 'त्वचा रोग'),
  ('Cardiology', 'இதய மருத்துவம்', 'हृदय रोग'),
  ('Orthopaedics', 'எலும்பு மருத்துவம்', 'हड्डी रोग'),
  ('Orthopedics', 'எலும்பு மருத்துவம்', 'हड्डी रोग'),
  ('Neurology', 'நரம்பு மருத்துவம்', 'तंत्रिका रोग'),
  ('Psychiatry', 'மனநல மருத்துவம்', 'मानसिक रोग'),
  ('Psychology', 'உளவியல் ஆலோசனை', 'मनोवैज्ञानिक सलाह'),
  ('Diabetology', 'சர்க்கரை நோய் மருத்துவம்', 'शुगर के डॉक्टर'),
  ('Endocrinology', 'ஹார்மோன் மருத்துவம்', 'हार्मोन रोग'),
  ('Gastroenterology', 'வயிறு மற்றும் குடல் மருத்துவம்', 'पेट और आँत के रोग'),
  ('Pulmonology', 'நுரையீரல் மருத்துவம்', 'फेफड़ों के रोग'),
  ('Nephrology', 'சிறுநீரக மருத்துவம்', 'गुर्दे के रोग'),
  ('Urology', 'சிறுநீர் பாதை மருத்துவம்', 'मूत्र रोग'),
  ('Oncology', 'புற்றுநோய் மருத்துவம்', 'कैंसर के डॉक्टर'),
  ('Rheumatology', 'மூட்டு மருத்துவம்', 'जोड़ों के रोग'),
  ('General surgery', 'பொது அறுவை சிகிச்சை', 'सर्जरी'),
  ('Physiotherapy', 'இயன்முறை சிகிச்சை', 'फ़िज़ियोथेरेपी'),
  ('Nutrition', 'உணவு ஆலோசனை', 'खान-पान की सलाह'),
  ('Radiology', 'எக்ஸ்-ரே மற்றும் ஸ்கேன்', 'एक्स-रे और स्कैन'),
  ('Ayurveda', 'ஆயுர்வேதம்', 'आयुर्वेद'),
  ('Siddha', 'சித்த மருத்துவம்', 'सिद्ध चिकित्सा'),
  ('Homeopathy', 'ஹோமியோபதி', 'होम्योपैथी')
) as s (name, tamil, hindi)
cross join lateral (values ('ta-IN', s.tamil), ('hi-IN', s.hindi)) as l (locale, translation);
