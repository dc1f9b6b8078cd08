import { createHash } from 'node:crypto';
import { z } from 'zod';
import { functionSettings } from '../answers.ts';
import { plainText, type Settings } from '../settings-file.ts';
import type { Change, Step } from '../step.ts';
import type { SupabaseCli } from '../supabase-cli.ts';
import type { WorkFolder } from '../work-folder.ts';

/** The values are digests: SHA-256 as hexadecimal. */
const listed = z.object({ secrets: z.array(z.object({ name: z.string(), value: z.string() })) });

const digest = (value: string) => createHash('sha256').update(value).digest('hex');

/** The settings of the functions: those that differ are set, and what was taken out of the file is unset. */
export function secrets(settings: Settings, cli: SupabaseCli, ref: string, folder: WorkFolder): Step {
  const at = `--remote=${ref}`;
  return {
    name: 'secrets',
    hint: 'See Edge Functions, Secrets in the dashboard.',
    async examine() {
      const { secrets: kept } = await cli.run(['secrets', 'list', at], listed);
      const digests = new Map(kept.map(({ name, value }) => [name, value]));
      const wanted = Object.entries(functionSettings(settings));
      const different = wanted.filter(([name, value]) => value !== '' && digests.get(name) !== digest(value));
      const unwanted = wanted.flatMap(([name, value]) => (value === '' && digests.has(name) ? [name] : []));
      const changes: Change[] = [];
      if (different.length > 0) {
        changes.push({
          what: `set ${different.map(([name]) => name).join(', ')}`,
          async make() {
            const file = folder.write('secrets.env', plainText(Object.fromEntries(different)));
            await cli.run(['secrets', 'set', '--env-file', file, '--yes', at], z.unknown());
          }
        });
      }
      if (unwanted.length > 0) {
        changes.push({
          what: `unset ${unwanted.join(', ')}`,
          make: async () => void (await cli.run(['secrets', 'unset', ...unwanted, '--yes', at], z.unknown()))
        });
      }
      return changes;
    }
  };
}
