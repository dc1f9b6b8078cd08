import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { functionNames } from '../../../local/functions/deno.ts';
import type { Step } from '../step.ts';
import type { SupabaseCli } from '../supabase-cli.ts';
import type { WorkFolder } from '../work-folder.ts';
import { digest, setSecrets, type SecretDigests } from './secrets.ts';

const listed = z.object({ functions: z.array(z.object({ slug: z.string(), version: z.number() })) });

/**
 * Beside the functions' settings stands what they were deployed from, because Supabase does not tell: their sources, and
 * the versions that they had afterwards. Whoever deploys by hand makes other versions.
 */
const mark = 'MEDQ_FUNCTIONS_DEPLOYED';

/** One text for everything in a folder. */
function digestOfFolder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  );
  const hash = createHash('sha256');
  for (const file of files.map(({ parentPath, name }) => path.join(parentPath, name)).sort()) {
    hash
      .update(`${path.relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** The functions: all of them when their sources, or what runs, is not what was deployed last. */
export function functions(
  cli: SupabaseCli,
  ref: string,
  folder: WorkFolder,
  kept: () => Promise<SecretDigests>
): Step {
  const at = `--remote=${ref}`;
  const names = functionNames();
  async function deployed(): Promise<string> {
    const { functions: running } = await cli.run(['functions', 'list', at], listed);
    const ours = running.filter(({ slug }) => names.includes(slug));
    const versions = ours.map(({ slug, version }) => `${slug}=${version}`).sort();
    return [digestOfFolder(path.join(folder.path, 'supabase', 'functions')), ...versions].join(' ');
  }
  return {
    name: 'functions',
    hint: 'See Edge Functions in the dashboard; each has its logs there.',
    async examine() {
      const [now, digests] = await Promise.all([deployed(), kept()]);
      if (digests.get(mark) === digest(now)) return [];
      return [
        {
          what: `deploy ${names.length}: ${names.join(', ')}`,
          async make() {
            // Bundled by Supabase: no Docker is needed here.
            await cli.run(['functions', 'deploy', ...names, '--use-api', '--yes', at], z.unknown());
            await setSecrets(cli, ref, folder, { [mark]: await deployed() });
          }
        }
      ];
    }
  };
}
