-- What a clinic's clock shows. Where clocks change it skips an hour or shows one twice, in some places at midnight.

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
  -- By how much the clock was set back within the day before; negative: forward.
  v_set_back := (v_instant - interval '24 hours') at time zone p_time_zone + interval '24 hours'
    - v_instant at time zone p_time_zone;
  if v_set_back > interval '0' and (v_instant - v_set_back) at time zone p_time_zone = p_local then
    -- Shown twice. PostgreSQL takes the second.
    return v_instant - v_set_back;
  elsif v_instant at time zone p_time_zone <> p_local then
    -- Skipped: the moment at which the clock jumped.
    return (
      select min(m) from generate_series(v_instant + v_set_back, v_instant + interval '1 minute', '1 minute') m
      where m at time zone p_time_zone >= p_local
    );
  end if;
  return v_instant;
end $$;
comment on function private.instant_of(timestamp, text) is
  'The first instant at which the clocks of a time zone show a time or a later one: the only way from a date and time to an instant. So a day begins at its first instant, and what ends at a time ends where that begins which follows it.';

create function private.clock_turn(p_instant timestamptz, p_time_zone text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  v_local constant timestamp := p_instant at time zone p_time_zone;
begin
  return case
    when v_local at time zone p_time_zone > p_instant then 'first'
    when private.instant_of(v_local, p_time_zone) < p_instant then 'second'
  end;
end $$;
comment on function private.clock_turn(timestamptz, text) is
  'first or second where the clocks show the time of an instant twice, before and after they are set back; else null.';
