import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { projectDirectory } from '../../local/site/build.ts';

/** The CLI could not do it; the message says why, and what to do where it knows. Holds no secret. */
export class CliError extends Error {
  override name = 'CliError';
  /** The CLI's own name for it, such as `AccessTokenRequiredError`. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** The Supabase CLI that npm installed, in one folder and with one set of credentials. */
export interface SupabaseCli {
  /** Runs a command and parses what it says. @throws CliError */
  run<T>(args: readonly string[], said: z.ZodType<T>): Promise<T>;
}

export interface CliOptions {
  /** The folder that holds the folder `supabase`. */
  folder: string;
  /** What it needs beyond our own environment: a token, or the password of a database. Never on the command line. */
  credentials: NodeJS.Dict<string>;
}

const binary = path.join(projectDirectory, 'node_modules/.bin/supabase');

/** What the CLI says when it fails. */
const failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), suggestion: z.string().optional() })
});

/** Everything a command of the CLI may print: bundles of functions name every file. */
const mostBytes = 64 * 1024 * 1024;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What went wrong, from what the CLI wrote. */
function describe(stdout: string, stderr: string): CliError {
  const told = failure.safeParse(parseJson(stdout));
  if (!told.success)
    return new CliError(stderr.trim().split('\n').at(-1) ?? 'The Supabase CLI failed without a word.');
  const { code, message, suggestion } = told.data.error;
  // It means a variable that we set for it; ours has another name, which the hint of the step tells.
  const useful = suggestion?.includes('SUPABASE_DB_PASSWORD') ? undefined : suggestion;
  return new CliError([message, useful].filter(Boolean).join('\n'), code);
}

/** The CLI, ready to run. */
export function supabaseCli({ folder, credentials }: CliOptions): SupabaseCli {
  const secrets = Object.values(credentials).filter((value): value is string => Boolean(value));
  const withoutSecrets = (text: string) =>
    secrets.reduce((sofar, secret) => sofar.replaceAll(secret, '***'), text);
  return {
    async run(args, said) {
      const { stdout } = await promisify(execFile)(
        binary,
        [...args, '--workdir', folder, '--output-format', 'json', '--agent', 'no'],
        {
          maxBuffer: mostBytes,
          env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1', ...credentials }
        }
      ).catch(
        ({ stdout: out = '', stderr: err = '', message }: Error & { stdout?: string; stderr?: string }) => {
          const error = out || err ? describe(out, err) : new CliError(message);
          throw new CliError(withoutSecrets(error.message), error.code);
        }
      );
      const parsed = said.safeParse(parseJson(stdout));
      if (parsed.success) return parsed.data;
      throw new CliError(`The Supabase CLI said what is not understood here: supabase ${args.join(' ')}`);
    }
  };
}
