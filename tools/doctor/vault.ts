/** How the database calls the functions: the secrets in its vault, and whether a call arrives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, fails, holds, type Problem, skipped, unless } from './check.ts';
import type { Examined } from './examined.ts';

async function vaultSecrets({ sql }: Examined): Promise<Map<string, string>> {
  const rows = await sql<{ name: string; value: string }[]>`
    select name, decrypted_secret as value from vault.decrypted_secrets
    where name in ('functions_url', 'functions_secret')`;
  return new Map(rows.map(({ name, value }) => [name, value]));
}

const mend = 'Run `npm run deploy`, which writes them; or use vault.create_secret and vault.update_secret.';

const secrets: Check = {
  name: 'Vault',
  needs: ['Database', "Functions' secret"],
  async run(examined) {
    const found = await vaultSecrets(examined);
    const missing = ['functions_url', 'functions_secret'].filter((name) => !found.get(name));
    const problems: Problem[] = [];
    if (missing.length > 0) {
      problems.push({
        sentence: `The vault lacks ${missing.join(' and ')}.`,
        cause: 'They were never set, or deleted: the database calls no function, and no SMS is sent.',
        mend
      });
    }
    const secret = found.get('functions_secret');
    if (secret !== undefined && secret !== examined.subject.functionsSecret) {
      problems.push({
        sentence: 'The functions_secret of the vault is not the FUNCTIONS_SECRET of the functions.',
        cause:
          'One of them was changed without the other: the functions refuse the database, and no SMS is sent.',
        mend
      });
    }
    return unless(problems, "both secrets are there, and the functions' own");
  }
};

const longestWaitSeconds = 20;

/** Has the database call a function as it does for every SMS, and removes the answer that pg_net keeps. */
const wakeUps: Check = {
  name: 'Wake-ups',
  needs: ['Database', "Functions' secret"],
  async run(examined) {
    const { sql, subject } = examined;
    const url = (await vaultSecrets(examined)).get('functions_url');
    if (url === undefined) return skipped('see Vault');
    const [{ id }] = await sql<[{ id: string }]>`
      select net.http_post(
        url := rtrim(${url}, '/') || '/self-check',
        headers := jsonb_build_object(
          'Content-Type', 'application/json', 'Authorization', 'Bearer ' || ${subject.functionsSecret}::text
        ),
        timeout_milliseconds := 10000
      ) as id`;
    for (let tenths = 0; tenths < longestWaitSeconds * 10; tenths += 1) {
      const [answer] = await sql<{ status: number | null; error: string | null }[]>`
        delete from net._http_response where id = ${id} returning status_code as status, error_msg as error`;
      if (answer?.status === 200) return holds('the database reaches the functions');
      if (answer) {
        return fails(
          `The database does not reach the functions at ${url}: ${answer.error ?? `they answer ${answer.status}`}.`,
          'The functions_url of the vault is wrong, or from there the network is closed.',
          mend
        );
      }
      await sleep(100);
    }
    return fails(
      'The database sends no requests.',
      'The worker of pg_net does not run: SMS wait, also those that are swept every minute.',
      'In the SQL editor: select net.worker_restart(); if that does not help, restart the database.'
    );
  }
};

export const vaultChecks = [secrets, wakeUps];
