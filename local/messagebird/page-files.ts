import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import process from 'node:process';
import { Refusal } from './http.ts';

const directory = new URL('./page/', import.meta.url);

const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ts: 'text/javascript; charset=utf-8'
};

/** The page loads nothing from anywhere else, and nothing that a text message says can become a script. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer'
};

/** A file of the page; TypeScript is served without its types, so that there is nothing to build. */
export async function servePage(path: string): Promise<Response> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const [, extension = ''] = /^[\w-]+\.(html|css|svg|ts)$/.exec(name) ?? [];
  const type = contentTypes[extension];
  const file =
    type === undefined ? undefined : await readFile(new URL(name, directory), 'utf8').catch(() => undefined);
  if (type === undefined || file === undefined) throw new Refusal(404, 'There is no such page.');
  const body = extension === 'ts' ? stripTypes(file) : file;
  return new Response(body, { headers: { ...pageHeaders, 'content-type': type } });
}

/** Node marks the function as experimental and would say so in the terminal of everybody who opens the page. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
