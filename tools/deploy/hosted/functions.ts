import { z } from 'zod';
import { functionNames } from '../../../local/functions/deno.ts';
import type { Step } from '../step.ts';
import type { SupabaseCli } from '../supabase-cli.ts';

/** The functions. Supabase compares the bundles and leaves those alone that are the same. */
export function functions(cli: SupabaseCli, ref: string): Step {
  const names = functionNames();
  return {
    name: 'functions',
    hint: 'See Edge Functions in the dashboard; each has its logs there.',
    async examine() {
      return [
        {
          what: `deploy those of ${names.length} that changed`,
          // Bundled by Supabase: no Docker is needed here.
          async make() {
            await cli.run(
              ['functions', 'deploy', ...names, '--use-api', '--yes', `--remote=${ref}`],
              z.unknown()
            );
          }
        }
      ];
    }
  };
}
