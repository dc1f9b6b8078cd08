// Runs before each test file of the projects with a browser.
import { haveSite } from './site.ts';

await haveSite();
