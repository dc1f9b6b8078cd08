import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, anException, aPatient, aPractitioner, book } from '../helpers/world.ts';
import { actors, aScene, type Actor, type Scene } from './actors.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Message {
  topic: string;
  event: string;
  payload: Record<string, unknown>;
  private: boolean;
}

/** What was said in this transaction on topics that begin so, since it was last asked. */
function ear(tx: Transaction): (prefix: string) => Promise<Message[]> {
  const heard = new Set<string>();
  return async (prefix) => {
    const messages = await tx<(Message & { message_id: string })[]>`
      select id::text as message_id, topic, event, payload - 'id' as payload, private from realtime.messages
      where starts_with(topic, ${prefix}) and inserted_at = now()::timestamp order by cmin::text::int`;
    const fresh = messages.filter(({ message_id }) => !heard.has(message_id));
    for (const { message_id } of messages) heard.add(message_id);
    return fresh.map(({ message_id: _, ...message }) => message);
  };
}

/** A scene whose appointment is put on this very day, at an hour that does not matter to the queue. */
async function today(tx: Transaction, scene: Scene): Promise<string> {
  const [{ date } = { date: '' }] = await tx<{ date: string }[]>`
    update public.appointments set starts_at = (now() at time zone 'Asia/Kolkata')::date::timestamp at time zone 'Asia/Kolkata'
      + interval '23 hours 30 minutes', status = 'arrived'
    where id = ${scene.appointment.id} returning to_char(local_date, 'YYYY-MM-DD') as date`;
  return date;
}

describe('news of a slot', () => {
  test('tells that it was taken, moved and freed, and nothing of the patient', () =>
    rolledBack(sql, async (tx) => {
      const scene = await aScene(tx);
      const topic = `practitioner:${scene.practitioner.id}`;
      const said = ear(tx);
      await said('practitioner:');

      // Today, whatever the time is: nobody has arrived before the day has come.
      const [booked] = await tx<{ id: string; starts_at: Date }[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at) values (
          ${(await aPatient(tx)).id}, ${scene.practitioner.id},
          (now() at time zone 'Asia/Kolkata')::date::timestamp at time zone 'Asia/Kolkata' + interval '23 hours'
        ) returning id, starts_at`;
      if (!booked) throw new Error('Nothing was booked.');
      const slot = booked.starts_at;
      const expected = (starts: Date, taken: boolean) => ({
        topic,
        event: 'slot',
        private: true,
        payload: {
          starts_at: starts.toISOString().replace('.000Z', '+00:00'),
          ends_at: new Date(starts.getTime() + 15 * 60_000).toISOString().replace('.000Z', '+00:00'),
          taken
        }
      });
      expect(await said('practitioner:')).toEqual([expected(slot, true)]);

      const later = new Date(slot.getTime() + 15 * 60_000);
      await tx`update public.appointments set starts_at = ${later} where id = ${booked.id}`;
      expect(await said('practitioner:')).toEqual([expected(slot, false), expected(later, true)]);

      await tx`update public.appointments set status = 'arrived' where id = ${booked.id}`;
      expect(await said('practitioner:')).toEqual([]);
      await tx`update public.appointments set status = 'cancelled' where id = ${booked.id}`;
      expect(await said('practitioner:')).toEqual([expected(later, false)]);
    }));
});

describe('news of an appointment', () => {
  test('reaches also the desk and the patient from whom it was taken', () =>
    rolledBack(sql, async (tx) => {
      const { appointment, clinic, owner } = await aScene(tx);
      const elsewhere = await aClinic(tx);
      const said = ear(tx);
      await said('');
      const [moved] = await tx<{ version: number }[]>`
        update public.appointments set practitioner_id = ${(await aPractitioner(tx, elsewhere)).id}
        where id = ${appointment.id} returning version`;
      const topics = (await said('')).filter(({ event }) => event === 'UPDATE');
      expect(topics.map(({ topic }) => topic).sort()).toEqual(
        [`desk:${clinic.id}`, `desk:${elsewhere.id}`, `patient:${owner.id}`].sort()
      );
      expect(topics.every(({ payload }) => payload.version === moved?.version)).toBe(true);
    }));
});

describe('news of a queue', () => {
  test('are numbers alone, and only on the day', () =>
    rolledBack(sql, async (tx) => {
      const scene = await aScene(tx);
      const said = ear(tx);
      const later = () =>
        tx`update public.appointments set starts_at = starts_at + interval '7 days' where id = ${scene.appointment.id}`;
      await later();
      await said('queue:');
      await later();
      expect(await said('queue:')).toEqual([]);

      const date = await today(tx, scene);
      const message = (payload: Record<string, unknown>) => ({
        topic: `queue:${scene.practitioner.id}:${date}`,
        event: 'queue',
        private: true,
        payload
      });
      expect(await said('queue:')).toEqual([message({ now_serving: null, waiting: 1 })]);
      const [{ token_number } = { token_number: 0 }] = await tx<{ token_number: number }[]>`
        update public.appointments set status = 'fulfilled' where id = ${scene.appointment.id} returning token_number`;
      expect(await said('queue:')).toEqual([message({ now_serving: token_number, waiting: 0 })]);
    }));
});

describe('who can listen', () => {
  async function hears(actor: Actor, topicOf: (scene: Scene, date: string) => string): Promise<number> {
    return rolledBack(sql, async (tx) => {
      const scene = await aScene(tx);
      const topic = topicOf(scene, await today(tx, scene));
      const [message] = await tx<{ id: string }[]>`
        insert into realtime.messages (topic, extension, event, payload, private)
        values (${topic}, 'broadcast', 'x', '{}', true) returning id`;
      return scene.as(actor, async () => {
        await tx`select set_config('realtime.topic', ${topic}, true)`;
        return (await tx`select from realtime.messages where id = ${message?.id ?? null}`).count;
      });
    });
  }
  const staff: readonly Actor[] = ['desk', 'manager', 'desk of another clinic'];
  const patients: readonly Actor[] = ['owner', 'other patient', 'secret key', ...staff];

  test.each(actors)('to the slots of a practitioner: every patient with a session, so %s', async (actor) => {
    const count = await hears(actor, ({ practitioner }) => `practitioner:${practitioner.id}`);
    expect(count).toBe(patients.includes(actor) ? 1 : 0);
  });

  test.each(actors)('to a queue: those who stand in it, so %s', async (actor) => {
    const count = await hears(actor, ({ practitioner }, date) => `queue:${practitioner.id}:${date}`);
    expect(count).toBe(actor === 'owner' || actor === 'secret key' ? 1 : 0);
  });

  test.each(actors)('to a desk: those who have opened it, so %s', async (actor) => {
    const count = await hears(actor, ({ clinic }) => `desk:${clinic.id}`);
    expect(count).toBe(['desk', 'manager', 'secret key'].includes(actor) ? 1 : 0);
  });

  test('not to the queue of another day, nor to one of what is no practitioner', async () => {
    expect(await hears('owner', ({ practitioner }) => `queue:${practitioner.id}:2001-01-01`)).toBe(0);
    expect(await hears('owner', ({ clinic }) => `practitioner:${clinic.id}`)).toBe(0);
    expect(await hears('owner', () => 'practitioner:')).toBe(0);
  });

  test('nobody can say anything there', async () => {
    await rolledBack(sql, async (tx) => {
      const scene = await aScene(tx);
      const date = await today(tx, scene);
      for (const topic of [
        `practitioner:${scene.practitioner.id}`,
        `queue:${scene.practitioner.id}:${date}`
      ]) {
        const refusal = await refusalIn(tx, () =>
          scene.as('owner', async () => {
            await tx`select set_config('realtime.topic', ${topic}, true)`;
            await tx`insert into realtime.messages (topic, extension) values (${topic}, 'broadcast')`;
          })
        );
        expect([topic, refusal?.code]).toEqual([topic, '42501']);
      }
    });
  });
});

describe('free slots by the day', () => {
  const now = new Date('2091-06-08T18:00:00+05:30');

  test('are over for today once no slot begins any more, which is not the same as full', () =>
    rolledBack(sql, async (tx) => {
      const { clinic } = await aScene(tx);
      const doctor = await aPractitioner(tx, clinic, { hours: [{ from: '18:00', to: '20:00' }] });
      const today = async (time: string) => {
        const [day] = await tx`
          select free, open, over from private.free_days(
            ${clinic.id}, ${doctor.id}, null, '-infinity', 1, ${new Date(`2091-06-08T${time}:00+05:30`)})`;
        return { ...day };
      };
      expect(await today('17:00')).toEqual({ free: 8, open: true, over: false });
      expect(await today('19:44')).toEqual({ free: 1, open: true, over: false });
      await book(tx, await aPatient(tx), doctor, '2091-06-08T19:45:00+05:30', { now });
      expect(await today('19:44')).toEqual({ free: 0, open: true, over: false });
      expect(await today('21:30')).toEqual({ free: 0, open: true, over: true });
      // Somebody else still sees patients: the clinic as a whole is not over.
      await aPractitioner(tx, clinic, { hours: [{ from: '21:00', to: '23:00' }] });
      const [all] = await tx`
        select open, over from private.free_days(
          ${clinic.id}, null, null, '-infinity', 1, '2091-06-08 21:30+05:30')`;
      expect({ ...all }).toEqual({ open: true, over: false });
      await anException(tx, doctor, '2091-06-08');
      expect(await today('21:30')).toEqual({ free: 0, open: false, over: false });
    }));

  test('a call says the same of them', () =>
    rolledBack(sql, async (tx) => {
      const { clinic } = await aScene(tx);
      await tx`update public.practitioners set active = false where clinic_id = ${clinic.id}`;
      const doctor = await aPractitioner(tx, clinic, {
        hours: [{ from: '19:00', to: '20:00', minutes: 60 }]
      });
      const why = async (time: string) => {
        const [row] = await tx<{ error: string | null }[]>`
          select private.ivr_offer_on(
            c, '{"on": "2091-06-08"}', null, ${new Date(`2091-06-08T${time}:00+05:30`)}) ->> 'error' as error
          from public.clinics c where c.id = ${clinic.id}`;
        return row?.error;
      };
      expect(await why('18:00')).toBeNull();
      expect(await why('21:30')).toBe('day_over');
      await book(tx, await aPatient(tx), doctor, '2091-06-08T19:00:00+05:30', { now });
      expect(await why('18:00')).toBe('day_full');
      await anException(tx, doctor, '2091-06-08');
      expect(await why('18:00')).toBe('day_closed');
    }));

  test('count what can be booked, until booking ends, and tell closed days from full ones', () =>
    rolledBack(sql, async (tx) => {
      const { clinic } = await aScene(tx);
      await tx`update public.clinics set booking_horizon_days = 3 where id = ${clinic.id}`;
      await tx`update public.practitioners set active = false where clinic_id = ${clinic.id}`;
      const doctor = await aPractitioner(tx, clinic, {
        specialty: 'Paediatrics',
        hours: [{ weekdays: [1, 2, 4], from: '09:00', to: '09:30' }]
      });
      const other = await aPractitioner(tx, clinic, {
        hours: [{ weekdays: [2], from: '09:00', to: '10:00' }]
      });
      const patient = await aPatient(tx);
      // The first Monday of some days in June.
      const monday = await tx<{ day: string }[]>`
        select d::date::text as day from generate_series('2091-06-11'::date, '2091-06-17', interval '1 day') d
        where extract(isodow from d) = 1`;
      const start = monday[0]?.day ?? '';
      const at = new Date(`${start}T00:00:00+05:30`);
      const days = (specialty: string | null, practitioner: string | null) => tx`
        select on_date::text, free, open from private.free_days(
          ${clinic.id}, ${practitioner}, ${specialty}, '-infinity', 14, ${at}, ${patient.id})`;
      const plus = (n: number) =>
        new Date(Date.parse(`${start}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);
      await book(tx, patient, doctor, `${plus(1)}T09:00:00+05:30`, { now: at });

      expect([...(await days('Paediatrics', null))]).toEqual([
        { on_date: plus(0), free: 2, open: true },
        { on_date: plus(1), free: 1, open: true },
        { on_date: plus(2), free: 0, open: false },
        { on_date: plus(3), free: 2, open: true }
      ]);
      // The patient's own appointment leaves three of the other doctor's four.
      expect([...(await days(null, null))][1]).toEqual({ on_date: plus(1), free: 4, open: true });
      expect([...(await days(null, other.id))].map(({ free }) => free as number)).toEqual([0, 3, 0, 0]);
    }));

  test('are as many as there are slots to choose from on that day, in all of a clinic', () =>
    rolledBack(sql, async (tx) => {
      const scene = await aScene(tx);
      const result = await scene.as('owner', async () => {
        const days = await tx<{ on_date: string; free: number }[]>`
          select on_date::text, free from public.available_days(${scene.clinic.id}, null, null, null, 3)`;
        return Promise.all(
          days.map(async ({ on_date, free }) => {
            const slots = await tx`select from public.available_slots_of_day(${scene.clinic.id}, ${on_date})`;
            return [free, slots.count];
          })
        );
      });
      expect(result).toHaveLength(3);
      for (const [free, count] of result) expect(free).toBe(count);
    }));

  test('the nearest times are on either side of the one that went, the closest first', () =>
    rolledBack(sql, async (tx) => {
      const { practitioner } = await aScene(tx);
      const patient = await aPatient(tx);
      const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);
      await book(tx, await aPatient(tx), practitioner, at('10:30'), { now });
      const near = await tx<{ starts_at: Date }[]>`
        select starts_at from private.nearest_free_slots(${practitioner.id}, ${at('10:30')}, 3, ${now}, ${patient.id})`;
      expect(near.map(({ starts_at }) => starts_at)).toEqual([at('10:15'), at('10:45'), at('10:00')]);
    }));

  test('the nearest times are found on later days when these are full', () =>
    rolledBack(sql, async (tx) => {
      const { clinic } = await aScene(tx);
      const doctor = await aPractitioner(tx, clinic, {
        hours: [{ weekdays: [1], from: '09:00', to: '09:30' }]
      });
      const near = await tx<{ starts_at: Date }[]>`
        select starts_at from private.nearest_free_slots(${doctor.id}, ${now}, 3, ${now})`;
      expect(near).toHaveLength(3);
      for (const { starts_at } of near) expect(starts_at.getTime()).toBeGreaterThan(now.getTime());
    }));
});
