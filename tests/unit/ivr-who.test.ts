import { expect, describe, test } from 'vitest';
import type { Position, Question } from '../../supabase/functions/ivr/dialogue/position.ts';
import { read } from '../../supabase/functions/ivr/dialogue/reading.ts';
import { reply, type Reply } from '../../supabase/functions/ivr/dialogue/reply.ts';
import type { Facts } from '../../supabase/functions/ivr/facts.ts';
import { catalogueAt } from '../../supabase/functions/ivr/prompts/languages.ts';
import { appointment, clinic, facts, heard, listening, now, slot } from './ivr-world.ts';

const meera = 'de900000-0000-4000-8000-000000000001';
const arun = 'de900000-0000-4000-8000-000000000002';
const unnamed = [
  { id: meera, name: null },
  { id: arun, name: null }
];
const named = [
  { id: meera, name: 'Meera' },
  { id: arun, name: 'Arun' }
];

const at = (question: Question, more: Partial<Position> = {}): Position => ({
  turn: 3,
  misses: 0,
  clinic: clinic.id,
  question,
  ...more
});
const menu = at({ name: 'menu' });
const taskOf = (position: Position, keys: string) => read({ position, keys, line: 'mobile' }).task;
const answer = (position: Position, keys: string, known: Partial<Facts>): Reply =>
  reply(read({ position, keys, line: 'mobile' }), facts(known), catalogueAt(now));

describe('who is to come', () => {
  test('is not asked of callers who book for nobody else', () => {
    expect(listening(answer(menu, '1', { slot })).question.name).toBe('confirm');
    expect(listening(answer(menu, '2', {})).question.name).toBe('day');
  });

  test('is asked of others before a time or a day, by place until the number is proven, then by name', () => {
    for (const [keys, then] of [
      ['1', 'offer'],
      ['2', 'day']
    ] as const) {
      const asked = answer(menu, keys, { slot, others: unnamed });
      expect(heard(asked)).toBe(
        'Who is the appointment for? For yourself, press 1. For the 1st person you book for, press 2. For the 2nd person you book for, press 3. To go back, press star.'
      );
      expect(listening(asked).question).toEqual({ name: 'who', choices: [null, meera, arun], page: 0, then });
    }
    expect(heard(answer(menu, '1', { slot, others: named }))).toContain(
      'For Meera, press 2. For Arun, press 3.'
    );
  });

  test('is kept in the address of every turn until the menu, and told to the database', () => {
    const asked = listening(answer(menu, '1', { slot, others: unnamed }));
    expect(taskOf(asked, '3')).toEqual({ kind: 'offer', preference: {}, dependent_id: arun });
    const offered = listening(answer(asked, '3', { slot, others: unnamed }));
    expect(offered).toMatchObject({ who: arun, question: { name: 'confirm' } });
    expect(taskOf(offered, '2')).toMatchObject({ kind: 'later', dependent_id: arun });
    expect(taskOf(offered, '1')).toMatchObject({ kind: 'book', dependent_id: arun });
    const back = listening(answer(offered, '*', { others: unnamed }));
    expect(back.question.name).toBe('menu');
    expect(listening(answer(back, '1', { slot, others: unnamed })).question.name).toBe('who');
    expect(taskOf(back, '1')).not.toHaveProperty('dependent_id');
  });

  test('is the caller with 1, and then not asked again', () => {
    const asked = listening(answer(menu, '2', { others: unnamed }));
    const day = listening(answer(asked, '1', { others: unnamed }));
    expect(day).toMatchObject({ who: null, question: { name: 'day' } });
    expect(taskOf(day, '1')).not.toHaveProperty('dependent_id');
    expect(listening(answer(day, '1', { slot, others: unnamed })).question.name).toBe('confirm');
  });

  test('is asked nine at a time, and again where nothing was understood', () => {
    const others = Array.from({ length: 10 }, (_, n) => ({
      id: `de900000-0000-4000-8000-0000000001${String(n).padStart(2, '0')}`,
      name: null
    }));
    const first = answer(menu, '1', { slot, others });
    expect(heard(first)).toContain('For the 8th person you book for, press 9. For more choices, press hash.');
    const second = answer(listening(first), '#', { others });
    expect(heard(second)).toContain('For the 9th person you book for, press 1.');
    const again = answer(listening(second), '8', { others });
    expect(heard(again)).toMatch(/not one of the choices\. the 9th person you book for, press 1/);
    expect(listening(again).question).toEqual(listening(second).question);
    expect(answer(listening(first), '0', { others }).then).toEqual({ transfer: '+914440001001' });
  });

  test('is not asked of whoever moves an appointment, which knows', () => {
    const change = at({
      name: 'change',
      appointment_id: appointment.id,
      practitioner_id: slot.practitioner_id
    });
    const known = { slot, others: named, appointment: { ...appointment, who: 'Meera' } };
    const offered = listening(answer(change, '2', known));
    expect(offered.question.name).toBe('confirm');
    expect(heard(answer(offered, '1', known))).toContain('The appointment for Meera is moved.');
  });

  test('is said when it is booked: by name where the database tells it, by place where it does not', () => {
    const confirm = at(
      {
        name: 'confirm',
        practitioner_id: slot.practitioner_id,
        starts_at: slot.starts_at.toISOString(),
        preference: {}
      },
      { who: arun }
    );
    expect(heard(answer(confirm, '1', { appointment, others: unnamed }))).toContain(
      'The appointment for the 2nd person you book for is booked.'
    );
    expect(
      heard(answer(confirm, '1', { appointment: { ...appointment, who: 'Arun' }, others: named }))
    ).toContain('The appointment for Arun is booked.');
    expect(heard(answer(confirm, '1', { error: 'dependent_appointment', slot, others: unnamed }))).toMatch(
      /^They already have another appointment at that time\. The next available/
    );
  });
});
