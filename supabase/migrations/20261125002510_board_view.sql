-- What a board shows: numbers of tokens, and who sees patients when. Nothing about a patient.

create function private.board_sessions(p_practitioner_id uuid, p_on date) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('from', h.opens, 'until', h.opens + h.slots * h.length) order by h.opens
    ), '[]')
    from private.hours_on(p_practitioner_id, p_on) h
  );
end $$;
comment on function private.board_sessions(uuid, date) is
  'When a practitioner sees patients on a date, as a board shows it: [{from, until}].';

create function private.board_queue(p_practitioner_id uuid, p_on date, p_ends timestamptz, p_now timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_day record;
begin
  select max(coalesce(a.called_at, a.seen_at)) filter (where a.status in ('arrived', 'fulfilled')) as called_at,
    bool_or(a.status = 'arrived') as any_here, max(a.ends_at) filter (where a.active) as ends
  into v_day
  from public.appointments a where a.practitioner_id = p_practitioner_id and a.local_date = p_on;
  -- Nobody was marked yet, or all is over.
  if not private.queue_is_known(p_practitioner_id, p_on)
    or not (v_day.any_here or p_now < greatest(p_ends, v_day.ends)) then
    return null;
  end if;
  return jsonb_build_object(
    'serving', private.now_serving(p_practitioner_id, p_on), 'called_at', v_day.called_at, 'next', (
      select coalesce(jsonb_agg(
        jsonb_build_object('token', q.token_number, 'here', q.here) order by q.waits_from, q.starts_at, q.token_number
      ), '[]')
      from (select * from private.queue_of(p_practitioner_id, p_on, p_now) limit 5) q
    )
  );
end $$;
comment on function private.board_queue(uuid, date, timestamptz, timestamptz) is
  'The queue of a practitioner as a board shows it: {serving, called_at, next: [{token, here}]}: the token called or seen last, since when, and the next five. Null while nobody was marked, and once the hours (until p_ends) are over and nobody is there.';

create function private.board_doctors(p_clinic_id uuid, p_on date, p_now timestamptz) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', p.id, 'name', private.name_in(p.name, c.id, c.locale),
        'specialty', private.name_in(p.specialty, c.id, c.locale), 'sessions', s.sessions, 'queue', q.queue
      ) order by p.name, p.id
    ), '[]')
    from public.practitioners p join public.clinics c on c.id = p.clinic_id
    cross join lateral (select private.board_sessions(p.id, p_on) as sessions) s
    cross join lateral (
      select private.board_queue(p.id, p_on, (s.sessions -> -1 ->> 'until')::timestamptz, p_now) as queue
    ) q
    where p.clinic_id = p_clinic_id and (q.queue is not null or (p.active and s.sessions <> '[]'))
  );
end $$;
comment on function private.board_doctors(uuid, date, timestamptz) is
  'Who sees patients at a clinic on a date, named as in the language of the clinic, and the queue of each, as a board shows it.';

create function public.board(token text)
returns table (channel text, clinic text, time_zone text, on_date date, doctors jsonb)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_board public.boards;
begin
  select * into v_board from public.boards b
  where b.token_hash = private.board_hash(board.token) and b.revoked_at is null;
  if not found then
    perform private.fail('unknown_board');
  end if;
  -- Boards ask all the time: a write a minute is enough to know that they are there.
  update public.boards b set seen_at = now()
  where b.id = v_board.id and (b.seen_at is null or b.seen_at < now() - interval '1 minute');
  return query
    select private.board_topic(v_board.id), private.name_in(c.name, c.id, c.locale), c.time_zone, t.today, private.board_doctors(c.id, t.today, now())
    from public.clinics c cross join lateral (select (now() at time zone c.time_zone)::date as today) t
    where c.id = v_board.clinic_id;
end $$;
comment on function public.board(text) is
  'What a board shows today, to whoever has its token: the channel on which it hears of news, clinic, time zone, date, and doctors [{id, name, specialty, sessions: [{from, until}], queue: {serving, called_at, next: [{token, here}]}}]; queue is null while there is none. Refuses with unknown_board, whether there never was one or it was revoked.';
grant execute on function public.board(text) to anon, authenticated;
