/**
 * A project at supabase.com, for the real CLI: the Management API as far as deploying needs it, before a bare embedded
 * stack. What the CLI sets takes effect: Auth changes, functions are served with their secrets, SQL runs.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { z } from 'zod';
import { startStack, type Stack } from '../../local/start-stack.ts';
import { AuthConfig } from './auth-config.ts';

export interface HostedProject {
  stack: Stack;
  /** As role postgres. */
  sql: postgres.Sql;
  ref: string;
  /** What tells the CLI, and us, that this is where Supabase is. */
  environment: NodeJS.Dict<string>;
  /** What was asked for that changes something: method and path below the project. */
  changes: string[];
  /** The secrets of the functions. */
  secrets: ReadonlyMap<string, string>;
  auth: AuthConfig;
  /** Lets requests that begin like this fail, as `PATCH /config/auth`; the returned function mends it. */
  breakAt(request: string, status?: number): () => void;
  close(): Promise<void>;
}

interface Answer {
  status?: number;
  body: unknown;
}

type Route = (body: string, query: URLSearchParams) => Answer | Promise<Answer>;

const ref = 'abcdefghijklmnopqrst';
const named = z.array(z.object({ name: z.string(), value: z.string() }));
const asked = z.object({ query: z.string() });
const bundled = z.array(z.object({ slug: z.string() }));

/** Whether a query changes nothing; it is then held to it. */
const onlyLooks = (query: string) => /^select (?!vault\.)/.test(query);

interface DeployedFunction {
  slug: string;
  version: number;
}

/** A function as the Management API tells of it. */
function aFunction(slug: string, version: number): DeployedFunction {
  const at = { created_at: Date.now(), updated_at: Date.now() };
  return Object.assign(
    { slug, version },
    { id: slug, name: slug, status: 'ACTIVE', verify_jwt: false, ...at }
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export async function startHostedProject(): Promise<HostedProject> {
  const lines: string[] = [];
  const stack = await startStack({ ephemeral: true, bare: true, log: (line) => lines.push(line) });
  const { addresses } = stack;
  const sql = postgres(addresses.db_url, { onnotice: () => undefined });
  const database = new URL(addresses.db_url);
  const admin = postgres(addresses.admin_db_url, { max: 1, onnotice: () => undefined });
  const token = `sbp_${randomBytes(20).toString('hex')}`;
  const auth = new AuthConfig((settings) => stack.project.configureAuth(settings), stack.project.auth);
  const secrets = new Map<string, string>();
  const functions = new Map<string, DeployedFunction>();
  const broken = new Map<string, number>();
  const changes: string[] = [];
  const serve = () => stack.project.serveFunctions([...functions.keys()], Object.fromEntries(secrets));

  const routes: Record<string, Route> = {
    'GET ': () => ({
      body: {
        id: ref,
        ref,
        organization_id: 'clinic',
        organization_slug: 'clinic',
        name: 'clinic',
        region: 'ap-south-1',
        created_at: '2026-01-01T00:00:00Z',
        status: 'ACTIVE_HEALTHY',
        database: { host: 'db', version: '17.6.1', postgres_engine: '17', release_channel: 'ga' }
      }
    }),
    'GET /api-keys': () => ({
      body: [
        { id: 'a', name: 'anon', type: 'legacy', api_key: addresses.anon_key },
        { id: 'p', name: 'default', type: 'publishable', api_key: addresses.publishable_key }
      ]
    }),
    'GET /config/database/pooler': () => ({
      body: [
        {
          identifier: ref,
          database_type: 'PRIMARY',
          is_using_scram_auth: true,
          db_user: `postgres.${ref}`,
          db_host: database.hostname,
          db_port: Number(database.port),
          db_name: 'postgres',
          connection_string: `postgresql://postgres.${ref}:[YOUR-PASSWORD]@${database.host}/postgres?sslmode=disable`,
          connectionString: `postgresql://postgres.${ref}:[YOUR-PASSWORD]@${database.host}/postgres?sslmode=disable`,
          default_pool_size: 15,
          max_client_conn: 200,
          pool_mode: 'transaction'
        }
      ]
    }),
    'POST /cli/login-role': async () => {
      const password = randomBytes(16).toString('hex');
      // The pooler knows whose database it is by what follows the dot.
      await admin.unsafe(`
        drop role if exists "cli_login_postgres.${ref}";
        create role "cli_login_postgres.${ref}" login password '${password}' in role postgres;`);
      return { status: 201, body: { role: 'cli_login_postgres', password, ttl_seconds: 300 } };
    },
    'POST /database/query': async (body) => {
      const { query } = asked.parse(JSON.parse(body));
      const rows = await sql.begin(onlyLooks(query) ? 'read only' : 'read write', (transaction) =>
        transaction.unsafe(query)
      );
      return { status: 201, body: [...rows] };
    },
    'GET /config/auth': () => ({ body: auth.told() }),
    'PATCH /config/auth': async (body) => {
      await auth.change(z.record(z.string(), z.unknown()).parse(JSON.parse(body)));
      return { body: auth.told() };
    },
    'GET /billing/addons': () => ({ body: { available_addons: [], selected_addons: [] } }),
    'GET /secrets': () => ({
      body: [...secrets].map(([name, value]) => ({
        name,
        value: createHash('sha256').update(value).digest('hex'),
        updated_at: '2026-01-01T00:00:00Z'
      }))
    }),
    'POST /secrets': async (body) => {
      for (const { name, value } of named.parse(JSON.parse(body))) secrets.set(name, value);
      await serve();
      return { status: 201, body: {} };
    },
    'DELETE /secrets': async (body) => {
      for (const name of z.array(z.string()).parse(JSON.parse(body))) secrets.delete(name);
      await serve();
      return { body: {} };
    },
    'GET /functions': () => ({ body: [...functions.values()] }),
    'POST /functions/deploy': (_body, query) => {
      return { status: 201, body: aFunction(query.get('slug') ?? '', 1) };
    },
    'PUT /functions': async (body) => {
      for (const { slug } of bundled.parse(JSON.parse(body))) {
        functions.set(slug, aFunction(slug, (functions.get(slug)?.version ?? 0) + 1));
      }
      await serve();
      return { body: { functions: [...functions.values()] } };
    }
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const body = await textOf(request);
    if (request.headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { message: 'Unauthorized' } };
    const [, version, below = ''] = new RegExp(`^/(v\\d)/projects/${ref}(/.*)?$`).exec(pathname) ?? [];
    if (version === 'v2' && below === '/config') {
      return { body: { data: { id: ref, type: 'project_config', attributes: auth.attributes() } } };
    }
    const called = `${request.method} ${below}`;
    const [, status] = [...broken].find(([prefix]) => called.startsWith(prefix)) ?? [];
    if (status !== undefined) return { status, body: { message: 'Something went wrong at Supabase' } };
    const reads =
      request.method === 'GET' ||
      (called === 'POST /database/query' && onlyLooks(asked.parse(JSON.parse(body)).query));
    if (!reads) changes.push(called);
    const route = routes[called];
    return (await route?.(body, searchParams)) ?? { status: 404, body: { message: `No ${called} here` } };
  }

  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: Error): Answer => ({ status: 400, body: { message: error.message } }))
      .then(({ status = 200, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const home = await mkdtemp(path.join(tmpdir(), 'medq-profile-'));
  const profile = path.join(home, 'profile.yaml');
  await writeFile(
    profile,
    [
      'name: test',
      `api_url: ${url}`,
      `dashboard_url: ${url}`,
      'project_host: 127.0.0.1',
      'pooler_host: 127.0.0.1',
      ''
    ].join('\n')
  );

  return {
    stack,
    sql,
    ref,
    environment: {
      HOME: home,
      SUPABASE_PROFILE: profile,
      MEDQ_MANAGEMENT_API: url,
      SUPABASE_ACCESS_TOKEN: token
    },
    changes,
    secrets,
    auth,
    breakAt(request, status = 500) {
      broken.set(request, status);
      return () => broken.delete(request);
    },
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([sql.end({ timeout: 5 }), admin.end({ timeout: 5 }), rm(home, { recursive: true })]);
      await stack.close();
    }
  };
}
