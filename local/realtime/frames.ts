import { z } from 'zod';

/*
 * What goes over the socket, and nothing else: no state, no I/O.
 *
 * Version 2.0.0 sends text frames `[join_ref, ref, topic, event, payload]` and, for broadcasts, binary frames: a byte
 * for the kind, a byte for the length of each header field, a byte for the encoding, the fields, the payload.
 * Version 1.0.0 sends JSON objects only.
 */

export type Version = '1.0.0' | '2.0.0';

/** A message of the channel protocol. */
export interface Message {
  joinRef: string | null;
  ref: string | null;
  /** With its prefix, as in `realtime:room`. */
  topic: string;
  event: string;
  payload: unknown;
}

/** A broadcast whose payload we pass on without looking into it. */
export interface Broadcast {
  event: string;
  encoding: 'json' | 'binary';
  /** The payload itself, or its JSON in UTF-8. */
  payload: Uint8Array;
  meta?: Record<string, unknown>;
}

/** What a client sent: a message, or a broadcast in a binary frame. */
export type Incoming =
  | ({ kind: 'message' } & Message)
  | ({ kind: 'broadcast'; broadcast: Broadcast } & Omit<Message, 'event' | 'payload'>);

/** Bytes that are no frame, or fields that do not fit into one. */
export class FrameError extends Error {
  override name = 'FrameError';
}

const encodings = ['binary', 'json'] as const;
const clientBroadcast = 3;
const serverBroadcast = 4;

const ref = z.string().nullish().default(null);
const textFrame = z.tuple([ref, ref, z.string(), z.string(), z.unknown()]);
const objectFrame = z.object({
  join_ref: ref,
  ref,
  topic: z.string(),
  event: z.string(),
  payload: z.unknown()
});

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new FrameError('The frame is not UTF-8.', { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError('The frame is not JSON.', { cause });
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FrameError('The frame has not the fields of a message.', { cause: result.error });
  return result.data;
}

function decodeText(version: Version, text: string): Incoming {
  const value = jsonOf(text);
  if (version === '1.0.0') {
    const { join_ref: joinRef, ...message } = parsed(objectFrame, value);
    return { kind: 'message', joinRef, ...message };
  }
  const [joinRef, ownRef, topic, event, payload] = parsed(textFrame, value);
  return { kind: 'message', joinRef, ref: ownRef, topic, event, payload };
}

function decodeBinary(bytes: Uint8Array): Incoming {
  const [kind, joinRefLength, refLength, topicLength, eventLength, metaLength, encodingByte] = bytes;
  const encoding = encodings[encodingByte ?? -1];
  if (kind !== clientBroadcast || encoding === undefined) {
    throw new FrameError('The binary frame is not a broadcast.');
  }
  let offset = 7;
  const next = (length = 0): Uint8Array => bytes.subarray(offset, (offset += length));
  const joinRef = textOf(next(joinRefLength));
  const ownRef = textOf(next(refLength));
  const topic = textOf(next(topicLength));
  const event = textOf(next(eventLength));
  const metaText = textOf(next(metaLength));
  if (offset > bytes.length) throw new FrameError('The binary frame ends too early.');
  const payload = bytes.subarray(offset);
  // Others will put this JSON into theirs.
  if (encoding === 'json') jsonOf(textOf(payload));
  const meta = metaText === '' ? undefined : parsed(z.record(z.string(), z.unknown()), jsonOf(metaText));
  return {
    kind: 'broadcast',
    joinRef: joinRef || null,
    ref: ownRef || null,
    topic,
    broadcast: { event, encoding, payload, ...(meta && { meta }) }
  };
}

/**
 * Reads a frame of a client.
 *
 * @throws {FrameError} for anything a well-behaved client does not send.
 */
export function decodeFrame(version: Version, data: string | Uint8Array): Incoming {
  if (typeof data === 'string') return decodeText(version, data);
  if (version === '1.0.0') throw new FrameError('Version 1.0.0 knows no binary frames.');
  return decodeBinary(data);
}

/** Writes a message for a client. */
export function encodeMessage(
  version: Version,
  { joinRef, ref: ownRef, topic, event, payload }: Message
): string {
  return JSON.stringify(
    version === '1.0.0' ? { topic, event, payload, ref: ownRef } : [joinRef, ownRef, topic, event, payload]
  );
}

function headerField(name: string, text: string): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length > 255) throw new FrameError(`The ${name} of a broadcast has more than 255 bytes.`);
  return bytes;
}

function encodeBinaryBroadcast(topic: string, { event, encoding, payload, meta }: Broadcast): Uint8Array {
  const fields = [
    headerField('topic', topic),
    headerField('event', event),
    headerField('metadata', meta ? JSON.stringify(meta) : '')
  ];
  const lengths = fields.map((field) => field.length);
  return Buffer.concat([
    Uint8Array.of(serverBroadcast, ...lengths, encodings.indexOf(encoding)),
    ...fields,
    payload
  ]);
}

/**
 * Writes a broadcast for a client; undefined when its version cannot carry it (bytes in version 1.0.0).
 *
 * @throws {FrameError} when topic, event or metadata are too long.
 */
export function encodeBroadcast(
  version: Version,
  topic: string,
  broadcast: Broadcast
): string | Uint8Array | undefined {
  if (version === '2.0.0') return encodeBinaryBroadcast(topic, broadcast);
  if (broadcast.encoding === 'binary') return undefined;
  return encodeMessage(version, {
    joinRef: null,
    ref: null,
    topic,
    event: 'broadcast',
    payload: broadcastEnvelope(broadcast)
  });
}

/** The same broadcast as the payload of a text frame. Only for JSON. */
export function broadcastEnvelope({ event, payload, meta }: Broadcast): Record<string, unknown> {
  return { type: 'broadcast', event, payload: jsonOf(textOf(payload)), ...(meta && { meta }) };
}
