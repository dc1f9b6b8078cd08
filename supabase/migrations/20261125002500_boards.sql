-- Boards: pages for a television in the waiting room, which show the tokens that are being served and those that come next.
-- Nobody is signed in there. What opens a board is an address that cannot be guessed, which a manager makes and revokes.

create table public.boards (
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null references public.clinics (id) on delete cascade,
  name text not null,
  token_hash text not null unique,
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  seen_at timestamptz,
  revoked_at timestamptz
);
create index boards_of_clinic on public.boards (clinic_id);
create index boards_of_account on public.boards (created_by);
comment on table public.boards is
  'Televisions that may show the tokens of a clinic. Made by make_board; to revoke one set revoked_at, or delete the row.';
comment on column public.boards.id is 'Identifier. The board listens on board:<id>.';
comment on column public.boards.clinic_id is 'Whose tokens it shows.';
comment on column public.boards.name is 'Where it hangs: Waiting room, first floor.';
comment on column public.boards.token_hash is
  'SHA-256 of what opens it. Only the hash, so that no backup and no look into this table opens a board; a lost address is made anew.';
comment on column public.boards.created_by is 'Who made it (auth.users). Empty: an admin, or somebody who is gone.';
comment on column public.boards.created_at is 'When it was made.';
comment on column public.boards.seen_at is 'When it was last looked at, to a minute. Empty: never.';
comment on column public.boards.revoked_at is 'Since when it shows nothing any more. Empty: it works.';

create trigger _050_clean_names before insert or update of name on public.boards
  for each row execute function private.tg_clean_names('name');
create trigger _800_audit after insert or delete or update of clinic_id, name, token_hash, revoked_at on public.boards
  for each row execute function private.tg_audit();

create function private.board_topic(p_board_id uuid) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return 'board:' || p_board_id;
end $$;
comment on function private.board_topic(uuid) is 'The channel on which a board hears that there is something to look at.';

create function private.tg_boards__broadcast_end() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform realtime.send('{}', 'revoked', private.board_topic(old.id));
  return null;
end $$;
comment on function private.tg_boards__broadcast_end() is
  'Tells a board that was revoked to look: what it asks for then is refused, and it says so.';

create trigger _900_broadcast_end after delete or update of revoked_at, token_hash on public.boards
  for each row execute function private.tg_boards__broadcast_end();

-- The token is typed with the remote control of a television: 80 random bits in 16 letters and digits of which no two look
-- alike (Crockford's), in lower case and in groups of four.
create function private.new_board_token() returns text
language plpgsql volatile
set search_path = ''
as $$
declare
  v_bytes constant bytea := extensions.gen_random_bytes(16);
begin
  return (
    select string_agg(
      substr('0123456789abcdefghjkmnpqrstvwxyz', (get_byte(v_bytes, n) & 31) + 1, 1) || case when n in (3, 7, 11) then '-' else '' end,
      '' order by n
    )
    from generate_series(0, 15) n
  );
end $$;
comment on function private.new_board_token() is 'What opens a board, at random: k3xd-09ra-m7tz-4hqp.';

create function private.board_hash(p_token text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return encode(sha256(convert_to(
    translate(regexp_replace(lower(left(p_token, 100)), '[^0-9a-z]', '', 'g'), 'oil', '011'), 'UTF8'
  )), 'hex');
end $$;
comment on function private.board_hash(text) is
  'The hash of a board''s token, however it was typed: with or without dashes, in capitals, o for 0, l for 1.';

create function public.make_board(clinic_id uuid, name text) returns table (board_id uuid, token text)
language plpgsql security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_token constant text := private.new_board_token();
begin
  perform private.require_desk(make_board.clinic_id, true);
  if not exists (select from public.clinics c where c.id = make_board.clinic_id) then
    perform private.fail('unknown_clinic');
  end if;
  perform private.set_channel('desk');
  return query
    insert into public.boards (clinic_id, name, token_hash)
    values (make_board.clinic_id, coalesce(make_board.name, ''), private.board_hash(v_token))
    returning id, v_token;
end $$;
comment on function public.make_board(uuid, text) is
  'For managers: a new board for a clinic, with the name of its place. The token is told this once: the board is at /board/<token> of the site. Refuses with invalid_name or unknown_clinic.';
grant execute on function public.make_board(uuid, text) to authenticated;

create function public.revoke_board(board_id uuid) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  v_clinic_id uuid;
begin
  perform private.require_desk();
  select b.clinic_id into v_clinic_id from public.boards b
  where b.id = revoke_board.board_id and private.sees_desk(b.clinic_id);
  if not found then
    perform private.fail('unknown_board');
  end if;
  perform private.require_desk(v_clinic_id, true);
  perform private.set_channel('desk');
  update public.boards b set revoked_at = now() where b.id = revoke_board.board_id and b.revoked_at is null;
end $$;
comment on function public.revoke_board(uuid) is
  'For managers: a board shows nothing any more. A second time changes nothing. Refuses with unknown_board, also for those of others.';
grant execute on function public.revoke_board(uuid) to authenticated;

-- Rights: managers see their boards, but not what opens them.
alter table public.boards enable row level security;
grant select (id, clinic_id, name, created_by, created_at, seen_at, revoked_at) on public.boards to authenticated;
grant select, insert, update, delete on public.boards to service_role;
create policy "Managers can read the boards of their clinic" on public.boards
  for select to authenticated using (private.desk_role(clinic_id) = 'manager');

create function private.hears_board(p_topic text) returns boolean
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return exists (select from public.boards b where private.board_topic(b.id) = p_topic and b.revoked_at is null);
end $$;
comment on function private.hears_board(text) is
  'Whether a topic is that of a board. Its id is known to who has opened it, and nothing is said there but that there is news.';
grant execute on function private.hears_board(text) to anon, authenticated;

create policy "Boards can listen to their own channel" on realtime.messages
  for select to anon, authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) like 'board:%'
    and (select private.hears_board(realtime.topic()))
  );
