-- How a text travels: in the 7-bit alphabet of GSM 03.38 if every character has a place there, else as UCS-2, and in how
-- many parts. Some are definers because one calls another, and sms_template_previews runs with the rights of its reader.

create function private.sms_encoding(p_text text) returns text
language plpgsql immutable security definer
set search_path = ''
as $$
begin
  return case when p_text ~ (
      '^[][@£$¥èéùìòÇ\n\r\fØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\~|€-]*$'
    ) then 'GSM-7' else 'UCS-2' end;
end $$;
comment on function private.sms_encoding(text) is
  'GSM-7, or UCS-2 as soon as one character (Tamil, Hindi, an emoji) has no place in the GSM alphabet.';

create function private.sms_places(p_text text) returns text
language plpgsql immutable security definer
set search_path = ''
as $$
declare
  -- In GSM-7 these nine take two places; in UCS-2 so does what is beyond the first 65536 characters.
  v_double constant text := case private.sms_encoding(p_text)
    when 'GSM-7' then '{}\\\[~\]|€\f^' else '\U00010000-\U0010FFFF' end;
begin
  -- Hardly a text has any of them.
  if p_text !~ ('[' || v_double || ']') then
    return repeat('-', length(p_text));
  end if;
  return regexp_replace(regexp_replace(p_text, '[^' || v_double || '-]', '-', 'g'), '[^-]', '<>', 'g');
end $$;
comment on function private.sms_places(text) is
  'The places that a text takes in its encoding, a sign for each: - is a character of one place, <> one of two.';

create function private.sms_units(p_text text) returns int
language plpgsql immutable security definer
set search_path = ''
as $$
begin
  return length(private.sms_places(p_text));
end $$;
comment on function private.sms_units(text) is 'How many places of its encoding a text takes.';

create function private.sms_part_ends(p_text text) returns int[]
language plpgsql immutable security definer
set search_path = ''
as $$
declare
  v_places constant text := private.sms_places(p_text);
  -- Alone, and as a part of several.
  v_fits constant int[] := case private.sms_encoding(p_text) when 'GSM-7' then '{160,153}' else '{70,67}' end;
  v_ends int[] := '{}';
  v_end int := 0;
begin
  if length(v_places) <= v_fits[1] then
    return array[length(v_places)];
  end if;
  while v_end < length(v_places) loop
    v_end := least(v_end + v_fits[2], length(v_places));
    -- A character of two places that would be cut begins the next part.
    if substr(v_places, v_end, 1) = '<' then
      v_end := v_end - 1;
    end if;
    v_ends := v_ends || v_end;
  end loop;
  return v_ends;
end $$;
comment on function private.sms_part_ends(text) is
  'After which place each part of a text ends: one of 160 places, or several of up to 153 each; 70 and 67 in UCS-2.';

create function private.sms_parts(p_text text) returns int
language plpgsql immutable security definer
set search_path = ''
as $$
begin
  return cardinality(private.sms_part_ends(p_text));
end $$;
comment on function private.sms_parts(text) is 'In how many parts a text is sent, and paid.';

create function private.most_sms_parts() returns int
language sql immutable
set search_path = ''
return 9;
comment on function private.most_sms_parts() is 'The provider takes no more parts for one text.';

create function private.sms_beginning(p_text text, p_parts int) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_end constant int := (private.sms_part_ends(p_text))[p_parts];
begin
  return coalesce(left(p_text, length(replace(left(private.sms_places(p_text), v_end), '>', ''))), p_text);
end $$;
comment on function private.sms_beginning(text, int) is 'As much of a text as so many parts hold.';

-- Phones and word processors write typographic signs for the plain ones, and a single one doubles what a text costs.
create function private.gsm_text(p_text text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_plain text;
begin
  if private.sms_encoding(p_text) = 'GSM-7' then
    return p_text;
  end if;
  v_plain := translate(normalize(p_text, nfc), '‘’‚‛′ʼ`´“”„‟″«»‐‑‒–—―−•·',
    repeat('''', 8) || repeat('"', 7) || repeat('-', 8) || '.');
  v_plain := regexp_replace(v_plain, '[\t\u00A0\u2000-\u200A\u202F\u205F\u3000]', ' ', 'g');
  -- Marks that show nothing.
  v_plain := regexp_replace(replace(v_plain, '…', '...'), '[\u00AD\u061C\u200B-\u200F\u2060\uFEFF]', '', 'g');
  return case private.sms_encoding(v_plain) when 'GSM-7' then v_plain else p_text end;
end $$;
comment on function private.gsm_text(text) is
  'A text with plain quotes, dashes and blanks for typographic ones if that alone makes it GSM-7; else as it is. Letters stay what they are.';
