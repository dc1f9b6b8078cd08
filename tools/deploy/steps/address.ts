import type { DatabaseState } from '../database-state.ts';
import { literal, type Database } from '../database.ts';
import type { Settings } from '../settings-file.ts';
import type { Step } from '../step.ts';

/** Where the site is, which SMS tell. */
export function siteAddress(
  { SITE_URL: url = '' }: Settings,
  database: Database,
  state: () => Promise<DatabaseState>
): Step {
  return {
    name: 'address',
    hint: 'See SITE_URL in .env.production.',
    async examine() {
      const { siteUrl } = await state();
      if (siteUrl === url) return [];
      return [
        {
          what: `have SMS tell that the site is at ${url}`,
          make: () => database.execute(`update public.sms_settings set site_url = ${literal(url)}`)
        }
      ];
    }
  };
}
