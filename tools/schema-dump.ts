/**
 * `npm run db:dump`: writes supabase/schema.sql, what the migrations make of a fresh database. In a review it shows what
 * a migration changes.
 *
 * To compare with other migrations: `npm run db:dump -- --migrations <folder> --out <file>`.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../local/command-line.ts';
import { migrate } from '../local/postgres/migrations.ts';
import { withScratchDatabase } from '../local/postgres/scratch.ts';
import { readSchema } from './schema.ts';

const inProject = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const { values } = commandLine(import.meta.filename, {
  options: {
    migrations: { type: 'string', default: inProject('supabase/migrations') },
    out: { type: 'string', default: inProject('supabase/schema.sql') }
  }
});

const schema = await withScratchDatabase(async (sql) => {
  await migrate(sql, values.migrations);
  return readSchema(sql);
});
await writeFile(values.out, schema);
console.error(`Wrote ${values.out}.`);
