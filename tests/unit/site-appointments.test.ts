import { describe, expect, test } from 'vitest';
import { arrange } from '../../src/lib/appointments/arrange.ts';
import { parseBroadcast } from '../../src/lib/appointments/broadcast.ts';
import { parseAppointment, type Appointment } from '../../src/lib/appointments/model.ts';
import { whenInSentence, whenOf } from '../../src/lib/appointments/when.ts';
import { describeChange as say, forWhom } from '../../src/lib/appointments/words.ts';
import { labelsOf, peopleIn } from '../../src/lib/server/account/family.ts';
import { directory, KOLKATA, NOW, visit } from './site-world.ts';

describe('dates', () => {
  test('are in the clinic’s time zone, wherever the reader is', () => {
    expect(whenOf('2026-11-26T18:45:00Z', KOLKATA, NOW)).toEqual({
      day: 'Friday 27 November',
      time: '12:15\u00a0am'
    });
    expect(whenOf('2026-11-26T18:45:00Z', 'America/New_York', NOW)).toEqual({
      day: 'Thursday 26 November',
      time: '1:45\u00a0pm'
    });
  });

  test('say today and tomorrow by the clinic’s calendar', () => {
    expect(whenOf('2026-11-23T12:00:00Z', KOLKATA, NOW).day).toBe('Today');
    // Still Monday in London, already Tuesday in Kolkata.
    expect(whenOf('2026-11-23T19:00:00Z', KOLKATA, NOW).day).toBe('Tomorrow');
    expect(whenOf('2026-11-23T19:00:00Z', 'Europe/London', NOW).day).toBe('Today');
    expect(whenInSentence('2026-11-23T12:00:00Z', KOLKATA, NOW)).toBe('today, 5:30\u00a0pm');
  });

  test('keep tomorrow right over a change of clocks and of the year', () => {
    expect(whenOf('2026-10-26T12:00:00Z', 'Europe/London', new Date('2026-10-25T00:30:00Z')).day).toBe(
      'Tomorrow'
    );
    expect(whenOf('2026-12-31T20:00:00Z', KOLKATA, new Date('2026-12-31T05:00:00Z')).day).toBe('Tomorrow');
    expect(whenOf('2027-01-05T05:00:00Z', KOLKATA, NOW).day).toBe('Tuesday 5 January 2027');
  });

  test('write noon and midnight as people do', () => {
    expect(whenOf('2026-11-25T12:00:00Z', 'UTC', NOW).time).toBe('12:00\u00a0pm');
    expect(whenOf('2026-11-25T00:05:00Z', 'UTC', NOW).time).toBe('12:05\u00a0am');
  });
});

describe('the order of appointments', () => {
  const order = (...appointments: Appointment[]) => {
    const { next, later, past } = arrange(appointments, () => KOLKATA, NOW);
    return { next: next?.id, later: later.map(({ id }) => id), past: past.map(({ id }) => id) };
  };
  const at = (id: string, starts_at: string, status: Appointment['status'] = 'booked') =>
    visit({ id, status, starts_at, ends_at: new Date(Date.parse(starts_at) + 900_000).toISOString() });

  test('is the soonest first, then later ones, then past and cancelled ones latest first', () => {
    expect(
      order(
        at('later', '2026-11-26T05:00:00Z'),
        at('seen', '2026-11-01T05:00:00Z', 'fulfilled'),
        at('next', '2026-11-24T05:00:00Z'),
        at('off', '2026-11-25T05:00:00Z', 'cancelled'),
        at('missed', '2026-11-02T05:00:00Z', 'noshow')
      )
    ).toEqual({ next: 'next', later: ['later'], past: ['off', 'missed', 'seen'] });
  });

  test('keeps one in sight while the clinic may be running late', () => {
    expect(order(at('late', '2026-11-23T04:30:00Z')).next).toBe('late');
    expect(order(at('over', '2026-11-23T03:30:00Z'))).toEqual({ next: undefined, later: [], past: ['over'] });
  });

  test('keeps one who is waiting in the clinic in sight all day', () => {
    expect(order(at('waiting', '2026-11-23T03:30:00Z', 'arrived')).next).toBe('waiting');
    expect(order(at('forgotten', '2026-11-22T03:30:00Z', 'arrived')).past).toEqual(['forgotten']);
  });

  test('keeps two of a family apart who come at the same time', () => {
    const at10 = '2026-11-24T05:00:00Z';
    expect(order(at('b', at10), at('a', at10), at('c', at10, 'cancelled'))).toEqual({
      next: 'a',
      later: ['b'],
      past: ['c']
    });
  });

  test('of none is none', () => {
    expect(order()).toEqual({ next: undefined, later: [], past: [] });
  });
});

describe('what is said of a change', () => {
  const tell = (before: Appointment | null, after: Appointment | null) =>
    say({ before, after }, directory, NOW);

  test('names a new appointment with time, doctor and token', () => {
    expect(tell(null, visit())).toBe(
      'New appointment: tomorrow, 10:30\u00a0am with Dr. Anjali Rao. Token 4.'
    );
  });

  test('says for whom, if that can be somebody else', () => {
    const family = { ...directory, people: { '': 'You', meera: 'Meera' } };
    const tellFamily = (after: Appointment) => say({ before: null, after }, family, NOW);
    const told = 'New appointment: tomorrow, 10:30\u00a0am with Dr. Anjali Rao';
    expect(tellFamily(visit({ dependent_id: 'meera' }))).toBe(`${told} · Meera. Token 4.`);
    expect(tellFamily(visit())).toBe(`${told} · You. Token 4.`);
  });

  test('says a cancellation', () => {
    expect(tell(visit(), visit({ status: 'cancelled', version: 2 }))).toBe(
      'Cancelled: tomorrow, 10:30\u00a0am with Dr. Anjali Rao.'
    );
  });

  test('says where a moved one is now', () => {
    expect(tell(visit(), visit({ starts_at: '2026-11-25T05:00:00+00:00', token_number: 2 }))).toBe(
      'Moved: now Wednesday 25 November, 10:30\u00a0am with Dr. Anjali Rao. Token 2.'
    );
  });

  test('does not take another spelling of the same instant for a move', () => {
    expect(tell(visit(), visit({ starts_at: '2026-11-24T10:30:00+05:30' }))).toBeNull();
  });

  test('says check-in, another doctor, another token, and being removed', () => {
    expect(tell(visit(), visit({ status: 'arrived' }))).toMatch(/^Checked in: /);
    expect(tell(visit(), visit({ practitioner_id: 'unknown' }))).toBe(
      'Another doctor: tomorrow, 10:30\u00a0am. Token 4.'
    );
    expect(tell(visit(), visit({ token_number: 5 }))).toMatch(/^Your token changed: .* Token 5\.$/);
    expect(tell(visit(), null)).toMatch(/^Removed: /);
  });

  test('is nothing when nothing shows', () => {
    expect(tell(visit(), visit({ version: 2 }))).toBeNull();
    expect(tell(visit({ status: 'cancelled' }), null)).toBeNull();
  });
});

describe('a broadcast', () => {
  test('of an insert or update is what changed, and to which version', () => {
    for (const operation of ['INSERT', 'UPDATE']) {
      const heard = parseBroadcast({ id: 'a', version: 3, operation });
      expect(heard).toEqual({ id: 'a', version: 3, deleted: false });
    }
  });

  test('of a deletion says so', () => {
    const heard = parseBroadcast({ id: 'a', version: 3, operation: 'DELETE' });
    expect(heard).toEqual({ id: 'a', version: 3, deleted: true });
  });

  test.each([null, 'text', {}, { id: 'a' }, { id: 3, version: 3 }, { id: 'a', version: '3' }])(
    'that is about no appointment is nothing: %j',
    (payload) => expect(parseBroadcast(payload)).toBeNull()
  );
});

describe('who comes', () => {
  test('is told of all alike, as soon as it can be somebody else', () => {
    const people = peopleIn([{ id: 'meera', name: 'Meera', birth_year: 2016 }]);
    const comes = (dependent_id: string | null) => forWhom(visit({ dependent_id }), { ...directory, people });
    expect([comes(null), comes('meera')]).toEqual([' · You', ' · Meera']);
    expect(forWhom(visit(), { ...directory, people: peopleIn([]) })).toBe('');
  });

  test('is told apart where two have one name', () => {
    const rows = [
      { id: 'a', name: 'Meera', birth_year: 2016 },
      { id: 'b', name: 'Meera', birth_year: null },
      { id: 'c', name: 'Arjun', birth_year: 2019 },
      // Of each appointment.
      { id: 'a', name: 'Meera', birth_year: 2016 }
    ];
    expect(labelsOf(rows)).toEqual({ a: 'Meera (2016)', b: 'Meera', c: 'Arjun' });
    expect(labelsOf([{ id: 'a', name: null, birth_year: null }])).toEqual({ a: 'Somebody else' });
  });
});

test('a row with a status or time nobody knows is not an appointment', () => {
  expect(parseAppointment({ ...visit(), status: 'postponed' })).toBeNull();
  expect(parseAppointment({ ...visit(), starts_at: 'soon' })).toBeNull();
  expect(parseAppointment({ ...visit(), extra: 1 })).toEqual(visit());
});
