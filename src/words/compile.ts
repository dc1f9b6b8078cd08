/** How the catalogue becomes code: for Vite, and by itself for those who only check types (`npm run words`). */
import { compile, type CompilerOptions } from '@inlang/paraglide-js';

export const words: CompilerOptions = {
  project: 'src/words/medq.inlang',
  outdir: 'src/lib/paraglide',
  // The server decides on the language (src/hooks.server.ts), and pages say it (by-language.ts).
  strategy: ['globalVariable', 'baseLocale'],
  outputStructure: 'message-modules',
  isServer: 'import.meta.env.SSR',
  emitReadme: false
};

if (import.meta.main) await compile(words);
