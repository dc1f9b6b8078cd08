// Where a migration is cut into the statements of its history; each expectation is what the Supabase CLI records.
import { expect, test } from 'vitest';
import { splitStatements } from '../postgres/statements.ts';

test.each<[name: string, sql: string, statements: string[]]>([
  ['nothing', ' \n ;; \n', []],
  ['statements with and without a last semicolon', 'select 1; select 2', ['select 1', 'select 2']],
  [
    'comments, which belong to what follows',
    '-- one; two\nselect 1; -- after\n/* a; /* b; */ c; */ select 2;',
    ['-- one; two\nselect 1', '-- after\n/* a; /* b; */ c; */ select 2']
  ],
  [
    'strings and quoted names',
    `select 'a;''b;', E'it\\'s; so', "odd;name";select 2`,
    [`select 'a;''b;', E'it\\'s; so', "odd;name"`, 'select 2']
  ],
  [
    'dollar quotes in dollar quotes',
    'do $body$ begin perform $$x;$$; end; $body$; select 1',
    ['do $body$ begin perform $$x;$$; end; $body$', 'select 1']
  ],
  ['parameters that look like dollar quotes', "select '$1', $1; select 2", ["select '$1', $1", 'select 2']],
  [
    'bodies in begin atomic, with case inside',
    'create function f() returns int language sql begin atomic select case when true then 1 end; select 2; end; select 3',
    [
      'create function f() returns int language sql begin atomic select case when true then 1 end; select 2; end',
      'select 3'
    ]
  ],
  ['transaction commands', 'begin; select 1; end; select 2', ['begin', 'select 1', 'end', 'select 2']],
  ['what is never closed', "select 'abc; select 2", ["select 'abc; select 2"]]
])('%s', (_name, sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});
