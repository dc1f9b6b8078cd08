import { encodeMessage, type Version } from './frames.ts';

/** What the database says on a channel, as clients get it. */
export interface Broadcast {
  type: 'broadcast';
  event: string;
  payload: unknown;
  /** `id` is that of the row in realtime.messages. */
  meta: { id: string };
}

/** A channel that somebody joined. */
export interface Subscriber {
  readonly version: Version;
  deliver(frame: string): void;
}

/** Private and public channels of one name are strangers to each other. */
export interface RoomName {
  /** Without the prefix `realtime:`. */
  name: string;
  private: boolean;
}

function keyOf(room: RoomName): string {
  return `${room.private ? 'private' : 'public'}:${room.name}`;
}

/** Knows who listens to what. A frame is written once per protocol version, however many receive it. */
export class Hub {
  #rooms = new Map<string, Set<Subscriber>>();

  join(room: RoomName, subscriber: Subscriber): void {
    const key = keyOf(room);
    const subscribers = this.#rooms.get(key) ?? new Set();
    subscribers.add(subscriber);
    this.#rooms.set(key, subscribers);
  }

  leave(room: RoomName, subscriber: Subscriber): void {
    const key = keyOf(room);
    const subscribers = this.#rooms.get(key);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#rooms.delete(key);
  }

  /** Sends to everybody on a channel. */
  publish(room: RoomName, payload: Broadcast): void {
    const frames = new Map<Version, string>();
    const topic = `realtime:${room.name}`;
    for (const subscriber of this.#rooms.get(keyOf(room)) ?? []) {
      const { version } = subscriber;
      const frame =
        frames.get(version) ??
        encodeMessage(version, { joinRef: null, ref: null, topic, event: 'broadcast', payload });
      frames.set(version, frame);
      subscriber.deliver(frame);
    }
  }
}
