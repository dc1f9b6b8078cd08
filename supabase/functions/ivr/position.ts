/**
 * Where a call is: what the caller was last asked. It travels in the URL of the next request, which the voice provider
 * signs, so any instance can answer any step and nothing needs to be remembered between them.
 */
import { z } from 'zod';

const asked = z.discriminatedUnion('step', [
  /** Nothing yet: the call begins. */
  z.object({ step: z.literal('greeting') }),
  z.object({ step: z.literal('menu') }),
  z.object({ step: z.literal('specialty'), choices: z.array(z.string().max(200)).max(9) }),
  /** Whether to book this slot. */
  z.object({
    step: z.literal('confirm'),
    practitioner_id: z.uuid(),
    starts_at: z.iso.datetime(),
    specialty: z.string().max(200)
  })
]);

const position = z.object({
  /** How many steps went before; names the variable that takes the keys, so that an old key never answers. */
  turn: z.number().int().min(0).max(1000),
  /** How often in a row the caller said nothing, or nothing we understood. */
  misses: z.number().int().min(0).max(10),
  asked
});

export type Position = z.output<typeof position>;
export type Asked = z.output<typeof asked>;

export const start: Position = { turn: 0, misses: 0, asked: { step: 'greeting' } };

/** The position as a value for a query parameter. */
export function encodePosition(value: Position): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The position of a request: the beginning when there is none, undefined when it cannot be read. */
export function decodePosition(text: string | null): Position | undefined {
  if (text === null) return start;
  try {
    const bytes = Uint8Array.from(
      atob(text.replaceAll('-', '+').replaceAll('_', '/')),
      (c) => c.charCodeAt(0)
    );
    return position.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
