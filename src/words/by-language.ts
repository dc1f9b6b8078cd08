/**
 * A message holds its sentence in every language, and a page shows one. So a build has what browsers load once more for
 * each language, with the sentences of that one only, and pages name the files of their language (inLanguage, src/lib/server/request/language.ts).
 *
 * The files as they were built know every language: for pages that speak several, or learn theirs in the browser.
 */
import { minifySync, type Plugin } from 'vite';

const FILES = '_app/immutable/';
/** What is asked first. Nothing sets it; in the files of one language it is that language. */
const LANGUAGE = 'globalThis.MEDQ_LANGUAGE';

const inBrowsers: Pick<Plugin, 'applyToEnvironment'> = {
  applyToEnvironment: ({ config }) => config.consumer === 'client'
};

/** How Paraglide finds out the language, which is most of its runtime, and what our pages say instead. */
const FINDS_LANGUAGE = /(export let getLocale = )\(\) => \{.*?\n\};/s;
const SAYS_LANGUAGE = `$1() => ${LANGUAGE} ?? assertIsLocale(document.documentElement.lang);`;

/** Has browsers ask for the language of their file, else of the page. Workers are built by themselves and need it as well. */
export function askForLanguage(): Plugin {
  return {
    name: 'medq-ask-for-language',
    ...inBrowsers,
    transform: {
      filter: { id: /\/src\/lib\/paraglide\/(?:messages\/|runtime\.js)/ },
      handler: (code) =>
        code
          .replaceAll('experimentalStaticLocale ??', `${LANGUAGE} ??`)
          .replace(FINDS_LANGUAGE, SAYS_LANGUAGE)
    }
  };
}

/** Adds the files of each language to a build. Styles too: scripts name them by where they are themselves. */
export function filesByLanguage(locales: readonly string[]): Plugin {
  return {
    name: 'medq-files-by-language',
    apply: 'build',
    ...inBrowsers,
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const [name, file] of Object.entries(bundle).filter(([name]) => name.startsWith(FILES))) {
          const built = file.type === 'chunk' ? file.code : file.source;
          for (const locale of locales) {
            const source = name.endsWith('.js') ? speaking(locale, String(built), name) : built;
            this.emitFile({ type: 'asset', fileName: FILES + locale + name.slice(FILES.length - 1), source });
          }
        }
      }
    }
  };
}

/** A script without the sentences of other languages, which nothing reaches any more. */
function speaking(locale: string, script: string, name: string): string {
  const { code, errors } = minifySync(name, script.replaceAll(LANGUAGE, JSON.stringify(locale)));
  if (errors[0]) throw new Error(`${name}: ${errors[0].message}`);
  return code;
}
