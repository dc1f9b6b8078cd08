import { type Check, fails, holds, type Problem, unless } from './check.ts';
import { compare, definitionIn } from './compare.ts';
import { expectedMigrations, expectedSections, someOf } from './expected.ts';

/** Rights, extensions and jobs have checks of their own. */
const sections = ['Types', 'Tables', 'Sequences', 'Views', 'Triggers on tables of the platform', 'Functions'];

const history: Check = {
  name: 'Migrations',
  needs: ['Database'],
  async run({ sql }) {
    const [{ exists }] = await sql<[{ exists: boolean }]>`
      select to_regclass('supabase_migrations.schema_migrations') is not null as exists`;
    const applied = exists
      ? await sql<
          { version: string }[]
        >`select version from supabase_migrations.schema_migrations order by version`
      : [];
    const known = expectedMigrations();
    const lacking = known.filter(({ version }) => !applied.some((row) => row.version === version));
    const foreign = applied.filter(
      ({ version }) => !known.some((migration) => migration.version === version)
    );
    if (foreign.length > 0) {
      return fails(
        `The database has migrations that are not here: ${someOf(foreign.map(({ version }) => version))}.`,
        'It was deployed from another version of MedQ, or somebody added migrations of their own.',
        'Run this from the clone that was deployed last; an older one cannot judge, and must not be deployed over it.'
      );
    }
    if (lacking.length > 0) {
      return fails(
        `${lacking.length} migrations are not applied: ${someOf(lacking.map(({ name }) => name))}.`,
        'This clone is newer than the deployment, or a deployment broke off.',
        'Run `npm run deploy`.'
      );
    }
    return holds(`all ${known.length} are applied`);
  }
};

const definitions: Check = {
  name: 'Schema',
  needs: ['Database'],
  async run(examined) {
    const expected = expectedSections();
    const all = await Promise.all(
      sections.map(async (heading) => {
        const objects = await examined.objects(heading);
        return compare(objects.map(definitionIn), definitionIn(expected.get(heading) ?? ''));
      })
    );
    const gather = (kind: 'missing' | 'different' | 'added') =>
      all.flatMap((differences) => differences[kind]);
    const [missing, different, added] = [gather('missing'), gather('different'), gather('added')];
    const problems: Problem[] = [];
    if (missing.length + different.length > 0) {
      const lists = [
        ...(missing.length > 0 ? [`missing: ${someOf(missing)}`] : []),
        ...(different.length > 0 ? [`different: ${someOf(different)}`] : [])
      ];
      problems.push({
        sentence: `The database is not what the migrations make of it. ${lists.join('. ')}.`,
        cause: 'Somebody changed it by hand in the dashboard.',
        mend: 'Restore each from supabase/schema.sql in the SQL editor, or make the change a migration and deploy it.'
      });
    }
    if (added.length > 0) {
      problems.push({
        sentence: `The database has what no migration makes: ${someOf(added)}.`,
        cause: 'Somebody added it by hand in the dashboard.',
        mend: 'Drop it, or make it a migration: what is in the schema public may be open to everybody.'
      });
    }
    return unless(problems, 'everything is as the migrations make it');
  }
};

export const schemaChecks = [history, definitions];
