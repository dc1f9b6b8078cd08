/**
 * Readies a Supabase in Docker, which has its migrations, for the tests of this project:
 *
 *   node tools/test-stack.ts --status <file> --messagebird <file> --out <folder>
 *
 * `--status` is what `supabase status -o json` printed, `--messagebird` what `npm run messagebird -- --json` did. Tells the
 * database where its functions are, and writes `functions.env` (for `supabase functions serve --env-file`) and
 * `stack.json` (for MEDQ_TEST_STACK) into the folder.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { setSiteAddress, setVaultSecrets } from '../local/postgres/prepare.ts';
import { readConfig } from '../local/settings/config.ts';
import { secret } from '../local/settings/keys.ts';
import { dockerStack, messageBirdLine, supabaseStatus } from './docker-stack.ts';

const { values } = parseArgs({
  options: { status: { type: 'string' }, messagebird: { type: 'string' }, out: { type: 'string' } }
});
const { status, messagebird, out } = values;
if (!status || !messagebird || !out) {
  throw new Error('Usage: node tools/test-stack.ts --status <file> --messagebird <file> --out <folder>');
}
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

const stack = dockerStack(
  supabaseStatus.parse(read(status)),
  messageBirdLine.parse(read(messagebird)),
  secret(32),
  readConfig().auth.site_url
);

const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
await setVaultSecrets(sql, stack.vault)
  .then(() => setSiteAddress(sql, readConfig().auth.site_url))
  .finally(() => sql.end());

const lines = Object.entries(stack.settings).map(([name, value]) => `${name}=${value}\n`);
mkdirSync(out, { recursive: true });
writeFileSync(path.join(out, 'functions.env'), lines.join(''), { mode: 0o600 });
writeFileSync(path.join(out, 'stack.json'), JSON.stringify(stack.addresses), { mode: 0o600 });
