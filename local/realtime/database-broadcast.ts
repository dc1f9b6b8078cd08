import type { Hub } from './hub.ts';
import type { InsertedRow } from './pgoutput.ts';

/** Hands a new row of realtime.messages to those who joined its channel. Rows without event or payload are skipped. */
export function publishRow(hub: Hub, { row }: InsertedRow): void {
  const { id, topic, event, payload } = row;
  if (!id || !topic || !event || !payload) return;
  hub.publish(
    { name: topic, private: row.private === 't' },
    { type: 'broadcast', event, payload: JSON.parse(payload), meta: { id } }
  );
}
