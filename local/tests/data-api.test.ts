// The Data API through unmodified supabase-js, on a schema of its own making.
import { createClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  anonymousClient,
  closeDatabases,
  databaseAsPostgres,
  serviceClient,
  theStack
} from '../../tests/helpers/stack.ts';

const sql = databaseAsPostgres();
const alice = crypto.randomUUID();
const bob = crypto.randomUUID();

async function token(claims: Record<string, unknown>, secret = theStack().jwt_secret): Promise<string> {
  const expiry = typeof claims.exp === 'number' ? claims.exp : Math.floor(Date.now() / 1000) + 600;
  return new SignJWT({ role: 'authenticated', aud: 'authenticated', ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(expiry)
    .sign(new TextEncoder().encode(secret));
}

async function clientOf(user: string) {
  const { api_url, publishable_key } = theStack();
  const accessToken = await token({ sub: user });
  return createClient(api_url, publishable_key, { accessToken: async () => accessToken });
}

async function rest(path: string, init: RequestInit = {}): Promise<Response> {
  const { api_url, publishable_key } = theStack();
  const headers = { apikey: publishable_key, 'content-type': 'application/json', ...init.headers };
  return fetch(`${api_url}/rest/v1${path}`, { ...init, headers });
}

beforeAll(async () => {
  await sql.unsafe(`
    create table public.shelf (id int primary key, label text not null, owner uuid not null);
    create table public.book (
      id int generated always as identity primary key,
      shelf_id int not null references public.shelf,
      title text not null unique check (title <> ''),
      pages int,
      added_at timestamptz not null default now()
    );
    alter table public.shelf enable row level security;
    alter table public.book enable row level security;
    grant select on public.shelf, public.book to anon, authenticated;
    grant insert, update, delete on public.book to authenticated;
    grant all on public.shelf, public.book to service_role;
    create policy own_shelf on public.shelf for select to authenticated using (owner = auth.uid());
    create policy own_books on public.book for all to authenticated
      using (exists (select from public.shelf where id = shelf_id))
      with check (exists (select from public.shelf where id = shelf_id));

    create function public.shelf_titles(shelf int, "limit" int default 2) returns setof text
      language sql stable begin atomic
        select title from public.book where shelf_id = shelf order by title limit "limit"; end;
    create function public.first_book(shelf int) returns public.book
      language sql stable begin atomic select * from public.book where shelf_id = shelf order by id limit 1; end;
    create function public.page_count() returns bigint
      language sql stable begin atomic select coalesce(sum(pages), 0) from public.book; end;
    create function public.table_of_books() returns table (title text, pages int)
      language sql stable begin atomic select title, pages from public.book order by title; end;
    create function public.nothing_at_all() returns void language sql begin atomic; end;
    create function public.refuse(code text) returns void language plpgsql as $$
      begin raise exception 'stable_word' using errcode = code, hint = 'A sentence.', detail = 'More.'; end $$;
    create function public.kind_of(what jsonb) returns text language sql immutable begin atomic
      select coalesce(jsonb_typeof(what), 'nothing'); end;
    create function public.request_facts() returns json language sql begin atomic
      select json_build_object('method', current_setting('request.method'), 'path', current_setting('request.path'),
        'agent', current_setting('request.headers')::json ->> 'user-agent', 'user', current_user, 'login', session_user,
        'timeout', current_setting('statement_timeout'), 'search_path', current_setting('search_path')); end;
    create function public.sleepy() returns void language sql begin atomic select pg_sleep(4); end;
    grant execute on function public.kind_of, public.shelf_titles, public.first_book, public.page_count, public.table_of_books,
      public.nothing_at_all, public.refuse, public.request_facts, public.sleepy to anon, service_role;
    create schema hidden;
    create table hidden.secret (id int);
    grant usage on schema hidden to anon; grant select on hidden.secret to anon;
  `);
  await serviceClient()
    .from('shelf')
    .insert([
      { id: 1, label: 'Novels', owner: alice },
      { id: 2, label: 'Maps', owner: bob }
    ])
    .throwOnError();
  await serviceClient()
    .from('book')
    .insert([
      { shelf_id: 1, title: 'Middlemarch', pages: 880 },
      { shelf_id: 1, title: 'Emma', pages: 474 },
      { shelf_id: 1, title: 'Kim', pages: 368 },
      { shelf_id: 2, title: 'Coasts' }
    ])
    .throwOnError();
});

afterAll(async () => {
  await sql.unsafe(`
    drop function public.kind_of, public.shelf_titles, public.first_book, public.page_count, public.table_of_books,
      public.nothing_at_all, public.refuse, public.request_facts, public.sleepy;
    drop table public.book, public.shelf cascade;
    drop schema hidden cascade;
  `);
  await closeDatabases();
});

test('a table that a migration just made can be read without any restart', async () => {
  const { data, error } = await serviceClient().from('shelf').select('id,label').order('id');
  expect(error).toBeNull();
  expect(data).toEqual([
    { id: 1, label: 'Novels' },
    { id: 2, label: 'Maps' }
  ]);
});

test('a select embeds rows along a foreign key in both directions', async () => {
  const client = serviceClient();
  const shelves = await client.from('shelf').select('label, book(title)').eq('id', 2).single();
  expect(shelves.data).toEqual({ label: 'Maps', book: [{ title: 'Coasts' }] });
  const books = await client.from('book').select('title, shelf!inner(label)').eq('shelf.label', 'Maps');
  expect(books.data).toEqual([{ title: 'Coasts', shelf: { label: 'Maps' } }]);
});

test('filters, ordering, ranges and counts answer as PostgREST does', async () => {
  const client = serviceClient();
  const long = await client
    .from('book')
    .select('title')
    .gt('pages', 400)
    .ilike('title', '%m%')
    .order('title');
  expect(long.data).toEqual([{ title: 'Emma' }, { title: 'Middlemarch' }]);
  const either = await client.from('book').select('title').or('title.eq.Kim,pages.is.null').order('title');
  expect(either.data).toEqual([{ title: 'Coasts' }, { title: 'Kim' }]);
  const page = await client.from('book').select('title', { count: 'exact' }).order('title').range(1, 2);
  expect(page.data).toEqual([{ title: 'Emma' }, { title: 'Kim' }]);
  expect(page.count).toBe(4);
  expect((await client.from('book').select('title').in('title', ['Kim', 'Emma'])).data).toHaveLength(2);
  const none = await client.from('book').select().eq('title', 'Ulysses').maybeSingle();
  expect(none).toMatchObject({ data: null, error: null });
  const many = await client.from('book').select().single();
  expect(many.error?.code).toBe('PGRST116');
});

test('a user sees and changes what row level security allows, and nothing else', async () => {
  const client = await clientOf(alice);
  expect((await client.from('book').select('title').order('title')).data).toEqual([
    { title: 'Emma' },
    { title: 'Kim' },
    { title: 'Middlemarch' }
  ]);
  const inserted = await client.from('book').insert({ shelf_id: 1, title: 'Beloved' }).select().single();
  expect(inserted.data).toMatchObject({ title: 'Beloved', pages: null });
  const updated = await client.from('book').update({ pages: 324 }).eq('title', 'Beloved').select('pages');
  expect(updated.data).toEqual([{ pages: 324 }]);
  expect((await client.from('book').update({ pages: 1 }).eq('title', 'Coasts').select()).data).toEqual([]);
  const foreign = await client.from('book').insert({ shelf_id: 2, title: 'Mine now' });
  expect(foreign).toMatchObject({ status: 403, error: { code: '42501' } });
  const deleted = await client.from('book').delete().eq('title', 'Beloved').select('title');
  expect(deleted.data).toEqual([{ title: 'Beloved' }]);
});

test('an anonymous request is the role anon: rows are filtered, writing is 401', async () => {
  const client = anonymousClient();
  expect((await client.from('book').select()).data).toEqual([]);
  expect(await client.from('book').insert({ shelf_id: 1, title: 'x' })).toMatchObject({
    status: 401,
    error: { code: '42501' }
  });
});

test('an upsert inserts what is new and merges what is there', async () => {
  const client = serviceClient();
  const { data } = await client
    .from('shelf')
    .upsert([
      { id: 2, label: 'Atlases', owner: bob },
      { id: 3, label: 'New', owner: bob }
    ])
    .select('id,label');
  expect(data).toEqual([
    { id: 2, label: 'Atlases' },
    { id: 3, label: 'New' }
  ]);
  await client.from('shelf').delete().eq('id', 3).throwOnError();
  await client.from('shelf').update({ label: 'Maps' }).eq('id', 2).throwOnError();
});

test('functions answer with sets, scalars, rows, tables and nothing', async () => {
  const client = serviceClient();
  expect((await client.rpc('shelf_titles', { shelf: 1 })).data).toEqual(['Emma', 'Kim']);
  expect((await client.rpc('page_count')).data).toBe(1722);
  expect((await client.rpc('first_book', { shelf: 2 })).data).toMatchObject({ title: 'Coasts', shelf_id: 2 });
  expect((await client.rpc('table_of_books').limit(1)).data).toEqual([{ title: 'Coasts', pages: null }]);
  expect(await client.rpc('nothing_at_all')).toMatchObject({ status: 204, data: null, error: null });
  expect((await client.rpc('page_count', {}, { get: true })).data).toBe(1722);
});

test('JSON comes as what it is', async () => {
  const kindOf = async (what: unknown) => (await serviceClient().rpc('kind_of', { what })).data as unknown;
  expect(await kindOf({ title: 'Emma' })).toBe('object');
  expect(await kindOf([{ title: 'Emma' }, { title: 'Kim' }])).toBe('array');
  expect(await kindOf([])).toBe('array');
  expect(await kindOf(12)).toBe('number');
  expect(await kindOf(null)).toBe('nothing');
});

test('a parameter called limit is a parameter', async () => {
  const { data } = await serviceClient().rpc('shelf_titles', { shelf: 1, limit: 3 });
  expect(data).toEqual(['Emma', 'Kim', 'Middlemarch']);
  const get = await serviceClient().rpc('shelf_titles', { shelf: 1 }, { get: true });
  expect(get.data).toEqual(['Emma', 'Kim']);
});

test('an error raised with PT4xx becomes that status with code, message, details and hint', async () => {
  const answer = await serviceClient().rpc('refuse', { code: 'PT409' });
  expect(answer.status).toBe(409);
  expect(answer.error).toMatchObject({
    code: 'PT409',
    message: 'stable_word',
    hint: 'A sentence.',
    details: 'More.'
  });
});

test.each([
  ['P0001', 400],
  ['23P01', 400],
  ['22023', 400],
  ['40001', 500],
  ['PT429', 429]
])('an error with SQLSTATE %s is answered with %i as PostgREST does', async (code, status) => {
  const answer = await serviceClient().rpc('refuse', { code });
  expect(answer.status).toBe(status);
  expect(answer.error).toMatchObject({ code, message: 'stable_word' });
});

test('violated constraints say which', async () => {
  const client = serviceClient();
  const twice = await client.from('book').insert({ shelf_id: 1, title: 'Kim' });
  expect(twice).toMatchObject({ status: 409, error: { code: '23505' } });
  const orphan = await client.from('book').insert({ shelf_id: 99, title: 'Lost' });
  expect(orphan).toMatchObject({ status: 409, error: { code: '23503' } });
  const empty = await client.from('book').insert({ shelf_id: 1, title: '' });
  expect(empty).toMatchObject({ status: 400, error: { code: '23514' } });
  const missing = await client.from('book').insert({ shelf_id: 1 });
  expect(missing).toMatchObject({ status: 400, error: { code: '23502' } });
});

test('unknown tables, columns and functions are told apart', async () => {
  const client = serviceClient();
  expect(await client.from('nowhere').select()).toMatchObject({ status: 404, error: { code: 'PGRST205' } });
  expect(await client.from('book').select('colour')).toMatchObject({ status: 400, error: { code: '42703' } });
  expect(await client.rpc('no_such_function')).toMatchObject({ status: 404, error: { code: 'PGRST202' } });
});

test('only the schema public is exposed', async () => {
  const hidden = await anonymousClient().schema('hidden').from('secret').select();
  expect(hidden).toMatchObject({ status: 406, error: { code: 'PGRST106' } });
  expect(await anonymousClient().from('secret').select()).toMatchObject({ status: 404 });
  expect(await serviceClient().from('users').select()).toMatchObject({ status: 404 });
});

test('SQL sees the request, the role of the token and the settings of that role', async () => {
  const response = await rest('/rpc/request_facts', {
    method: 'POST',
    headers: { 'user-agent': 'Mozilla/5.0 test' },
    body: '{}'
  });
  expect(await response.json()).toEqual({
    method: 'POST',
    path: '/rpc/request_facts',
    agent: 'Mozilla/5.0 test',
    user: 'anon',
    login: 'authenticator',
    timeout: '3s',
    search_path: '"public", "extensions"'
  });
});

test('a statement of anon that takes longer than three seconds is broken off', async () => {
  const answer = await anonymousClient().rpc('sleepy');
  expect(answer).toMatchObject({ status: 500, error: { code: '57014' } });
});

test('an update or delete of everything is refused, as on hosted projects', async () => {
  for (const method of ['PATCH', 'DELETE']) {
    const headers = { authorization: `Bearer ${await token({ role: 'service_role' })}` };
    const body = method === 'PATCH' ? '{"pages": 1}' : undefined;
    const response = await rest('/book', { method, headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: '21000' });
  }
});

test('no more rows than max_rows are returned', async () => {
  await sql`create table public.many as select g as id from generate_series(1, 1500) g`;
  await sql`grant select on public.many to anon`;
  try {
    expect((await anonymousClient().from('many').select()).data).toHaveLength(1000);
    expect((await anonymousClient().from('many').select().limit(1200)).data).toHaveLength(1000);
  } finally {
    await sql`drop table public.many`;
  }
});

test('new columns and functions are seen at once, dropped ones are gone', async () => {
  const client = serviceClient();
  await sql`alter table public.shelf add column colour text default 'red'`;
  expect((await client.from('shelf').select('colour').eq('id', 1).single()).data).toEqual({ colour: 'red' });
  await sql`alter table public.shelf drop column colour`;
  await sql`create function public.brand_new() returns int language sql return 7`;
  await sql`grant execute on function public.brand_new to service_role`;
  expect((await client.rpc('brand_new')).data).toBe(7);
  await sql`drop function public.brand_new`;
});

test.each([
  ['expired', async () => token({ sub: alice, exp: 1 }), 'PGRST303', 'JWT expired'],
  ['signed with another secret', async () => token({ sub: alice }, 'x'.repeat(40)), 'PGRST301', /key/],
  ['not a token', async () => 'nonsense', 'PGRST301', 'Expected 3 parts in JWT; got 1'],
  ['garbage in three parts', async () => 'a.b.c', 'PGRST301', /./]
])('a token that is %s is refused with 401', async (_name, make, code, message) => {
  const response = await rest('/book', { headers: { authorization: `Bearer ${await make()}` } });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('Bearer error="invalid_token"');
  expect(await response.json()).toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a token for a role that authenticator may not become gets nothing', async () => {
  for (const role of ['postgres', 'supabase_admin', 'supabase_auth_admin', 'no_such_role']) {
    const response = await rest('/book', { headers: { authorization: `Bearer ${await token({ role })}` } });
    expect(response.ok).toBe(false);
    expect(await response.text()).not.toContain('Emma');
  }
});
