// Runs before each test file of the project `unit`, whose files share one process.
import { afterEach } from 'vitest';
import { baseLocale, overwriteGetLocale } from '../../src/lib/paraglide/runtime.js';

// The language a test has read is no business of the next one, in whatever file that is.
afterEach(() => overwriteGetLocale(() => baseLocale));
