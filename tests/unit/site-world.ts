/** One visit at one clinic, as the site knows them. */
import type { Appointment, Directory } from '../../src/lib/appointments/model.ts';

export const KOLKATA = 'Asia/Kolkata';
export const NOW = new Date('2026-11-23T06:00:00Z'); // Monday, 11:30 am in Kolkata

export const visit = (change: Partial<Appointment> = {}): Appointment => ({
  id: 'a',
  practitioner_id: 'rao',
  clinic_id: 'clinic',
  dependent_id: null,
  starts_at: '2026-11-24T05:00:00+00:00',
  ends_at: '2026-11-24T05:15:00+00:00',
  status: 'booked',
  channel: 'ivr',
  token_number: 4,
  reference: '4821',
  confirmed: false,
  version: 1,
  ...change
});
export const directory: Directory = {
  practitioners: { rao: { name: 'Dr. Anjali Rao', specialty: 'General medicine' } },
  clinics: {
    clinic: { name: 'Sunrise', address: '', timeZone: KOLKATA, phone: { text: '+91 44', href: '' } }
  },
  people: {}
};
