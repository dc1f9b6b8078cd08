import { afterAll, beforeAll, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { aWish, send, type Answer, type Wish } from '../functions/account-api.ts';
import { aPhone } from '../helpers/world.ts';
import { startFaultyStack, type FaultyStack } from './faulty-stack.ts';

let stack: FaultyStack;
beforeAll(async () => {
  stack = await startFaultyStack();
});
afterAll(() => stack?.close());

const post = (name: string, body: unknown) => send(`${stack.addresses.api_url}/functions/v1/${name}`, body);
/** Asks again while the functions are starting. */
async function patiently(name: string, body: unknown): Promise<Answer> {
  const answers: Answer[] = [];
  await expect
    .poll(
      async () => {
        const answer = await post(name, body).catch(() => undefined);
        if (answer && answer.status < 500) answers.push(answer);
        return answers.length;
      },
      { timeout: 30_000, interval: 200 }
    )
    .toBeGreaterThan(0);
  const [answer] = answers;
  if (!answer) throw new Error('There was no answer.');
  return answer;
}

interface Waiting {
  wish: Wish;
  /** What verify-phone is sent. */
  proof: { verification_id: unknown; code: string };
}

/** A registration whose code has come. */
async function waiting(): Promise<Waiting> {
  const wish = aWish(aPhone());
  const asked = await patiently('register-patient', wish);
  expect(asked.status).toBe(201);
  const { body } = await smsTo(stack.addresses.inbox_url, wish.phone_number, 'is your MedQ code');
  return { wish, proof: { verification_id: asked.body.verification_id, code: body.slice(0, 6) } };
}

const usersOf = ({ phone_number }: Wish) =>
  stack.sql`select id from auth.users where phone = ${phone_number.slice(1)}`;

async function expectOneUsableAccount(wish: Wish): Promise<void> {
  const { phone_number: phone, password, username, name, age } = wish;
  expect(await usersOf(wish)).toHaveLength(1);
  const signedIn = await patiently('sign-in', { username: phone, password });
  expect(signedIn.body).toMatchObject({ user: { username, name, age, phone_number: phone } });
  expect(await stack.sql`select id from patients where phone = ${phone}`).toHaveLength(1);
}

test('a function killed while Auth makes the account leaves one account, which signs in', async () => {
  const { wish, proof } = await waiting();
  const release = await stack.lockTable('auth.users');
  const lost = post('verify-phone', proof).catch(() => undefined);
  await stack.backendWaitingIn('insert into auth.users');
  await stack.killFunctions();
  await release();
  await lost;
  // Auth finishes what it was asked for, and nobody hears of it.
  await expect.poll(() => usersOf(wish), { timeout: 20_000 }).toHaveLength(1);
  await expectOneUsableAccount(wish);
  const again = await patiently('register-patient', { ...aWish(wish.phone_number) });
  expect(again.body.error).toBe('phone_already_registered');
});

test('a code whose account Auth could not make works again, and makes it', async () => {
  const { wish, proof } = await waiting();
  await stack.sql.unsafe(`
    create function private.test_refuse_user() returns trigger language plpgsql as
      $$ begin raise exception 'not today'; end $$;
    create trigger test_refuse_user before insert on auth.users
      for each row when (new.phone = '${wish.phone_number.slice(1)}') execute function private.test_refuse_user();`);
  try {
    // More often than there are guesses: the right code takes none.
    for (let count = 0; count < 6; count++) {
      const failed = await post('verify-phone', proof);
      expect(failed.status).toBe(500);
      expect(failed.body).toMatchObject({ error: 'internal_error', request_id: expect.any(String) });
      expect(JSON.stringify(failed.body)).not.toContain('not today');
    }
  } finally {
    await stack.sql.unsafe(
      'drop trigger test_refuse_user on auth.users; drop function private.test_refuse_user()'
    );
  }
  expect((await post('verify-phone', proof)).status).toBe(200);
  await expectOneUsableAccount(wish);
  expect((await post('verify-phone', proof)).status).toBe(401);
});

test('an account that Auth made too late to say so is found by the next try of its code', async () => {
  const { wish, proof } = await waiting();
  const release = await stack.lockTable('auth.users');
  // Auth and the function both give up; whether the account was made is another matter.
  const failed = await post('verify-phone', proof);
  expect(failed.status).toBe(500);
  await release();
  const proven = await patiently('verify-phone', proof);
  expect(proven.status).toBe(200);
  await expectOneUsableAccount(wish);
});

test('a session that could not be opened for a new account is opened by the next try of its code', async () => {
  const { wish, proof } = await waiting();
  // Auth makes the account and then cannot write a session.
  await stack.sql.unsafe(`
    create function private.test_refuse_session() returns trigger language plpgsql as
      $$ begin raise exception 'not today'; end $$;
    create trigger test_refuse_session before insert on auth.sessions
      for each row execute function private.test_refuse_session();`);
  try {
    expect((await post('verify-phone', proof)).status).toBe(500);
    expect(await usersOf(wish)).toHaveLength(1);
  } finally {
    await stack.sql.unsafe(
      'drop trigger test_refuse_session on auth.sessions; drop function private.test_refuse_session()'
    );
  }
  const proven = await post('verify-phone', proof);
  expect(proven.status).toBe(200);
  expect(proven.body.user).toMatchObject({ name: wish.name });
  await expectOneUsableAccount(wish);
});

test('no log of all this holds a password, a code, a key or a full phone', async () => {
  const { wish, proof } = await waiting();
  await post('verify-phone', { ...proof, code: '000000' });
  await post('verify-phone', proof);
  await post('sign-in', { username: wish.phone_number, password: `${wish.password}!` });
  await post('forgot-password', { phone_number: wish.phone_number });
  await post('register-patient', { ...wish, phone_number: `${wish.phone_number}0000000` });
  const output = stack.output();
  expect(output).toContain('"function":"verify-phone"');
  const [, key = ''] = String(proof.verification_id).split('.');
  const secrets = [wish.password, wish.username, key, wish.phone_number.slice(1), wish.phone_number.slice(3)];
  for (const secret of secrets) expect(output).not.toContain(secret);
  expect(output).not.toMatch(new RegExp(`(?<![\\w.-])${proof.code}(?![\\w-])`));
});
