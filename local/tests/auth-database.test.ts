import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';
import { anAdmin, aPhone, authUrl, aUser, password } from './auth-stack.ts';

const database = databaseAsAdmin();
const migrator = databaseAsPostgres();
afterAll(closeDatabases);

/** A schema of the project's own, as a migration makes it; goes away with what hangs on it. */
async function inProjectSchema(work: (schema: string) => Promise<void>) {
  const schema = `auth_test_${randomUUID().replaceAll('-', '')}`;
  await migrator.unsafe(`create schema ${schema}`);
  try {
    await work(schema);
  } finally {
    await database.unsafe(`drop schema ${schema} cascade`);
  }
}

const createUser = (attributes: Record<string, unknown>, version = '2024-01-01') =>
  fetch(`${authUrl()}/admin/users`, {
    method: 'POST',
    headers: {
      apikey: theStack().service_role_key,
      authorization: `Bearer ${theStack().service_role_key}`,
      'content-type': 'application/json',
      ...(version && { 'x-supabase-api-version': version })
    },
    body: JSON.stringify(attributes)
  });

test('a trigger of the project sees each step of a new account, in the order in which Auth takes them', async () => {
  await inProjectSchema(async (schema) => {
    const phone = aPhone();
    // As a migration writes it: a definer owned by postgres, which Auth has no rights to.
    await migrator.unsafe(`
      create table ${schema}.steps (id bigint generated always as identity, step jsonb);
      create function ${schema}.note() returns trigger
      language plpgsql security definer set search_path = '' as $$
      begin
        if new.phone = '${phone}' then
          insert into ${schema}.steps (step) values (jsonb_build_object(
            'operation', tg_op, 'role', new.role, 'confirmed', new.phone_confirmed_at is not null,
            'metadata', new.raw_user_meta_data, 'origin', new.raw_app_meta_data -> 'origin',
            'as', current_user, 'by', session_user,
            'identities', (select count(*) from auth.identities i where i.user_id = new.id)));
        end if;
        return null;
      end $$;
      revoke execute on function ${schema}.note() from public;
      create trigger note after insert or update on auth.users for each row execute function ${schema}.note();
    `);
    const response = await createUser({
      phone,
      password,
      phone_confirm: true,
      user_metadata: { name: 'Asha' },
      app_metadata: { origin: 'ivr' }
    });
    expect(response.status).toBe(200);
    const steps = await migrator.unsafe(`select step from ${schema}.steps order by id`);
    const always = { metadata: { name: 'Asha' }, as: 'postgres', by: 'supabase_auth_admin' };
    expect(steps.map(({ step }) => step)).toEqual([
      { ...always, operation: 'INSERT', role: '', confirmed: false, origin: null, identities: 0 },
      {
        ...always,
        operation: 'UPDATE',
        role: 'authenticated',
        confirmed: false,
        origin: null,
        identities: 1
      },
      {
        ...always,
        operation: 'UPDATE',
        role: 'authenticated',
        confirmed: false,
        origin: 'ivr',
        identities: 1
      },
      { ...always, operation: 'UPDATE', role: 'authenticated', confirmed: true, origin: 'ivr', identities: 1 }
    ]);
  });
});

test('a trigger that runs with the rights of Auth reaches nothing of the project', async () => {
  await inProjectSchema(async (schema) => {
    const phone = aPhone();
    await migrator.unsafe(`
      create table ${schema}.steps (id int);
      create function ${schema}.note() returns trigger language plpgsql set search_path = '' as $$
      begin
        if new.phone = '${phone}' then insert into ${schema}.steps values (1); end if;
        return null;
      end $$;
      create trigger note after insert on auth.users for each row execute function ${schema}.note();
    `);
    expect((await createUser({ phone })).status).toBe(500);
    expect(await database`select from auth.users where phone = ${phone}`).toHaveLength(0);
  });
});

describe('an exception in a trigger', () => {
  async function withRefusal(code: string, work: (phone: string) => Promise<void>) {
    await inProjectSchema(async (schema) => {
      const phone = aPhone();
      await migrator.unsafe(`
        create function ${schema}.refuse() returns trigger
        language plpgsql security definer set search_path = '' as $$
        begin
          if new.phone = '${phone}' and new.phone_confirmed_at is not null then
            raise exception 'not today' using errcode = '${code}', hint = 'Come tomorrow.';
          end if;
          return null;
        end $$;
        create trigger refuse after insert or update on auth.users
          for each row execute function ${schema}.refuse();
      `);
      await work(phone);
    });
  }

  test.each(['P0001', 'PT409'])('%s undoes everything and is not told to clients of today', async (code) => {
    await withRefusal(code, async (phone) => {
      const response = await createUser({ phone, phone_confirm: true });
      expect([response.status, await response.json()]).toEqual([
        500,
        { code: 'unexpected_failure', message: 'Database error creating new user' }
      ]);
      expect(await database`select from auth.users where phone = ${phone}`).toHaveLength(0);
      expect(
        await database`
        select from auth.identities where identity_data ->> 'phone' = ${phone}`
      ).toHaveLength(0);
      const { error } = await anAdmin().createUser({ phone, phone_confirm: true });
      expect(error).toMatchObject({ name: 'AuthRetryableFetchError', status: 500 });
    });
  });

  test.each([
    ['P0001', 500],
    ['PT409', 409]
  ])('%s reaches callers of the first version with status %i', async (code, status) => {
    await withRefusal(code, async (phone) => {
      const response = await createUser({ phone, phone_confirm: true }, '');
      expect([response.status, await response.json()]).toEqual([
        status,
        { code, message: 'not today', hint: 'Come tomorrow.' }
      ]);
    });
  });
});

describe('what migrations may do with the tables of Auth', () => {
  const refused = (statement: string) =>
    migrator.unsafe(statement).then(
      () => 'allowed',
      (error: postgres.PostgresError) => error.code
    );

  test('refer to users, read sessions, correct a user', async () => {
    const { id } = await aUser();
    await inProjectSchema(async (schema) => {
      await migrator.unsafe(`
        create table ${schema}.profiles (user_id uuid references auth.users (id) on delete cascade);
        insert into ${schema}.profiles values ('${id}');
        update auth.users set raw_app_meta_data = raw_app_meta_data || '{"x": 1}' where id = '${id}';
      `);
      expect(await migrator`select from auth.sessions where user_id = ${id}`).toHaveLength(0);
      await anAdmin().deleteUser(id);
      expect(await migrator.unsafe(`select from ${schema}.profiles`)).toHaveLength(0);
    });
  });

  test.each([
    ['change a table', 'alter table auth.users add column x int'],
    ['drop a table', 'drop table auth.refresh_tokens'],
    ['make a table', 'create table auth.mine (id int)'],
    ['make a function', 'create function auth.mine() returns int language sql return 1'],
    ['touch the schema history', "insert into auth.schema_migrations values ('1')"],
    ['become Auth', 'set role supabase_auth_admin']
  ])('but not %s', async (_, statement) => {
    expect(await refused(statement)).toBe('42501');
  });
});

describe('what requests may do with the tables of Auth', () => {
  const tables = ['users', 'identities', 'sessions', 'refresh_tokens', 'one_time_tokens', 'mfa_amr_claims'];
  test.each(['anon', 'authenticated', 'service_role'])('%s reads none of them', async (role) => {
    for (const table of tables) {
      const read = database.begin(async (sql) => {
        await sql`set local role ${sql(role)}`;
        await sql`select from auth.${sql(table)}`;
      });
      await expect(read, table).rejects.toMatchObject({ code: '42501' });
    }
  });

  test.each(['anon', 'authenticated', 'service_role'])('%s can ask who it is', async (role) => {
    const sub = randomUUID();
    const claims = { sub, role, email: 'asha@example.org', app_metadata: { a: 1 } };
    const who = await database.begin(async (sql) => {
      await sql`set local role ${sql(role)}`;
      const nobody =
        await sql`select auth.uid() as uid, auth.role() as role, auth.email() as email, auth.jwt() as jwt`;
      await sql`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
      const somebody = await sql`
        select auth.uid() as uid, auth.role() as role, auth.email() as email, auth.jwt() as jwt`;
      return [nobody[0], somebody[0]];
    });
    expect(who).toEqual([
      { uid: null, role: null, email: null, jwt: null },
      { uid: sub, role, email: 'asha@example.org', jwt: claims }
    ]);
  });

  test('single settings win over the claims, and emptied ones count as unset', async () => {
    const [sub, other] = [randomUUID(), randomUUID()];
    const ids = await database.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${JSON.stringify({ sub })}, true),
        set_config('request.jwt.claim.sub', ${other}, true)`;
      const [single] = await sql`select auth.uid() as uid`;
      await sql`select set_config('request.jwt.claim.sub', '', true)`;
      const [whole] = await sql`select auth.uid() as uid`;
      await sql`select set_config('request.jwt.claims', '', true)`;
      const [none] = await sql`select auth.uid() as uid, auth.jwt() as jwt`;
      return [single?.uid, whole?.uid, none];
    });
    expect(ids).toEqual([other, sub, { uid: null, jwt: null }]);
  });
});
