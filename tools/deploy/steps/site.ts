import { buildSite, isSiteStale } from '../../../local/site/build.ts';
import { siteSettings } from '../answers.ts';
import { plainText, readText, writeSecretFile, type Settings } from '../settings-file.ts';
import type { Change, Step } from '../step.ts';

/**
 * What is put where the site runs: `build/`, and a file with what its server must know.
 *
 * @param settings with the key of the project, which may have to be found out
 * @param file where that is written
 */
export function site(settings: Promise<Settings>, file: string): Step {
  return {
    name: 'site',
    hint: 'Try it alone: npm run build',
    async examine() {
      const changes: Change[] = [];
      const text = plainText(siteSettings(await settings));
      if (isSiteStale()) {
        changes.push({ what: 'build it', make: () => buildSite(() => undefined) });
      }
      if (readText(file) !== text) {
        changes.push({
          what: `write its settings to ${file}`,
          make: async () => writeSecretFile(file, text)
        });
      }
      return changes;
    }
  };
}
