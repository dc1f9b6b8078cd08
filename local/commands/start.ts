/** `npm start`: the embedded stack with demo data, and the built site on it. */
import { runProject } from './project.ts';

await runProject({ hotReload: false });
