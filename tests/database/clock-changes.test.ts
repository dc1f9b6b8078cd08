import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, type Hours, type Practitioner } from '../helpers/world.ts';
import { clockTurns, hindiParts, hoursOf, tamilParts } from '../unit/clock-rules.ts';

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

describe('a day begins at its first instant', () => {
  const allDay: Hours = { from: '00:00', to: '24:00', minutes: 30 };

  // Where midnight comes twice, the hour before it, or half an hour; and where the clocks are set forward at midnight.
  test.each([
    ['America/Havana', '2027-11-06'],
    ['Atlantic/Azores', '2027-10-30'],
    ['Asia/Beirut', '2027-10-30'],
    ['Asia/Beirut', '2027-03-27'],
    ['Africa/Cairo', '2027-10-28'],
    ['Africa/Cairo', '2027-04-29'],
    ['America/Santiago', '2027-09-04'],
    ['Europe/London', '2027-10-30'],
    ['Australia/Lord_Howe', '2027-04-03'],
    ['Antarctica/Troll', '2027-10-30']
  ])('in %s what is offered around %s can be booked, once', (zone, start) =>
    inZone(zone, [allDay], async (_slots, tx, practitioner) => {
      const offered = await tx<
        { starts_at: Date; ends_at: Date; token_number: number; found: number | null }[]
      >`
        select s.*, (
          select r.token_number from private.require_slot(${practitioner.id}, s.starts_at, ${longBefore}) r
        ) as found
        from generate_series(0, 2) n
        cross join lateral private.free_slots(${practitioner.id}, ${start}::date + n, ${longBefore}) s
        order by s.starts_at`;
      expect(offered.length).toBeGreaterThan(139);
      for (const [n, { starts_at, token_number, found }] of offered.entries()) {
        expect([starts_at, found]).toEqual([starts_at, token_number]);
        // No gap, no overlap: each begins where the one before ends.
        if (n > 0) expect(starts_at).toEqual(offered[n - 1]?.ends_at);
      }
    })
  );

  test('in Havana the first of the two midnights is booked, with the first number of its day', () =>
    inZone('America/Havana', [allDay], async (_slots, tx, practitioner) => {
      const midnights = ['2027-11-07T04:00:00Z', '2027-11-07T05:00:00Z'];
      const tokens: number[] = [];
      for (const midnight of midnights) {
        tokens.push(
          (await book(tx, await aPatient(tx), practitioner, midnight, { now: longBefore })).token_number
        );
      }
      expect(tokens).toEqual([1, 3]);
    }));

  test('a call offers the first of them too, on that day and not the one before', () =>
    inZone('America/Havana', [allDay], async (_slots, tx, practitioner) => {
      const offer = async (on: string) => {
        const [row] = await tx<{ at: string }[]>`
          select private.ivr_offer_on(c, ${tx.json({ on })}, null, ${longBefore}) #>> '{slot,starts_at}' as at
          from public.clinics c where c.id = ${practitioner.clinic_id}`;
        return new Date(row?.at ?? '').toISOString();
      };
      expect(await offer('2027-11-07')).toBe('2027-11-07T04:00:00.000Z');
      expect(await offer('2027-11-06')).toBe('2027-11-06T04:00:00.000Z');
    }));

  test.each([
    ['America/Havana', '2027-11-07 00:00', '2027-11-07T04:00:00Z'],
    ['America/Havana', '2027-11-07 01:00', '2027-11-07T06:00:00Z'],
    // Twice, and no midnight: the second.
    ['Europe/London', '2027-10-31 01:30', '2027-10-31T01:30:00Z'],
    // Skipped: the moment of the jump.
    ['Europe/London', '2027-03-28 01:30', '2027-03-28T01:00:00Z'],
    ['Asia/Beirut', '2027-03-28 00:00', '2027-03-27T22:00:00Z'],
    ['Australia/Lord_Howe', '2027-10-03 02:10', '2027-10-02T15:30:00Z'],
    ['Pacific/Apia', '2011-12-30 12:00', '2011-12-30T10:00:00Z'],
    ['Asia/Kolkata', '2027-10-31 01:30', '2027-10-30T20:00:00Z']
  ])('%s shows %s at %s', (zone, local, instant) =>
    rolledBack(sql, async (tx) => {
      const [row] = await tx<{ at: Date }[]>`select private.instant_of(${local}::timestamp, ${zone}) as at`;
      expect(row?.at).toEqual(new Date(instant));
    })
  );
});

describe('the database says what calls and pages say', () => {
  test.each(clockTurns)('of $instant in $zone: $turn', ({ zone, instant, turn }) =>
    rolledBack(sql, async (tx) => {
      const rows = await tx`select private.clock_turn(${instant}, ${zone}) as turn`;
      expect([...rows]).toEqual([{ turn }]);
    })
  );

  test.each([
    ['ta-IN', tamilParts],
    ['hi-IN', hindiParts]
  ] as const)('of every hour in %s', (locale, parts) =>
    rolledBack(sql, async (tx) => {
      const rows = await tx<{ words: string }[]>`
        select private.sms_time('2027-06-09'::timestamp + make_interval(hours => h), ${locale}) as words
        from generate_series(0, 23) h order by h`;
      expect(rows.map(({ words }) => words)).toEqual(
        hoursOf(locale).map(({ hour, part }) => `${parts[part]} ${hour % 12 === 0 ? 12 : hour % 12}:00`)
      );
    })
  );
});

test.each([
  [
    'en-IN',
    'Sun 31 Oct at 1:00 am before the clocks go back,',
    'Sun 31 Oct at 1:00 am after the clocks go back,'
  ],
  ['ta-IN', 'கடிகாரம் மாறுவதற்கு முன் இரவு 1:00 மணி,', 'கடிகாரம் மாறிய பின் இரவு 1:00 மணி,'],
  ['hi-IN', 'घड़ी पीछे होने से पहले रात 1:00 बजे,', 'घड़ी पीछे होने के बाद रात 1:00 बजे,']
])('the SMS of the two hours of one night differ, in %s', (locale, ...words) =>
  inZone('Europe/London', [{ from: '00:00', to: '03:00', minutes: 60 }], async (_slots, tx, practitioner) => {
    for (const [n, at] of ['2027-10-31T00:00:00Z', '2027-10-31T01:00:00Z'].entries()) {
      const patient = await aPatient(tx);
      await tx`update public.patients set locale = ${locale} where id = ${patient.id}`;
      await book(tx, patient, practitioner, at, { now: longBefore });
      const [message] = await tx<{ body: string }[]>`
          select body from public.sms_messages where patient_id = ${patient.id}`;
      expect(message?.body).toContain(words[n]);
    }
  })
);
