-- Vault: named secrets, encrypted at rest. Same interface and rights as the extension supabase_vault.
-- The key is the file vault.key in the data directory of the server: it is in no table, no dump and no setting.

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index secrets_name_idx on vault.secrets (name) where name is not null;
comment on table vault.secrets is 'Table with encrypted `secret` column for storing sensitive information on disk.';

-- plpgsql, here and in _decrypt: it keeps its plans, and the extension, written in C, needs none.
create function vault._key() returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return pg_catalog.btrim(pg_catalog.pg_read_file('vault.key'), E' \n');
end
$$;

create function vault._encrypt(secret text) returns text
language sql volatile
set search_path = ''
return pg_catalog.encode(
  extensions.pgp_sym_encrypt(secret, vault._key(), 'cipher-algo=aes256, compress-algo=0, s2k-mode=1'), 'base64');

create function vault._decrypt(secret text) returns text
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return extensions.pgp_sym_decrypt(pg_catalog.decode(secret, 'base64'), vault._key());
end
$$;

create view vault.decrypted_secrets as
  select id, name, description, secret, vault._decrypt(secret) as decrypted_secret, key_id, nonce, created_at,
    updated_at
  from vault.secrets;

create function vault.create_secret(
  new_secret text,
  new_name text default null,
  new_description text default '',
  new_key_id uuid default null
) returns uuid
language sql security definer
set search_path = ''
begin atomic
  insert into vault.secrets (secret, name, description, key_id)
  values (vault._encrypt(new_secret), new_name, coalesce(new_description, ''), new_key_id)
  returning id;
end;

-- What is null stays as it was.
create function vault.update_secret(
  secret_id uuid,
  new_secret text default null,
  new_name text default null,
  new_description text default null,
  new_key_id uuid default null
) returns void
language sql security definer
set search_path = ''
begin atomic
  update vault.secrets
  set secret = case when new_secret is null then secret else vault._encrypt(new_secret) end,
    name = coalesce(new_name, name),
    description = coalesce(new_description, description),
    key_id = coalesce(new_key_id, key_id),
    updated_at = now()
  where id = secret_id;
end;

revoke execute on all functions in schema vault from public;
grant select, delete on vault.secrets, vault.decrypted_secrets to postgres, service_role;
grant references, truncate on vault.secrets, vault.decrypted_secrets to postgres;
grant execute on function
  vault._decrypt(text),
  vault.create_secret(text, text, text, uuid),
  vault.update_secret(uuid, text, text, text, uuid)
  to postgres, service_role;
