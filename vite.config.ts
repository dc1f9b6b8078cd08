import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { words } from './src/words/compile.ts';

// Everything but the unit tests runs against one embedded stack, started once for the whole run.
const withStack = ['tests/helpers/global-setup.ts'];

// These wait for real servers and pages, and a busy machine may keep one waiting: what fails twice has failed.
const patience = { retry: 1 };

export default defineConfig({
  // The tests import plain TypeScript; only builds and the dev server need SvelteKit.
  plugins: process.env.VITEST
    ? [paraglideVitePlugin(words)]
    : [
        paraglideVitePlugin(words),
        sveltekit({
          adapter: adapter(),
          compilerOptions: { runes: true },
          csp: {
            directives: {
              'default-src': ['none'],
              'script-src': ['self'],
              'style-src': ['self'],
              // The one style attribute on the site: SvelteKit's page announcer for screen readers.
              'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
              'img-src': ['self'],
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
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'stack',
          include: ['{tests/database,tests/functions}/**/*.test.ts'],
          globalSetup: withStack,
          ...patience,
          testTimeout: 30_000,
          hookTimeout: 60_000
        }
      },
      {
        extends: true,
        test: {
          name: 'local',
          include: ['local/tests/**/*.test.ts'],
          globalSetup: withStack,
          ...patience,
          testTimeout: 30_000,
          hookTimeout: 60_000
        }
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: withStack,
          ...patience,
          testTimeout: 60_000,
          hookTimeout: 120_000
        }
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          ...patience,
          testTimeout: 120_000,
          hookTimeout: 120_000
        }
      }
    ]
  }
});
