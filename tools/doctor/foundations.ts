/** What all other checks build on: that the database, the API and the functions can be asked at all. */
import { type Check, fails, type Foundation, holds, reasonOf } from './check.ts';
import { AnswerError } from './examined.ts';

type FoundationCheck = Check & { name: Foundation };

const database: FoundationCheck = {
  name: 'Database',
  async run(examined) {
    if (!examined.hasDatabase && examined.databaseError === undefined) {
      return fails(
        'The database cannot be examined.',
        'Its address is not known.',
        'Put SUPABASE_DB_URL into .env.production: Supabase shows it under "Connect", with the role postgres.'
      );
    }
    try {
      if (!examined.hasDatabase) throw examined.databaseError;
      const [row] = await examined.sql<{ role: string; version: string; major: number }[]>`
        select current_user as role, current_setting('server_version') as version,
          current_setting('server_version_num')::int / 10000 as major`;
      if (row?.role !== 'postgres') {
        return fails(
          `The database is used as ${row?.role}.`,
          'Migrations, functions and this examination run as the role postgres.',
          'Give the address of the database with the role postgres (SUPABASE_DB_URL).'
        );
      }
      if (row.major !== 17) {
        return fails(
          `The database is Postgres ${row.version}.`,
          'MedQ is made for, and tested with, Postgres 17.',
          'Upgrade the project under Settings, Infrastructure.'
        );
      }
      return holds(`Postgres ${row.version}, as postgres`);
    } catch (error) {
      return fails(
        `The database cannot be reached: ${reasonOf(error)}`,
        'The address, the password or the access token is wrong, the project is paused, or a firewall stands between.',
        'Compare SUPABASE_DB_URL, or SUPABASE_ACCESS_TOKEN without it, with the dashboard; a paused project is resumed there.'
      );
    }
  }
};

const mendOfKey = 'Copy address and publishable key from Settings, API Keys, and run `npm run deploy` again.';

const api: FoundationCheck = {
  name: 'API',
  async run(examined) {
    try {
      const answer = await examined.api('/rest/v1/clinics?select=id&limit=1');
      if (answer.status === 401) {
        return fails(
          'The publishable key is refused.',
          'It belongs to another project, or was revoked.',
          mendOfKey
        );
      }
      if (!answer.ok) {
        return fails(
          `The Data API does not show the clinics: it answers ${answer.status}.`,
          'The migrations are not applied, the schema public is not exposed, or the API has not noticed a change.',
          "Run `npm run deploy`; to make the API look again: notify pgrst, 'reload schema';"
        );
      }
      const inner = await examined.api('/rest/v1/account_jobs?limit=0', {
        headers: { 'accept-profile': 'private' }
      });
      if (inner.ok) {
        return fails(
          'The API shows the schema private.',
          'It was added to the exposed schemas.',
          'Under Settings, Data API expose the schema public alone.'
        );
      }
      return holds('the key is taken, the clinics can be read');
    } catch (error) {
      return fails(
        `${examined.subject.apiUrl} cannot be reached: ${reasonOf(error)}`,
        'The address is wrong, or the project is paused.',
        mendOfKey
      );
    }
  }
};

const functionsSecret: FoundationCheck = {
  name: "Functions' secret",
  async run(examined) {
    try {
      await examined.selfCheck();
      return holds('the functions take it');
    } catch (error) {
      const status = error instanceof AnswerError ? error.status : undefined;
      if (status === 401) {
        return fails(
          'The functions refuse our FUNCTIONS_SECRET.',
          'They were given another one.',
          'Run `npm run deploy`, which gives it to the functions and to the database.'
        );
      }
      if (status === 404) {
        return fails(
          'The function self-check is not there.',
          'The functions were never deployed, or long ago.',
          'Run `npm run deploy`.'
        );
      }
      return fails(
        `The functions cannot be asked about themselves: ${reasonOf(error)}`,
        'They cannot be reached, do not start, or lack a setting.',
        'Look into the logs of self-check in the dashboard, then run `npm run deploy`.'
      );
    }
  }
};

export const foundations: FoundationCheck[] = [database, api, functionsSecret];
