import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, type Hours, type Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const longBefore = new Date('2027-01-01T00:00:00Z');

async function aPractitionerIn(tx: Transaction, time_zone: string, ...hours: Hours[]): Promise<Practitioner> {
  const clinic = await aClinic(tx, { time_zone, booking_horizon_days: 366 });
  return aPractitioner(tx, clinic, { hours });
}

/** The slots of a date as instants, `MM-DD HH:MM` in UTC. */
async function slots(tx: Transaction, practitioner: Practitioner, date: string): Promise<string[]> {
  const rows = await tx<{ slot: string }[]>`
    select to_char(starts_at at time zone 'UTC', 'MM-DD HH24:MI') as slot
    from private.free_slots(${practitioner.id}, ${date}, ${longBefore})`;
  return rows.map(({ slot }) => slot);
}

/** Runs the assertions with a practitioner of that zone and those hours. */
function inZone(
  zone: string,
  hours: Hours[],
  work: (
    slotsOf: (date: string) => Promise<string[]>,
    tx: Transaction,
    practitioner: Practitioner
  ) => Promise<void>
): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const practitioner = await aPractitionerIn(tx, zone, ...hours);
    await work((date) => slots(tx, practitioner, date), tx, practitioner);
  });
}

describe('the clinic opens at the same hour on its clock, before and after the clocks change', () => {
  const nine: Hours = { from: '09:00', to: '10:00', minutes: 60 };

  test('London', () =>
    inZone('Europe/London', [nine], async (slotsOf) => {
      expect(await slotsOf('2027-03-27')).toEqual(['03-27 09:00']);
      expect(await slotsOf('2027-03-28')).toEqual(['03-28 08:00']);
      expect(await slotsOf('2027-10-30')).toEqual(['10-30 08:00']);
      expect(await slotsOf('2027-10-31')).toEqual(['10-31 09:00']);
    }));

  test('Adelaide, half an hour off the full hour', () =>
    inZone('Australia/Adelaide', [nine], async (slotsOf) => {
      expect(await slotsOf('2027-04-03')).toEqual(['04-02 22:30']);
      expect(await slotsOf('2027-04-04')).toEqual(['04-03 23:30']);
      expect(await slotsOf('2027-10-02')).toEqual(['10-01 23:30']);
      expect(await slotsOf('2027-10-03')).toEqual(['10-02 22:30']);
    }));

  test('Lord Howe, where the clocks change by half an hour', () =>
    inZone('Australia/Lord_Howe', [nine], async (slotsOf) => {
      expect(await slotsOf('2027-04-03')).toEqual(['04-02 22:00']);
      expect(await slotsOf('2027-04-04')).toEqual(['04-03 22:30']);
      expect(await slotsOf('2027-10-02')).toEqual(['10-01 22:30']);
      expect(await slotsOf('2027-10-03')).toEqual(['10-02 22:00']);
    }));

  test('Kolkata, where they never change', () =>
    inZone('Asia/Kolkata', [nine], async (slotsOf) => {
      expect(await slotsOf('2027-03-28')).toEqual(['03-28 03:30']);
      expect(await slotsOf('2027-10-31')).toEqual(['10-31 03:30']);
    }));
});

describe('hours around the change have the slots that really fit', () => {
  const night: Hours = { from: '00:00', to: '04:00', minutes: 30 };

  test('in spring an hour less', () =>
    inZone('Europe/London', [night], async (slotsOf) => {
      expect(await slotsOf('2027-03-27')).toHaveLength(8);
      expect(await slotsOf('2027-03-28')).toEqual(
        ['00:00', '00:30', '01:00', '01:30', '02:00', '02:30'].map((time) => `03-28 ${time}`)
      );
    }));

  test('in autumn an hour more', () =>
    inZone('Europe/London', [night], async (slotsOf) => {
      expect(await slotsOf('2027-10-31')).toEqual([
        ...['10-30 23:00', '10-30 23:30', '10-31 00:00', '10-31 00:30', '10-31 01:00'],
        ...['10-31 01:30', '10-31 02:00', '10-31 02:30', '10-31 03:00', '10-31 03:30']
      ]);
    }));

  test('at Lord Howe half an hour less and more', () =>
    inZone('Australia/Lord_Howe', [night], async (slotsOf) => {
      expect(await slotsOf('2027-10-03')).toHaveLength(7);
      expect(await slotsOf('2027-04-04')).toHaveLength(9);
      expect(await slotsOf('2027-04-05')).toHaveLength(8);
    }));

  test('an hour the clocks skip has none, and does not run into the next', () =>
    inZone(
      'Europe/London',
      [
        { from: '00:30', to: '01:00', minutes: 30 },
        { from: '01:00', to: '01:30', minutes: 30 },
        { from: '02:00', to: '02:30', minutes: 30 }
      ],
      async (slotsOf) => {
        expect(await slotsOf('2027-03-27')).toEqual(['03-27 00:30', '03-27 01:00', '03-27 02:00']);
        expect(await slotsOf('2027-03-28')).toEqual(['03-28 00:30', '03-28 01:00']);
      }
    ));
});

test('a night booking in the repeated hour takes one of the two, and the other stays free', () =>
  inZone(
    'Europe/London',
    [{ from: '00:00', to: '03:00', minutes: 60 }],
    async (slotsOf, tx, practitioner) => {
      expect(await slotsOf('2027-10-31')).toEqual([
        '10-30 23:00',
        '10-31 00:00',
        '10-31 01:00',
        '10-31 02:00'
      ]);
      const patient = await aPatient(tx);
      const first = await book(tx, patient, practitioner, '2027-10-31T00:00:00Z', { now: longBefore });
      expect(first.token_number).toBe(2);
      expect(await slotsOf('2027-10-31')).toEqual(['10-30 23:00', '10-31 01:00', '10-31 02:00']);
    }
  ));
