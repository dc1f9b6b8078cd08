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
 * @param key as `publishableKey` finds it
 * @param keep writes it to the file of answers
 */
export function project(
  settings: Settings,
  key: Promise<string>,
  keep: (name: string, value: string, about: string) => void
): Step {
  const name = 'PUBLIC_SUPABASE_ANON_KEY';
  return {
    name: 'project',
    hint:
      'Look whether this machine reaches https://api.supabase.com, whether SUPABASE_PROJECT_REF and SUPABASE_ACCESS_TOKEN are ' +
      'right, and whether the project is paused.',
    async examine() {
      const found = await key;
      if (settings[name] === found) return [];
      const about = "The project's publishable key, which every visitor may know.";
      return [{ what: 'note its publishable key', make: async () => keep(name, found, about) }];
    }
  };
}

/** The key of a project that every visitor may know. */
export async function publishableKey(cli: SupabaseCli, ref: string): Promise<string> {
  return publicKeyOf(await cli.run(['projects', 'api-keys', `--remote=${ref}`], apiKeys));
}
