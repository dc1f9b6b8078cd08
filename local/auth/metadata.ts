import { z } from 'zod';

/** What Auth keeps about a user besides the columns it knows: any JSON object. */
export const metadataSchema = z.record(z.string(), z.unknown());
export type Metadata = z.infer<typeof metadataSchema>;

/** `current` with the keys of `updates` replaced; a key that is null there goes away. Not deep. */
export function mergeMetadata(current: Metadata | null, updates: Metadata): Metadata {
  const merged = { ...current, ...updates };
  return Object.fromEntries(
    Object.entries(merged).filter(([key, value]) => !(Object.hasOwn(updates, key) && value === null))
  );
}
