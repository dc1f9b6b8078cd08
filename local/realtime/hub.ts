import { encodeBroadcast, encodeMessage, type Broadcast, type Version } from './frames.ts';
import { PresenceRoom, type PresenceDiff } from './presence.ts';

/** Something for everybody on a channel: a broadcast to pass on as it is, or the event and payload of a text frame. */
export type Delivery = { broadcast: Broadcast } | { event: 'broadcast'; payload: unknown };

/** A channel that somebody joined. */
export interface Subscriber {
  readonly version: Version;
  /** Takes a frame; `messageId` is that of the row in realtime.messages, if the message came from there. */
  deliver(frame: string | Uint8Array, messageId?: string): void;
  /** Takes a `presence_diff`, if the subscriber may and wants to know who is there. */
  deliverPresence(frame: string): void;
}

interface Room {
  topic: string;
  subscribers: Set<Subscriber>;
  presence: PresenceRoom<Subscriber>;
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
  #rooms = new Map<string, Room>();

  join(name: RoomName, subscriber: Subscriber): void {
    const key = keyOf(name);
    const room = this.#rooms.get(key) ?? {
      topic: `realtime:${name.name}`,
      subscribers: new Set(),
      presence: new PresenceRoom()
    };
    room.subscribers.add(subscriber);
    this.#rooms.set(key, room);
  }

  leave(name: RoomName, subscriber: Subscriber): void {
    const key = keyOf(name);
    const room = this.#rooms.get(key);
    if (!room) return;
    room.subscribers.delete(subscriber);
    this.#tellPresence(room, room.presence.untrack(subscriber));
    if (room.subscribers.size === 0) this.#rooms.delete(key);
  }

  /**
   * Sends to everybody on a channel but `except`.
   *
   * @throws {FrameError} when topic or event are too long for a frame.
   */
  publish(
    name: RoomName,
    delivery: Delivery,
    options: { except?: Subscriber; messageId?: string } = {}
  ): void {
    const room = this.#rooms.get(keyOf(name));
    if (!room) return;
    const frames = new Map<Version, string | Uint8Array | undefined>();
    for (const subscriber of room.subscribers) {
      if (subscriber === options.except) continue;
      const { version } = subscriber;
      if (!frames.has(version)) frames.set(version, encodeDelivery(version, room.topic, delivery));
      const frame = frames.get(version);
      if (frame !== undefined) subscriber.deliver(frame, options.messageId);
    }
  }

  /** Who is on the channel, by presence key. */
  presenceState(name: RoomName): ReturnType<PresenceRoom<Subscriber>['state']> {
    return this.#rooms.get(keyOf(name))?.presence.state() ?? {};
  }

  track(name: RoomName, subscriber: Subscriber, key: string, payload: Record<string, unknown>): void {
    const room = this.#rooms.get(keyOf(name));
    if (room) this.#tellPresence(room, room.presence.track(subscriber, key, payload));
  }

  untrack(name: RoomName, subscriber: Subscriber): void {
    const room = this.#rooms.get(keyOf(name));
    if (room) this.#tellPresence(room, room.presence.untrack(subscriber));
  }

  #tellPresence(room: Room, diff: PresenceDiff | undefined): void {
    if (!diff) return;
    const message = { joinRef: null, ref: null, topic: room.topic, event: 'presence_diff', payload: diff };
    for (const subscriber of room.subscribers) {
      subscriber.deliverPresence(encodeMessage(subscriber.version, message));
    }
  }
}

/** Writes a delivery for a client; undefined when its protocol version cannot carry it. */
export function encodeDelivery(
  version: Version,
  topic: string,
  delivery: Delivery
): string | Uint8Array | undefined {
  return 'broadcast' in delivery
    ? encodeBroadcast(version, topic, delivery.broadcast)
    : encodeMessage(version, { joinRef: null, ref: null, topic, ...delivery });
}
