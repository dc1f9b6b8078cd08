import { afterAll, expect, test } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { clientWith, databaseReady, subscribe, theRealtime } from '../helpers/realtime.ts';
import { closeDatabases, databaseAsPostgres, serviceClient } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import { throughGateway } from './account-api.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';

interface Heard {
  event: string;
  payload: Record<string, unknown>;
}

/** A patient who is signed in and listens to their channel with that session, as a page does. */
async function aListener() {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const { body } = await throughGateway()('sign-in', { username: patient.phone, password });
  const token = String(body.token);
  const client = await clientWith(theRealtime(), token);
  const channel = client.channel(`patient:${patient.id}`, {
    config: { private: true, broadcast: { replication_ready: true } }
  });
  const heard: Heard[] = [];
  channel.on('broadcast', { event: '*' }, ({ event, payload }) => {
    heard.push({ event, payload: payload as Heard['payload'] });
  });
  const ready = databaseReady(channel);
  expect((await subscribe(channel)).status).toBe('SUBSCRIBED');
  await ready;
  const hear = (event: string) => eventually(() => heard.find((news) => news.event === event));
  return { patient, token, heard, hear, close: () => client.removeAllChannels() };
}

test('news of an appointment is which one, in which version, and what was done, and nothing else', async () => {
  const { patient, heard, hear, close } = await aListener();
  const practitioner = await aPractitioner(sql, await aClinic(sql));
  const [slot] = await nextSlots(sql, practitioner, 1);
  const { id } = await book(sql, patient, practitioner, slot ?? '');
  await hear('INSERT');
  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await hear('UPDATE');
  await sql`delete from public.appointments where id = ${id}`;
  await hear('DELETE');
  expect(heard).toEqual([
    { event: 'INSERT', payload: { id, version: 1, operation: 'INSERT' } },
    { event: 'UPDATE', payload: { id, version: 2, operation: 'UPDATE' } },
    { event: 'DELETE', payload: { id, version: 2, operation: 'DELETE' } }
  ]);
  await close();
});

test('a channel that was joined hears that its session has ended, and nothing but ids after that', async () => {
  const { patient, token, heard, hear, close } = await aListener();
  await serviceClient().auth.admin.signOut(token, 'local');
  const { payload } = await hear('signed_out');
  expect(Object.keys(payload)).toEqual(['id']);

  // Joined for as long as its token lasts; what it hears by then are ids.
  const practitioner = await aPractitioner(sql, await aClinic(sql));
  const [slot] = await nextSlots(sql, practitioner, 1);
  const { reference } = await book(sql, patient, practitioner, slot ?? '');
  await hear('INSERT');
  expect(JSON.stringify(heard)).not.toContain(reference);
  expect(JSON.stringify(heard)).not.toContain(practitioner.id);
  await close();
});
