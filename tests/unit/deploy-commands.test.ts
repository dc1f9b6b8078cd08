// What commands say to whoever does not know them, or mistypes.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { projectDirectory } from '../../local/site/build.ts';

function run(program: string, args: string[], environment: NodeJS.Dict<string> = {}) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: projectDirectory, env: { ...process.env, ...environment } };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr })
    );
  });
}

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

// Started one by one they would take half a minute.
test.each([
  'stack',
  'messagebird',
  'deploy',
  'doctor',
  'backup',
  'bench',
  'screenshots',
  'db:dump',
  'db:types'
])('npm run %s reads its command line in the way that knows --help', (name) => {
  const program = readFileSync(scripts[name]?.replace(/^node /, '') ?? '', 'utf8');
  expect(program).toContain('commandLine(import.meta.filename, {');
  expect(program).toMatch(new RegExp(`^/\\*\\*[^/]*npm run ${name}\\b`));
});

test('--help tells what a command takes, and whoever mistypes is told as well', async () => {
  const help = await run('tools/backup.ts', ['--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/^`npm run backup -- save <file>`: every record/);
  expect(help.stdout).not.toMatch(/^ ?\*|\/\*/m);
  const mistyped = await run('tools/backup.ts', ['--no-such-thing']);
  expect(mistyped).toMatchObject({ code: 2, stdout: '' });
  expect(mistyped.stderr).toBe(`Unknown option '--no-such-thing'.\n\n${help.stdout}`);
});

test.concurrent.each([
  [
    'save',
    '/nowhere/medq.gz',
    'postgresql://postgres@127.0.0.1:1/postgres',
    'no such file or folder: /nowhere'
  ],
  [
    'save',
    'medq.gz',
    'postgresql://postgres@127.0.0.1:1/postgres',
    'does not let us in: connect ECONNREFUSED'
  ],
  ['save', 'package.json', 'postgresql://postgres@127.0.0.1:1/postgres', 'a file package.json already'],
  ['save', 'medq.gz', 'db.example.org', 'SUPABASE_DB_URL is no address'],
  [
    'restore',
    'nowhere.gz',
    'postgresql://postgres@127.0.0.1:1/postgres',
    'no such file or folder: nowhere.gz'
  ],
  [
    'restore',
    'package.json',
    'postgresql://postgres@127.0.0.1:1/postgres',
    'package.json is no backup of MedQ'
  ]
])('npm run backup -- %s %s, of %s: %s', async (what, file, address, sentence) => {
  const { code, stdout, stderr } = await run('tools/backup.ts', [what, file], { SUPABASE_DB_URL: address });
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});
