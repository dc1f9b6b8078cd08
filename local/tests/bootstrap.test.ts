// What a hosted project has before its first migration: who may do what, and what is refused.
import type { Sql } from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres } from '../../tests/helpers/stack.ts';

const admin = databaseAsAdmin();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

class Undo extends Error {}

/** Runs statements as `postgres` and takes everything back. */
async function tryAsPostgres(...statements: string[]): Promise<void> {
  await sql
    .begin(async (transaction) => {
      for (const statement of statements) await transaction.unsafe(statement);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
}

test('the roles have the attributes of a hosted project', async () => {
  const roles = await sql`
    select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
    from pg_roles where rolname !~ '^pg_' order by rolname`;
  const flags = Object.fromEntries(
    roles.map(({ rolname, ...attributes }) => [
      rolname,
      Object.entries(attributes)
        .filter(([, set]) => set)
        .map(([name]) => name.slice(3))
        .join(' ')
    ])
  );
  expect(flags).toMatchObject({
    anon: 'inherit',
    authenticated: 'inherit',
    authenticator: 'canlogin',
    postgres: 'inherit createdb canlogin replication bypassrls',
    service_role: 'inherit bypassrls',
    supabase_admin: 'super inherit createrole createdb canlogin replication bypassrls',
    supabase_auth_admin: 'createrole canlogin',
    supabase_realtime_admin: 'createrole canlogin replication'
  });
});

test('the roles have the settings of a hosted project', async () => {
  const rows = await sql<{ rolname: string; rolconfig: string[] }[]>`
    select rolname, rolconfig from pg_roles where rolconfig is not null`;
  expect(Object.fromEntries(rows.map(({ rolname, rolconfig }) => [rolname, rolconfig]))).toMatchObject({
    anon: ['statement_timeout=3s'],
    authenticated: ['statement_timeout=8s'],
    authenticator: ['statement_timeout=8s', 'lock_timeout=8s'],
    postgres: ['search_path="$user", public, extensions']
  });
});

test('postgres has the rights of no service', async () => {
  const held = await sql`
    select roleid::regrole::text as role from pg_auth_members where member = 'postgres'::regrole order by 1`;
  expect(held.map(({ role }) => role)).toEqual([
    'anon',
    'authenticated',
    'authenticator',
    'pg_create_subscription',
    'pg_monitor',
    'pg_read_all_data',
    'pg_signal_backend',
    'service_role',
    'supautils'
  ]);
});

test('postgres may become the API roles and no service', async () => {
  for (const role of ['anon', 'authenticated', 'service_role', 'authenticator']) {
    await tryAsPostgres(`set role ${role}`);
  }
  for (const role of ['supabase_admin', 'supabase_auth_admin', 'supabase_realtime_admin', 'supautils']) {
    await expect(tryAsPostgres(`set role ${role}`)).rejects.toMatchObject({ code: '42501' });
  }
});

test.each([
  'create extension if not exists btree_gist with schema extensions',
  'create extension citext with schema extensions',
  'create extension if not exists pg_trgm with schema extensions',
  'create extension unaccent with schema extensions',
  'create extension if not exists pgcrypto with schema extensions',
  'create extension if not exists "uuid-ossp" with schema extensions',
  'create schema something',
  'create publication mine',
  'alter publication supabase_realtime add table public.clinics',
  `create table public.child (user_id uuid references auth.users on delete cascade); drop table public.child`,
  `create function public.tell() returns trigger language plpgsql as 'begin return new; end';
   create trigger zz_tell after insert on auth.users for each row execute function public.tell();
   drop trigger zz_tell on auth.users`,
  `create policy "a test" on realtime.messages for select to authenticated using (true);
   alter policy "a test" on realtime.messages using (false);
   drop policy "a test" on realtime.messages`,
  'create policy "a test" on auth.users for select using (true); drop policy "a test" on auth.users',
  `insert into auth.users (id, phone) values (gen_random_uuid(), '15550000001');
   update auth.users set raw_user_meta_data = '{}' where phone = '15550000001';
   delete from auth.users where phone = '15550000001'`,
  'select count(*) from realtime.messages',
  "select realtime.send('{}'::jsonb, 'event', 'topic', true)",
  "select extensions.digest('x', 'sha256')",
  'grant usage on schema realtime to anon'
])('postgres may: %s', async (statements) => {
  await tryAsPostgres(statements);
});

test.each([
  'create table auth.mine (id int)',
  'create function auth.mine() returns int language sql return 1',
  'create view auth.mine as select 1',
  'create table realtime.mine (id int)',
  "create type realtime.mine as enum ('a')",
  'create table vault.mine (id int)',
  'create table net.mine (id int)',
  'create table cron.mine (id int)',
  'alter table auth.users add column mine int',
  'alter table auth.users disable row level security',
  'alter table auth.users owner to postgres',
  'alter table auth.users rename to people',
  'create index on auth.users (created_at)',
  "comment on table auth.users is 'mine'",
  'drop table auth.users cascade',
  'drop schema auth cascade',
  'alter schema auth rename to mine',
  'alter table realtime.messages disable row level security',
  'alter table realtime.messages add column mine int',
  'drop table realtime.messages',
  'drop function realtime.send(jsonb, text, text, boolean)',
  'create role reporter',
  'drop table auth.sessions cascade',
  'create policy "a test" on auth.one_time_tokens for select using (true)',
  'grant supabase_auth_admin to postgres',
  'alter role supabase_auth_admin superuser',
  'alter role supabase_admin nologin',
  'alter role postgres superuser',
  'alter default privileges for role supabase_admin grant select on tables to anon',
  "select pg_read_file('vault.key')",
  "copy (select 1) to program 'true'",
  'select vault._key()',
  "insert into vault.secrets (secret) values ('plain')",
  "update vault.secrets set secret = 'plain'",
  "insert into cron.job (schedule, command) values ('* * * * *', 'select 1')",
  "update cron.job set username = 'supabase_admin'",
  "select cron._schedule('x', '* * * * *', 'select 1', 'supabase_admin')",
  'create event trigger mine on ddl_command_end execute function extensions.pgrst_ddl_watch()',
  'drop event trigger guard_platform_schemas',
  'create extension plpython3u'
])('postgres may not: %s', async (statement) => {
  await expect(tryAsPostgres(statement)).rejects.toMatchObject({ code: '42501' });
});

test('new objects in public give nothing to the API roles that the API could use', async () => {
  await sql`create schema if not exists scratch`;
  const [rights] = await sql.begin(async (transaction) => {
    await transaction.unsafe('create table public.fresh (id int generated always as identity)');
    const rows = await transaction`
      select array_agg(r || ' ' || p order by r, p) as held
      from unnest(array['anon', 'authenticated', 'service_role']) r,
        unnest(array['select', 'insert', 'update', 'delete']) p
      where has_table_privilege(r, 'public.fresh', p)
        or p in ('select') and has_sequence_privilege(r, 'public.fresh_id_seq', 'usage')`;
    await transaction.unsafe('drop table public.fresh');
    return rows;
  });
  await sql`drop schema scratch`;
  expect(rights).toEqual({ held: null });
});

test('the API roles reach nothing of the platform beyond what hosted projects give them', async () => {
  const reach = async (db: Sql, role: string, schema: string) => {
    const [row] = await db<
      { may: boolean }[]
    >`select has_schema_privilege(${role}, ${schema}, 'usage') as may`;
    return row?.may;
  };
  for (const role of ['anon', 'authenticated']) {
    expect(await reach(admin, role, 'vault')).toBe(false);
    expect(await reach(admin, role, 'cron')).toBe(false);
    expect(await reach(admin, role, 'auth')).toBe(true);
    expect(await reach(admin, role, 'realtime')).toBe(true);
  }
  const [table] = await admin`
    select has_table_privilege('anon', 'auth.users', 'select') as anon,
      has_table_privilege('authenticated', 'auth.users', 'select') as authenticated,
      has_table_privilege('service_role', 'auth.users', 'select') as service`;
  expect(table).toEqual({ anon: false, authenticated: false, service: false });
});

test('the server writes logical WAL, lives in UTC and compares text as on hosted projects', async () => {
  const [settings] = await sql`
    select current_setting('wal_level') as wal, current_setting('timezone') as zone,
      current_setting('server_encoding') as encoding, current_setting('listen_addresses') as addresses,
      (select datcollate from pg_database where datname = current_database()) as collation,
      current_setting('server_version_num')::int / 10000 as version`;
  expect(settings).toEqual({
    wal: 'logical',
    zone: 'UTC',
    encoding: 'UTF8',
    addresses: '127.0.0.1',
    collation: 'C.UTF-8',
    version: 17
  });
});

test('vault keeps secrets encrypted, gives them back by name, and replaces them', async () => {
  const name = `secret ${crypto.randomUUID()}`;
  const [created] = await sql<
    { id: string }[]
  >`select vault.create_secret('hush', ${name}, 'about it') as id`;
  const id = created?.id ?? '';
  const stored =
    async () => sql`select name, description, secret, decrypted_secret from vault.decrypted_secrets
    where id = ${id}`;
  const [first] = await stored();
  expect(first).toMatchObject({ name, description: 'about it', decrypted_secret: 'hush' });
  expect(first?.secret).not.toContain('hush');
  await sql`select vault.update_secret(${id}, 'louder')`;
  expect((await stored())[0]).toMatchObject({ name, description: 'about it', decrypted_secret: 'louder' });
  await expect(sql`select vault.create_secret('again', ${name})`).rejects.toMatchObject({ code: '23505' });
  await sql`delete from vault.secrets where id = ${id}`;
  expect(await stored()).toEqual([]);
});

test('service_role may use the vault, the other API roles may not', async () => {
  for (const [role, may] of [
    ['service_role', true],
    ['authenticated', false],
    ['anon', false]
  ] as const) {
    const attempt = tryAsPostgres(`set local role ${role}`, 'select * from vault.decrypted_secrets');
    if (may) await attempt;
    else await expect(attempt).rejects.toMatchObject({ code: '42501' });
  }
});
