import { afterAll, expect, test } from 'vitest';
import { temporaryPassword } from '../../supabase/functions/provision-accounts/password.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { signedIn } from '../helpers/signed-in.ts';
import {
  closeDatabases,
  databaseAsAdmin,
  databaseAsPostgres,
  serviceClient,
  theStack
} from '../helpers/stack.ts';
import { aPhone, aRegistration, permit } from '../helpers/world.ts';

const { api_url, inbox_url, functions_secret, publishable_key } = theStack();
const sql = databaseAsPostgres();
const superuser = databaseAsAdmin();
afterAll(closeDatabases);

const admin = serviceClient().auth.admin;

const provision = (headers: Record<string, string> = { authorization: `Bearer ${functions_secret}` }) =>
  fetch(`${api_url}/functions/v1/provision-accounts`, { method: 'POST', headers });

interface Job {
  id: string;
  password_seed: string;
  done_at: Date | null;
  attempts: number;
}

async function aPatient(phone = aPhone()): Promise<{ id: string; phone: string }> {
  const [patient] = await sql<
    { id: string }[]
  >`insert into public.patients (phone) values (${phone}) returning id`;
  return { id: String(patient?.id), phone };
}

/** Takes the account away from its patient, which no role of the product may do. */
async function withoutLink(phone: string): Promise<string> {
  return superuser.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    const [patient] = await tx<{ id: string }[]>`
      update public.patients set user_id = null, account_origin = null where phone = ${phone} returning id`;
    return String(patient?.id);
  });
}

/** Queues what a booking by phone queues. `wait` keeps it from being done at once, until `hurry`. */
async function aJob(patientId: string, wait = false): Promise<Job> {
  const due = new Date(Date.now() + (wait ? 3_600_000 : 0));
  const [job] = await sql<Job[]>`
    insert into private.account_jobs (patient_id, next_attempt_at) values (${patientId}, ${due}) returning *`;
  if (!job) throw new Error('The job was not inserted.');
  return job;
}

const hurry = ({ id }: Job) => sql`update private.account_jobs set next_attempt_at = now() where id = ${id}`;

async function jobDone({ id }: Job): Promise<void> {
  const isDone = async () => {
    const [row] = await sql<Job[]>`select * from private.account_jobs where id = ${id}`;
    return row?.done_at !== null;
  };
  await expect.poll(isDone, { timeout: 20_000, interval: 50 }).toBe(true);
}

const usersOf = (phone: string) =>
  sql<{ id: string }[]>`select id from auth.users where phone = ${phone.slice(1)}`;
const welcomesOf = async (phone: string) =>
  (await textsOf(inbox_url, phone)).filter(({ body }) => body.startsWith('Welcome to MedQ!'));

test('strangers may not call it', async () => {
  const strangers: Record<string, string>[] = [
    {},
    { apikey: publishable_key },
    { authorization: `Bearer ${publishable_key}` }
  ];
  for (const headers of strangers) {
    const response = await provision(headers);
    expect(response.status).toBe(401);
  }
});

test('a phone that booked by call gets an account, and an SMS with what signs in to it', async () => {
  const { id, phone } = await aPatient();
  await aJob(id);
  const { body } = await smsTo(inbox_url, phone, 'Welcome to MedQ!');
  const password = /^Password: ([A-HJ-NP-Z2-9]{8})$/m.exec(body)?.[1] ?? '';
  expect(body).toBe(
    'Welcome to MedQ! A web account has been created for you.\n' +
      `Username: ${phone}\nPassword: ${password}\nYou can now view your appointments online!`
  );

  const account = await signedIn(theStack(), phone, password);
  const status = await account?.client.rpc('account_status').single();
  expect(status?.data).toMatchObject({ patient_id: id, must_change_password: true });
  const [patient] = await sql`select user_id, account_origin from public.patients where id = ${id}`;
  expect(patient).toEqual({ user_id: account?.session.user.id, account_origin: 'ivr' });
});

test('a job done many times at once makes one account and one welcome', async () => {
  const { id, phone } = await aPatient();
  const job = await aJob(id, true);
  await hurry(job);
  await Promise.all(Array.from({ length: 5 }, () => provision()));
  await jobDone(job);
  await smsTo(inbox_url, phone, 'Welcome to MedQ!');
  // As if its worker had died after all was done, and the row had come back.
  await sql`update private.account_jobs set done_at = null where id = ${job.id}`;
  await hurry(job);
  expect(await (await provision()).json()).toMatchObject({ failed: 0 });
  await jobDone(job);
  expect(await usersOf(phone)).toHaveLength(1);
  expect(await welcomesOf(phone)).toHaveLength(1);
});

test('an account that an earlier run of the job made is finished, with the same password', async () => {
  const { id, phone } = await aPatient();
  const job = await aJob(id, true);
  const password = await temporaryPassword(functions_secret, job.id, job.password_seed);
  const made = await admin.createUser({
    phone,
    phone_confirm: true,
    password,
    app_metadata: { account_job: job.id }
  });
  expect(made.error).toBeNull();
  await hurry(job);
  await provision();
  const { body } = await smsTo(inbox_url, phone, 'Welcome to MedQ!');
  expect(body).toContain(`Password: ${password}\n`);
  const account = await signedIn(theStack(), phone, password);
  expect(account?.session.user.id).toBe(made.data.user?.id);
  expect(await usersOf(phone)).toHaveLength(1);
});

test('an account that its owner registered meanwhile is left alone', async () => {
  const phone = aPhone();
  const password = 'the owner chose this one';
  const made = await admin.createUser({
    phone,
    phone_confirm: true,
    password,
    app_metadata: { registration: await aRegistration(sql, phone) }
  });
  expect(made.error).toBeNull();
  // The link is missing, as it is for an account that appears between claim and creation.
  const job = await aJob(await withoutLink(phone));
  await jobDone(job);
  expect(await welcomesOf(phone)).toEqual([]);
  // At Auth: whom our function signs in has a patient.
  expect((await serviceClient().auth.signInWithPassword({ phone, password })).error).toBeNull();
});

test('an account that its owner registers in the same moment is found, and the job is done at the first attempt', async () => {
  const { id, phone } = await aPatient();
  const job = await aJob(id, true);
  const registration = await aRegistration(sql, phone);
  // Whoever makes an account of this phone waits here, after having seen that the phone has none.
  const holder = await sql.reserve();
  await holder`begin`;
  await holder`select private.come_one_after_the_other(${`account of ${phone.slice(1)}`})`;
  const [self] = await holder<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const waiting = () => sql`
    select from pg_stat_activity where ${self?.pid ?? 0} = any (pg_blocking_pids(pid))`;
  const owner = admin.createUser({ phone, phone_confirm: true, app_metadata: { registration } });
  await expect.poll(waiting).toHaveLength(1);
  await hurry(job);
  const provisioned = provision();
  await expect.poll(waiting).toHaveLength(2);
  await holder`commit`;
  holder.release();

  expect((await owner).error).toBeNull();
  expect((await provisioned).status).toBe(200);
  // It may be the stack's own run that has it.
  await jobDone(job);
  const [row] = await sql`select * from private.account_jobs where id = ${job.id}`;
  expect(row).toMatchObject({ attempts: 1, last_error: null, done_at: expect.any(Date) });
  expect(await welcomesOf(phone)).toEqual([]);
});

test('a password that was chosen meanwhile is never set back', async () => {
  const { id, phone } = await aPatient();
  const job = await aJob(id);
  const { body } = await smsTo(inbox_url, phone, 'Welcome to MedQ!');
  const account = await signedIn(theStack(), phone, /Password: (\S+)/.exec(body)?.[1] ?? '');
  const chosen = 'my very own words';
  await permit(sql, account?.session.user.id ?? '', 'password');
  expect((await account?.client.auth.updateUser({ password: chosen }))?.error).toBeNull();
  await sql`update private.account_jobs set done_at = null where id = ${job.id}`;
  await hurry(job);
  await provision();
  await jobDone(job);
  expect(await signedIn(theStack(), phone, chosen)).toBeDefined();
  expect(await welcomesOf(phone)).toHaveLength(1);
});

test('a job that fails comes back later, and the next run succeeds', async () => {
  const { id, phone } = await aPatient();
  const job = await aJob(id, true);
  // Auth cannot write this one account.
  await sql.unsafe(`
    create function private.test_refuse_user() returns trigger language plpgsql as
      $$ begin raise exception 'not today'; end $$;
    create trigger test_refuse_user before insert on auth.users
      for each row when (new.phone = '${phone.slice(1)}') execute function private.test_refuse_user();`);
  try {
    await hurry(job);
    await provision();
    const rowOf = async () => (await sql`select * from private.account_jobs where id = ${job.id}`)[0];
    await expect.poll(rowOf, { timeout: 20_000 }).toMatchObject({ last_error: expect.stringMatching(/\w/) });
    const row = await rowOf();
    expect(row?.done_at).toBeNull();
    expect(row?.next_attempt_at.getTime()).toBeGreaterThan(Date.now());
  } finally {
    await sql.unsafe('drop trigger test_refuse_user on auth.users; drop function private.test_refuse_user()');
  }
  await hurry(job);
  await provision();
  await jobDone(job);
  await smsTo(inbox_url, phone, 'Welcome to MedQ!');
});
