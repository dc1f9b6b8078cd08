-- Days and times in the words of each language, as SMS tell them. The site (src/lib/appointments/when.ts) and calls
-- (supabase/functions/ivr/prompts) divide the day alike.

-- PostgreSQL writes the names of days and months in the language of the server. Here they follow the text.
create function private.sms_day(p_local timestamp, p_locale text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  if p_locale like 'ta%' then
    return (array['திங்கள்', 'செவ்வாய்', 'புதன்', 'வியாழன்', 'வெள்ளி', 'சனி', 'ஞாயிறு'])[extract(isodow from p_local)]
      || ', ' || extract(day from p_local) || ' '
      || (array['ஜனவரி', 'பிப்ரவரி', 'மார்ச்', 'ஏப்ரல்', 'மே', 'ஜூன்', 'ஜூலை', 'ஆகஸ்ட்', 'செப்டம்பர்', 'அக்டோபர்',
        'நவம்பர்', 'டிசம்பர்'])[extract(month from p_local)];
  elsif p_locale like 'hi%' then
    return (array['सोमवार', 'मंगलवार', 'बुधवार', 'गुरुवार', 'शुक्रवार', 'शनिवार', 'रविवार'])[extract(isodow from p_local)]
      || ', ' || extract(day from p_local) || ' '
      || (array['जनवरी', 'फ़रवरी', 'मार्च', 'अप्रैल', 'मई', 'जून', 'जुलाई', 'अगस्त', 'सितंबर', 'अक्टूबर', 'नवंबर',
        'दिसंबर'])[extract(month from p_local)];
  end if;
  return to_char(p_local, 'FMDy FMDD Mon');
end $$;
comment on function private.sms_day(timestamp, text) is 'A day as an SMS tells it: Mon 5 Oct.';

create function private.sms_time(p_local timestamp, p_locale text, p_turn text default null) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  if p_locale like 'ta%' then
    return case p_turn
      when 'first' then 'கடிகாரம் மாறுவதற்கு முன் ' when 'second' then 'கடிகாரம் மாறிய பின் ' else '' end
    || case
      when extract(hour from p_local) between 4 and 11 then 'காலை'
      when extract(hour from p_local) between 12 and 15 then 'மதியம்'
      when extract(hour from p_local) between 16 and 18 then 'மாலை'
      else 'இரவு'
    end || ' ' || to_char(p_local, 'FMHH12:MI');
  elsif p_locale like 'hi%' then
    return case p_turn
      when 'first' then 'घड़ी पीछे होने से पहले ' when 'second' then 'घड़ी पीछे होने के बाद ' else '' end
    || case
      when extract(hour from p_local) between 4 and 11 then 'सुबह'
      when extract(hour from p_local) between 12 and 15 then 'दोपहर'
      when extract(hour from p_local) between 16 and 19 then 'शाम'
      else 'रात'
    end || ' ' || to_char(p_local, 'FMHH12:MI');
  end if;
  return to_char(p_local, 'FMHH12:MI am') || case p_turn
    when 'first' then ' before the clocks go back' when 'second' then ' after the clocks go back' else '' end;
end $$;
comment on function private.sms_time(timestamp, text, text) is
  'A time of day as an SMS tells it: 10:30 am. In the hour that comes twice, with p_turn (private.clock_turn) which one it is.';
