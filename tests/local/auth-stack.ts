import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { createAuth, type Auth, type AuthOptions } from '../../local/auth/index.ts';
import { loadKeys } from '../../local/keys.ts';
import { freePort } from '../../local/ports.ts';
import { applyBootstrap } from '../../local/postgres/bootstrap.ts';
import { initialisePostgres, startPostgres } from '../../local/postgres/server.ts';
import { temporaryDataDirectory } from '../../local/settings.ts';

export interface AuthStack {
  apiUrl: string;
  anonKey: string;
  serviceRoleKey: string;
  jwtSecret: string;
  /** As the superuser. */
  admin: postgres.Sql;
  /** As the role that runs migrations. */
  migrator: postgres.Sql;
  /** A further Auth on the same database, for settings that the project does not have. */
  authWith(options: Partial<AuthOptions>): Auth;
  close(): Promise<void>;
}

function serve(auth: Auth): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = `http://${incoming.headers.host}${(incoming.url ?? '').replace('/auth/v1', '')}`;
    const response = await auth.fetch(
      new Request(url, {
        method: incoming.method,
        headers: Object.fromEntries(
          Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])
        ),
        body: chunks.length > 0 ? Buffer.concat(chunks) : undefined
      })
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      resolve({
        url: `http://127.0.0.1:${address.port}`,
        close: () => new Promise((done) => server.close(() => done()).closeAllConnections())
      });
    });
  });
}

export async function startAuthStack(): Promise<AuthStack> {
  const root = temporaryDataDirectory();
  const keys = await loadKeys(path.join(root, 'keys.json'));
  const cluster = path.join(root, 'postgres');
  mkdirSync(cluster, { recursive: true });
  await initialisePostgres(cluster, keys.passwords.supabase_admin);
  const port = await freePort();
  const server = await startPostgres({
    dataDirectory: cluster,
    port,
    logFile: path.join(root, 'log'),
    durable: false
  });
  const urlAs = (role: keyof typeof keys.passwords) =>
    `postgres://${role}:${keys.passwords[role]}@127.0.0.1:${port}/postgres`;
  const admin = postgres(urlAs('supabase_admin'), { max: 3, onnotice: () => {} });
  await applyBootstrap(admin);
  for (const role of ['postgres', 'supabase_auth_admin'] as const) {
    await admin.unsafe(`alter role ${role} password '${keys.passwords[role]}'`);
  }
  const migrator = postgres(urlAs('postgres'), { max: 2, onnotice: () => {} });
  const options = {
    databaseUrl: urlAs('supabase_auth_admin'),
    jwtSecret: keys.jwt_secret,
    issuer: 'http://127.0.0.1/auth/v1'
  };
  const auth = createAuth(options);
  const gateway = await serve(auth);
  return {
    apiUrl: gateway.url,
    anonKey: keys.anon_key,
    serviceRoleKey: keys.service_role_key,
    jwtSecret: keys.jwt_secret,
    admin,
    migrator,
    authWith: (more) => createAuth({ ...options, ...more }),
    async close() {
      await gateway.close();
      await auth.close();
      await Promise.all([admin.end(), migrator.end()]);
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    }
  };
}

/** A client as a browser has it, with a session of its own. */
export function aClient({ apiUrl, anonKey }: AuthStack): SupabaseClient {
  return createClient(apiUrl, anonKey, { auth: { autoRefreshToken: false, persistSession: false } });
}

/** A client with the secret key. */
export function anAdmin({ apiUrl, serviceRoleKey }: AuthStack): SupabaseClient {
  return createClient(apiUrl, serviceRoleKey, { auth: { autoRefreshToken: false, persistSession: false } });
}

/** A phone number nobody has, as Auth stores it. */
export function aPhone(): string {
  return `9199${randomInt(10_000_000, 99_999_999)}`;
}

export const password = 'correct horse';

/** A user with a confirmed phone and the usual password. */
export async function aUser(stack: AuthStack, phone = aPhone()): Promise<{ id: string; phone: string }> {
  const { data, error } = await anAdmin(stack).auth.admin.createUser({
    phone,
    password,
    phone_confirm: true
  });
  if (error) throw error;
  return { id: data.user.id, phone };
}

/** A client of that user, signed in, with the session it got. */
export async function signIn(stack: AuthStack, phone: string, secret = password) {
  const client = aClient(stack);
  const { data, error } = await client.auth.signInWithPassword({ phone, password: secret });
  if (error) throw error;
  return { client, session: data.session };
}
