// Calls in another language say what clinic, doctors and specialties are called in it.
import { afterAll, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPhone, type Clinic } from '../helpers/world.ts';
import { anOpenClinic, anOpenDoctor, callTo, prompt } from './ivr-calls.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

async function aClinicInTamil(): Promise<Clinic> {
  const { clinic } = await anOpenClinic(sql);
  await anOpenDoctor(sql, clinic, 'Meera Iyer', 'Paediatrics');
  await sql`update public.clinics set other_locales = '{ta-IN}' where id = ${clinic.id}`;
  await sql`insert into public.translations (name, locale, translation, spoken_as, clinic_id) values
    ('Lakeside Clinic', 'ta-IN', 'ஏரிக்கரை கிளினிக்', null, ${clinic.id}),
    ('Dr. Anjali Rao', 'ta-IN', 'டாக்டர் அஞ்சலி ராவ்', 'டாக்டர் அஞ்சலி ராவு', ${clinic.id})`;
  return clinic;
}

test('a caller in Tamil hears names in Tamil from the first choice to the booking', async () => {
  const clinic = await aClinicInTamil();
  const phone = aPhone();
  const call = callTo(clinic, phone);
  expect(await call.dial()).toMatch(/^Welcome to Lakeside Clinic\./);
  await call.press('8');
  const specialties = await call.press('1');
  expect(specialties).toContain('பொது மருத்துவம் வேண்டுமென்றால்');
  expect(specialties).toContain('குழந்தைகள் மருத்துவம் வேண்டுமென்றால்');
  expect(await call.press('1')).toContain('டாக்டர் அஞ்சலி ராவு அவர்களிடம்');
  expect(await call.press('1')).toContain('டாக்டர் அஞ்சலி ராவு');
  const [sms] = await sql<{ body: string }[]>`
    select body from public.sms_messages where to_phone = ${phone} and template = 'appointment_booked'`;
  expect(sms?.body).toContain('டாக்டர் அஞ்சலி ராவ், ');

  const next = callTo(clinic, phone);
  expect(await next.dial()).toMatch(/^ஏரிக்கரை கிளினிக் உங்களை வரவேற்கிறது\./);
});

test('who is free on a day is told in Tamil, and who has no name in it by the usual one', async () => {
  const clinic = await aClinicInTamil();
  const call = callTo(clinic);
  await call.dial();
  await call.press('8');
  await call.press('2');
  await call.press('1');
  expect(prompt(call)).toContain('டாக்டர் அஞ்சலி ராவு, பொது மருத்துவம்');
  expect(prompt(call)).toContain('Doctor Meera Iyer, குழந்தைகள் மருத்துவம்');
});

test('a caller who hears no language that they read chooses one for the call only', async () => {
  const clinic = await aClinicInTamil();
  const phone = aPhone();
  await sql`insert into public.patients (phone, locale) values (${phone}, 'hi-IN')`;
  const call = callTo(clinic, phone);
  await call.dial();
  expect(prompt(call)).toMatch(
    /^Welcome to Lakeside Clinic\. தமிழில் கேட்க, எண் எட்டை அழுத்தவும்\. To book the next available/
  );
  expect(await call.press('8')).toContain('முன்பதிவு');
  const [patient] = await sql`select locale from public.patients where phone = ${phone}`;
  expect(patient).toEqual({ locale: 'hi-IN' });
});
