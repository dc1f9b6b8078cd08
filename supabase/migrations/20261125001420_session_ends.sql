-- Sessions end. Auth does it where the plan of the project has [auth.sessions] of config.toml; this does it everywhere.

create function private.end_old_sessions() returns int
language plpgsql
set search_path = ''
as $$
declare
  v_ended int;
begin
  delete from auth.sessions s where private.user_of_session(s.id) is null;
  get diagnostics v_ended = row_count;
  return v_ended;
end $$;
comment on function private.end_old_sessions() is
  'Removes sessions that have not been used for too long or are too old, so that they cannot be refreshed. Returns how many.';

select cron.schedule('medq-end-sessions', '27 * * * *', 'select private.end_old_sessions()');
