/** How the catalogue becomes code: for Vite, and by itself for those who only check types (`npm run words`). */
import { utimesSync } from 'node:fs';
import { compile, type CompilerOptions } from '@inlang/paraglide-js';
import settings from './medq.inlang/settings.json' with { type: 'json' };

export const words: CompilerOptions = {
  project: 'src/words/medq.inlang',
  outdir: 'src/lib/paraglide',
  // The server decides on the language (src/hooks.server.ts), and pages say it (by-language.ts).
  strategy: ['globalVariable', 'baseLocale'],
  outputStructure: 'message-modules',
  isServer: 'import.meta.env.SSR',
  emitReadme: false
};

/** One of the files that it becomes, and what it is made of. */
export const compiled = 'src/lib/paraglide/messages.js';
export const sources = [
  'src/words/compile.ts',
  'src/words/medq.inlang/settings.json',
  ...settings.locales.map((locale) => `src/words/${locale}`)
];

export async function compileWords(): Promise<void> {
  await compile(words);
  // What would become the same is not written again.
  utimesSync(compiled, new Date(), new Date());
}

if (import.meta.main) await compileWords();
