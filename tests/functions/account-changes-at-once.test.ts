// Changes of one account at the same moment: one is made, and whoever is too late is told so in words of the contract.
import { afterAll, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { asOwner, nextCode, throughGateway, type Answer } from './account-api.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'the first of mine';
const outcomeOf = ({ status, body }: Answer) => (status === 200 ? '200' : `${status} ${String(body.error)}`);
const signIn = (phone: string, typed: string) =>
  throughGateway()('sign-in', { username: phone, password: typed });
const RACERS = [1, 2, 3];

async function anAccount() {
  const { phone, account } = await aPatient(sql, { phone: aPhone(), account: true, password });
  const token = async () => String((await signIn(phone, password)).body.token);
  return { phone, userId: account.userId, token };
}

/** What texts a code is asked, and the code has come. */
async function aProof(
  phone: string,
  ask: () => Promise<Answer>
): Promise<(more?: Record<string, unknown>) => Promise<Answer>> {
  const { body } = await ask();
  const code = await nextCode(phone);
  return (more) => throughGateway()('verify-phone', { verification_id: body.verification_id, code, ...more });
}

/** Nobody is told of a failure of ours, one has won, and no permit is left. */
async function expectOneWinner(userId: string, answers: Answer[], refusals: string[]): Promise<number> {
  const outcomes = answers.map(outcomeOf);
  expect(outcomes.filter((outcome) => outcome === '200')).toHaveLength(1);
  for (const outcome of outcomes) expect(['200', ...refusals]).toContain(outcome);
  expect(await sql`select from private.account_permits where user_id = ${userId}`).toHaveLength(0);
  return outcomes.indexOf('200');
}

test.each(RACERS)('of new passwords one is the account’s: round %i', async () => {
  const { phone, userId, token } = await anAccount();
  const tokens = [await token(), await token(), await token()];
  const chosen = tokens.map((_, index) => `new words of mine ${index}`);
  const answers = await Promise.all(
    tokens.map((each, index) => asOwner('change-password', each, { password, new_password: chosen[index] }))
  );
  const won = await expectOneWinner(userId, answers, ['401 not_signed_in', '401 invalid_credentials']);
  for (const [index, typed] of chosen.entries()) {
    expect((await signIn(phone, typed)).status).toBe(index === won ? 200 : 401);
  }
});

test('of two codes for a forgotten password one gives the account its password', async () => {
  const { phone, userId } = await anAccount();
  const ask = () => throughGateway()('forgot-password', { phone_number: phone });
  const proofs = [await aProof(phone, ask), await aProof(phone, ask)];
  const chosen = proofs.map((_, index) => `new words of mine ${index}`);
  const answers = await Promise.all(proofs.map((prove, index) => prove({ new_password: chosen[index] })));
  const won = await expectOneWinner(userId, answers, ['401 code_invalid']);
  for (const [index, typed] of chosen.entries()) {
    expect((await signIn(phone, typed)).status).toBe(index === won ? 200 : 401);
  }
});

test('who sends the same new password twice at once has it, and is refused by neither', async () => {
  const { phone } = await anAccount();
  const ask = () => throughGateway()('forgot-password', { phone_number: phone });
  const proofs = [await aProof(phone, ask), await aProof(phone, ask)];
  const answers = await Promise.all(proofs.map((prove) => prove({ new_password: 'new words of mine' })));
  expect(answers.map(outcomeOf)).toEqual(['200', '200']);
  expect((await signIn(phone, 'new words of mine')).status).toBe(200);
});

test.each(RACERS)('of two other phones one is the account’s: round %i', async () => {
  const { userId, token } = await anAccount();
  const session = await token();
  const phones = [aPhone(), aPhone()];
  const proofs = [];
  for (const phone_number of phones) {
    const ask = () => asOwner('change-phone', session, { phone_number, password });
    proofs.push(await aProof(phone_number, ask));
  }
  const answers = await Promise.all(proofs.map((prove) => prove()));
  const won = await expectOneWinner(userId, answers, ['401 code_invalid']);
  const [row] = await sql`
    select p.phone, '+' || u.phone as auth_phone from patients p join auth.users u on u.id = p.user_id
    where u.id = ${userId}`;
  expect(row).toEqual({ phone: phones[won], auth_phone: phones[won] });
});
