-- Postgres logs what an error quotes, and of a unique constraint that is the value: "Key (phone)=(…) already exists".
-- So two who want the same phone or username come one after the other, and the second is refused by a word. The
-- constraints stay: they are what is true.

create function private.come_one_after_the_other(p_what text) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_what, 0));
end $$;
comment on function private.come_one_after_the_other(text) is
  'Waits for every transaction that was here before with the same words; what they did is seen by the next statement.';

create function private.tg_users__one_by_phone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.come_one_after_the_other('account of ' || new.phone);
  if exists (select from auth.users u where u.phone = new.phone and u.id <> new.id) then
    perform private.fail('other_account_has_phone');
  end if;
  return new;
end $$;
comment on function private.tg_users__one_by_phone() is
  'Of two accounts that are made for one phone at once the second is refused.';

create trigger medq_one_by_phone_of_new_user before insert on auth.users
  for each row when (new.phone is not null) execute function private.tg_users__one_by_phone();
create trigger medq_one_by_phone_of_user before update of phone on auth.users
  for each row when (new.phone is not null and new.phone is distinct from old.phone)
  execute function private.tg_users__one_by_phone();

create function private.tg_patients__one_by_phone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.come_one_after_the_other('patient of ' || new.phone);
  return new;
end $$;
comment on function private.tg_patients__one_by_phone() is
  'Of two patients who are given one phone at once the second waits, and _100_check_account refuses it.';

create trigger _090_one_by_phone before update of phone on public.patients
  for each row when (new.phone is not null and new.phone is distinct from old.phone)
  execute function private.tg_patients__one_by_phone();

create function private.tg_patients__one_by_username() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.come_one_after_the_other('username ' || lower(new.username));
  if private.username_is_taken(new.username, new.phone) then
    perform private.fail('username_taken');
  end if;
  return new;
end $$;
comment on function private.tg_patients__one_by_username() is
  'Of two patients who want one username at once the second is refused.';

create trigger _090_one_by_username before insert on public.patients
  for each row when (new.username is not null) execute function private.tg_patients__one_by_username();
create trigger _090_one_by_other_username before update of username on public.patients
  for each row when (new.username is distinct from old.username)
  execute function private.tg_patients__one_by_username();
