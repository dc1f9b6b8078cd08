-- Signing in with a code of ours instead of the password, which stays as it is.
--
-- Auth opens no session without one but for a token of its own, which it would text. So ours writes such a token where
-- Auth keeps it, a random one that nobody is told, and hands it in at once: a door that is there for one request. Auth
-- keeps sha224(phone without plus || token), and takes it for a minute ([auth.sms], verifyPost in its source).

create function private.state_of_account(p_id uuid, p_phone text, p_hash text, p_proven_at timestamptz) returns text
language sql immutable
set search_path = ''
as $$
  select case when p_proven_at is not null then
    encode(sha256(convert_to(concat_ws(':', p_id::text, p_phone, p_hash), 'UTF8')), 'hex')
  end
$$;
comment on function private.state_of_account(uuid, text, text, timestamptz) is
  'private.account_state of a row of auth.users that is at hand, as a trigger has it.';

create function private.account_state(p_user_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select private.state_of_account(u.id, u.phone, u.encrypted_password, u.phone_confirmed_at)
    from auth.users u where u.id = p_user_id
  );
end $$;
comment on function private.account_state(uuid) is
  'Another as soon as the account has another password or phone; null while its phone is not proven.';

create function private.open_door(p_phone text, p_state text, p_token text)
returns table (user_id uuid, opened boolean)
language plpgsql
set search_path = ''
as $$
begin
  select u.id into user_id from auth.users u
  where u.phone = ltrim(p_phone, '+') and private.account_state(u.id) = p_state;
  -- Looked at as the row is once it is locked: two codes may be proven at the same moment, and a password chosen.
  update auth.users u
  set confirmation_token = encode(sha224(convert_to(u.phone || p_token, 'UTF8')), 'hex'), confirmation_sent_at = now()
  where u.id = open_door.user_id
    and private.state_of_account(u.id, u.phone, u.encrypted_password, u.phone_confirmed_at) = p_state
    -- One that nobody has closed was left by a request that died.
    and (
      coalesce(u.confirmation_token, '') = ''
      or coalesce(u.confirmation_sent_at, '-infinity') < now() - interval '15 seconds'
    );
  opened := found;
  return next;
end $$;
comment on function private.open_door(text, text, text) is
  'Lets Auth take a token, which nobody else may know, for a session of the account of a phone (+E.164), if that is still in p_state (private.account_state). Returns whose account it is, null if there is none in that state; and whether it was opened, which it is not while it is open for somebody else. Close it again.';

create function private.close_door(p_user_id uuid, p_token text) returns void
language sql
set search_path = ''
as $$
  -- Auth empties the token that it took. One that is another by now is somebody else's to close.
  update auth.users u set confirmation_token = '', confirmation_sent_at = null
  where u.id = p_user_id
    and u.confirmation_token in ('', encode(sha224(convert_to(u.phone || p_token, 'UTF8')), 'hex'))
$$;
comment on function private.close_door(uuid, text) is 'The token of private.open_door opens nothing any more, used or not.';

create function private.may_choose_password(p_user_id uuid, p_session_id uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (select from private.temporary_passwords t where t.user_id = p_user_id)
    and exists (
      select from auth.mfa_amr_claims c join auth.sessions s on s.id = c.session_id
      where c.session_id = p_session_id and s.user_id = p_user_id
        and c.authentication_method = 'otp' and c.created_at > now() - interval '10 minutes'
    );
end $$;
comment on function private.may_choose_password(uuid, uuid) is
  'Whether a session may replace a texted password without giving it: it was opened with a code within ten minutes.';
