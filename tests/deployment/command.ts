import { spawn } from 'node:child_process';
import { projectDirectory } from '../../local/site/build.ts';

export interface Run {
  code: number | null;
  /** Everything it wrote. */
  output: string;
}

/** Runs `npm run deploy` as its script does, with nobody at a terminal. */
export const deploy = (args: string[], environment: NodeJS.Dict<string>): Promise<Run> =>
  run('tools/deploy/cli.ts', args, environment);

/** Runs `npm run doctor` as its script does. */
export const doctor = (args: string[], environment: NodeJS.Dict<string>): Promise<Run> =>
  run('tools/doctor/index.ts', args, environment);

async function run(program: string, args: string[], environment: NodeJS.Dict<string>): Promise<Run> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: projectDirectory,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

/** What the plan says of a step, a line each. */
export function planned({ output }: Run, step: string): string[] {
  const begin = `  ${step.padEnd(10)} `;
  return output
    .split('\n')
    .filter((line) => line.startsWith(begin))
    .map((line) => line.slice(begin.length));
}
