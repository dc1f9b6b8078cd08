-- What people type and paste as names and notes, made plain on every way in, also by hand in the dashboard. The functions
-- (_shared/names.ts) and the site (account/names.ts) have the same rule of a name, to tell what is wrong beside its field.

-- The collation knows the letters and blanks of every script, whatever the database was made with.
create function private.without_invisible_ends(p_text text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  -- White space, and what Unicode calls default ignorable: marks of direction, joiners, fillers that look like a blank.
  -- But not the overrides of direction, which nobody pastes by accident.
  v_nothing constant text := '[\s\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202C'
    || '\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFF8\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A'
    || '\U000E0000-\U000E0FFF]*';
begin
  -- After a virama a joiner at the end of a word is part of its last letter (Malayalam, Bengali).
  return regexp_replace(
    regexp_replace(normalize(p_text, nfc) collate pg_c_utf8, '^' || v_nothing, ''),
    '([\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA]\u200D)?' || v_nothing || '$', '\1'
  );
end $$;
comment on function private.without_invisible_ends(text) is
  'A text in Unicode''s composed form (NFC), without blanks and characters that show nothing at its beginning and end.';

create function private.name_from(p_text text, p_column text default 'name') returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_longest constant int := 100;
  v_name constant text := private.without_invisible_ends(p_text);
begin
  -- Control characters, line breaks, and what turns the direction of the text around it.
  if v_name collate pg_c_utf8 ~ '[[:cntrl:]\u2028\u2029\u202A-\u202E\u2066-\u2069]' then
    perform private.fail('untypable_name', p_column);
  end if;
  -- The fillers are letters to Unicode.
  if v_name collate pg_c_utf8 !~ '(?![\u115F\u1160\u3164\uFFA0])[[:alpha:]]' or length(v_name) > v_longest then
    perform private.fail('invalid_name', p_column);
  end if;
  return v_name;
end $$;
comment on function private.name_from(text, text) is
  'A name as it is kept, of what was typed; joiners inside stay. Refuses what is none: without a letter, of over 100 characters, or with characters that are no text. p_column is what the refusal calls it.';

create function private.note_from(p_text text, p_column text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_longest constant int := 300;
  v_note constant text := private.without_invisible_ends(regexp_replace(
    regexp_replace(p_text, '\r\n|[\r\v\f\u0085\u2028\u2029]', E'\n', 'g') collate pg_c_utf8,
    '(?!\n)[[:cntrl:]\u202A-\u202E\u2066-\u2069]', '', 'g'
  ));
begin
  if length(v_note) > v_longest then
    perform private.fail('note_too_long', p_column, v_longest::text);
  end if;
  return v_note;
end $$;
comment on function private.note_from(text, text) is
  'A text of some lines as it is kept, of what was typed: without control characters. Refuses what has over 300 characters.';

-- The arguments of the triggers are columns that hold names, or notes.
create function private.tg_clean_names() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(a.name, private.name_from(to_jsonb(new) ->> a.name, replace(a.name, '_', ' ')))
    from unnest(tg_argv) as a (name)
  ));
end $$;
comment on function private.tg_clean_names() is 'Keeps names in the columns that are its arguments. Empty ones stay empty.';

create function private.tg_clean_notes() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(a.name, private.note_from(to_jsonb(new) ->> a.name, a.name)) from unnest(tg_argv) as a (name)
  ));
end $$;
comment on function private.tg_clean_notes() is 'Keeps notes in the columns that are its arguments.';
