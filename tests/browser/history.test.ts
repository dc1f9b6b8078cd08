import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aBooking, aClinic, aPatient, opening, signIn } from './setting.ts';

const { browser, sql, site } = await opening();

test.each([true, false])(
  'every appointment of many years can be seen, a hundred at a time (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    await aBooking(sql, patient, clinic, { days: 2 });
    await sql`
      insert into public.appointments (patient_id, practitioner_id, starts_at, channel, status)
      select ${patient.id}, ${clinic.practitionerId},
        ((now() at time zone 'Asia/Kolkata')::date - past + time '10:00') at time zone 'Asia/Kolkata', 'desk', 'fulfilled'
      from generate_series(1, 204) past`;
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    const shown = new Set<string>();
    const look = async (count: number) => {
      const ids = await page
        .locator('[data-appointment]')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-appointment') ?? ''));
      expect(ids).toHaveLength(count);
      for (const id of ids) shown.add(id);
    };
    await look(100);
    const more = page.getByRole('link', { name: 'Earlier appointments' });
    await more.click();
    await page.waitForURL(`${site}/appointments/earlier`);
    await look(100);
    await more.click();
    await page.waitForURL(`${site}/appointments/earlier?page=3`);
    await look(5);
    expect(shown.size).toBe(205);
    expect(await more.count()).toBe(0);
    await page.getByRole('link', { name: 'More recent' }).click();
    await page.waitForURL(`${site}/appointments/earlier?page=2`);
    await page.getByRole('link', { name: 'Your appointments' }).click();
    await page.waitForURL(`${site}/appointments`);
  }
);
