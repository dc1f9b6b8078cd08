import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { icsOf, type CalendarEntry } from '../../src/lib/appointments/ics.ts';

const entry: CalendarEntry = {
  appointment: {
    id: '00000000-0000-4000-8000-000000000001',
    practitioner_id: 'd',
    clinic_id: 'c',
    dependent_id: null,
    starts_at: '2026-11-25T05:00:00+00:00',
    ends_at: '2026-11-25T05:15:00+00:00',
    status: 'booked',
    channel: 'web',
    token_number: 7,
    reference: '4711',
    confirmed: false,
    version: 3
  },
  practitioner: { name: 'Dr. Anjali Rao', specialty: 'General medicine' },
  clinic: {
    name: 'Lakeside; Clinic',
    address: '12 Lake View Road,\nChennai \\ 600034',
    timeZone: 'Asia/Kolkata',
    phone: { text: '+91 44 4000 1000', href: 'tel:+914440001000' }
  },
  who: null,
  remindersBefore: [24, 2],
  now: new Date('2026-11-22T14:00:00.123Z')
};

/** Content lines as a calendar reads them: unfolded. */
const lines = (file: string) => file.replaceAll('\r\n ', '').split('\r\n');

describe('an appointment as a calendar file', () => {
  test('has times in UTC, a name of its own and the number of its version', () => {
    expect(lines(icsOf(entry))).toEqual([
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//MedQ//Appointments//EN',
      'CALSCALE:GREGORIAN',
      'METHOD:PUBLISH',
      'BEGIN:VEVENT',
      'UID:00000000-0000-4000-8000-000000000001@medq',
      'SEQUENCE:3',
      'DTSTAMP:20261122T140000Z',
      'DTSTART:20261125T050000Z',
      'DTEND:20261125T051500Z',
      'SUMMARY:Appointment with Dr. Anjali Rao',
      'LOCATION:Lakeside\\; Clinic\\, 12 Lake View Road\\,\\nChennai \\\\ 600034',
      'DESCRIPTION:Dr. Anjali Rao\\, General medicine\\nToken 7\\nTo change it\\, open MedQ or call +91 44 4000 1000.',
      'STATUS:CONFIRMED',
      'BEGIN:VALARM',
      'ACTION:DISPLAY',
      'TRIGGER:-P1D',
      'DESCRIPTION:Appointment with Dr. Anjali Rao',
      'END:VALARM',
      'BEGIN:VALARM',
      'ACTION:DISPLAY',
      'TRIGGER:-PT2H',
      'DESCRIPTION:Appointment with Dr. Anjali Rao',
      'END:VALARM',
      'END:VEVENT',
      'END:VCALENDAR',
      ''
    ]);
  });

  test('says who comes, if that is not whose calendar it is', () => {
    const file = lines(icsOf({ ...entry, who: 'Meera; Menon' }));
    expect(file).toContain('SUMMARY:Meera\\; Menon: Appointment with Dr. Anjali Rao');
    expect(file).toContain('DESCRIPTION:Meera\\; Menon: Appointment with Dr. Anjali Rao');
  });

  test('keeps the reference to itself', () => {
    expect(icsOf(entry)).not.toContain('4711');
  });

  test('has lines of at most 75 bytes, and no character cut in two', () => {
    const name = 'மருத்துவர் அஞ்சலி ராவ் 👩🏽‍⚕️ '.repeat(8).trim();
    const file = icsOf({ ...entry, practitioner: { name, specialty: 'மருத்துவம்' } });
    for (const line of file.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(lines(file)).toContain(`SUMMARY:Appointment with ${name}`);
  });

  test.each([
    ['Dr.\u000BRao\u0007', 'Dr.\\nRao'],
    ['Dr.\u2028Rao\u2029\u0085\f', 'Dr.\\nRao\\n\\n\\n'],
    ['Dr.\r\nRao\rIyer\n', 'Dr.\\nRao\\nIyer\\n'],
    ['Dr.\u0000\u001B\tRao\u009F', 'Dr.Rao'],
    ['നന്\u200Dദ; b, c\\d', 'നന്\u200Dദ\\; b\\, c\\\\d']
  ])('writes %j as %j', (name, written) => {
    const file = icsOf({ ...entry, practitioner: { name, specialty: 'x' } });
    expect(lines(file)).toContain(`SUMMARY:Appointment with ${written}`);
  });

  test('is well-formed, whatever is in the texts', () => {
    const character = fc.constantFrom(...'a;,:\\\n\v\r\t\0\x1B\u0085\u2028\u2029அ', '😀');
    const texts = fc.string({ unit: character, maxLength: 100 });
    fc.assert(
      fc.property(texts, texts, texts, (name, specialty, address) => {
        const file = icsOf({
          ...entry,
          practitioner: { name, specialty },
          clinic: entry.clinic && { ...entry.clinic, address }
        });
        expect(file.replaceAll('\r\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        for (const line of file.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
        // The names of the content lines are those of a file with harmless texts.
        const namesOf = (content: string) => lines(content).map((line) => /^[A-Z]*/.exec(line)?.[0]);
        expect(namesOf(file)).toEqual(namesOf(icsOf(entry)));
      })
    );
  });

  test('says that it is off when it is', () => {
    const file = icsOf({ ...entry, appointment: { ...entry.appointment, status: 'cancelled' } });
    expect(lines(file)).toContain('STATUS:CANCELLED');
    expect(file).not.toContain('VALARM');
  });

  test('reminds as the clinic does', () => {
    const triggers = (remindersBefore: number[]) =>
      lines(icsOf({ ...entry, remindersBefore })).filter((line) => line.startsWith('TRIGGER'));
    expect(triggers([24])).toEqual(['TRIGGER:-P1D']);
    expect(triggers([])).toEqual([]);
  });

  test('does without a doctor or clinic that is not known', () => {
    const file = icsOf({ ...entry, practitioner: undefined, clinic: undefined });
    expect(lines(file)).toContain('SUMMARY:Appointment');
    expect(file).not.toContain('LOCATION');
  });
});
