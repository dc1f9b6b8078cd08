import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { supabaseDirectory } from '../../local/settings/config.ts';

/** What is deployed. The seed, and settings of the stack, are not among it: what is not there cannot go along. */
const deployed = ['migrations', 'functions'];

/** A copy of the folder `supabase` as it is deployed, that only we can read. */
export interface WorkFolder {
  /** The folder that holds the copy. */
  path: string;
  /** Writes a file beside it, for a program that reads one, and returns its path. */
  write(name: string, text: string): string;
  /** Changes config.toml. */
  configure(change: (config: string) => string): void;
  remove(): void;
}

/**
 * Copies what is deployed, with the address of the site in the settings of Auth.
 *
 * @param siteUrl an address without quotes
 */
export function createWorkFolder(siteUrl: string): WorkFolder {
  const folder = mkdtempSync(path.join(tmpdir(), 'medq-deploy-'));
  const copy = path.join(folder, 'supabase');
  const config = path.join(copy, 'config.toml');
  mkdirSync(copy);
  for (const name of deployed) {
    cpSync(path.join(supabaseDirectory, name), path.join(copy, name), {
      recursive: true,
      filter: (source) => !/(?:^|\/)(?:node_modules|\.env[^/]*)$/.test(source)
    });
  }
  const original = readFileSync(path.join(supabaseDirectory, 'config.toml'), 'utf8');
  const own = original.replace(/^site_url = .*$/m, () => `site_url = "${siteUrl}"`);
  writeFileSync(config, own);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    path: folder,
    write(name, text) {
      const file = path.join(folder, name);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    configure: (change) => writeFileSync(config, change(readFileSync(config, 'utf8'))),
    remove() {
      process.off('exit', remove);
      remove();
    }
  };
}
