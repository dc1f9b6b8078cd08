import { type Check, type Problem, unless } from './check.ts';
import { compare, rightsIn } from './compare.ts';
import { expectedSections, someOf } from './expected.ts';

const headings = ['Types', 'Tables', 'Sequences', 'Views', 'Functions'];

const withoutSemicolon = (line: string) => line.replace(/;$/, '');

/** Grants and row level security, as sets of lines. */
function problemsOfGrants(live: string[], expected: string[]): Problem[] {
  const [rlsOff, missing] = [true, false].map((about) =>
    expected.filter((line) => line.startsWith('alter table') === about && !live.includes(line))
  ) as [string[], string[]];
  const given = live.filter((line) => line.startsWith('grant') && !expected.includes(line));
  // Who has more than expected lacks the line that says what they should have.
  const subjectOf = (line: string) => line.replace(/^grant .*? on /, '');
  const lacking = missing.filter((line) => !given.some((more) => subjectOf(more) === subjectOf(line)));
  const problems: Problem[] = [];
  if (given.length > 0) {
    problems.push({
      sentence: `More is allowed than the migrations grant: ${someOf(given.map(withoutSemicolon))}.`,
      cause: 'It was granted by hand, or by default privileges of an older project.',
      mend: 'Take it back in the SQL editor: the same with "revoke" and "from" instead of "grant" and "to".'
    });
  }
  if (lacking.length > 0) {
    problems.push({
      sentence: `Rights are missing: ${someOf(lacking.map(withoutSemicolon))}.`,
      cause: 'They were revoked by hand.',
      mend: 'Run these lines in the SQL editor.'
    });
  }
  if (rlsOff.length > 0) {
    const tables = rlsOff.map((line) => line.split(' ')[2] ?? '');
    problems.push({
      sentence: `Row level security is off: ${someOf(tables)}.`,
      cause: 'It was disabled by hand: whoever may read the table reads all of it.',
      mend: `Now: ${rlsOff[0]}`
    });
  }
  return problems;
}

function problemsOfPolicies(live: string[], expected: string): Problem[] {
  // Other parts of the platform, such as Storage, have policies of their own.
  const ours = live.filter((policy) => /^create policy .* on "?(public|private|realtime)"?\./.test(policy));
  const { missing, different, added } = compare(ours, expected);
  const names = [...missing, ...different, ...added];
  if (names.length === 0) return [];
  return [
    {
      sentence: `Policies differ from those of the migrations: ${someOf(names)}.`,
      cause: 'They were added, changed or dropped by hand: they decide whose rows somebody sees.',
      mend: 'Restore them from "Policies" in supabase/schema.sql, in the SQL editor.'
    }
  ];
}

export const rights: Check = {
  name: 'Rights',
  needs: ['Database'],
  async run(examined) {
    const expected = expectedSections();
    const live = await Promise.all(headings.map((heading) => examined.objects(heading)));
    const problems = [
      ...problemsOfGrants(
        live.flat().flatMap(rightsIn),
        headings.flatMap((heading) => rightsIn(expected.get(heading) ?? ''))
      ),
      ...problemsOfPolicies(await examined.objects('Policies'), expected.get('Policies') ?? '')
    ];
    const byDefault = await examined.sql<{ kind: string; role: string }[]>`
      select case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' else 'functions' end as kind,
        case when x.grantee = 0 then 'everybody' else x.grantee::regrole::text end as role
      from pg_default_acl d cross join aclexplode(d.defaclacl) x
      where d.defaclrole = 'postgres'::regrole and d.defaclobjtype in ('r', 'S', 'f')
        and d.defaclnamespace in (0, 'public'::regnamespace, 'private'::regnamespace)
        and (x.grantee = 0 or x.grantee::regrole::text in ('anon', 'authenticated', 'service_role'))
      union
      -- Without an entry of its own a role gives new functions to everybody.
      select 'functions', 'everybody' where not exists (
        select from pg_default_acl d
        where d.defaclrole = 'postgres'::regrole and d.defaclobjtype = 'f' and d.defaclnamespace = 0
      )
      order by 1, 2`;
    if (byDefault.length > 0) {
      problems.push({
        sentence: `New objects are open by themselves: ${someOf(byDefault.map(({ kind, role }) => `${kind} to ${role}`))}.`,
        cause:
          'Default privileges were changed after the migrations, by hand or by "auto-expose new tables".',
        mend: 'Run the lines "alter default privileges" of the first migration again, in the SQL editor.'
      });
    }
    return unless(problems, 'nobody may do more, or less, than the migrations grant');
  }
};
