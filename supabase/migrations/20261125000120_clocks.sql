-- What a clinic's clock shows. Where clocks change it skips an hour or shows one twice, in some places at midnight.

create function private.set_back_before(p_instant timestamptz, p_time_zone text) returns interval
language plpgsql immutable
set search_path = ''
as $$
begin
  return (p_instant - interval '24 hours') at time zone p_time_zone + interval '24 hours'
    - p_instant at time zone p_time_zone;
end $$;
comment on function private.set_back_before(timestamptz, text) is
  'By how much the clocks were set back within the day before an instant; negative: forward.';

create function private.instant_of(p_local timestamp, p_time_zone text) returns timestamptz
language plpgsql immutable
set search_path = ''
as $$
declare
  v_instant constant timestamptz := p_local at time zone p_time_zone;
  v_set_back interval;
begin
  if not isfinite(p_local) then
    return v_instant;
  end if;
  v_set_back := private.set_back_before(v_instant, p_time_zone);
  if v_set_back > interval '0' and p_local::time = '00:00'
    and (v_instant - v_set_back) at time zone p_time_zone = p_local then
    return v_instant - v_set_back;
  elsif v_set_back < interval '0' and v_instant at time zone p_time_zone <> p_local then
    return (
      select min(m) from generate_series(v_instant + v_set_back, v_instant + interval '1 minute', '1 minute') m
      where m at time zone p_time_zone >= p_local
    );
  end if;
  return v_instant;
end $$;
comment on function private.instant_of(timestamp, text) is
  'The instant at which the clocks of a time zone show a time: the only way from a date and time to an instant. Of a time that comes twice it is the second, but of midnight the first, with which the day begins. A time that is skipped is the moment at which the clocks jump over it.';

create function private.clock_turn(p_instant timestamptz, p_time_zone text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_local constant timestamp := p_instant at time zone p_time_zone;
  v_set_back constant interval := private.set_back_before(p_instant, p_time_zone);
begin
  return case
    -- Of two instants PostgreSQL takes the second.
    when v_local at time zone p_time_zone > p_instant then 'first'
    when v_set_back > interval '0' and (p_instant - v_set_back) at time zone p_time_zone = v_local then 'second'
  end;
end $$;
comment on function private.clock_turn(timestamptz, text) is
  'first or second where the clocks show the time of an instant twice, before and after they are set back; else null.';
