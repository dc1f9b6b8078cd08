import { spawn } from 'node:child_process';
import { projectDirectory } from '../../local/site/build.ts';

export interface DeployRun {
  code: number | null;
  /** Everything it wrote. */
  output: string;
}

/** Runs `npm run deploy` as its script does, with nobody at a terminal. */
export async function deploy(args: string[], environment: NodeJS.Dict<string>): Promise<DeployRun> {
  const child = spawn(process.execPath, ['tools/deploy/cli.ts', ...args], {
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
export function planned({ output }: DeployRun, step: string): string[] {
  const begin = `  ${step.padEnd(10)} `;
  return output
    .split('\n')
    .filter((line) => line.startsWith(begin))
    .map((line) => line.slice(begin.length));
}
