import type { Page } from 'playwright-core';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { aPatient, signIn, type Clinic, type Opening, type Patient } from './setting.ts';

interface Options {
  role?: 'desk' | 'manager';
  /** Who; unless told, somebody new. */
  person?: Patient;
  page?: Parameters<typeof openPage>[1];
}

/** A page of the desk, as somebody sees it who works at a clinic and has opened its desk; unless told, a manager. */
export async function atDesk(
  { browser, sql, site }: Opening,
  path: string,
  clinic: Pick<Clinic, 'id'>,
  { role = 'manager', person, page: options = { viewport: DESK } }: Options = {}
): Promise<Page> {
  const who = person ?? (await aPatient(sql));
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${who.phone}, 'Meena Iyer', ${role})`;
  const page = await openPage(browser, options);
  await signIn(page, site, who);
  const [session] = await sql<{ id: string }[]>`
    select id from auth.sessions where user_id = ${who.userId} order by created_at desc limit 1`;
  await openDesk(sql, { userId: who.userId, sessionId: session?.id ?? '' });
  await page.goto(`${site}${path}`);
  return page;
}
