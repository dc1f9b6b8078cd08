import { afterAll, describe, expect, test } from 'vitest';
import {
  asAnon,
  asPatient,
  asServiceRole,
  refusalIn,
  rolledBack,
  type Transaction
} from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPatient } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** The names that a query of the catalogue finds. */
async function names(query: Promise<Iterable<{ name: string }>>): Promise<string[]> {
  return [...(await query)].map(({ name }) => name).sort();
}

describe('everything that admins and developers meet says what it is', () => {
  test('every table has a comment', async () => {
    const silent = sql<{ name: string }[]>`
      select oid::regclass::text as name from pg_class
      where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p', 'v', 'm')
        and obj_description(oid, 'pg_class') is null`;
    expect(await names(silent)).toEqual([]);
  });

  test('every column has a comment', async () => {
    const silent = sql<{ name: string }[]>`
      select c.oid::regclass || '.' || a.attname as name
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
        and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null`;
    expect(await names(silent)).toEqual([]);
  });

  test('every function has a comment, those of triggers too', async () => {
    const silent = sql<{ name: string }[]>`
      select oid::regprocedure::text as name from pg_proc
      where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and obj_description(oid, 'pg_proc') is null`;
    expect(await names(silent)).toEqual([]);
  });
});

describe('nothing is open by accident', () => {
  test('every table has row level security', async () => {
    const open = sql<{ name: string }[]>`
      select oid::regclass::text as name from pg_class
      where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p')
        and not relrowsecurity`;
    expect(await names(open)).toEqual([]);
  });

  test('no function can be executed by everyone', async () => {
    const open = sql<{ name: string }[]>`
      select oid::regprocedure::text as name from pg_proc
      where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and (proacl is null or exists (select from aclexplode(proacl) where grantee = 0))`;
    expect(await names(open)).toEqual([]);
  });

  test('every function has an empty search_path', async () => {
    const open = sql<{ name: string }[]>`
      select oid::regprocedure::text as name from pg_proc
      where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
        and not coalesce('search_path=""' = any (proconfig), false)`;
    expect(await names(open)).toEqual([]);
  });

  test('the roles of the API have no rights on sequences, nor any that pass by row level security', async () => {
    const rights = sql<{ name: string }[]>`
      select c.oid::regclass || ': ' || a.grantee::regrole || ' ' || a.privilege_type as name
      from pg_class c cross join lateral aclexplode(c.relacl) a
      where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        and (a.grantee = 0 or a.grantee::regrole::text in ('anon', 'authenticated', 'service_role'))
        and (c.relkind = 'S' or a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))`;
    expect(await names(rights)).toEqual([]);
  });

  test('schema private is out of reach for every role of the API', async () => {
    await rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const reach = (db: Transaction) => db`select * from private.account_jobs`;
      const call = (db: Transaction) => db`select private.current_patient_id()`;
      for (const work of [reach, call]) {
        const refusals = [
          await refusalIn(tx, () => asAnon(tx, work)),
          await refusalIn(tx, () => asPatient(tx, account, work)),
          await refusalIn(tx, () => asServiceRole(tx, work))
        ];
        expect(refusals.map((refusal) => [refusal?.code, refusal?.message])).toEqual(
          Array.from({ length: 3 }, () => ['42501', 'permission denied for schema private'])
        );
      }
    });
  });
});

test('every foreign key can be followed back through an index', async () => {
  const slow = sql<{ name: string }[]>`
    select conrelid::regclass || '.' || conname as name from pg_constraint c
    where contype = 'f' and connamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not exists (
        select from pg_index i
        where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1] and i.indpred is null
      )`;
  expect(await names(slow)).toEqual([]);
});
