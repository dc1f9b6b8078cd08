// A family of four with one phone: a mother who books by phone for her two children and her father.
import { afterAll, expect, test } from 'vitest';
import { aDependent } from '../helpers/family.ts';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone, type Clinic } from '../helpers/world.ts';
import { anAppointmentOf, anOpenClinic, anOpenDoctor, callTo, codeTextedIn, recordOf } from './ivr-calls.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const names = ['Meera', 'Arun', 'Govind'];

async function aFamilyOfFour(options: Parameters<typeof anOpenClinic>[1] = {}) {
  const { clinic, doctor } = await anOpenClinic(sql, options);
  const phone = aPhone();
  const mother = await aPatient(sql, { phone });
  const others: string[] = [];
  for (const name of names) others.push(await aDependent(sql, mother, `${name} Rao`));
  return { clinic, doctor, phone, mother, others };
}

const appointmentsOf = (phone: string) =>
  sql<{ dependent_id: string | null; status: string; starts_at: Date; reference: string }[]>`
    select a.dependent_id, a.status, a.starts_at, a.reference
    from public.appointments a join public.patients p on p.id = a.patient_id
    where p.phone = ${phone} order by a.created_at`;

async function booked(clinic: Clinic, phone: string, ...keys: string[]): Promise<string> {
  const call = callTo(clinic, phone);
  await call.dial();
  await call.press(...keys);
  await call.hangUp();
  const heard = call.heard.join(' ');
  // Nobody is named: neither to whoever forged the number, nor in what travels.
  for (const name of names) {
    expect(heard).not.toContain(name);
    expect(JSON.stringify(call.requests.map(({ answer }) => answer))).not.toContain(name);
  }
  return heard;
}

test('a call books for each of them by their place, and the SMS says the name', async () => {
  const { clinic, phone, others } = await aFamilyOfFour();
  await anOpenDoctor(sql, clinic, 'Ravi Menon');
  const first = await booked(clinic, phone, '1', '3', '1');
  expect(first).toContain(
    'Who is the appointment for? For yourself, press 1. For the 1st person you book for, press 2. For the 2nd person you book for, press 3.'
  );
  expect(first).toContain('The appointment for the 2nd person you book for is booked.');
  await smsTo(inbox_url, phone, 'Arun: Booked: Dr. ');
  expect(await booked(clinic, phone, '1', '1', '1')).toContain('Your appointment is booked.');
  await smsTo(inbox_url, phone, ({ body }) => body.startsWith('Booked: Dr. '));
  const rows = await appointmentsOf(phone);
  expect(rows.map((row) => row.dependent_id)).toEqual([others[1], null]);
  // With two doctors both can have the same time.
  expect(rows[0]?.starts_at).toEqual(rows[1]?.starts_at);
});

test('star goes back to the menu, from where somebody else can be chosen, and the day is asked after that', async () => {
  const { clinic, phone, others } = await aFamilyOfFour();
  const call = callTo(clinic, phone);
  await call.dial();
  expect(await call.press('2')).toContain('Who is the appointment for?');
  expect(await call.press('9')).toContain('Who is the appointment for?');
  expect(await call.press('7')).toMatch(/not one of the choices.*press 1/);
  expect(await call.press('*')).toContain('To book the next available');
  await call.press('2', '4');
  expect(call.said()).toMatch(/day/);
  expect(await call.press('1')).toContain('To book it, press 1');
  expect(await call.press('1')).toContain('The appointment for the 3rd person you book for is booked.');
  const [row] = await appointmentsOf(phone);
  expect(row?.dependent_id).toBe(others[2]);
});

test('after a reference names are spoken: of what there is, what is moved, and for whom else to book', async () => {
  const { clinic, doctor, phone, others } = await aFamilyOfFour();
  const own = await anAppointmentOf(sql, phone, doctor, 3);
  await sql`update public.appointments set dependent_id = ${others[0] ?? null} where id = ${own.id}`;
  const call = callTo(clinic, phone);
  await call.dial();
  expect(await call.press('3')).not.toContain('Meera');
  expect(await call.press('1', own.reference)).toContain(
    'The appointment for Meera is with Doctor Anjali Rao'
  );
  expect(await call.press('*', '1')).toContain(
    'For yourself, press 1. For Meera, press 2. For Arun, press 3.'
  );
  await call.press('*', '4');
  expect(call.said()).toContain('The appointment for Meera');
  // The mother's own appointment is in nobody's way.
  expect(await call.press('2', '1')).toContain('The appointment for Meera is moved.');
  await smsTo(inbox_url, phone, 'Meera: Moved: ');
  const again = callTo(clinic, phone);
  await again.dial();
  await again.press('4', own.reference);
  expect(await again.press('1')).toMatch(/The appointment for Meera with .* is cancelled/);
  await smsTo(inbox_url, phone, 'Meera: Cancelled: ');
  expect((await recordOf(sql, again)).outcome).toBe('cancelled');
});

test('who is to come is kept while the number is proven with a code, and named then', async () => {
  const { clinic, phone, others } = await aFamilyOfFour({ phone_booking: 'proven' });
  const call = callTo(clinic, phone);
  await call.dial();
  await call.press('1', '2', '1');
  expect(call.said()).toContain('enter the code');
  expect(call.heard.join(' ')).not.toContain('Meera');
  expect(await call.press(await codeTextedIn(sql, inbox_url, call))).toContain(
    'The appointment for Meera is booked.'
  );
  expect((await appointmentsOf(phone)).map((row) => row.dependent_id)).toEqual([others[0]]);
});

test('whoever was removed meanwhile is not booked for, and callers without others are asked nothing', async () => {
  const { clinic, phone, others, mother } = await aFamilyOfFour();
  const call = callTo(clinic, phone);
  await call.dial();
  await call.press('1', '4');
  await sql`delete from public.dependents where id = ${others[2] ?? null}`;
  expect(await call.press('1')).toContain(
    'You do not book for this person any more. To book the next available'
  );
  expect(await appointmentsOf(phone)).toEqual([]);
  await sql`delete from public.dependents where patient_id = ${mother.id}`;
  expect(await call.press('1')).toContain('To book it, press 1');
});

test('whoever has the number after years of silence is asked for nobody of the family of who had it before', async () => {
  const { clinic, phone, mother } = await aFamilyOfFour();
  await sql`delete from private.signs_of_life where patient_id = ${mother.id}`;
  await sql`update public.patients set created_at = now() - interval '3 years' where id = ${mother.id}`;
  const heard = await booked(clinic, phone, '1', '1');
  expect(heard).not.toContain('Who is the appointment for?');
  expect(heard).toContain('Your appointment is booked.');
  expect((await appointmentsOf(phone)).map((row) => row.dependent_id)).toEqual([null]);
});
