// A backup of a clinic at work, the loss of its database, and what is there again afterwards.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { migrate } from '../../local/postgres/migrations.ts';
import { withScratchDatabase } from '../../local/postgres/scratch.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots } from '../helpers/world.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const directory = mkdtempSync(path.join(tmpdir(), 'medq-backup-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = path.join(directory, 'medq.gz');

async function backup(
  sql: postgres.Sql,
  ...args: string[]
): Promise<{ code: number | null; output: string }> {
  const { host, port, user, pass, database } = sql.options;
  const address = `postgres://${user}:${String(pass)}@${host[0]}:${port[0]}/${database}`;
  const child = spawn(process.execPath, ['tools/backup.ts', ...args], {
    cwd: project,
    env: { ...process.env, SUPABASE_DB_URL: address },
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

const ready = async (sql: postgres.Sql) => migrate(sql, path.join(project, 'supabase', 'migrations'));

/** Patients with and without an account, bookings of both channels, words that are hard to write down, and a changed text. */
async function aClinicAtWork(sql: postgres.Sql): Promise<void> {
  const clinic = await aClinic(sql, { name: "St. John's \\ 'க்ளினிக்'", address: 'Line 1\nLine 2\r\n\\.\n\t' });
  const doctor = await aPractitioner(sql, clinic, { name: 'மருத்துவர் லட்சுமி' });
  const [first, second, third] = await nextSlots(sql, doctor, 3);
  if (!first || !second || !third) throw new Error('There are no slots.');
  await book(sql, await aPatient(sql, { account: true, password: 'three quiet lakes' }), doctor, first);
  await book(sql, await aPatient(sql), doctor, second, { channel: 'ivr' });
  const appointment = await book(sql, await aPatient(sql), doctor, third);
  await sql`update public.appointments set status = 'cancelled' where id = ${appointment.id}`;
  await sql`update public.sms_settings set daily_cap = 7`;
}

/** Every row of every table, as text. */
async function everything(sql: postgres.Sql): Promise<Record<string, string[]>> {
  const names = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind = 'r' and (c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      or c.oid in ('auth.users'::regclass, 'auth.identities'::regclass)) order by 1`;
  const rows: Record<string, string[]> = {};
  for (const { name } of names) {
    const found = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} t order by 1`);
    rows[name] = found.map(({ row }) => row);
  }
  return rows;
}

test('nothing is lost', async () => {
  let before: Record<string, string[]> = {};
  let last = 0;
  const lastAudit = (sql: postgres.Sql) =>
    sql<{ id: number }[]>`select max(id)::int as id from public.audit_events`;
  await withScratchDatabase(async (sql) => {
    await ready(sql);
    await aClinicAtWork(sql);
    before = await everything(sql);
    [{ id: last } = { id: 0 }] = await lastAudit(sql);
    const saved = await backup(sql, 'save', file);
    expect(saved.output).toContain('keep it where nobody else reads it');
    expect(saved.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // It replaces no other.
    expect((await backup(sql, 'save', file)).code).toBe(1);
    // Nor what is there.
    const refused = await backup(sql, 'restore', file);
    expect(refused).toEqual({
      code: 1,
      output: expect.stringContaining('There is somebody in this database')
    });
    expect(await everything(sql)).toEqual(before);
  });
  expect(before['auth.users']).toHaveLength(1);
  expect(before['public.appointments'] ?? before.appointments).toHaveLength(3);

  await withScratchDatabase(async (sql) => {
    await ready(sql);
    // As a deployment enters it.
    await aClinic(sql);
    const restored = await backup(sql, 'restore', file);
    expect(restored.output).toMatch(/^\d+ tables are restored\./);
    expect(await everything(sql)).toEqual(before);
    // Work goes on: triggers fire again, and numbers go on where they were.
    await sql`update public.clinics set address = 'elsewhere'`;
    const [{ id } = { id: 0 }] = await lastAudit(sql);
    expect(id).toBeGreaterThan(last);
  });
});

test('of a backup that ends in the middle nothing is restored', async () => {
  const half = path.join(directory, 'half.gz');
  const whole = readFileSync(file);
  writeFileSync(half, whole.subarray(0, whole.length / 2));
  await withScratchDatabase(async (sql) => {
    await ready(sql);
    const { code, output } = await backup(sql, 'restore', half);
    expect(output).toBe(`${half} ends in the middle. Nothing was restored.\n`);
    expect(code).toBe(1);
    expect(await sql`select from public.patients`).toHaveLength(0);
  });
});

test('a backup that fails leaves nothing that could be taken for one', async () => {
  await withScratchDatabase(async (sql) => {
    const { code, output } = await backup(sql, 'save', path.join(directory, 'failed.gz'));
    expect(output).toContain('MedQ is not in this database');
    expect(code).toBe(1);
    expect(readdirSync(directory).filter((name) => name.startsWith('failed'))).toEqual([]);
  });
});

test('a database of another version is left alone', async () => {
  await withScratchDatabase(async (sql) => {
    await ready(sql);
    await sql`delete from supabase_migrations.schema_migrations where version = '20261125002200'`;
    const { code, output } = await backup(sql, 'restore', file);
    expect(output).toContain('made with other migrations');
    expect(code).toBe(1);
    expect(await sql`select from public.clinics`).toHaveLength(0);
  });
});
