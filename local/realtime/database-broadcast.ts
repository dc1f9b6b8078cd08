import type { Hub } from './hub.ts';
import type { InsertedRow } from './pgoutput.ts';

/** Hands a new row of realtime.messages to those who joined its channel. Rows without event or payload are skipped. */
export function publishRow(hub: Hub, { row }: InsertedRow): void {
  const { id, topic, event, payload, binary_payload: bytes } = row;
  if (!id || !topic || !event) return;
  const meta = { id };
  const room = { name: topic, private: row.private === 't' };
  if (payload) {
    const json = Buffer.from(payload);
    hub.publish(room, { broadcast: { event, encoding: 'json', payload: json, meta } }, { messageId: id });
  } else if (bytes) {
    // Postgres writes bytes as \x and hexadecimal digits.
    const decoded = Buffer.from(bytes.slice(2), 'hex');
    hub.publish(
      room,
      { broadcast: { event, encoding: 'binary', payload: decoded, meta } },
      { messageId: id }
    );
  }
}
