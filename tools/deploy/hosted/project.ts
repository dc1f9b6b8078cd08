import { z } from 'zod';
import type { Settings } from '../settings-file.ts';
import type { Step } from '../step.ts';
import type { SupabaseCli } from '../supabase-cli.ts';

const apiKeys = z.object({
  keys: z.array(z.object({ name: z.string(), api_key: z.string().nullish(), type: z.string().nullish() }))
});

/** The key every visitor may know: of the new kind where the project has one. */
function publicKeyOf({ keys }: z.infer<typeof apiKeys>): string {
  const key = keys.find(({ type }) => type === 'publishable') ?? keys.find(({ name }) => name === 'anon');
  if (key?.api_key) return key.api_key;
  throw new Error(
    'The project has neither a publishable nor an anon key. Make one in its settings, API keys.'
  );
}

/**
 * Whether the project can be reached with the token, and its publishable key.
 *
 * @param keep remembers the key, at once for the steps that follow, and in the file when the returned function is called
 */
export function project(
  settings: Settings,
  cli: SupabaseCli,
  keep: (name: string, value: string, about: string) => () => void
): Step {
  return {
    name: 'project',
    hint: 'Look at SUPABASE_PROJECT_REF and SUPABASE_ACCESS_TOKEN in .env.production, and whether the project is paused.',
    async examine() {
      const key = publicKeyOf(
        await cli.run(['projects', 'api-keys', `--remote=${settings.SUPABASE_PROJECT_REF}`], apiKeys)
      );
      if (settings.PUBLIC_SUPABASE_ANON_KEY === key) return [];
      const write = keep(
        'PUBLIC_SUPABASE_ANON_KEY',
        key,
        "The project's publishable key, which every visitor may know."
      );
      return [{ what: 'note its publishable key', make: async () => write() }];
    }
  };
}
