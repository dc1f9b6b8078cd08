import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { errorPageAtOnce } from './src/error-page.ts';
import { withoutFormPages } from './src/form-pages.ts';
import { protectFiles } from './src/protect-files.ts';
import { askForLanguage, filesByLanguage } from './src/words/by-language.ts';
import { words } from './src/words/compile.ts';
import settings from './src/words/medq.inlang/settings.json' with { type: 'json' };

/** Workers, stacks and sites load the same code over and over: half of what a stack takes to start is compiling it. */
if (process.env.VITEST) process.env.NODE_COMPILE_CACHE ??= path.resolve('node_modules/.cache/node');

/** With MEDQ_TEST_STACK, tests run on that Supabase instead of embedded ones of their own; tests/helpers/global-setup.ts. */
const onGivenStack = Boolean(process.env.MEDQ_TEST_STACK);
/** Projects that are about the embedded stack, and mean nothing on another. */
const aboutEmbedded = [
  // The stand-ins themselves.
  'local',
  // What the embedded stack writes into its files.
  'embedded',
  // Parts are killed, and each file wants settings of its own.
  'faults',
  'deployment'
];

/** One process for all files of a worker, as they keep nothing of their own in modules: saves a third of the work. */
const together = { isolate: false };
const withStack = ['tests/helpers/stack-setup.ts'];
const withSite = [...withStack, 'tests/helpers/site-setup.ts'];

/**
 * What pages share is one file: over a slow network many small ones take longer to ask for than what one of them does not need
 * takes to load. Apart from that is what runs first: SvelteKit fills in the payload, and only then may any of the rest run.
 */
const codeSplitting = {
  groups: [
    { name: 'payload', test: /\/runtime\/client\/payload\.js$|vite\/preload-helper\.js$/, priority: 1 },
    { name: 'shared', minShareCount: 2 }
  ]
};

export default defineConfig({
  environments: { client: { build: { rolldownOptions: { output: { codeSplitting } } } } },
  worker: { plugins: () => [askForLanguage()] },
  // The tests import plain TypeScript; only builds and the dev server need SvelteKit.
  plugins: process.env.VITEST
    ? []
    : [
        paraglideVitePlugin(words),
        protectFiles(),
        withoutFormPages(),
        errorPageAtOnce(),
        askForLanguage(),
        filesByLanguage(settings.locales),
        sveltekit({
          adapter: adapter(),
          compilerOptions: { runes: true },
          // Styles stand in the page, which is 6 kB longer for it: over a slow network it is painted as it arrives, a second
          // before files of styles would be there. No file of ours is as long as this.
          inlineStyleThreshold: 100_000,
          csp: {
            directives: {
              'default-src': ['none'],
              'script-src': ['self'],
              'style-src': ['self'],
              // The one style attribute on the site: SvelteKit's page announcer for screen readers.
              'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
              // Photos of doctors may be wherever a clinic keeps them; whoever has them learns nothing but an address.
              'img-src': ['self', 'https:'],
              'manifest-src': ['self'],
              // The hook adds the Supabase project, known only when the server runs.
              'connect-src': ['self'],
              'form-action': ['self'],
              'base-uri': ['none'],
              'frame-ancestors': ['none']
            }
          }
        })
      ],
  test: {
    globalSetup: 'tests/helpers/global-setup.ts',
    // Tests wait for pages and servers much of the time: one worker more than there are cores keeps all cores busy. Each
    // has a stack of its own, so that on big machines memory is what limits them. A given stack is one for all: files
    // that make every limit of it full, or every queue empty, must not meet.
    maxWorkers: onGivenStack ? 1 : Math.min(availableParallelism() + 1, 6),
    // How long something may take that is waited for: a machine may be busy with all the other workers.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', 'tests/helpers/reporter.ts'],
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          ...together,
          setupFiles: 'tests/helpers/locale-setup.ts'
        }
      },
      {
        extends: true,
        test: {
          name: 'stack',
          include: ['tests/{database,functions}/**/*.test.ts'],
          ...together,
          setupFiles: withStack,
          hookTimeout: 60_000
        }
      },
      {
        extends: true,
        test: {
          // What the embedded stack writes down.
          name: 'embedded',
          include: ['tests/embedded/**/*.test.ts'],
          setupFiles: withStack,
          hookTimeout: 60_000
        }
      },
      {
        extends: true,
        test: {
          name: 'local',
          include: ['local/tests/**/*.test.ts'],
          setupFiles: withStack,
          hookTimeout: 60_000
        }
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          ...together,
          setupFiles: withSite,
          hookTimeout: 120_000
        }
      },
      {
        extends: true,
        test: {
          // What every page looks like in each of its states: axe, widths, both languages, light and dark.
          name: 'looks',
          include: ['tests/looks/**/*.test.ts'],
          ...together,
          setupFiles: withSite,
          hookTimeout: 120_000
        }
      },
      {
        extends: true,
        test: {
          // What happens when parts die: each file has a stack of its own, which it breaks.
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000
        }
      },
      {
        extends: true,
        test: {
          // A project at supabase.com that was just made, and everything that can be wrong with a deployment: minutes of
          // starting the Supabase CLI, so that `npm test` leaves them to `npm run test:deployment`.
          name: 'deployment',
          include: ['tests/deployment/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000
        }
      }
    ].filter(({ test: { name } }) => !onGivenStack || !aboutEmbedded.includes(name))
  }
});
