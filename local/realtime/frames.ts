import { z } from 'zod';

/*
 * What goes over the socket, and nothing else: no state, no I/O. Version 2.0.0 sends arrays
 * `[join_ref, ref, topic, event, payload]`, version 1.0.0 objects; both as JSON in text frames.
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

/** Something that is no frame. */
export class FrameError extends Error {
  override name = 'FrameError';
}

const ref = z.string().nullish().default(null);
const arrayFrame = z.tuple([ref, ref, z.string(), z.string(), z.unknown()]);
const objectFrame = z.object({
  join_ref: ref,
  ref,
  topic: z.string(),
  event: z.string(),
  payload: z.unknown()
});

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

/**
 * Reads a frame of a client.
 *
 * @throws {FrameError} for anything a well-behaved client does not send.
 */
export function decodeMessage(version: Version, text: string): Message {
  const value = jsonOf(text);
  if (version === '1.0.0') {
    const { join_ref: joinRef, ...message } = parsed(objectFrame, value);
    return { joinRef, ...message };
  }
  const [joinRef, ownRef, topic, event, payload] = parsed(arrayFrame, value);
  return { joinRef, ref: ownRef, topic, event, payload };
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
