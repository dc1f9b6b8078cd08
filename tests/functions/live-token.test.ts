// The token that page scripts hold listens to what its patient's page shows, as long as the session lasts.
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { FrameClient, theRealtime } from '../helpers/realtime.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import { asOwner, throughGateway } from './account-api.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';

/** A patient with an appointment of today, and the token for their page. */
async function aListener() {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const session = await throughGateway()('sign-in', { username: patient.phone, password });
  const { body } = await asOwner('live-token', String(session.body.token), {});
  const practitioner = await aPractitioner(sql, await aClinic(sql));
  const [slot] = await nextSlots(sql, practitioner, 1);
  const appointment = await book(sql, patient, practitioner, slot ?? '');
  const [{ day } = { day: '' }] = await sql<{ day: string }[]>`
    select to_char(local_date, 'YYYY-MM-DD') as day from public.appointments where id = ${appointment.id}`;
  return {
    ...patient,
    token: String(body.token),
    topics: [`patient:${patient.id}`, `practitioner:${practitioner.id}`, `queue:${practitioner.id}:${day}`]
  };
}

/** Whether a token may join a private channel. */
async function joins(token: string, topic: string): Promise<string> {
  const frames = await FrameClient.connect(theRealtime().socketUrl());
  onTestFinished(() => frames.close());
  frames.send([
    '1',
    '1',
    `realtime:${topic}`,
    'phx_join',
    { config: { private: true }, access_token: token }
  ]);
  const [, , , , { status }] = (await frames.reply('1')) as [never, never, never, never, { status: string }];
  return status;
}

test('it hears the channels of its own patient, and no other', async () => {
  const [own, other] = [await aListener(), await aListener()];
  const [patients, practitioners, queues] = own.topics;
  const [others, , othersQueue] = other.topics;
  const wanted = [patients, practitioners, queues, others, othersQueue];
  const heard = await Promise.all(wanted.map((topic) => joins(own.token, topic ?? '')));
  expect(heard).toEqual(['ok', 'ok', 'ok', 'error', 'error']);
}, 30_000);

test.each([
  ['signed out', 'delete from auth.sessions where user_id = $1'],
  ['too old', "update auth.sessions set created_at = now() - interval '181 days' where user_id = $1"],
  [
    'one of a password that must be replaced',
    "insert into private.temporary_passwords (user_id, expires_at) values ($1, now() + interval '1 hour')"
  ]
])(
  'it hears nothing once its session is %s',
  async (_what, statement) => {
    const { account, token, topics } = await aListener();
    expect(await joins(token, topics[0] ?? '')).toBe('ok');
    await sql.unsafe(statement, [account.userId]);
    const heard = await Promise.all(topics.map((topic) => joins(token, topic)));
    expect(heard).toEqual(['error', 'error', 'error']);
  },
  30_000
);
