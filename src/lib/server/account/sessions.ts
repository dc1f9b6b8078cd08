import { deviceName } from './device.ts';
import type { Supabase } from '../request/supabase.ts';

/** One place where a patient is signed in. */
export interface SignedInPlace {
  id: string;
  /** Such as "Chrome on Android"; null when it did not say. */
  device: string | null;
  /** Since when, and when it was last used (instants). */
  since: string;
  lastUsed: string;
  isHere: boolean;
}

/**
 * Where the signed-in patient is signed in: here (the browser that sends `userAgent`) first, then by when it was used.
 * Throws the Data API's error.
 */
export async function listSessions(supabase: Supabase, userAgent: string | null): Promise<SignedInPlace[]> {
  const { data, error } = await supabase.rpc('my_sessions');
  if (error) throw error;
  return data
    .map(({ id, created_at, refreshed_at, user_agent, is_current }) => ({
      id,
      device: deviceName(is_current ? userAgent : user_agent) ?? null,
      since: created_at,
      lastUsed: refreshed_at,
      isHere: is_current
    }))
    .toSorted((a, b) => Number(b.isHere) - Number(a.isHere));
}
