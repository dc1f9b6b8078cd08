// Runs before each test file of the projects with a browser.
import { afterEach, beforeEach } from 'vitest';
import { closePages, leavePagesOpen } from './browser.ts';
import { haveSite } from './site.ts';

await haveSite();
beforeEach(leavePagesOpen);
afterEach(closePages);
