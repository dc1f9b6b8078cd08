import { readFileSync } from 'node:fs';
import path from 'node:path';
import postgres from 'postgres';
import { supabaseDirectory } from './settings/config.ts';

/** How to sign in at the desk of the demo clinic, and where its board is. */
export interface DemoDesk {
  /** By name, with what each may do: "priya (manager)". */
  staff: string[];
  password: string;
  /** What opens the board in the waiting room; null once it was revoked. */
  boardToken: string | null;
}

// As seed-staff.sql has them.
const PASSWORD = 'three quiet lakes';
const BOARD_TOKEN = 'demo-demo-demo-demo';
const CLINIC = 'c11c0000-0000-4000-8000-000000000001';

/**
 * Makes sure that the demo clinic has a busy day today, also when its data was made on another (seed-today.sql).
 *
 * @param url logs in as `postgres`
 * @returns undefined where there is no demo clinic, or nobody works there
 */
export async function beginDemoDay(url: string): Promise<DemoDesk | undefined> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(readFileSync(path.join(supabaseDirectory, 'seed-today.sql'), 'utf8'));
    const staff = await sql<{ username: string; role: string }[]>`
      select p.username, s.role from public.clinic_staff s join public.patients p on p.user_id = s.user_id
      where s.clinic_id = ${CLINIC} and p.username is not null order by s.role desc, p.username`;
    const boards = await sql`
      select from public.boards where token_hash = private.board_hash(${BOARD_TOKEN}) and revoked_at is null`;
    if (staff.length === 0) return undefined;
    return {
      staff: staff.map(({ username, role }) => (role === 'manager' ? `${username} (${role})` : username)),
      password: PASSWORD,
      boardToken: boards.length > 0 ? BOARD_TOKEN : null
    };
  } finally {
    await sql.end();
  }
}

/** What `npm start` prints about it, as names and values. */
export function demoRows(siteUrl: string, demo: DemoDesk | undefined): [name: string, value: string][] {
  if (!demo) return [];
  const { staff, password, boardToken } = demo;
  const rows: [string, string][] = [
    ['Desk', `${siteUrl}/desk`],
    ['  sign in as', `${staff.join(' or ')}; password: ${password}`],
    ['  code', 'is texted: see the SMS inbox']
  ];
  return boardToken ? [...rows, ['Waiting room', `${siteUrl}/board/${boardToken}`]] : rows;
}
