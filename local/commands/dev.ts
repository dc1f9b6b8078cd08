/** `npm run dev`: the embedded stack with demo data, and the site with hot reload on it. */
import { runProject } from './project.ts';

await runProject({ hotReload: true });
