// What can become of an appointment, by hand or otherwise.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, type Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const statuses = ['booked', 'arrived', 'fulfilled', 'noshow', 'cancelled'] as const;
type Status = (typeof statuses)[number];

/** On the day of the appointment. What is not here makes no sense. */
const allowed: Record<Status, Status[]> = {
  booked: ['booked', 'arrived', 'fulfilled', 'noshow', 'cancelled'],
  arrived: ['booked', 'arrived', 'fulfilled', 'noshow', 'cancelled'],
  fulfilled: ['booked', 'arrived', 'fulfilled'],
  noshow: ['booked', 'arrived', 'fulfilled', 'noshow'],
  cancelled: ['booked', 'cancelled']
};

interface Row {
  id: string;
  status: Status;
  local_date: string;
  arrived_at: Date | null;
  called_at: Date | null;
  seen_at: Date | null;
}

/** Runs `work` with a doctor who is at work at any time of any day. */
const atTheDesk = (work: (tx: Transaction, practitioner: Practitioner) => Promise<void>) =>
  rolledBack(sql, async (tx) => work(tx, await aPractitioner(tx, await aClinic(tx))));

/** An appointment so many days from today by the clinic's calendar, at noon. */
async function appointment(
  tx: Transaction,
  practitioner: Practitioner,
  days: number,
  status: Status = 'booked'
): Promise<Row> {
  const [row] = await tx<Row[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at, status)
    values (
      ${(await aPatient(tx)).id}, ${practitioner.id},
      ((now() at time zone 'Asia/Kolkata')::date + ${days}::int + time '12:00') at time zone 'Asia/Kolkata', ${status})
    returning *, local_date::text`;
  if (!row) throw new Error('Nothing was inserted.');
  return row;
}

async function mark(tx: Transaction, { id }: Row, status: Status): Promise<Row> {
  const [row] = await tx<Row[]>`
    update public.appointments set status = ${status} where id = ${id} returning *, local_date::text`;
  if (!row) throw new Error('Nothing was updated.');
  return row;
}

describe.each(statuses)('an appointment that is %s', (was) => {
  test.each(statuses)('and becomes %s', (becomes) =>
    atTheDesk(async (tx, practitioner) => {
      const row = await appointment(tx, practitioner, 0, was);
      const refusal = await refusalIn(tx, () => mark(tx, row, becomes));
      if (allowed[was].includes(becomes)) expect(refusal).toBeUndefined();
      else {
        expect(refusal).toEqual({
          code: 'PT409',
          message: 'impossible_status',
          detail: 'impossible_status',
          hint: `An appointment that is ${was} cannot become ${becomes}. If that was a mistake, set it to booked first.`
        });
      }
    })
  );
});

describe('before its day', () => {
  test.each(['arrived', 'fulfilled', 'noshow'] as const)('nobody is %s', (status) =>
    atTheDesk(async (tx, practitioner) => {
      const tomorrow = await appointment(tx, practitioner, 1);
      const tooEarly = {
        code: 'PT409',
        message: 'before_its_day',
        detail: 'before_its_day',
        hint: `This appointment is on ${tomorrow.local_date}. It can be ${status} from that day on.`
      };
      expect(await refusalIn(tx, () => mark(tx, tomorrow, status))).toEqual(tooEarly);
      expect(await refusalIn(tx, () => appointment(tx, practitioner, 2, status))).toMatchObject({
        message: 'before_its_day'
      });
      // Nor does it get there by being moved.
      const today = await appointment(tx, practitioner, 0, status);
      const move = () =>
        tx`update public.appointments set starts_at = starts_at + interval '30 hours' where id = ${today.id}`;
      expect(await refusalIn(tx, move)).toMatchObject({ message: 'before_its_day' });
    })
  );

  test('it can be cancelled, and that undone', () =>
    atTheDesk(async (tx, practitioner) => {
      const row = await appointment(tx, practitioner, 1);
      await mark(tx, row, 'cancelled');
      expect((await mark(tx, row, 'booked')).status).toBe('booked');
    }));

  test('the day is that of the clinic, wherever it is', () =>
    rolledBack(sql, async (tx) => {
      // Never the same date in both.
      const [east, west] = await Promise.all([
        aClinic(tx, { time_zone: 'Pacific/Kiritimati' }),
        aClinic(tx, { time_zone: 'Pacific/Pago_Pago' })
      ]);
      for (const [clinic, refused] of [
        [east, false],
        [west, true]
      ] as const) {
        const practitioner = await aPractitioner(tx, clinic);
        const made = async () => tx`
          insert into public.appointments (patient_id, practitioner_id, starts_at, status)
          values (${(await aPatient(tx)).id}, ${practitioner.id},
            ((now() at time zone 'Pacific/Kiritimati')::date + time '12:00') at time zone ${clinic.time_zone}, 'arrived')`;
        const refusal = await refusalIn(tx, made);
        expect([clinic.time_zone, refusal?.message]).toEqual([
          clinic.time_zone,
          refused ? 'before_its_day' : undefined
        ]);
      }
    }));
});

test('after its day everything can still be marked', () =>
  atTheDesk(async (tx, practitioner) => {
    for (const status of ['arrived', 'fulfilled', 'noshow'] as const) {
      const row = await appointment(tx, practitioner, -3 - statuses.indexOf(status));
      expect((await mark(tx, row, status)).status).toBe(status);
    }
  }));

describe('the moments of a visit', () => {
  test('follow from the status, and are forgotten with it', () =>
    atTheDesk(async (tx, practitioner) => {
      const row = await appointment(tx, practitioner, 0);
      expect(row).toMatchObject({ arrived_at: null, called_at: null, seen_at: null });
      const arrived = await mark(tx, row, 'arrived');
      expect(arrived).toMatchObject({ arrived_at: expect.any(Date) as Date, seen_at: null });
      const seen = await mark(tx, row, 'fulfilled');
      expect(seen).toMatchObject({ arrived_at: arrived.arrived_at, seen_at: expect.any(Date) as Date });
      const back = await mark(tx, row, 'arrived');
      expect(back).toMatchObject({ arrived_at: arrived.arrived_at, seen_at: null });
      await tx`update public.appointments set called_at = now() where id = ${row.id}`;
      expect(await mark(tx, row, 'booked')).toMatchObject({
        arrived_at: null,
        called_at: null,
        seen_at: null
      });
    }));

  test('of one entered as seen are there as well', () =>
    atTheDesk(async (tx, practitioner) => {
      expect((await appointment(tx, practitioner, 0, 'fulfilled')).seen_at).toBeInstanceOf(Date);
    }));

  test.each(['arrived_at', 'called_at', 'seen_at'])('%s is of nobody who is only booked', (column) =>
    atTheDesk(async (tx, practitioner) => {
      const { id } = await appointment(tx, practitioner, 0);
      const edit = () => tx`update public.appointments set ${tx(column)} = now() where id = ${id}`;
      expect(await refusalIn(tx, edit)).toMatchObject({ code: '23514' });
    })
  );
});
