/** A patient for the benchmarks of pages, with an account that really signs in. */
import { createClient } from '@supabase/supabase-js';
import type { Browser, Page } from 'playwright-core';
import type postgres from 'postgres';
import { openPage, sendSignIn } from '../tests/helpers/browser.ts';
import { aRegistration } from '../tests/helpers/world.ts';
import type { Stack } from '../local/start-stack.ts';

const password = 'Bench-password-1';

export interface BenchPatient {
  id: string;
  phone: string;
}

/** Makes the account in Auth, as the functions do, with `phone` as its name. */
export async function aBenchPatient(
  { addresses }: Pick<Stack, 'addresses'>,
  sql: postgres.Sql,
  phone: string
): Promise<BenchPatient> {
  const { api_url, secret_key } = addresses;
  const { auth } = createClient(api_url, secret_key, {
    auth: { persistSession: false, autoRefreshToken: false }
  });
  const { data, error } = await auth.admin.createUser({
    phone,
    password,
    phone_confirm: true,
    app_metadata: { registration: await aRegistration(sql, phone) }
  });
  if (error) throw error;
  const [row] = await sql<{ id: string }[]>`select id from public.patients where user_id = ${data.user.id}`;
  if (!row) throw new Error('The account has no patient.');
  return { id: row.id, phone };
}

/** Signs in on `page`, and waits until the changes there are live. */
export async function signIn(page: Page, siteUrl: string, { phone }: BenchPatient): Promise<void> {
  await sendSignIn(page, siteUrl, phone, password);
  await page.locator('[data-connection="live"]').waitFor();
}

/** A page of theirs on which the changes are live. Scripts come from the network, never from a service worker. */
export async function aLivePage(browser: Browser, siteUrl: string, patient: BenchPatient): Promise<Page> {
  const page = await openPage(browser, { serviceWorkers: 'block' });
  await signIn(page, siteUrl, patient);
  return page;
}
