import { createHash } from 'node:crypto';
import { z } from 'zod';
import { functionSettings } from '../answers.ts';
import { plainText, type Settings } from '../settings-file.ts';
import type { Change, Step } from '../step.ts';
import type { SupabaseCli } from '../supabase-cli.ts';
import type { WorkFolder } from '../work-folder.ts';

/** The values are digests. */
const listed = z.object({ secrets: z.array(z.object({ name: z.string(), value: z.string() })) });

/** The digests of what the functions are told, by name. */
export type SecretDigests = ReadonlyMap<string, string>;

/** As the CLI lists them: SHA-256 as hexadecimal. */
export const digest = (value: string) => createHash('sha256').update(value).digest('hex');

export async function listSecrets(cli: SupabaseCli, ref: string): Promise<SecretDigests> {
  const { secrets: kept } = await cli.run(['secrets', 'list', `--remote=${ref}`], listed);
  return new Map(kept.map(({ name, value }) => [name, value]));
}

/** Sets what the functions are told. It is handed over in a file, so that no list of processes shows it. */
export async function setSecrets(
  cli: SupabaseCli,
  ref: string,
  folder: WorkFolder,
  values: Settings
): Promise<void> {
  const file = folder.write('secrets.env', plainText(values));
  await cli.run(['secrets', 'set', '--env-file', file, '--yes', `--remote=${ref}`], z.unknown());
}

/** The settings of the functions: those that differ are set, and what was taken out of the file is unset. */
export function secrets(
  settings: Settings,
  cli: SupabaseCli,
  ref: string,
  folder: WorkFolder,
  kept: () => Promise<SecretDigests>
): Step {
  return {
    name: 'secrets',
    hint: 'See Edge Functions, Secrets in the dashboard.',
    async examine() {
      const digests = await kept();
      const wanted = Object.entries(functionSettings(settings));
      const different = wanted.filter(([name, value]) => value !== '' && digests.get(name) !== digest(value));
      const unwanted = wanted.flatMap(([name, value]) => (value === '' && digests.has(name) ? [name] : []));
      const changes: Change[] = [];
      if (different.length > 0) {
        changes.push({
          what: `set ${different.map(([name]) => name).join(', ')}`,
          make: () => setSecrets(cli, ref, folder, Object.fromEntries(different))
        });
      }
      if (unwanted.length > 0) {
        changes.push({
          what: `unset ${unwanted.join(', ')}`,
          make: async () =>
            void (await cli.run(['secrets', 'unset', ...unwanted, '--yes', `--remote=${ref}`], z.unknown()))
        });
      }
      return changes;
    }
  };
}
