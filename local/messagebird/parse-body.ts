import type { z } from 'zod';
import { Refusal } from './http.ts';

/** The body as the schema has it, or a 400 whose sentences are the schema's messages. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ message }) => message.replace(/\.$/, ''));
  throw new Refusal(400, `${problems.join('; ')}.`);
}
