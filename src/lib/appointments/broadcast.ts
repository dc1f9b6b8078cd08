import type { Change } from './merge.ts';
import { parseAppointment, type Appointment } from './model.ts';

/**
 * What the database said about an appointment on the patient's channel: `{operation, record, old_record}`.
 * An appointment that now belongs to another patient counts as deleted. Null: the payload cannot be understood.
 */
export function parseBroadcast(payload: unknown, patientId: string): Change<Appointment> | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const { operation, record, old_record } = payload as Record<string, unknown>;
  if (operation === 'DELETE') {
    const id = field(old_record, 'id');
    return typeof id === 'string' ? { kind: 'deleted', id } : null;
  }
  const row = parseAppointment(record);
  if (!row) return null;
  return field(record, 'patient_id') === patientId ? { kind: 'saved', row } : { kind: 'deleted', id: row.id };
}

function field(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[name] : undefined;
}
