import { z } from 'zod';
import type { Change, Step } from '../step.ts';
import { CliError, type SupabaseCli } from '../supabase-cli.ts';
import type { WorkFolder } from '../work-folder.ts';
import type { Management } from './management.ts';

const diff = z.object({
  changes: z.array(z.object({ path: z.array(z.string()), class: z.string(), declared: z.boolean() }))
});

/** `auth.sessions` is for paying plans; security_settings ends sessions on all of them. */
const withoutSessionLimits = (config: string) => config.replace(/^\[auth\.sessions\]\n(?:(?!\[).*\n)*/m, '');

/**
 * What supabase/config.toml says of Auth and of the Data API, and that Auth counts visitors instead of our functions.
 *
 * @param ref the project
 */
export function authSettings(
  cli: SupabaseCli,
  ref: string,
  folder: WorkFolder,
  management: Management
): Step {
  const at = `--remote=${ref}`;
  const push = () => cli.run(['config', 'push', '--yes', at], z.unknown());

  async function differences(): Promise<string[]> {
    const { changes } = await cli.run(['config', 'diff', at], diff);
    // What the project does not tell cannot be compared, and is pushed with the rest.
    return changes
      .filter((change) => change.declared && change.class === 'update')
      .map(({ path }) => path.join('.'));
  }

  async function pushAll(): Promise<void> {
    try {
      await push();
    } catch (error) {
      if (!(error instanceof CliError) || !/\b402\b|sessions?_(?:timebox|inactivity)/.test(error.message))
        throw error;
      folder.configure(withoutSessionLimits);
      await push();
    }
  }

  return {
    name: 'settings',
    hint: 'Look at what differs: npx supabase config diff --remote=<reference>',
    async examine() {
      const [different, forwarded] = await Promise.all([differences(), management.readsForwardedAddresses()]);
      const changes: Change[] = [];
      if (different.length > 0) changes.push({ what: `set ${different.join(', ')}`, make: pushAll });
      if (!forwarded) {
        changes.push({
          what: 'let Auth count visitors instead of the functions (IP address forwarding)',
          make: () => management.readForwardedAddresses()
        });
      }
      return changes;
    }
  };
}
