// What the docs list is there, all of it, and every link leads somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const schema = readFileSync('supabase/schema.sql', 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'local/README.md',
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))
];
const read = (page: string) => readFileSync(page, 'utf8');
const found = (pattern: RegExp) => [...new Set([...schema.matchAll(pattern)].map(([, name = '']) => name))];

/** The first column of the table that begins with a heading. */
function firstColumn(page: string, heading: string): string {
  const [, table = ''] =
    new RegExp(`^\\| ${heading} +\\|[^\\n]*\\n((?:\\|[^\\n]*\\n)+)`, 'm').exec(read(page)) ?? [];
  return table.replace(/^\| ([^|]*)\|.*$/gm, '$1');
}

test('architecture has every trigger on appointments', () => {
  const triggers = found(/^CREATE TRIGGER (\w+) .* ON public\.appointments /gm);
  const listed = [...firstColumn('docs/architecture.md', 'trigger').matchAll(/`(\w+)`/g)];
  expect(listed.map(([, name]) => name).sort()).toEqual(triggers.sort());
});

/** Tables without anything of a patient or of whoever works there. */
const ofNobody = [
  'clinics',
  'clinic_closures',
  'practitioners',
  'schedules',
  'schedule_exceptions',
  'translations',
  'limits',
  'security_settings',
  'sms_settings',
  'sms_templates',
  'sms_past',
  'function_runs'
];

test('of every table that holds anything of anybody security says how long', () => {
  const tables = found(/^create table (?:public|private)\.(\w+) /gm).filter(
    (name) => !ofNobody.includes(name)
  );
  const listed = firstColumn('docs/security.md', 'what +\\| is kept');
  expect(tables.length).toBeGreaterThan(20);
  expect(tables.filter((name) => !listed.includes(`\`${name}\``))).toEqual([]);
});

test('every setting of security is explained', () => {
  const [, columns = ''] = /^create table public\.security_settings \(([^]*?)\n\);/m.exec(schema) ?? [];
  const names = [...columns.matchAll(/^ +(\w+) /gm)].map(([, name = '']) => name);
  const explained = firstColumn('docs/security.md', '`security_settings`');
  const unexplained = names.filter((name) => !explained.includes(`\`${name}\``));
  expect(unexplained.filter((name) => !/^(id|created_at|updated_at|CONSTRAINT)$/.test(name))).toEqual([]);
  expect(names).toContain('alert_url');
});

test('every function that can be called from outside is in the docs', () => {
  const text = pages.map(read).join('\n');
  const functions = found(/^CREATE OR REPLACE FUNCTION public\.(\w+)\(/gm);
  expect(functions.length).toBeGreaterThan(50);
  expect(functions.filter((name) => !text.includes(`\`${name}`) && !text.includes(`${name}(`))).toEqual([]);
});

/** As GitHub makes them. */
const anchors = (page: string) =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
  );

test.each(pages)('every link of %s leads somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const broken = links.filter(([, file = '', anchor]) => {
    const target = file === '' ? page : path.join(path.dirname(page), file);
    return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});
